"""What the image costs from the start of its process to its first right answer, beside bare onnxruntime.

As ``bench/cold_start.py`` measures processes, in one image and within the memory and the share of a
CPU that Lambda gives at that size (1,769 MB are one CPU). No start of a container is in these
figures, and no loading of an image's blocks, which only Lambda can show. Needs an engine that has
``ladle-test:digits``, as the image tests leave it: ``DOCKER_HOST=… .venv/bin/python -m pytest
tests/story/test_image.py``.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE / "serving")]

import cold_start  # noqa: E402
from cold_start import Case, Cost, Way  # noqa: E402

from ladle.testing.runtime_api import RuntimeApi  # noqa: E402

IMAGE = "ladle-test:digits"
MEMORY_MB = (512, 1024, 1769)
MB_PER_CPU = 1769
# By model: bare onnxruntime holds a fetched one three times, and dies where that has no room.
LEAST_MB = {"2 MB": 512, "90 MB": 512, "500 MB": 1769}


def within(memory_mb: int) -> Way:
    """Of one fresh container."""

    def way(handler: str, case: Case, told: dict[str, str]) -> Cost:
        with RuntimeApi() as api:
            api.send(json.dumps(case.event).encode())
            container = start(handler, memory_mb, case, {**told, **api.environment})
            try:
                answer = api.answer(patience_s=120)
                pid = int(docker("inspect", "--format={{.State.Pid}}", container))
                cost = cold_start.cost_of(pid, begun(pid))
                cold_start.check(answer.payload, case)
                return cost
            finally:
                docker("rm", "--force", "--volumes", container)

    return way


def begun(pid: int) -> float:
    """When the process began, by the kernel's own note (to 10 ms), on the clock of ``cost_of``."""
    after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    started = int(after_name[19]) / os.sysconf("SC_CLK_TCK")
    return time.perf_counter() - (time.clock_gettime(time.CLOCK_BOOTTIME) - started)


def start(handler: str, memory_mb: int, case: Case, told: Mapping[str, str]) -> str:
    folder = case.path.parent
    kept = {name: value for name, value in told.items() if name != "PATH"}
    return docker(
        "run",
        "--detach",
        *("--read-only", "--volume=/tmp", "--cap-drop=ALL", "--network=host"),
        *(f"--memory={memory_mb}m", f"--memory-swap={memory_mb}m"),
        f"--cpus={memory_mb / MB_PER_CPU:.3f}",
        f"--volume={folder}:{folder}:ro",
        *(f"--env={name}={value}" for name, value in kept.items()),
        IMAGE,
        handler,
    )


def docker(*words: str) -> str:
    done = subprocess.run(["docker", *words], check=True, capture_output=True, text=True)
    return done.stdout.strip()


def write_bare(folder: Path) -> None:
    """With bytecode, since the function's own modules have theirs."""
    (folder / "bare.py").write_text(cold_start.BARE)
    folder.chmod(0o755)
    docker(
        *("run", "--rm", "--user=0", f"--volume={folder}:/bare", "--entrypoint=python"),
        *(IMAGE, "-m", "compileall", "-q", "--invalidation-mode=unchecked-hash", "/bare"),
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--models", nargs="*", choices=list(LEAST_MB), default=list(LEAST_MB))
    options = parser.parse_args()
    try:
        docker("image", "inspect", "--format={{.Id}}", IMAGE)
    except (OSError, subprocess.CalledProcessError):
        print(f"left out: no engine that has {IMAGE} answers (see the head of bench/image.py)")
        return
    print(f"medians of {options.runs} alternating runs under awslambdaric: ours / bare = ratio")
    print(f"{'model':8}{'MB':>6}  {'model from':12}{'CPU ms':>22}{'wall ms':>22}{'peak MB':>22}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_bare(folder)
        for kind in options.models:
            case = cold_start.make_case(folder / "model.onnx", cold_start.KINDS[kind]())
            with cold_start.store(case.path) as endpoint:
                for memory_mb in (size for size in MEMORY_MB if size >= LEAST_MB[kind]):
                    for at in (None, endpoint):
                        told = cold_start.environment(folder, case, at)
                        pair = cold_start.compare(within(memory_mb), case, told, options.runs)
                        row = cold_start.row(*pair)
                        where = "fetch" if at else "file"
                        print(f"{kind:8}{memory_mb:6}  {where:12}{row}", flush=True)


if __name__ == "__main__":
    main()
