"""How requests are counted: log lines through the collector, or metrics that CloudWatch sums.

``scripts/bench delivery [--lines N] [--real N] [--seed S]``

Ten million lines of equal releases go through a model of faulty delivery: three minutes late, cut into
batches, one batch in a hundred twice (half of those cut anew), ten minutes lost, and other losses for
one release than for the other. The first ``--real`` lines are printed, zipped, unpacked, checked,
counted and deduplicated by the deployed code, and must equal the arrays; the rest is arrays alone. The
judge is the deployed one throughout; it looks each five minutes. Metrics are a model: CloudWatch is not
here, so lines that it would extract are summed without memory.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import numpy as np
from bill import LABEL_WAYS, RATES, Measured, by_collector, by_metrics, serving, with_labels
from faults import LINES, Fates, Lines, deliveries, draw
from ways import (
    BEGAN,
    LOOKS,
    RELEASES,
    Counted,
    Replay,
    arms,
    arrived_once,
    collected,
    metrics,
    sent,
)

from ladle.planning.prices import prices
from ladle.policy.rollout import Guard, GuardName, RolloutPolicy
from ladle.quality.running import RunningJudge

POLICIES = {
    "margin 1.0": RolloutPolicy(guards=(Guard(GuardName.FAILURES, worse_than=1.0),)),
    "margin 1.2": RolloutPolicy(guards=(Guard(GuardName.FAILURES, worse_than=1.2),)),
}
WAYS: dict[str, Callable[[Lines, Fates], Counted]] = {
    "nothing lost": lambda lines, _: sent(lines),
    "collector": collected,
    "metrics": metrics,
}
WORSE_RATE, WORSE_ROLLOUTS = 0.03, 100


def rolled_back(counted: Counted, policy: RolloutPolicy) -> int | None:
    """The candidate's requests known by then, or None when it never is."""
    running = RunningJudge()
    for look in range(LOOKS):
        if running.judge(*arms(counted, look), policy, BEGAN, RELEASES).worst is not None:
            return int(counted[look, :, 1, 0].sum())
    return None


def false_rollbacks(rollouts: int, seed: int) -> None:
    found = {way: dict.fromkeys(POLICIES, 0) for way in WAYS}
    errors: dict[str, list[np.ndarray]] = {way: [] for way in WAYS}
    arrived: list[np.ndarray] = []
    for k in range(rollouts):
        lines, fates = draw(seed, k)
        once = _requests(arrived_once(lines, fates))
        arrived.append(once / _requests(sent(lines)) - 1)
        for way, count in WAYS.items():
            counted = count(lines, fates)
            errors[way].append(_requests(counted) / once - 1)
            for name, policy in POLICIES.items():
                found[way][name] += rolled_back(counted, policy) is not None
    lost = [f"{-100 * share:.1f} %" for share in np.mean(arrived, axis=0)]
    print(f"{rollouts:,} rollouts of equal releases: rolled back; counted beyond what arrived")
    print(f"  never arrived: {lost[0]} of the stable release's lines, {lost[1]} of the candidate's")
    print(f"  {'':14}" + "".join(f"{name:>14}" for name in (*POLICIES, "stable", "candidate")))
    for way in WAYS:
        cells = [f"{100 * n / rollouts:.2f} %" for n in found[way].values()]
        if way != "nothing lost":
            cells += [f"{100 * error:+.2f} %" for error in np.mean(errors[way], axis=0)]
        print(f"  {way:14}" + "".join(f"{cell:>14}" for cell in cells))


def _requests(counted: Counted) -> np.ndarray:
    """Of each release, in the end."""
    return counted[-1, :, :, 0].sum(axis=0)


def detection(seed: int) -> None:
    print(
        f"1 to 3 % failures, {WORSE_ROLLOUTS} rollouts: the candidate's requests until it goes back"
    )
    policy = POLICIES["margin 1.0"]
    for way, count in WAYS.items():
        seen = [
            rolled_back(count(*draw(seed + 1, k, WORSE_RATE)), policy)
            for k in range(WORSE_ROLLOUTS)
        ]
        caught = [n for n in seen if n is not None]
        print(
            f"  {way:14} median {statistics.median(caught):.0f}, caught {len(caught)} of {len(seen)}"
        )


def real(rollouts: int, seed: int) -> Measured:
    replay, begun, differ = Replay(), time.process_time(), 0
    for k in range(rollouts):
        lines, fates = draw(seed, k)
        differ += int(
            (replay.play(lines, list(deliveries(lines, fates))) != collected(lines, fates)).sum()
        )
    spent = time.process_time() - begun
    counters = replay.counters
    print(
        f"{replay.lines:,} lines through the deployed collector: {differ} counters differ from the arrays"
    )
    print(
        f"  {1e6 * spent / replay.lines:.0f} us of CPU a line, printing included; {replay.lines / counters.deliveries:.1f} lines a delivery"
    )
    measured = Measured(replay.bytes / replay.lines, counters.write_units / counters.deliveries)
    print(
        f"  {measured.line_bytes:.0f} bytes a line, {measured.delivery_units:.1f} write units a delivery"
    )
    return measured


def money(measured: Measured) -> None:
    listed = prices()
    print(
        f"watching: write units a second and USD a million requests (serving: {serving(listed):.2f})"
    )
    print(f"  {'requests/s':32}" + "".join(f"{rate:>20,.0f}" for rate in RATES))
    counted = [by_collector(rate, measured, listed) for rate in RATES]
    labelled = [
        [with_labels(way, bill, rate, listed) for rate, bill in zip(RATES, counted, strict=True)]
        for way in LABEL_WAYS
    ]
    for bills in (counted, [by_metrics(rate, listed) for rate in RATES], *labelled):
        cells = [f"{bill.writes:.1f}/s  {bill.per_million:.3f}" for bill in bills]
        print(f"  {bills[0].way:32}" + "".join(f"{cell:>20}" for cell in cells))


def main() -> None:
    parser = argparse.ArgumentParser(prog="scripts/bench delivery")
    parser.add_argument("--lines", type=int, default=10_000_000)
    parser.add_argument("--real", type=int, default=300_000, help="by the deployed collector")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    print(f"seed {asked.seed}")
    measured = real(max(1, asked.real // LINES), asked.seed)
    print()
    money(measured)
    print()
    detection(asked.seed)
    print()
    false_rollbacks(max(1, asked.lines // LINES), asked.seed)


if __name__ == "__main__":
    main()
