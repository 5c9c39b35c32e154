"""A function is what it imports: no other edit of the repository changes it."""

from __future__ import annotations

import base64
import json
import shutil
import zipfile
import zlib
from pathlib import Path

import pytest

from ladle.catalog import Arch, Packaging, Target, Tracing
from ladle.digest import of_bytes
from ladle.errors import LadleError
from ladle.experiments.manifest import (
    Code,
    Environment,
    Manifest,
    ModelArtefact,
    RecordedExperiment,
    Signature,
)
from ladle.experiments.optimised import OptimisedGraph
from ladle.project.function_code import (
    ASKING_ENTRY,
    HANDOFF_ENTRIES,
    PLATFORM_ENTRIES,
    SERVING_ENTRY,
    FunctionCode,
    Wheels,
    package_roots,
    platform_code,
    serving_code,
)
from ladle.project.import_closure import reached_files
from ladle.project.staging import stage_image, stage_zip, wheels_folder

ENTRIES = (*PLATFORM_ENTRIES.values(), *HANDOFF_ENTRIES.values(), ASKING_ENTRY)


@pytest.fixture
def copied(tmp_path: Path) -> dict[str, Path]:
    """The packages of this checkout, to be edited."""
    roots = {}
    for name, folder in package_roots().items():
        roots[name] = tmp_path / name
        shutil.copytree(folder, roots[name], ignore=shutil.ignore_patterns("__pycache__"))
    return roots


def serving_digest(roots: dict[str, Path]) -> str:
    entries = [SERVING_ENTRY, "ladle_runtime.backends.onnx"]
    files = reached_files(entries, roots)
    return str(FunctionCode(files, Wheels.FUNCTION, "3.13").digest)


@pytest.mark.parametrize(
    "path",
    [
        "ladle/cli/main.py",
        "ladle/config/schema.py",
        "ladle/aws/session.py",
        "ladle/releases/decide.py",
        "ladle_runtime/controller/__init__.py",
        "ladle_runtime/handoff/handler.py",
        "ladle/explanations/new.toml",
        "ladle/version.py",
    ],
)
def test_an_edit_that_serving_cannot_reach_makes_no_release(
    copied: dict[str, Path], path: str
) -> None:
    before = serving_digest(copied)
    file = copied["ladle"].parent / path
    file.parent.mkdir(exist_ok=True)
    with file.open("a") as stream:
        stream.write("\n# an edit\n")
    assert serving_digest(copied) == before


@pytest.mark.parametrize("entry", ENTRIES)
def test_no_function_of_the_platform_carries_the_version(entry: str) -> None:
    names = {file.name for file in platform_code([entry], "3.13").files}
    assert "ladle/__init__.py" in names
    assert "ladle/version.py" not in names


@pytest.mark.parametrize(
    "path",
    [
        "ladle_runtime/serving/service.py",
        "ladle_runtime/backends/onnx.py",
        "ladle/quality/lines.py",
        "ladle/errors.py",
    ],
)
def test_an_edit_that_serving_reaches_makes_one(copied: dict[str, Path], path: str) -> None:
    before = serving_digest(copied)
    with (copied["ladle"].parent / path).open("a") as stream:
        stream.write("\n# an edit\n")
    assert serving_digest(copied) != before


def test_serving_carries_no_cloud_sdk_no_config_and_no_other_part() -> None:
    names = {file.name for file in serving_code("onnx", Packaging.ZIP, "3.13", Path()).files}
    assert "ladle_runtime/serving/lambda_entry.py" in names
    forbidden = ("ladle/aws", "ladle/config", "ladle/cli", "ladle_runtime/handoff", "ladle/tools")
    assert not [name for name in names if name.startswith(forbidden)]


@pytest.mark.parametrize(
    ("target", "gpu", "wheels"),
    [
        (Target.LAMBDA, 0, Wheels.FUNCTION_OTLP),
        (Target.ECS, 0, Wheels.SERVER_OTLP),
        (Target.ECS, 1, Wheels.GPU_OTLP),
    ],
)
def test_only_a_model_that_sends_spans_carries_what_sends_them(
    target: Target, gpu: int, wheels: Wheels
) -> None:
    def code(tracing: Tracing) -> FunctionCode:
        where = {"target": target, "gpu": gpu, "tracing": tracing}
        return serving_code("onnx", Packaging.IMAGE, "3.13", Path(), **where)  # type: ignore[arg-type]

    traced, plain = code(Tracing.OTLP), code(Tracing.XRAY)
    assert {f.name for f in traced.files} - {f.name for f in plain.files} == {
        "ladle/cloudwatch_traces.py",
        "ladle_runtime/serving/cloudwatch_spans.py",
        "ladle_runtime/serving/otlp.py",
    }
    assert traced.wheels is wheels
    assert plain.digest == code(Tracing.NONE).digest
    assert "opentelemetry-sdk==" in traced.lock.decode()
    assert "opentelemetry-sdk==" not in plain.lock.decode()


@pytest.mark.parametrize("entry", ENTRIES)
def test_every_entry_exists_and_has_its_handler(entry: str) -> None:
    (file,) = (f for f in platform_code([entry], "3.13").files if f.name == _file_name(entry))
    assert "def handle(" in file.path.read_text()


