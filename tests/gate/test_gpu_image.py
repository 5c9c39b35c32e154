"""The image of a model with a GPU is built, and its versions go together; no GPU is asked of the machine.

Two gigabytes of wheels come from where pip takes packages, and lie on this disk only meanwhile.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from tests.gate.test_image import address, output, succeeds

from ladle.catalog import Packaging, Target
from ladle.config.schema import ModelConfig
from ladle.project.accelerators import accelerator
from ladle.project.function_code import Wheels, python_tag, serving_code
from ladle.project.staging import stage_image

__all__ = ["address"]

pytestmark = pytest.mark.gate

IMAGE = "ladle-test:gpu"
CONFINED = ("--rm", "--read-only", "--network=none", "--cap-drop=ALL")
# Which libraries the CUDA provider is linked against, and which of them the image has not.
PROBE = """
import glob, os, subprocess, sys
sys.path.insert(0, "/opt/ladle")
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
import onnxruntime
print(onnxruntime.__version__, *onnxruntime.get_available_providers())
folders = [*glob.glob("/opt/ladle/nvidia/**/lib", recursive=True), "/opt/ladle/onnxruntime/capi"]
said = subprocess.check_output(
    ["ldd", "/opt/ladle/onnxruntime/capi/libonnxruntime_providers_cuda.so"],
    env={**os.environ, "LD_LIBRARY_PATH": ":".join(folders)},
    text=True,
)
print(*[line.split()[0] for line in said.splitlines() if "not found" in line])
"""
MODEL = {
    "LADLE_MODEL": "digits",
    "LADLE_MODEL_FILE": "/opt/ml/model/model.onnx",
    "LADLE_SPEC": '{"type":"generic","backend":"onnx","key":"$.label","window_s":60,"threads":1}',
}


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *said: Any) -> None:
        """Says nothing."""


@contextmanager
def wheels(root: Path, python: str) -> Iterator[str]:
    """Where a build finds those of the lock, on loopback."""
    sys.path.insert(0, str(root / "scripts"))
    from _steps import MACHINE, wheel_tags  # type: ignore[import-not-found]  # stands beside setup

    tag = python_tag(python)
    pip = [str(root / ".venv-embedded" / "bin" / "python"), "-m", "pip"]
    lock = str(root / "locks" / f"gpu-{tag}.txt")
    with tempfile.TemporaryDirectory(dir=root / ".ladle") as folder:
        options = ["--quiet", "--no-cache-dir", "--require-hashes", "--no-deps", "--dest", folder]
        asked = [*pip, "download", *options, *wheel_tags(tag, MACHINE), "-r", lock]
        subprocess.run(asked, check=True)
        server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/"
        finally:
            server.shutdown()
            server.server_close()


@pytest.fixture
def docker(address: list[str], root: Path, tmp_path: Path) -> Iterator[list[str]]:
    """The command, beside an engine that has the image."""
    python = ModelConfig.model_fields["python"].default
    package = root / "model_packages" / "digits"
    code = serving_code("onnx", Packaging.IMAGE, python, package, target=Target.ECS, gpu=1)
    assert code.wheels is Wheels.GPU
    subprocess.run([*address, root / "scripts/stand-in-base", python], check=True)
    command = [*address, "env", "DOCKER_BUILDKIT=0", "docker"]
    with wheels(root, python) as where:
        given = [f"PYTHON={python}", "STAND_IN=accepted", f"PIP_FIND_LINKS={where}"]
        arguments = [f"--build-arg={each}" for each in given]
        context = str(stage_image(code, tmp_path, python))
        build = [*command, "build", "--quiet", "--network=host", *arguments, "--tag", IMAGE]
        subprocess.run([*build, context], check=True)
    yield command
    succeeds(*command, "image", "rm", IMAGE)


def test_its_libraries_are_whole_but_for_the_driver_s_and_without_a_gpu_it_refuses_to_serve(
    docker: list[str], root: Path
) -> None:
    run = [*docker, "run", *CONFINED]
    version, *providers = output(*run, "--entrypoint=python", IMAGE, "-c", PROBE).splitlines()
    assert version.split()[0] == accelerator().onnxruntime_gpu
    assert "CUDAExecutionProvider" in version
    assert providers == ["libcuda.so.1"], "which the machine's driver brings"
    size = int(output(*docker, "image", "inspect", "--format={{.Size}}", IMAGE))
    print(f"{version}; {size / 1e9:.2f} GB; no GPU was asked for")

    variables = [f"--env={name}={value}" for name, value in MODEL.items()]
    folder = f"--volume={root / 'model_packages' / 'digits'}:/opt/ml/model:ro"
    started = subprocess.run(
        [*run, *variables, folder, IMAGE], capture_output=True, text=True, check=False
    )
    assert started.returncode != 0
    assert "LD424" in started.stderr
