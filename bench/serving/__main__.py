"""Server CPU per request, ours beside our peers: interleaved rounds, medians, ratios.

``scripts/bench serving [MODEL…] [--rounds N] [--seconds S] [--only NAME…]``

CPU is user and system time of the server's whole process tree, by requests completed; the load
generator (``load.py``) is a process of its own and not counted. Each server is asked for the right
numbers before it is measured. ``floor`` is one bare ``session.run`` of one row in a process of its own.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from models import MODELS, Model, rows  # noqa: E402
from peers import PEERS, Peer, install, request  # noqa: E402
from servers import cpu_s, serving, tree  # noqa: E402

CONNECTIONS = (32, 1)
Figures = dict[tuple[str, str, int], list[dict[str, float]]]


def load(port: int, connections: int, seconds: float, file: Path) -> dict[str, float]:
    command = [sys.executable, str(HERE / "load.py"), str(port), str(connections), str(seconds)]
    done = subprocess.run([*command, str(file)], capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def measure(peer: Peer, model: Model, file: Path, seconds: float, figures: Figures) -> None:
    asked = file.with_name("request")
    asked.write_bytes(request(peer, rows(model, 1)))
    with serving(peer, model, file) as (port, pid):
        for connections in CONNECTIONS:
            load(port, connections, 0.5, asked)
            before = cpu_s(tree(pid))
            done = load(port, connections, seconds, asked)
            done["cpu_us"] = (cpu_s(tree(pid)) - before) / done["completed"] * 1e6
            figures[model.name, peer.name, connections].append(done)


def floor_us(model: Model, file: Path) -> float:
    command = [sys.executable, str(HERE / "floor.py"), model.name, str(file), "1"]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def report(model: Model, floors: list[float], figures: Figures) -> None:
    floor = statistics.median(floors)
    print(f"\n{model.name}: one bare session.run {floor:.1f} us CPU")
    for connections in CONNECTIONS:
        print(
            f"  {connections} connections        CPU us   x floor   ladle/it   p50 us   p99 us  req/s  bad"
        )
        for peer in PEERS.values():
            runs = figures.get((model.name, peer.name, connections))
            if not runs:
                continue
            middle = {key: statistics.median(run[key] for run in runs) for key in runs[0]}
            rate = statistics.median(run["completed"] / run["seconds"] for run in runs)
            ours = figures.get(
                (model.name, "ladle raw" if peer.form == "raw" else "ladle", connections), []
            )
            ratios = [a["cpu_us"] / b["cpu_us"] for a, b in zip(ours, runs, strict=False)]
            ratio = f"{statistics.median(ratios):8.3f}" if ratios else "        "
            print(
                f"  {peer.name:20} {middle['cpu_us']:9.1f} {middle['cpu_us'] / floor:9.2f}   {ratio}"
                f" {middle['p50_us']:8.0f} {middle['p99_us']:8.0f} {rate:6.0f} {middle['bad']:4.0f}"
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("models", nargs="*", default=list(MODELS))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--only", action="append", choices=list(PEERS))
    options = parser.parse_args()
    install()
    chosen = [PEERS[name] for name in options.only or PEERS]
    for name in options.models:
        model, figures, floors = MODELS[name], defaultdict(list), []
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "model.onnx"
            file.write_bytes(model.make())
            for number in range(options.rounds):
                floors.append(floor_us(model, file))
                for peer in chosen if number % 2 == 0 else chosen[::-1]:
                    measure(peer, model, file, options.seconds, figures)
        report(model, floors, figures)


if __name__ == "__main__":
    main()
