"""Drift: what it sees of a shift, and what a row costs, beside exact tests, Evidently and whylogs.

``scripts/bench drift [--runs N] [--seed S]``

A reference of 10,000 normal rows, as ``ladle.to_onnx`` keeps, and 10,000 rows that are served. Power is
at a promised 1 % of false alarms, by simulated limits for both statistics; the peers run in an
environment of their own from ``locks/bench-quality.txt``, by their shipped defaults.
"""

from __future__ import annotations

import argparse
import hashlib
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ladle.quality.counts import Counts
from ladle.quality.drift import drifts
from ladle.quality.reference import seen, trained
from ladle.tools.reference_rows import reference_of
from ladle_runtime.serving.watch import Watch

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
LOCK, VENV = ROOT / "locks" / "bench-quality.txt", ROOT / ".venv-bench-quality"
ROWS, FEATURES, ALPHA = 10_000, 12, 0.01
Sample = Callable[[np.random.Generator, int], np.ndarray]
SHIFTS: dict[str, Sample] = {
    "nothing": lambda draws, n: draws.standard_normal(n),
    "mean + 0.05 sd": lambda draws, n: draws.standard_normal(n) + 0.05,
    "mean + 0.1 sd": lambda draws, n: draws.standard_normal(n) + 0.1,
    "sd x 1.1": lambda draws, n: draws.standard_normal(n) * 1.1,
    "3 % at 4 sd": lambda draws, n: np.where(draws.random(n) < 0.03, 4.0, draws.standard_normal(n)),
    "skewed by 0.15": lambda draws, n: _skewed(draws.standard_normal(n)),
}


def _skewed(rows: np.ndarray) -> np.ndarray:
    return rows + 0.15 * (rows**2 - 1) / 2


@dataclass
class Time:
    at: float = 1_790_000_000.0

    def now(self) -> float:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.at += seconds


def exact(reference: np.ndarray, rows: np.ndarray) -> float:
    """Two-sample Kolmogorov-Smirnov."""
    both = np.concatenate([reference, rows])
    shares = (
        np.searchsorted(np.sort(part), both, "right") / len(part) for part in (reference, rows)
    )
    theirs, ours = shares
    return float(np.abs(theirs - ours).max())


def binned(reference: np.ndarray, rows: np.ndarray) -> float:
    """What the counters say, by the code that reads them."""
    (column,) = reference_of({"x": reference}, {}).columns
    bins = np.bincount(np.searchsorted(column.edges, rows, "right"), minlength=len(column.counts))
    theirs = Counts(tallies={trained("x", b): n for b, n in enumerate(column.counts) if n})
    ours = Counts(tallies={seen("x", b): int(n) for b, n in enumerate(bins) if n})
    return drifts(theirs, ours)[0].distance


def power(runs: int, seed: int) -> None:
    print(
        f"power at n = {ROWS:,}, {100 * ALPHA:g} % false alarms, {runs} runs (bar: 85 % of the exact test's)"
    )
    statistics = {"Kolmogorov-Smirnov, all rows": exact, "ladle, counters": binned}
    found = {name: {shift: [] for shift in SHIFTS} for name in statistics}
    limits: dict[str, list[float]] = {name: [] for name in statistics}
    for run in range(runs):
        draws = np.random.default_rng(seed + run)
        reference = draws.standard_normal(ROWS)
        for name, statistic in statistics.items():
            limits[name].append(statistic(reference, draws.standard_normal(ROWS)))
        for shift, sample in SHIFTS.items():
            rows = sample(draws, ROWS)
            for name, statistic in statistics.items():
                found[name][shift].append(statistic(reference, rows))
    print(f"  {'':30}" + "".join(f"{shift:>16}" for shift in SHIFTS))
    for name in statistics:
        limit = np.quantile(limits[name], 1 - ALPHA)
        shares = [100 * np.mean(np.array(found[name][shift]) > limit) for shift in SHIFTS]
        print(f"  {name:30}" + "".join(f"{share:>16.0f}" for share in shares))


def cost(seed: int) -> None:
    print(f"\nmicroseconds of CPU a row, {FEATURES} features (bar: 5)")
    draws = np.random.default_rng(seed)
    rows = draws.standard_normal((ROWS, FEATURES)).astype(np.float32)
    scores = np.tile(np.array([[0.3, 0.7]], np.float32), (ROWS, 1))
    reference = reference_of({"X": rows}, {"scores": scores})
    for size in (1, 10, 1000):
        clock = Time()
        watch = Watch(reference, "m", 1, b"k" * 32, clock, lambda _: None)
        asked = [(rows[k : k + size], scores[k : k + size]) for k in range(0, ROWS, size)]
        begun = time.process_time()
        for inputs, outputs in asked:
            watch.add({"X": inputs}, {"scores": outputs}, size)
            clock.sleep(0.01 * size)
        spent = 1e6 * (time.process_time() - begun) / ROWS
        print(f"  ladle, requests of {size} rows, lines written: {spent:.2f}")
    subprocess.run([_venv() / "bin" / "python", HERE / "peers.py", str(seed)], check=True)


def _venv() -> Path:
    stamp, wanted = VENV / "lock", hashlib.sha256(LOCK.read_bytes()).hexdigest()
    if not (stamp.is_file() and stamp.read_text() == wanted):
        print("making .venv-bench-quality (Evidently, whylogs), some minutes", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", "--clear", VENV], check=True)
        # The lock is whole; Evidently's extra of pandas would be asked for again.
        pip = [VENV / "bin" / "python", "-m", "pip", "install", "--quiet", "--no-deps"]
        subprocess.run([*pip, "--require-hashes", "-r", LOCK], check=True)
        stamp.write_text(wanted)
    return VENV


def main() -> None:
    parser = argparse.ArgumentParser(prog="scripts/bench drift")
    parser.add_argument("--runs", type=int, default=400)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    power(asked.runs, asked.seed)
    cost(asked.seed)


if __name__ == "__main__":
    main()
