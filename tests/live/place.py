"""A throwaway repository and the AWS that it deploys to; all that it makes there has the run's id in its name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from http.client import HTTPConnection, HTTPSConnection
from typing import Any, TypeVar, cast
from urllib.parse import urlsplit

from tests.live.clients import client
from tests.story.stage import EMBEDDED, Stage

from ladle import names
from ladle.actions.behind_one_door import BehindOneDoor
from ladle.aws.model_door import ModelDoors
from ladle.aws.session import AwsSession
from ladle.aws.workspace import aws_workspace
from ladle.disk.clock import SystemClock
from ladle.disk.embedded_state import EmbeddedState
from ladle.embedded.demo.workshop import Workshop
from ladle.policy.statuses import Phase
from ladle.ports import Predictor, Workspace
from ladle.wiring import DEFAULT_URL, deploy_tool, door_of, open_predictor

Found = TypeVar("Found")
# A trial that nothing ends while it is asked about.
HALF = "{canary_percent: 50, bake: 1h, min_requests: 5, max: 24h}"
ASKED_AT_ONCE = 8
PATIENCE_S = 1800.0  # machines of SageMaker and ECS come in ten minutes
ON_AWS = {"packaging": "zip", "monitor": "{window: 60s, guards: {latency: null}}"}


class Place(Stage):
    """What ``Stage`` is to the stories, on an account or on the embedded AWS."""

    training_image = ""  # with Python 3.11, of this account; not every one has it

    def __init__(self, run: str, url: str, shop: Workshop, cloud: EmbeddedState | None) -> None:
        self.run = run
        self.url = url
        self.shop = shop
        self._cloud = cloud
        self.clock = SystemClock()
        self._told: dict[Callable[[Place], Any], Any] = {}

    @cached_property
    def session(self) -> AwsSession:
        if self._cloud is None:
            return AwsSession(self.url.rpartition("/")[2])
        return AwsSession(self._cloud.region, self._cloud.endpoint, embedded=True)

    @cached_property
    def workspace(self) -> Workspace:
        return aws_workspace(self.session, self.url, self.clock, BehindOneDoor)

    @property
    def embedded(self) -> bool:
        return self.url == DEFAULT_URL

    @property
    def bucket(self) -> str:
        return names.store_bucket(self.session.account, self.session.region)

    def client(self, service: str) -> Any:
        return client(self.session, service)

    def once(self, story: Callable[[Place], Found]) -> Found:
        """What several checks look at is done once; where it failed, it has failed for each of them."""
        if story not in self._told:
            try:
                self._told[story] = story(self)
            except Exception as error:
                self._told[story] = error
                raise
        told = self._told[story]
        if isinstance(told, Exception):
            raise AssertionError(f"as before: {told}")
        return cast(Found, told)

    # What a person types

    def platform(self) -> None:
        context = EMBEDDED if self.embedded else {}
        deploy_tool(self.url, self.shop.root, lambda _: None).deploy(
            [names.PLATFORM_STACK], context
        )

    def named(self, model: str) -> str:
        return f"live-{self.run}-{model}"

    def write(self, model: str, /, **keys: str) -> None:
        super().write(model, **{**({} if self.embedded else ON_AWS), **keys})

    def deploy(self, *models: str, expect: Sequence[int] = (0,)) -> dict[str, Any]:
        answer = self.shop.ladle_json("deploy", *models, "--yes", expect=expect)
        return {row["model"]: row for row in answer["models"]}

    def proven(self, model: str, **keys: str) -> str:
        """A model whose first release serves, and may be gone back to."""
        name = self.named(model)
        self.write(name, **keys)
        self.deploy(name)
        self.wait(name, lambda state: state.phase is Phase.BASELINE)
        self.promote(name)
        return name

    def tried(self, name: str, **keys: str) -> str:
        """The same with a second release on trial."""
        self.write(name, **{"env": "{SECOND: release}", **keys})
        self.deploy(name)
        self.wait(name, lambda s: s.phase is Phase.CANARY and s.intent is None)
        return name

    def ask(self, model: str, rows: int = 1) -> tuple[int, Any]:
        return self._predictor.call(model, "/predict", {"inputs": [[0.0, 0.5]] * rows})

    def deal(self, model: str, calls: int) -> Counter[int]:
        """Which release answered how often; 0 is a failure."""
        with ThreadPoolExecutor(1 if self.embedded else ASKED_AT_ONCE) as pool:
            answers = list(pool.map(lambda _: self.ask(model), range(calls)))
        return Counter(a["release"] if status == 200 else 0 for status, a in answers)

    def send(
        self,
        model: str,
        path: str,
        body: bytes,
        content_type: str,
        signed: bool = True,
        shown: Mapping[str, str] | None = None,
    ) -> tuple[int, bytes]:
        """A body as it is; ``shown`` are headers that a door asks for."""
        url = door_of(self.url, self.shop.root, model) + path
        headers = {"content-type": content_type, **(shown or {})}
        if signed and not self.embedded:
            doors = ModelDoors(self.session, self.clock)
            headers = dict(doors.sign("POST", url, headers, body))
        parts = urlsplit(url)
        connect = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        connection = connect(parts.netloc, timeout=60)
        try:
            connection.request("POST", parts.path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    @cached_property
    def _predictor(self) -> Predictor:
        return open_predictor(None, self.shop.root, "labeller")

    # What there is to see

    def until(self, what: str, look: Callable[[], Found], seconds: float = PATIENCE_S) -> Found:
        """What ``look`` finds, as soon as that is something."""
        deadline = self.clock.now() + seconds
        while not (found := look()):
            assert self.clock.now() < deadline, f"not within {seconds:.0f} s: {what}"
            self.clock.sleep(0.3 if self.embedded else 5.0)
        return found

    def wait(self, model: str, ready: Callable[[Any], bool]) -> Any:
        def look() -> Any:
            state = self.state(model)
            return state if ready(state) else None

        try:
            return self.until("the ledger says so", look)
        except AssertionError as error:
            state = self.state(model)
            raise AssertionError(f"{error}; {state.phase} {state.reason}") from error

    def logged(self, group: str, words: str) -> list[str]:
        """Lines of a log group that hold ``words``, a filter pattern."""
        pages = self.session.logs.get_paginator("filter_log_events")
        found = pages.paginate(logGroupName=group, filterPattern=words)
        return [event["message"] for page in found for event in page["events"]]

    def status(self, model: str) -> Any:
        return self.shop.ladle_json("status", model)["models"][0]
