"""What an image with a GPU is made of goes together, and the machine's driver is new enough for it."""

from __future__ import annotations

import re
import tomllib
from datetime import date
from pathlib import Path

import botocore.session
import pytest

from ladle.project.accelerators import FILE, accelerator

LOCKS = ("gpu-py312", "gpu-py313", "gpu-py314")


def locked(root: Path, lock: str) -> dict[str, str]:
    text = (root / "locks" / f"{lock}.txt").read_text(encoding="utf-8")
    return dict(re.findall(r"^([\w.-]+)==(\S+)", text, re.MULTILINE))


@pytest.mark.parametrize("lock", LOCKS)
def test_the_locks_hold_the_versions_that_go_together(root: Path, lock: str) -> None:
    wanted, found = accelerator(), locked(root, lock)
    assert found["onnxruntime-gpu"] == wanted.onnxruntime_gpu
    assert "onnxruntime" not in found, "one of the two would hide the other"
    assert found["nvidia-cuda-runtime"].partition(".")[0] == str(wanted.cuda)
    assert found[f"nvidia-cudnn-cu{wanted.cuda}"].partition(".")[0] == str(wanted.cudnn)


def test_beside_the_runtime_a_gpu_serves_with_what_functions_serve_with(root: Path) -> None:
    function = locked(root, "function-py313")
    for name, version in locked(root, "gpu-py313").items():
        assert function.get(name, version) == version


def test_sagemakers_machines_have_a_driver_that_is_new_enough() -> None:
    wanted = accelerator()
    assert wanted.sagemaker_ami_driver >= wanted.driver
    model = botocore.session.Session().get_service_model("sagemaker")
    known = model.shape_for("ProductionVariantInferenceAmiVersion").enum
    assert wanted.sagemaker_ami in known


def test_every_version_has_its_source_and_its_date() -> None:
    rows = tomllib.loads(FILE.read_text(encoding="utf-8"))
    assert isinstance(rows["checked"], date)
    assert len(rows["sources"]) == 3
