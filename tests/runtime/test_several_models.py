"""Several models behind one server: by name and release, as many as fit, and a bad one alone is bad."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from http.client import HTTPConnection
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from tests.runtime.onnx_nodes import Silent
from tests.runtime.server_on_a_loop import Server, read_answers, until

from ladle.actions.hostile_requests import fault_of, hostile_requests
from ladle.disk.clock import SystemClock
from ladle.errors import LadleError
from ladle.experiments.signature import Signature, TensorSpec
from ladle.quality.lines import RequestLine, RequestOutcome
from ladle.tools.processes import free_port
from ladle.tools.serving_process import ServingProcess
from ladle_runtime.serving.events import DirectLog
from ladle_runtime.serving.http.models import ManyModels
from ladle_runtime.serving.http.site import Limits, Site
from ladle_runtime.serving.openapi import infer_operation
from ladle_runtime.serving.pace import UNKNOWN, Pace
from ladle_runtime.serving.service import Service
from ladle_runtime.serving.settings import Settings
from ladle_runtime.serving.several import Key, Several, StyleByModel, room_bytes
from ladle_runtime.serving.transform import Transform

SPEC = {"type": "generic", "backend": "onnx", "key": "$.y", "window_s": 60, "threads": 1}
TENSOR = {"name": "x", "shape": [1, 1], "datatype": "FP32", "data": [1]}
BODY = json.dumps({"inputs": [TENSOR]}).encode()
X, Y = TensorSpec("x", "float", (None, 1)), TensorSpec("y", "float", (None, 1))
FILE_BYTES = 100


@dataclass
class Gate:
    """A backend that answers when it may."""

    open: threading.Event = field(default_factory=threading.Event)
    entered: threading.Event = field(default_factory=threading.Event)
    signature: Signature = field(default_factory=lambda: Signature((X,), (Y,)))
    reference: None = None

    def run(self, inputs: Mapping[str, Any]) -> Mapping[str, Any]:
        self.entered.set()
        assert self.open.wait(10)
        return {"y": inputs["x"]}


class StandIn:
    """A loader of models that need no file: some are gated, some are broken."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.loaded: list[Key] = []
        self.broken: set[str] = set()
        self.gates: dict[str, Gate] = {}
        self.may_load = threading.Event()
        self.may_load.set()

    def file(self, settings: Settings) -> AbstractContextManager[Path]:
        path = self.folder / settings.model
        path.write_bytes(bytes(FILE_BYTES))
        return nullcontext(path)

    def load(self, settings: Settings, _: Path) -> tuple[Service, Pace]:
        self.loaded.append((settings.model, settings.release))
        assert self.may_load.wait(10)
        if settings.model in self.broken:
            raise LadleError("LD424", "it is broken", "mend it")
        gate = self.gates.setdefault(settings.model, Gate())
        if settings.model != "slow":
            gate.open.set()
        return Service(settings, gate, Transform(), Silent(), SystemClock()), UNKNOWN


class ManyServer(Server):
    """``room`` models fit."""

    def __init__(self, several: Several, loader: Any, room: int) -> None:
        self.loader, self.room = loader, room
        super().__init__(several, Limits())

    def make_site(self, service: Any, limits: Limits) -> Site:
        self.pool = ThreadPoolExecutor(4)
        room_bytes = self.room * FILE_BYTES
        return ManyModels(service, self.loader, room_bytes, no_app, self.pool, 4, limits).site

    def ask(self, path: str, body: bytes = BODY, method: str = "POST") -> tuple[int, Any]:
        with self.connect() as sock:
            head = f"{method} {path} HTTP/1.1\r\ncontent-length: {len(body)}\r\n\r\n"
            sock.sendall(head.encode() + body)
            ((status, answer),) = read_answers(sock, 1)
        return status, json.loads(answer)

    def infer(self, model: str) -> int:
        return self.ask(f"/v2/models/{model}/infer")[0]

    def states(self) -> dict[str, str]:
        rows = self.ask("/v2/repository/index", b"")[1]
        return {row["name"]: row["reason"] or row["state"] for row in rows}


