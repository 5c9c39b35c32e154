"""The quality guard beside what others use, on the same rollouts; the bars of issue 5.

``scripts/bench quality [--rollouts N] [--seed S] [--only PART…]``

A tenth of ten requests a second goes to the candidate, and every rule is looked at once a minute. A rule
that rolls equal candidates back is fast for that reason alone. Seeds are S, S + 1, …
"""

from __future__ import annotations

import argparse
import math
import random
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from reading import ms_a_look
from rules import (
    SHIPPED,
    SHIPPED_WITH_LABELS,
    Arms,
    Rule,
    canary_judge,
    clipped,
    failures,
    guard,
    msprt,
    oracle_alarm,
    ours,
    wrong,
)
from traffic import FINE, SHAPES, TENTH, Shape, numeric_rollout, picked_rollout, rollout

from ladle.policy.rollout import GuardName, RolloutPolicy
from ladle.quality.counts import MICRO, Counts, Window
from ladle.quality.evidence import judge
from ladle.quality.running import RunningJudge
from ladle.simulation.read_scenario import parse_scenario
from ladle.simulation.rehearsal import Rehearsal
from ladle.simulation.report import report
from ladle.simulation.streams import Labels, LateLabels, Traffic, constant

TUNED_ON = 300  # equal rollouts that the oracle sees
STEADY = SHAPES["steady"]
DAY, LOOKS = 1440, 30  # minutes


def failure_rules(seed: int) -> dict[str, Rule]:
    # Seeds of its own: an oracle that is tuned on what it is measured with would be none.
    equal = [rollout(seed + 10_000_000 + k, STEADY) for k in range(TUNED_ON)]
    return {
        "ladle, one guard, margin 1.0": ours(guard(GuardName.FAILURES, worse_than=1.0)),
        "ladle, shipped defaults": ours(SHIPPED),
        "ladle, with labels": ours(SHIPPED_WITH_LABELS),
        "mSPRT": msprt(failures),
        "Mann-Whitney canary judge": canary_judge(failures),
        "alarm tuned by an oracle": oracle_alarm(failures, equal),
    }


def false_rollbacks(rollouts: int, seed: int) -> None:
    print("equal candidates rolled back, of each hundred (bar: 1)")
    rules = failure_rules(seed)
    rows = {name: [] for name in rules}
    for shape in SHAPES.values():
        found = dict.fromkeys(rules, 0)
        for k in range(rollouts):
            arms = rollout(seed + k, shape)
            for name, rule in rules.items():
                found[name] += rule(arms) is not None
        for name, n in found.items():
            rows[name].append(f"{100 * n / rollouts:.2f}")
    table(["", *SHAPES], rows)


def failing(rollouts: int, seed: int) -> None:
    print(
        "failures at a tenth: median of the requests that the candidate served, (found within 1 h)"
    )
    shifts = {"1 to 3 %": 0.03, "1 to 10 %": 0.1, "1 to 100 %": 1.0}
    rows = {
        name: [served(rule, rollouts, seed, STEADY, candidate=rate) for rate in shifts.values()]
        for name, rule in failure_rules(seed).items()
    }
    table(["bars: 600 (shipped 900), 80 + 60, 5 + 60", *shifts], rows)


