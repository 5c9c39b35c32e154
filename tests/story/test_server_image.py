"""The server's image is really built, and answers as SageMaker and ECS start it.

Needs a Docker engine and the base that its Dockerfile names; without them every test here is skipped
and says so. ``scripts/gate image`` brings both.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
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
from tests.story.image.server import PATIENCE_S, Server, on_ecs, on_sagemaker

from ladle.catalog import Target, Tracing
from ladle.quality import lines
from ladle.quality.lines import RequestLine

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]  # the first build installs every wheel

RELEASE = 7
SLOW = """
import time
def before(inputs):
    print("begun", flush=True)
    time.sleep(1)
    return inputs
"""
LONG_IMPORT = "import time\nprint('importing', flush=True)\ntime.sleep(600)\n"


@pytest.fixture(scope="module")
def service(root: Path) -> Service:
    need_engine()
    return read_service(root)


@pytest.fixture(scope="module")
def base(service: Service) -> engine.Base:
    return need_base(Target.ECS, service.spec.python)


@pytest.fixture(scope="module")
def image(service: Service, base: engine.Base, tmp_path_factory: pytest.TempPathFactory) -> str:
    return build(service, base, tmp_path_factory.mktemp("repository"), Target.ECS)


@pytest.fixture(scope="module")
def store(service: Service) -> Iterator[BundleStore]:
    with serve_bundle(service.model) as serving:
        yield serving


@pytest.fixture(scope="module")
def folder(service: Service, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What SageMaker has fetched for the container."""
    fetched = tmp_path_factory.mktemp("fetched")
    (fetched / "model.onnx").write_bytes(service.model)
    for path in (fetched, *fetched.iterdir()):
        path.chmod(0o755)
    return fetched


def told(service: Service, sha256: str | None = None) -> dict[str, str]:
    """By SageMaker's model, as its stack writes it."""
    return {
        **service.environment(),
        "LADLE_MODEL_FILE": "/opt/ml/model/model.onnx",
        "LADLE_BUNDLE_SHA256": sha256 or service.sha256,
        "LADLE_RELEASE": str(RELEASE),
    }


@pytest.fixture(scope="module")
def running(image: str, service: Service, folder: Path) -> Iterator[Server]:
    """One warm container for the tests that ask and do no harm."""
    with on_sagemaker(image, told(service), folder) as started:
        started.wait_until_ready()
        yield started


@pytest.mark.parametrize("path", ["/invocations", "/predict"])
def test_without_a_network_it_answers_golden_requests(
    running: Server, service: Service, path: str
) -> None:
    for golden in service.golden:
        answer = running.post(path, golden["request"])
        for said, wanted in zip(
            answer["predictions"], golden["answer"]["predictions"], strict=True
        ):
            assert said == said | wanted
        assert (answer["model"], answer["release"]) == (MODEL, RELEASE)


def tensors(server: Server, service: Service, model: str) -> Any:
    """The first golden request in the words of the Open Inference Protocol."""
    (given,) = json.loads(server.ask("GET", f"/v2/models/{model}")[1])["inputs"]
    rows = service.request["inputs"]
    return {"inputs": [{**given, "shape": [len(rows), len(rows[0])], "data": rows}]}


def test_it_talks_the_open_inference_protocol(running: Server, service: Service) -> None:
    answer = running.post(f"/v2/models/{MODEL}/infer", tensors(running, service, MODEL))
    labels = next(each["data"] for each in answer["outputs"] if "label" in each["name"])
    wanted = service.golden[0]["answer"]["predictions"]
    assert labels == [row["label"] for row in wanted]


def test_every_line_that_it_prints_is_ours_and_carries_the_model_s_mac(
    running: Server, service: Service
) -> None:
    running.post("/predict", service.request)
    found = [lines.parse(line, LINE_KEY) for line in running.container.lines()]
    assert None not in found
    assert {line.release for line in found if isinstance(line, RequestLine)} == {RELEASE}


def test_it_is_nobody_and_can_write_nowhere_but_tmp(running: Server) -> None:
    tried = (
        "import os, tempfile\n"
        "print(os.getuid(), os.getgid(), tempfile.gettempdir())\n"
        "for folder in ('/opt/ladle', '/opt/ml/model'):\n"
        "    try:\n        open(f'{folder}/x', 'w')\n"
        "    except OSError as error:\n        print(error.strerror)\n"
    )
    refused = "Read-only file system"
    assert running.container.run(tried).splitlines() == ["993 990 /tmp", refused, refused]


