"""The image of the digits package is really built, and really runs inside Lambda's limits.

Needs a Docker engine and the base that the Dockerfile names; without them every test here is skipped
and says so. ``scripts/gate image`` brings both.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.story.image import engine
from tests.story.image.bundle_store import BundleStore, serve_bundle
from tests.story.image.sandbox import STREAM, Sandbox, sandbox

from ladle import digest
from ladle.catalog import Packaging
from ladle.planning.resolve import Cloud
from ladle.planning.service_spec import ServiceSpec
from ladle.planning.serving_environment import backend_of, serving_json
from ladle.project.function_code import serving_code
from ladle.project.services import read_services
from ladle.project.staging import stage_image
from ladle.quality import delivery, lines
from ladle.quality.counts import Counts
from ladle.quality.delivery import LogEvent
from ladle.quality.line_keys import line_key
from ladle.quality.lines import RequestLine
from ladle.quality.platform_lines import release_of
from ladle.quality.sealed_id import seal_key, unseal
from ladle.testing.runtime_api import FUNCTION_VERSION
from ladle.tools.model_jail import ModelJail

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]  # the first build installs every wheel

MODEL = "digits"
LINE_KEY = line_key(bytes(range(32)), MODEL)
OUT_OF_MEMORY = "def before(inputs):\n    return [bytes(64 << 20) for _ in range(64)]\n"
OUT_OF_TIME = "def before(inputs):\n    while True:\n        pass\n"
NO_IMPORT = "import a_module_that_nobody_installed\n"


@dataclass(frozen=True)
class Service:
    """The package as the stacks see it; ``golden`` are requests whose answers are known."""

    spec: ServiceSpec
    model: bytes
    golden: Sequence[Mapping[str, Any]]

    @property
    def request(self) -> Mapping[str, Any]:
        asked: Mapping[str, Any] = self.golden[0]["request"]
        return asked


@pytest.fixture(scope="module", autouse=True)
def _engine() -> None:
    if why := engine.no_engine():
        pytest.skip(f"{why}; scripts/gate image starts an engine where it may")


@pytest.fixture(scope="module")
def service(root: Path) -> Service:
    def inspect(path: Path) -> Any:
        return ModelJail().inspect(path).signature

    (spec,) = read_services(root, Cloud.AWS, inspect, only=[MODEL])
    golden = [json.loads(file.read_text()) for file in Path(spec.folder, "golden").glob("*.json")]
    assert golden
    assert spec.source.path is not None
    return Service(spec, Path(spec.source.path).read_bytes(), golden)


@pytest.fixture(scope="module")
def base(service: Service) -> engine.Base:
    found = engine.find_base(service.spec.python)
    if found is None:
        pytest.skip(
            f"the engine has no base image for Python {service.spec.python}: pull the one that "
            "the Dockerfile names, or make a stand-in with scripts/stand-in-base"
        )
    return found


@pytest.fixture(scope="module")
def image(service: Service, base: engine.Base, tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = Path(service.spec.folder)
    return build(service, base, tmp_path_factory.mktemp("repository"), folder, None)


def build(
    service: Service, base: engine.Base, repository: Path, folder: Path, transform: str | None
) -> str:
    """Of the very context that ``cdk synth`` stages for the package."""
    backend, python = backend_of(service.spec.source.file_name) or "", service.spec.python
    code = serving_code(backend, Packaging.IMAGE, python, folder, transform)
    name = f"ladle-test:{'transform' if transform else MODEL}"
    return engine.build(stage_image(code, repository, python), name, python, base)


def environment(service: Service, transform: str | None = None) -> dict[str, str]:
    """What the stack gives the function, docs/formats.md says what each is for."""
    spec = {**json.loads(serving_json(service.spec)), "transform": transform}
    return {
        "LADLE_MODEL": MODEL,
        "LADLE_RELEASE_DIGEST": digest.hex_of(service.spec.release_digest),
        "LADLE_SPEC": json.dumps(spec),
        "LADLE_LOG_KEY": LINE_KEY.hex(),
    }


@pytest.fixture(scope="module")
def store(service: Service) -> Any:
    with serve_bundle(service.model) as serving:
        yield serving


@pytest.fixture(scope="module")
def running(image: str, service: Service, store: BundleStore) -> Any:
    """One warm function for the tests that ask and do no harm."""
    told = environment(service) | store.environment(hashlib.sha256(service.model).hexdigest())
    with sandbox(image, told) as started:
        started.warm_up()
        yield started


@pytest.fixture
def start_with(
    service: Service, base: engine.Base, store: BundleStore, image: str, tmp_path: Path
) -> Any:
    """``start_with(transform)``: the package with another transform, built as its own image."""
    with ExitStack() as kept:

        def start(source: str, **limits: Any) -> Sandbox:
            (tmp_path / "transform.py").write_text(source)
            built = build(service, base, tmp_path, tmp_path, "transform.py")
            told = environment(service, "transform.py")
            told |= store.environment(hashlib.sha256(service.model).hexdigest())
            return kept.enter_context(sandbox(built, told, **limits))

        yield start


def counted(log: Sequence[LogEvent], service: Service) -> tuple[int | None, list[Counts]]:
    """The release that the collector blames, and what it counts."""
    release = release_of(STREAM)
    window_s = service.spec.monitor.window_s
    reading = delivery.read(log, delivery.Source(MODEL, release, [LINE_KEY], window_s))
    failures = [counts for failure in reading.failures.values() for counts in failure.values()]
    return release, [*failures, *reading.counts.values()]


def test_golden_requests_are_answered_by_the_release_with_an_id_for_each_row(
    running: Sandbox, service: Service
) -> None:
    for golden in service.golden:
        answer = running.invoke(golden["request"]).payload
        for said, wanted in zip(
            answer["predictions"], golden["answer"]["predictions"], strict=True
        ):
            assert said == said | wanted
        assert (answer["model"], answer["release"]) == (MODEL, FUNCTION_VERSION)
        assert len(set(answer["prediction_ids"])) == len(answer["predictions"])


def test_every_line_that_it_prints_is_ours_and_carries_the_model_s_mac(
    running: Sandbox, service: Service
) -> None:
    before = len(running.container.lines())
    answer = running.invoke(service.request).payload
    printed = running.container.lines()
    (request,) = (lines.parse(line, LINE_KEY) for line in printed[before:])
    assert isinstance(request, RequestLine)
    for id_, said in zip(answer["prediction_ids"], answer["predictions"], strict=True):
        rows = unseal(MODEL, id_, [seal_key(LINE_KEY)])
        assert rows is not None
        assert [outcome.value for outcome in rows.outcomes] == [said["label"]]
    assert None not in [lines.parse(line, LINE_KEY) for line in printed]


def test_the_door_s_other_routes_answer_on_a_read_only_file_system(running: Sandbox) -> None:
    answer = running.get("/metadata")
    assert answer["statusCode"] == 200
    described = json.loads(answer["body"])
    assert (described["model"], described["release"]) == (MODEL, FUNCTION_VERSION)


def test_the_function_is_nobody_and_can_write_nowhere_but_tmp(running: Sandbox) -> None:
    tried = (
        "import os, tempfile\n"
        "print(os.getuid(), os.getgid(), tempfile.gettempdir())\n"
        "try:\n    open('/var/task/x', 'w')\n"
        "except OSError as error:\n    print(error.strerror)\n"
    )
    assert running.container.run(tried).splitlines() == ["993 990 /tmp", "Read-only file system"]


def test_every_module_of_ours_is_loaded_from_bytecode_that_is_never_checked(
    running: Sandbox,
) -> None:
    asked = (
        "import pathlib, struct, importlib.util as u\n"
        "for f in pathlib.Path('/var/task').glob('ladle*/**/*.py'):\n"
        "    head = pathlib.Path(u.cache_from_source(f)).read_bytes()[4:8]\n"
        "    print(*struct.unpack('<I', head))\n"
    )
    assert set(running.container.run(asked).split()) == {"1"}  # PEP 552: by hash, unchecked


def test_the_model_was_read_once_by_a_request_that_botocore_would_have_signed_the_same(
    image: str, service: Service
) -> None:
    with serve_bundle(service.model) as store:
        told = environment(service) | store.environment(hashlib.sha256(service.model).hexdigest())
        with sandbox(image, told) as started:
            started.warm_up()
            started.invoke(service.request)
        assert store.statuses == [200]


def test_a_model_that_is_not_the_released_one_is_refused_before_the_first_request(
    image: str, service: Service, store: BundleStore
) -> None:
    told = environment(service) | store.environment(hashlib.sha256(b"another").hexdigest())
    with sandbox(image, told) as started:
        assert "LD421" in started.api.init_error()["errorMessage"]
        assert started.container.ending() == engine.Ending(1, False)
        log = started.log_of_failed_init("Runtime.LadleError")
    assert counted(log, service) == (FUNCTION_VERSION, [Counts(requests=1, failed=1)])


def test_a_request_beyond_the_memory_limit_kills_the_function_and_counts_as_failed(
    start_with: Any, service: Service
) -> None:
    started = start_with(OUT_OF_MEMORY, memory_mb=512)
    started.warm_up()
    assert started.invoke(service.request).failed
    assert started.container.ending() == engine.Ending(137, out_of_memory=True)
    log = started.log("Runtime.ExitError")
    assert counted(log, service) == (FUNCTION_VERSION, [Counts(requests=1, failed=1)])


def test_a_request_beyond_the_time_limit_counts_as_failed(
    start_with: Any, service: Service
) -> None:
    started = start_with(OUT_OF_TIME, timeout_s=2)
    started.warm_up()
    ended = started.invoke(service.request)
    assert (ended.failed, ended.payload["errorType"]) == (True, "Sandbox.Timedout")
    assert started.container.ending() == engine.Ending(137, out_of_memory=False)
    log = started.log("Sandbox.Timedout")
    assert counted(log, service) == (FUNCTION_VERSION, [Counts(requests=1, failed=1)])


def test_a_transform_that_cannot_be_imported_is_an_init_error_and_counts_as_failed(
    start_with: Any, service: Service
) -> None:
    started = start_with(NO_IMPORT)
    error = started.api.init_error()
    assert "a_module_that_nobody_installed" in error["errorMessage"]
    assert started.container.ending() == engine.Ending(1, out_of_memory=False)
    log = started.log_of_failed_init(error["errorType"])
    assert counted(log, service) == (FUNCTION_VERSION, [Counts(requests=1, failed=1)])