def no_app(_: Service) -> Any:
    raise AssertionError("no route here needs it")


def listed(*names: str) -> Several:
    environments = [
        {"LADLE_MODEL": n, "LADLE_MODEL_FILE": n, "LADLE_SPEC": json.dumps(SPEC)} for n in names
    ]
    found = [Settings.from_environment(each) for each in environments]
    return Several({(each.model, each.release): each for each in found})


@pytest.fixture
def loader(tmp_path: Path) -> StandIn:
    return StandIn(tmp_path)


@contextmanager
def serving(loader: StandIn, room: int, *names: str) -> Iterator[ManyServer]:
    server = ManyServer(listed(*names), loader, room)
    try:
        yield server
    finally:
        for gate in loader.gates.values():
            gate.open.set()
        server.close()


def test_each_is_loaded_when_it_is_asked_and_goes_when_others_need_its_room(
    loader: StandIn,
) -> None:
    with serving(loader, 2, "a", "b", "c") as server:
        assert set(server.states().values()) == {"unloaded"}
        assert [server.infer(name) for name in "abab"] == [200] * 4
        assert loader.loaded == [("a", 0), ("b", 0)]
        assert server.infer("a") == 200  # so b is what was used least recently
        assert server.infer("c") == 200
        assert server.states() == {"a": "READY", "b": "unloaded", "c": "READY"}
        assert server.infer("b") == 200
        assert server.states() == {"a": "unloaded", "b": "READY", "c": "READY"}


def test_what_a_request_runs_on_stays(loader: StandIn) -> None:
    with serving(loader, 1, "slow", "b") as server, ThreadPoolExecutor(1) as pool:
        first = pool.submit(server.infer, "slow")
        until(lambda: "slow" in loader.gates and loader.gates["slow"].entered.is_set())
        status, problem = server.ask("/v2/models/b/infer")
        assert (status, problem["code"]) == (503, "LD419")
        loader.gates["slow"].open.set()
        assert first.result(10) == 200
        assert server.infer("b") == 200


def test_all_who_ask_at_once_wait_for_one_load(loader: StandIn) -> None:
    loader.may_load.clear()
    with serving(loader, 2, "a", "b") as server, ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(server.infer, "a") for _ in range(8)]
        until(lambda: server.site.waiting_requests >= 8)
        assert server.states() == {"a": "LOADING", "b": "unloaded"}
        assert server.ask("/v2/health/live", b"", "GET")[0] == 200
        loader.may_load.set()
        assert [one.result(10) for one in asked] == [200] * 8
    assert loader.loaded == [("a", 0)]


def test_one_that_cannot_be_loaded_is_refused_alone_and_not_tried_at_once(loader: StandIn) -> None:
    loader.broken.add("bad")
    with serving(loader, 1, "bad", "good") as server:
        for _ in range(3):
            status, problem = server.ask("/v2/models/bad/infer")
            assert (status, problem["code"]) == (503, "LD438")
            assert "LD424" in problem["detail"]
        assert loader.loaded == [("bad", 0)]
        assert server.infer("good") == 200
        assert server.states() == {"bad": "LD424", "good": "READY"}
        assert server.ask("/v2/models/bad/ready", b"", "GET")[0] == 503
        assert server.ask("/v2/models/good/ready", b"", "GET")[0] == 200


def test_one_that_is_larger_than_all_the_room_is_refused(loader: StandIn) -> None:
    with serving(loader, 0, "a") as server:
        assert server.ask("/v2/models/a/infer")[1]["code"] == "LD438"
        assert loader.loaded == []


@pytest.mark.parametrize(
    "path",
    ["/predict", "/v2/models", "/v2/models/x/infer", "/v2/models/a/versions/1/infer"]
    + [f"/v2/models/a/versions/{v}/infer" for v in ("00x", "-1", "9" * 5000, "%30")],
)
def test_what_is_not_listed_is_not_found(loader: StandIn, path: str) -> None:
    with serving(loader, 1, "a") as server:
        assert server.ask(path)[0] == 404
    assert loader.loaded == []


