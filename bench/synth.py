"""How long synthesis takes, its first stack and each further one, beside plain JSON of the same templates.

Prints the wall and CPU seconds and the peak memory of ``python app.py`` with the JSII process that it
starts, as medians, for 1, 10 and 100 models. The floor is a Python that reads the same templates as
JSON and writes them again. Validation is off, as in ``ladle deploy``; ``--validated`` leaves it on.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import ladle

SIZES = (1, 10, 100)
MODEL = Path(ladle.__file__).parent / "cli/template/model_packages/NAME/model.onnx"
APP = 'from ladle_stacks.build_app import build_app\n\nbuild_app("model_packages").synth()\n'
PLAIN = """import json, sys
from pathlib import Path
for path in Path(sys.argv[1]).glob("*.template.json"):
    path.write_text(json.dumps(json.loads(path.read_text()), indent=1))
"""
TICKS_PER_S = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Cost:
    wall_s: float
    cpu_s: float
    peak_mb: float


def write_models(root: Path, count: int) -> None:
    (root / "app.py").write_text(APP)
    for number in range(count):
        package = root / "model_packages" / f"model-{number}"
        package.mkdir(parents=True)
        text = f"name: model-{number}\nmodel: model.onnx\ntype: classification\n"
        (package / "model.yaml").write_text(text)
        shutil.copyfile(MODEL, package / "model.onnx")


def measured(command: list[str], root: Path, environment: dict[str, str]) -> Cost:
    """Of the process and all that it starts: they share a session of their own."""
    begun = time.perf_counter()
    process = subprocess.Popen(
        command,
        cwd=root,
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    cpu_s: dict[int, float] = {}
    peak_mb: dict[int, float] = {}
    while process.poll() is None:
        for pid in _session(process.pid):
            with_all = _figures(pid)
            if with_all is not None:
                cpu_s[pid], peak_mb[pid] = with_all
        time.sleep(0.02)
    if process.returncode:
        sys.exit(f"{' '.join(command)} ended with {process.returncode}")
    return Cost(time.perf_counter() - begun, sum(cpu_s.values()), sum(peak_mb.values()))


def _session(leader: int) -> list[int]:
    pids = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    return [pid for pid in pids if (stat := _stat(pid)) and int(stat[3]) == leader]


def _stat(pid: int) -> list[str] | None:
    """Fields from the state on; what went away in between is None."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None


def _figures(pid: int) -> tuple[float, float] | None:
    stat = _stat(pid)
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return None
    peak = [line for line in status.splitlines() if line.startswith("VmHWM")]
    if stat is None or not peak:
        return None
    return (int(stat[11]) + int(stat[12])) / TICKS_PER_S, int(peak[0].split()[1]) / 1000


def median(costs: list[Cost]) -> Cost:
    return Cost(
        *(statistics.median(getattr(c, n) for c in costs) for n in ("wall_s", "cpu_s", "peak_mb"))
    )


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--validated", action="store_true")
    asked = arguments.parse_args()
    print(f"{'models':>6} {'synth s':>9} {'CPU s':>7} {'MB':>6} {'JSON s':>8} {'CPU ratio':>10}")
    synths = {}
    for count in SIZES:
        with tempfile.TemporaryDirectory() as folder:
            root, out = Path(folder), Path(folder) / "cdk.out"
            write_models(root, count)
            environment = {
                "CDK_OUTDIR": str(out),
                "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "18,20",
            }
            if not asked.validated:
                environment["CDK_VALIDATION"] = "false"
            app, plain = [sys.executable, "app.py"], [sys.executable, "-c", PLAIN, str(out)]
            measured(app, root, environment)  # stages the function's code, once
            rounds = [
                (measured(app, root, environment), measured(plain, root, {}))
                for _ in range(asked.rounds)
            ]
        synth, floor = (median(list(costs)) for costs in zip(*rounds, strict=True))
        synths[count] = synth
        print(
            f"{count:6} {synth.wall_s:9.2f} {synth.cpu_s:7.2f} {synth.peak_mb:6.0f} "
            f"{floor.wall_s:8.3f} {synth.cpu_s / max(floor.cpu_s, 0.01):10.1f}"
        )
    first, last = synths[SIZES[0]], synths[SIZES[-1]]
    further = SIZES[-1] - SIZES[0]
    print(
        f"first stack {first.cpu_s:.2f} s of CPU; each further one "
        f"{1000 * (last.cpu_s - first.cpu_s) / further:.0f} ms and "
        f"{(last.peak_mb - first.peak_mb) / further:.2f} MB"
    )


if __name__ == "__main__":
    main()