def test_a_transform_brings_what_it_imports_from_beside_it(tmp_path: Path) -> None:
    (tmp_path / "transform.py").write_text("import features\nimport numpy\n")
    (tmp_path / "features.py").write_text("from scaling.linear import scale\n")
    (tmp_path / "scaling").mkdir()
    (tmp_path / "scaling" / "__init__.py").write_text("")
    (tmp_path / "scaling" / "linear.py").write_text("def scale(x): return x\n")
    (tmp_path / "train.py").write_text("import features\n")
    code = serving_code("onnx", Packaging.ZIP, "3.13", tmp_path, "transform.py")
    own = {f.name for f in code.files if not f.name.startswith(("ladle/", "ladle_runtime/"))}
    assert own == {"transform.py", "features.py", "scaling/__init__.py", "scaling/linear.py"}


def test_a_zip_holds_code_wheels_and_no_time(tmp_path: Path) -> None:
    code = platform_code(list(HANDOFF_ENTRIES.values()), "3.13")
    staged = stage_zip(code, tmp_path, "3.13", Arch.X86_64)
    with zipfile.ZipFile(staged.path) as archive:
        names = archive.namelist()
        assert len(names) == len(set(names))
        assert {"boto3/__init__.py", "ladle/names.py", _file_name(HANDOFF_ENTRIES["bundle"])} <= {
            *names
        }
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    again = stage_zip(code, tmp_path / "elsewhere", "3.13", Arch.X86_64)
    assert again.sha256 == staged.sha256
    assert again.code_sha256 == staged.code_sha256


def test_bytecode_is_precompiled_for_the_python_that_compiles(tmp_path: Path) -> None:
    import sys

    host = f"{sys.version_info.major}.{sys.version_info.minor}"
    code = platform_code(["ladle.names"], "3.13")
    with zipfile.ZipFile(stage_zip(code, tmp_path, host, Arch.X86_64).path) as archive:
        tag = sys.implementation.cache_tag
        header = archive.read(f"ladle/__pycache__/names.{tag}.pyc")[:8]
    assert header[4:8] == b"\x01\x00\x00\x00", "hash-based, unchecked: never compared with a source"


def test_wheels_that_nobody_staged_are_named_with_the_command_that_brings_them() -> None:
    with pytest.raises(LadleError, match=r"LD220 .*Python 3\.99 .*function-py399-x86_64") as raised:
        wheels_folder(Wheels.FUNCTION, "3.99", Arch.X86_64)
    assert "scripts/setup" in raised.value.finding.fix


def test_an_image_context_holds_lock_code_and_dockerfile(tmp_path: Path) -> None:
    code = serving_code("onnx", Packaging.IMAGE, "3.13", Path())
    context = stage_image(code, tmp_path, "3.13")
    assert {p.name for p in context.iterdir()} == {"Dockerfile", "lock.txt", "code"}
    assert (context / "code" / "ladle_runtime" / "serving" / "lambda_entry.py").is_file()
    assert stage_image(code, tmp_path, "3.13") == context


def test_a_lazy_import_counts_and_one_for_type_checkers_does_not(tmp_path: Path) -> None:
    package = tmp_path / "shop"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "a.py").write_text(
        "from typing import TYPE_CHECKING\n"
        "if TYPE_CHECKING:\n    from shop import only_types\n"
        "def f():\n    from shop import lazy\n    return lazy\n"
    )
    for name in ("only_types", "lazy", "unrelated"):
        (package / f"{name}.py").write_text("")
    names = [file.name for file in reached_files(["shop.a"], {"shop": package})]
    assert names == ["shop/__init__.py", "shop/a.py", "shop/lazy.py"]


def test_the_lock_is_part_of_the_code() -> None:
    code = serving_code("onnx", Packaging.ZIP, "3.13", Path())
    assert FunctionCode(code.files, Wheels.PLATFORM, "3.13").digest != code.digest


def _file_name(module: str) -> str:
    return module.replace(".", "/") + ".py"


def pinned_package(root: Path, optimised: OptimisedGraph | None) -> Path:
    """With an experiment whose model is ``model.onnx``; the file itself is in the store."""
    artefact = ModelArtefact(
        "model.onnx", str(of_bytes(b"model")), 5, "onnx", Signature((), ()), optimised=optimised
    )
    code, environment = Code(None, False, None, ()), Environment("3.13", "linux", "sha256:00")
    manifest = Manifest(
        "pinned", "succeeded", "", "Ada", None, (), code, {}, environment, {}, artefact
    )
    folder = root / "model_packages" / "pinned"
    folder.mkdir(parents=True)
    (folder / "pinned.json").write_text(json.dumps(RecordedExperiment(manifest, {}, 1).to_json()))
    return folder


def test_a_pinned_model_brings_its_optimised_graph_and_no_other_model_does(tmp_path: Path) -> None:
    packed = base64.b64encode(zlib.compress(b"a graph")).decode()
    graph = OptimisedGraph("1.32.0", "x86_64", 9, 0.0, packed)
    folder = pinned_package(tmp_path / "with", graph)
    code = serving_code("onnx", Packaging.ZIP, "3.13", folder, model_file="model.onnx")
    (file,) = (each for each in code.files if each.name.startswith("graph-"))
    assert file.name == f"graph-{of_bytes(b'model').hex[:16]}-1.32.0-x86_64.onnx"
    assert file.path.read_bytes() == b"a graph"
    without = pinned_package(tmp_path / "without", None)
    others = [(folder, "other.onnx"), (without, "model.onnx"), (tmp_path, "model.onnx")]
    digests = {
        serving_code("onnx", Packaging.ZIP, "3.13", each, model_file=name).digest
        for each, name in others
    }
    assert digests.isdisjoint({code.digest})
    assert len(digests) == 1