@pytest.fixture(scope="module")
def url(
    environment: Mapping[str, str], model_file: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("several")
    (folder / "broken.onnx").write_bytes(model_file.read_bytes()[:-40])
    each = dict(environment)
    rows = [{**each, "LADLE_RELEASE": str(release)} for release in (3, 12)]
    rows.append({**each, "LADLE_MODEL": "broken", "LADLE_MODEL_FILE": str(folder / "broken.onnx")})
    (folder / "models.json").write_text(json.dumps(rows))
    told = {"LADLE_MODELS": str(folder / "models.json"), "TMPDIR": str(folder)}
    with ServingProcess(told, free_port()) as process:
        process.wait_until_ready()
        yield process.url
    assert {path.name for path in folder.iterdir()} == {"broken.onnx", "models.json"}


def test_a_server_answers_by_name_and_by_release(url: str) -> None:
    from tests.runtime.test_server import ask

    tensor = {"name": "x", "shape": [1, 4], "datatype": "FP32", "data": [1, 2, 3, 4]}
    asked = {"inputs": [tensor]}
    for path, release in (("", "12"), ("/versions/3", "3"), ("/versions/12", "12")):
        status, _, answer = ask(f"{url}/v2/models/flowers{path}/infer", asked)
        assert (status, answer["model_version"]) == (200, release)
        assert answer["outputs"][0]["data"] == [2]
        assert ask(f"{url}/v2/models/flowers{path}")[2]["versions"] == [release]
    assert ask(f"{url}/v2/models/broken/infer", asked)[0] == 503
    assert ask(f"{url}/v2/models/flowers/infer", asked)[0] == 200
    assert "model_repository" in ask(f"{url}/v2")[2]["extensions"]


def test_hostile_requests_are_answered_or_refused(url: str) -> None:
    x = (TensorSpec("x", "float", (None, 4)),)
    infer = {"post": infer_operation(x, x)}
    routes = ["flowers", "broken", "flowers/versions/3"]
    paths = {f"/v2/models/{route}/infer": infer for route in routes}
    connection = HTTPConnection(url.removeprefix("http://"), timeout=20)
    for hostile in islice(hostile_requests({"paths": paths}, 7, large=0), 400):
        connection.request(hostile.method, hostile.path, hostile.body, dict(hostile.headers))
        answer = connection.getresponse()
        assert fault_of(answer.status, answer.read()) is None, hostile
    connection.close()


def environments(**changes: Any) -> list[dict[str, str]]:
    spec = json.dumps({**SPEC, **changes})
    return [{"LADLE_MODEL": "a", "LADLE_MODEL_FILE": "a", "LADLE_SPEC": spec}]


@pytest.mark.parametrize(
    ("written", "code"),
    [
        (json.dumps(environments(transform="transform.py")), "LD439"),
        (json.dumps(environments(backend="py")), "LD439"),
        (json.dumps(environments() * 2), "LD439"),
        ("[]", "LD439"),
        ("{", "LD439"),
        ("[1]", "LD439"),
        ('[{"LADLE_MODEL": "a"}]', "LD422"),
    ],
)
def test_a_list_that_cannot_be_served_is_refused_at_the_start(
    tmp_path: Path, written: str, code: str
) -> None:
    path = tmp_path / "models.json"
    path.write_text(written)
    with pytest.raises(LadleError) as error:
        Several.read(str(path), {})
    assert error.value.code == code


def test_the_lines_of_each_model_are_signed_with_its_own_key() -> None:
    keys = {"a": b"1" * 32, "b": b"2" * 32}
    style = StyleByModel({model: DirectLog(key) for model, key in keys.items()})
    for model, key in keys.items():
        line = RequestLine(model, 1, "r" * 22, 0.0, RequestOutcome.OK, 200, 1.0, 1, False, 60)
        assert style.text(line, None) == DirectLog(key).text(line, None)


def test_a_room_that_is_no_number_is_refused() -> None:
    assert room_bytes({"ROOM": "2"}, "ROOM") == 2_000_000
    with pytest.raises(LadleError, match="ROOM"):
        room_bytes({"ROOM": "2 GB"}, "ROOM")
