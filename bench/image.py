"""How long the image takes from the start of its process to its first right answer.

Beside two floors in the same image: a handler that does nothing, and one that only loads the model
and runs it once. CPU is limited to the share that Lambda gives at that memory (1,769 MB are one
CPU). The model lies on disk: no fetch is in these figures, no start of a container, and no loading
of an image's blocks, which only Lambda can show. Needs an engine that has ``ladle-test:digits``, as
the image tests leave it: ``DOCKER_HOST=… .venv/bin/python -m pytest tests/story/test_image.py``.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from ladle.testing.runtime_api import RuntimeApi

IMAGE = "ladle-test:digits"
MODEL = Path(__file__).resolve().parent.parent / "model_packages" / "digits" / "model.onnx"
RUNS = 7
MEMORY_MB = (512, 1024, 1769)
MB_PER_CPU = 1769
REQUEST = {"inputs": [[0.0] * 64]}
OURS = "ladle_runtime.serving.lambda_entry.handle"
SPEC = {"type": "classification", "backend": "onnx", "key": "$.label", "window_s": 60, "threads": 1}
FLOORS = """
def nothing(event, context):
    return {"predictions": []}
"""
MODEL_ONLY = """
import numpy, onnxruntime
session = onnxruntime.InferenceSession("/model.onnx")
def handle(event, context):
    rows = numpy.asarray(event["inputs"], numpy.float32)
    return {"predictions": session.run(None, {session.get_inputs()[0].name: rows})[0].tolist()}
"""


def first_answer_s(handler: str, memory_mb: int, floors: Path) -> float:
    """Of one fresh container, by the kernel's own note of when its process began (to 10 ms)."""
    with RuntimeApi() as api:
        told = {
            **api.environment,
            "LADLE_MODEL": "digits",
            "LADLE_MODEL_FILE": "/model.onnx",
            "LADLE_SPEC": json.dumps(SPEC),
            "LADLE_LOG_KEY": "00" * 32,
            "PYTHONPATH": "/floors",
            "ORT_DISABLE_TELEMETRY": "1",
        }
        container = start(handler, memory_mb, floors, told)
        try:
            answer = api.invoke(REQUEST)
            answered = time.clock_gettime(time.CLOCK_BOOTTIME)
            assert not answer.failed, answer.payload
            pid = docker("inspect", "--format={{.State.Pid}}", container)
            after_name = Path("/proc", pid, "stat").read_text().rpartition(")")[2].split()
            return answered - int(after_name[19]) / os.sysconf("SC_CLK_TCK")
        finally:
            docker("rm", "--force", container)


def start(handler: str, memory_mb: int, floors: Path, told: Mapping[str, str]) -> str:
    return docker(
        "run",
        "--detach",
        *("--read-only", "--tmpfs=/tmp", "--cap-drop=ALL", "--network=host"),
        f"--memory={memory_mb}m",
        f"--cpus={memory_mb / MB_PER_CPU:.3f}",
        f"--volume={MODEL}:/model.onnx:ro",
        f"--volume={floors}:/floors:ro",
        *(f"--env={name}={value}" for name, value in told.items()),
        IMAGE,
        handler,
    )


def docker(*words: str) -> str:
    done = subprocess.run(["docker", *words], check=True, capture_output=True, text=True)
    return done.stdout.strip()


def write_floors(folder: Path) -> None:
    """With bytecode, since the function's own modules have theirs."""
    (folder / "floor.py").write_text(FLOORS)
    (folder / "model_only.py").write_text(MODEL_ONLY)
    folder.chmod(0o755)
    docker(
        *("run", "--rm", "--user=0", f"--volume={folder}:/floors", "--entrypoint=python"),
        *(IMAGE, "-m", "compileall", "-q", "--invalidation-mode=unchecked-hash", "/floors"),
    )


def main() -> None:
    try:
        docker("image", "inspect", "--format={{.Id}}", IMAGE)
    except (OSError, subprocess.CalledProcessError):
        print(
            f"left out: no engine that has {IMAGE} answers (see the head of {Path(__file__).name})"
        )
        return
    rows = {"nothing": "floor.nothing", "model only": "model_only.handle", "ladle": OURS}
    print(f"seconds from process start to first answer, median of {RUNS} [least-most]")
    print(f"{'':12}" + "".join(f"{memory:>13} MB     " for memory in MEMORY_MB))
    with tempfile.TemporaryDirectory() as folder:
        floors = Path(folder)
        write_floors(floors)
        medians = {}
        for name, handler in rows.items():
            taken = [
                sorted(first_answer_s(handler, memory, floors) for _ in range(RUNS))
                for memory in MEMORY_MB
            ]
            medians[name] = [statistics.median(runs) for runs in taken]
            cells = [f"{statistics.median(t):5.2f} [{t[0]:.2f}-{t[-1]:.2f}]" for t in taken]
            print(f"{name:12}" + "".join(f"{cell:>21}" for cell in cells))
    ratios = [a / b for a, b in zip(medians["ladle"], medians["model only"], strict=True)]
    print(
        f"{'ratio':12}" + "".join(f"{ratio:21.2f}" for ratio in ratios) + "  (ladle / model only)"
    )


if __name__ == "__main__":
    main()
