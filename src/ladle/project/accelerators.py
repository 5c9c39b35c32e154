"""Which versions of CUDA, runtime and driver go together comes from one dated file, beside this module."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FILE = Path(__file__).with_name("accelerators.toml")


@dataclass(frozen=True, slots=True)
class Accelerator:
    """``driver`` is the oldest of NVIDIA's that runs this CUDA, ``sagemaker_ami`` machines that have it."""

    onnxruntime_gpu: str
    cuda: int
    cudnn: int
    driver: int
    sagemaker_ami: str
    sagemaker_ami_driver: int


@cache
def accelerator() -> Accelerator:
    rows = tomllib.loads(FILE.read_text(encoding="utf-8"))
    return Accelerator(**rows["nvidia"])