def test_every_module_of_ours_is_loaded_from_bytecode_that_is_never_checked(
    running: Server,
) -> None:
    asked = (
        "import pathlib, struct, importlib.util as u\n"
        "for f in pathlib.Path('/opt/ladle').glob('ladle*/**/*.py'):\n"
        "    head = pathlib.Path(u.cache_from_source(f)).read_bytes()[4:8]\n"
        "    print(*struct.unpack('<I', head))\n"
    )
    assert set(running.container.run(asked).split()) == {"1"}  # PEP 552: by hash, unchecked


def test_the_image_says_what_its_targets_rely_on(image: str) -> None:
    said = engine.configuration(image)
    assert said["User"] == "993:990"
    assert set(said["ExposedPorts"]) == {"8080/tcp"}
    assert set(said["Volumes"]) == {"/tmp"}
    assert said["Cmd"] == ["serve"]
    assert "Healthcheck" not in said, "both targets ask /ping themselves, and read no other"


def test_a_task_reads_its_model_from_the_store_with_the_keys_that_its_machine_hands_out(
    image: str, service: Service
) -> None:
    with serve_bundle(service.model) as store:
        asked = service.environment() | store.task_environment(service.sha256)
        with on_ecs(image, {**asked, "LADLE_RELEASE": str(RELEASE)}) as task:
            task.wait_until_ready()
            assert task.post("/predict", service.request)["release"] == RELEASE
        assert store.statuses == [200]


def test_a_model_that_is_not_the_released_one_is_never_served(
    image: str, service: Service, folder: Path, store: BundleStore
) -> None:
    another = "ab" * 32
    of_the_store = service.environment() | store.task_environment(another)
    for started in (
        on_sagemaker(image, told(service, another), folder),
        on_ecs(image, of_the_store),
    ):
        with started as server:
            assert not server.container.ending().out_of_memory
            assert [line for line in server.container.lines() if "LD421" in line]


def test_one_with_spans_sends_them(
    service: Service, base: engine.Base, store: BundleStore, tmp_path: Path
) -> None:
    image = build(service, base, tmp_path, Target.ECS, tracing=Tracing.OTLP)
    with collecting() as collector:
        told = traced(service, collector) | store.task_environment(service.sha256)
        with on_ecs(image, {**told, "LADLE_RELEASE": str(RELEASE)}) as task:
            task.wait_until_ready()
            task.post("/predict", service.request)
            [span] = collector.wait_for(1)
    assert span.name == "POST /predict"
    assert collector.resources[0]["service.version"] == str(RELEASE)


def test_several_models_share_it_each_by_name_and_release(
    image: str, service: Service, folder: Path
) -> None:
    first, second = (
        {**service.environment(), "LADLE_MODEL": name, "LADLE_RELEASE": str(release)}
        | {"LADLE_MODEL_FILE": "/opt/ml/model/model.onnx", "LADLE_BUNDLE_SHA256": service.sha256}
        for name, release in (("digits", 3), ("numbers", 4))
    )
    (folder / "models.json").write_text(json.dumps([first, second]))
    (folder / "models.json").chmod(0o644)
    with on_sagemaker(image, {"LADLE_MODELS": "/opt/ml/model/models.json"}, folder) as server:
        server.wait_until_ready()
        for name, release in (("digits", 3), ("numbers", 4)):
            path = f"/v2/models/{name}/versions/{release}/infer"
            answer = server.post(path, tensors(server, service, name))
            assert (answer["model_name"], answer["model_version"]) == (name, str(release))


@pytest.fixture
def start_with(service: Service, base: engine.Base, folder: Path, tmp_path: Path) -> Any:
    """``start_with(transform)``: the package with it, built as its own image."""
    with ExitStack() as kept:

        def start(source: str) -> Server:
            transform = tmp_path / "transform.py"
            transform.write_text(source)
            built = build(service, base, tmp_path, Target.ECS, transform)
            asked = told(service) | service.environment(transform.name)
            return kept.enter_context(on_sagemaker(built, asked, folder))

        yield start


def until_said(server: Server, word: str) -> None:
    too_late = time.monotonic() + PATIENCE_S
    while word not in server.container.lines():
        assert time.monotonic() < too_late, server.container.lines()
        time.sleep(0.1)


def test_what_was_begun_is_answered_before_it_ends(start_with: Any, service: Service) -> None:
    server = start_with(SLOW)
    server.wait_until_ready()
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(server.post, "/predict", service.request)
        until_said(server, "begun")
        server.container.kill("TERM")
        assert asked.result()["model"] == MODEL
    assert server.container.ending() == engine.Ending(0, out_of_memory=False)


def test_who_is_told_to_stop_while_it_starts_stops(start_with: Any) -> None:
    server = start_with(LONG_IMPORT)
    until_said(server, "importing")
    server.container.kill("TERM")
    assert server.container.ending() == engine.Ending(143, out_of_memory=False)
