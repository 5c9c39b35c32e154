"""The image of the digits package is really built, and really runs inside Lambda's limits.

Needs a Docker engine and the base that the Dockerfile names; without them every test here is skipped
and says so. ``scripts/gate image`` brings both.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from tests.runtime.collector import collecting
from tests.story.image import engine
from tests.story.image.bundle_store import BundleStore, serve_bundle
from tests.story.image.package import (
    LINE_KEY,
    MODEL,
    Service,
    build,
    need_base,
    need_engine,
    read_service,
    traced,
)
from tests.story.image.sandbox import STREAM, Sandbox, sandbox

from ladle import digest
from ladle.catalog import Target, Tracing
from ladle.project.staging import ImageModel
from ladle.quality import delivery, lines
from ladle.quality.counts import Counts
from ladle.quality.delivery import LogEvent
from ladle.quality.labels import Noted
from ladle.quality.lines import RequestLine
from ladle.quality.platform_lines import release_of
from ladle.quality.sealed_id import seal_key, unseal
from ladle.testing.runtime_api import FUNCTION_VERSION

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]  # the first build installs every wheel

OUT_OF_MEMORY = "def before(inputs):\n    return [bytes(64 << 20) for _ in range(64)]\n"
OUT_OF_TIME = "def before(inputs):\n    while True:\n        pass\n"
NO_IMPORT = "import a_module_that_nobody_installed\n"


@pytest.fixture(scope="module")
def service(root: Path) -> Service:
    need_engine()
    return read_service(root)


@pytest.fixture(scope="module")
def base(service: Service) -> engine.Base:
    return need_base(Target.LAMBDA, service.spec.python)


@pytest.fixture(scope="module")
def image(service: Service, base: engine.Base, tmp_path_factory: pytest.TempPathFactory) -> str:
    return build(service, base, tmp_path_factory.mktemp("repository"))


@pytest.fixture(scope="module")
def store(service: Service) -> Any:
    with serve_bundle(service.model) as serving:
        yield serving


@pytest.fixture(scope="module")
def running(image: str, service: Service, store: BundleStore) -> Any:
    """One warm function for the tests that ask and do no harm."""
    told = service.environment() | store.environment(service.sha256)
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
            transform = tmp_path / "transform.py"
            transform.write_text(source)
            built = build(service, base, tmp_path, transform=transform)
            told = service.environment(transform.name) | store.environment(service.sha256)
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
        (outcome,) = rows.outcomes
        assert isinstance(outcome, Noted)
        assert outcome.value == said["label"]
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
        told = service.environment() | store.environment(service.sha256)
        with sandbox(image, told) as started:
            started.warm_up()
            started.invoke(service.request)
        assert store.statuses == [200]


def test_a_model_that_lies_in_the_image_needs_no_store(
    service: Service, base: engine.Base, tmp_path: Path
) -> None:
    path = Path(str(service.spec.source.path))
    within = ImageModel(path, service.spec.source.file_name, digest.of_bytes(service.model))
    image = build(service, base, tmp_path, model=within)
    told = {"LADLE_MODEL_FILE": f"/var/task/model/{within.file_name}"}
    with sandbox(image, {**service.environment(), **told}) as started:
        answer = started.invoke(service.request).payload
    assert answer["model"] == MODEL


def test_one_with_spans_sends_them(
    service: Service, base: engine.Base, store: BundleStore, tmp_path: Path
) -> None:
    image = build(service, base, tmp_path, tracing=Tracing.OTLP)
    with collecting() as collector:
        told = traced(service, collector) | store.environment(service.sha256)
        with sandbox(image, told) as started:
            started.warm_up()
            started.invoke(service.request)
            [span] = collector.wait_for(1)
    assert span.name == "predict"  # asked without a door
    assert collector.resources[0]["service.version"] == str(FUNCTION_VERSION)


def test_a_model_that_is_not_the_released_one_is_refused_before_the_first_request(
    image: str, service: Service, store: BundleStore
) -> None:
    told = service.environment() | store.environment(hashlib.sha256(b"another").hexdigest())
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
