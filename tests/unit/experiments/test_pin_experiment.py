from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from ladle.actions.pin_experiment import pin_experiment
from ladle.actions.record_experiment import keep
from ladle.disk.manifest_store import DiskManifestStore
from ladle.disk.object_store import DiskObjectStore
from ladle.errors import LadleError
from ladle.experiments.manifest import (
    Code,
    Environment,
    Manifest,
    ModelArtefact,
    RecordedExperiment,
    Signature,
)

MODEL = b"weights"


class Bench:
    """A store with one experiment, and a package to pin it in."""

    def __init__(self, root: Path) -> None:
        self.objects = DiskObjectStore(root / "store")
        self.manifests = DiskManifestStore(root / "store")
        self.folder = root / "model_packages" / "digits"
        self.folder.mkdir(parents=True)
        kept = keep(self.objects, MODEL)
        artefact = ModelArtefact(
            "model.onnx", str(kept.digest), len(MODEL), "onnx", Signature((), ())
        )
        self.manifest = Manifest(
            model="digits",
            outcome="succeeded",
            created_at="2026-11-23T09:00:00Z",
            actor="Ada",
            previous=None,
            data=(),
            code=Code(None, dirty=True, patch=None, argv=()),
            params={},
            environment=Environment("3.11.2", "linux", str(kept.digest)),
            metrics={},
            artefact=artefact,
        )
        self.locators = {str(kept.digest): kept.locator}

    def config(self, text: str) -> Path:
        path = self.folder / "model.yaml"
        path.write_text(text)
        return path

    def pin(self, manifest: Manifest | None = None) -> RecordedExperiment:
        recorded = self.manifests.append(manifest or self.manifest, self.locators)
        return pin_experiment(
            self.manifests, self.objects, "digits", recorded.manifest.id, self.folder
        )


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("name: digits\nmodel: model.onnx\n", "name: digits\nmodel: pinned\n"),
        (
            "# ours\nname: digits  # the name\nmodel:   'a.onnx'   # this one\ntype: generic\n",
            "# ours\nname: digits  # the name\nmodel:   pinned   # this one\ntype: generic\n",
        ),
        (
            "{name: digits, model: a.onnx, type: generic}\n",
            "{name: digits, model: pinned, type: generic}\n",
        ),
        ('"model": "a b.onnx"\r\nname: digits\r\n', '"model": pinned\r\nname: digits\r\n'),
        ("model: pinned\nname: größe\n", "model: pinned\nname: größe\n"),
        ("monitor:\n  model: x\nmodel: y\n", "monitor:\n  model: x\nmodel: pinned\n"),
    ],
)
def test_only_the_value_of_model_is_touched(bench: Bench, before: str, after: str) -> None:
    path = bench.folder / "model.yaml"
    path.write_bytes(before.encode())
    bench.pin()
    assert path.read_bytes() == after.encode()


def test_what_is_pinned_reads_back_as_the_experiment(bench: Bench) -> None:
    bench.config("model: x\n")
    recorded = bench.pin()
    pinned = json.loads((bench.folder / "pinned.json").read_text())
    assert RecordedExperiment.from_json(pinned) == recorded


def test_a_copy_in_the_package_is_brought_to_the_pinned_content(bench: Bench) -> None:
    bench.config("model: model.onnx\n")
    (bench.folder / "model.onnx").write_bytes(b"another experiment's")
    bench.pin()
    assert (bench.folder / "model.onnx").read_bytes() == MODEL


def test_a_package_without_a_copy_gets_none(bench: Bench) -> None:
    bench.config("model: model.onnx\n")
    bench.pin()
    assert sorted(p.name for p in bench.folder.iterdir()) == ["model.yaml", "pinned.json"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"outcome": "failed"}, "LD306"),
        ({"artefact": None}, "LD306"),
        ({"model": "fraud"}, "LD307"),
    ],
)
def test_what_cannot_serve_is_not_pinned(
    bench: Bench, changes: dict[str, object], code: str
) -> None:
    bench.config("model: x\n")
    with pytest.raises(LadleError, match=code):
        bench.pin(replace(bench.manifest, **changes))  # type: ignore[arg-type]
    assert (bench.folder / "model.yaml").read_text() == "model: x\n"
    assert not (bench.folder / "pinned.json").exists()


@pytest.mark.parametrize("text", ["name: digits\n", "- a\n- b\n", "", "a: [1\n"])
def test_a_config_without_a_model_is_left_alone(bench: Bench, text: str) -> None:
    path = bench.config(text)
    with pytest.raises(LadleError, match="LD306"):
        bench.pin()
    assert path.read_text() == text
    assert not (bench.folder / "pinned.json").exists()


def test_a_package_that_is_not_there_is_told(bench: Bench) -> None:
    with pytest.raises(LadleError, match="LD305"):
        bench.pin()