def accuracy(rollouts: int, seed: int) -> None:
    print(
        "accuracy at a tenth, looked at each ten labels: median of the candidate's labelled requests"
    )
    shape = Shape(FINE, 360, lambda _: constant(0.0))
    equal = [rollout(seed + 10_000_000 + k, shape) for k in range(TUNED_ON // 3)]
    rules = {
        "ladle, one guard, margin 0": ours(guard(GuardName.ACCURACY, worse_than=1.0)),
        "ladle, shipped defaults": ours(SHIPPED_WITH_LABELS),
        "mSPRT": msprt(wrong),
        "alarm tuned by an oracle": oracle_alarm(wrong, equal),
    }
    shifts = {"90 to 85 %": (0.1, 0.15), "90 to 80 %": (0.1, 0.2)}
    rows = {
        name: [served(rule, rollouts, seed, shape, wrong=w) for w in shifts.values()]
        for name, rule in rules.items()
    }
    table(["bars: 600, 180", *shifts], rows)


def error(rollouts: int, seed: int) -> None:
    print(
        "a regression at a tenth, normal errors: found within 3,600 labels of the candidate, median"
    )
    rules = {
        "ladle, one guard, margin 1.0": ours(guard(GuardName.ERROR, worse_than=1.0)),
        "ladle, shipped margin": ours(guard(GuardName.ERROR, worse_than=1.05)),
        "mSPRT, of the same loss": msprt(clipped),
    }
    spreads = {"equal": 1.0, "mean error x 1.25": 1.25, "x 1.5": 1.5, "x 2": 2.0}
    rows: dict[str, list[str]] = {name: [] for name in rules}
    for spread in spreads.values():
        arms = [numeric_rollout(seed + k, FINE, 360, spread) for k in range(rollouts)]
        for name, rule in rules.items():
            rows[name].append(_median(rule, arms))
    table(["", *spreads], rows)


def served(rule: Rule, rollouts: int, seed: int, shape: Shape, **candidate: object) -> str:
    """The median, never found counted as more than anything; and how many were found."""
    each = (rollout(seed + k, shape, **candidate) for k in range(rollouts))  # type: ignore[arg-type]
    return _median(rule, each)


def _median(rule: Rule, rollouts: Iterable[Arms]) -> str:
    counts: list[float] = []
    for arms in rollouts:
        minute = rule(arms)
        seen = sum(w.counts.requests for w in arms[1][: minute or 0])
        counts.append(seen if minute else math.inf)
    found = sum(map(math.isfinite, counts)) / len(counts)
    return f"{statistics.median(counts):.0f} ({100 * found:.0f} %)"


def healthy(rollouts: int, seed: int) -> None:
    scenario = parse_scenario(b"{requests_per_s: 10, lasts: 2h}", "healthy")
    print(
        "a healthy candidate at 10 requests/s, promoted within bake + 1 h, of each hundred (bar: 98)"
    )
    for name, policy in (("shipped defaults", SHIPPED), ("with labels", SHIPPED_WITH_LABELS)):
        promoted = sum(_promoted(scenario, policy, seed + k) for k in range(rollouts))
        print(f"  {name}: {100 * promoted / rollouts:.1f}")


def _promoted(scenario: object, policy: RolloutPolicy, seed: int) -> bool:
    rehearsal = Rehearsal("m", policy, scenario, 10.0, seed)  # type: ignore[arg-type]
    rehearsal.play()
    return report(rehearsal).promoted


def late_labels(rollouts: int, seed: int) -> None:
    print(
        "labels of wrong answers after 30 min, of right ones after 4 h; 1 request/s, a day, half tried"
    )
    found = {
        rate: [_found_after_min(seed + k, rate) for k in range(rollouts)] for rate in (0.1, 0.2)
    }
    false = sum(map(math.isfinite, found[0.1]))
    print(f"  equal, rolled back of each hundred: {100 * false / rollouts:.2f} (bar: 1)")
    print(f"  10 to 20 %, median minutes: {statistics.median(found[0.2]):.0f} (bar: 90)")


def _found_after_min(seed: int, candidate: float) -> float:
    """Windows of five minutes, a look at each other."""
    late = LateLabels(random.Random(seed), Traffic(300, 0.5, 300.0), Labels(6, 48))
    running = RunningJudge()
    for look in range(1, 289):
        late.pass_window(0.1, candidate)
        if (
            look % 2 == 0
            and running.judge(*late.look(), SHIPPED_WITH_LABELS, 0.0, (1, 2)).worst is not None
        ):
            return 5.0 * look
    return math.inf


def picked(rollouts: int, seed: int) -> None:
    print(
        "right answers of the candidate that nobody labels: equal ones rolled back within 1,200 labels,\n"
        "of each hundred (bar: 1)"
    )
    shape = Shape(FINE, 120, lambda _: constant(0.0))
    rules = {
        "ladle, one guard, margin 0": ours(guard(GuardName.ACCURACY, worse_than=1.0)),
        "ladle, shipped defaults": ours(SHIPPED_WITH_LABELS),
        "mSPRT": msprt(wrong),
    }
    parts = {"none": 1.0, "a tenth": 0.9, "a fifth": 0.8, "3 of 10": 0.7, "half": 0.5}
    rows: dict[str, list[str]] = {name: [] for name in rules}
    for kept in parts.values():
        arms = [picked_rollout(seed + k, shape, kept) for k in range(rollouts)]
        for name, rule in rules.items():
            found = sum(rule(each) is not None for each in arms)
            rows[name].append(f"{100 * found / rollouts:.2f}")
    table(["left out", *parts], rows)


def cost(_rollouts: int, seed: int) -> None:
    print("decision, ms of CPU for each model and minute, all three guards, after a day (bar: 1)")
    stable, candidate = rollout(seed, Shape(TENTH, DAY + LOOKS, lambda _: constant(0.01)))
    label = Counts(labelled_micro=MICRO)
    for what, late in (("labels at once", 0), ("labels up to an hour late", 60)):
        looks = []
        for minute in range(DAY, DAY + LOOKS):
            for k in range(minute - late, minute):
                candidate[k] = Window(candidate[k].start, candidate[k].counts + label)
            looks.append((stable[:minute], candidate[:minute]))
        running = RunningJudge()
        running.judge(*looks[0], SHIPPED_WITH_LABELS, 0.0, (1, 2))
        begun = time.process_time()  # once for all looks: to ask costs as much as a look
        for look in looks[1:]:
            running.judge(*look, SHIPPED_WITH_LABELS, 0.0, (1, 2))
        print(f"  {what}: {1000 * (time.process_time() - begun) / (LOOKS - 1):.2f}")
        anew, followed = ms_a_look([candidate for _, candidate in looks], late)
        print(f"    beside it, to read both releases: {followed:.0f}; everything anew: {anew:.0f}")
    begun = time.process_time()
    judge(stable, candidate, SHIPPED_WITH_LABELS, 0.0, (1, 2))
    print(f"  everything weighed again: {1000 * (time.process_time() - begun):.0f}")


def table(head: Sequence[str], rows: dict[str, list[str]]) -> None:
    print(f"  {head[0]:42}" + "".join(f"{h:>16}" for h in head[1:]))
    for name, cells in rows.items():
        print(f"  {name:42}" + "".join(f"{cell:>16}" for cell in cells))


PARTS: dict[str, Callable[[int, int], None]] = {
    "false": false_rollbacks,
    "failing": failing,
    "accuracy": accuracy,
    "error": error,
    "healthy": healthy,
    "late": late_labels,
    "picked": picked,
    "cost": cost,
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="scripts/bench quality")
    parser.add_argument("--rollouts", type=int, default=100, help="of each cell")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS))
    asked = parser.parse_args()
    print(
        f"{asked.rollouts} rollouts a cell, seeds {asked.seed} to {asked.seed + asked.rollouts - 1}"
    )
    for part in asked.only:
        print()
        PARTS[part](asked.rollouts, asked.seed)


if __name__ == "__main__":
    main()
