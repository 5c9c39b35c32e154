"""What a config's trials would catch, in words and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ladle.config.amounts import written
from ladle.config.schema import ModelConfig
from ladle.planning.resolve import rollout_policy
from ladle.policy.rollout import GuardName
from ladle.quality.power import Catch, Trial, foresee

DAY_S = 86_400
RISING: dict[GuardName, str] = {
    GuardName.FAILURES: "failed requests",
    GuardName.LATENCY: "slow answers",
    GuardName.ACCURACY: "wrong answers",
    GuardName.ERROR: "errors, as parts of the scale,",
}


def catch_notes(config: ModelConfig) -> Iterator[str]:
    """A line for each guard."""
    trial = _foresee(config)
    for catch in trial.catches:
        yield _line(catch, trial.seconds)


def trial_json(config: ModelConfig) -> dict[str, Any]:
    """Rates of bad answers: what the stable release is assumed to have, and what is caught."""
    trial = _foresee(config)
    return {
        "seconds": round(trial.seconds),
        "candidate_requests": round(trial.candidate_requests),
        "catches": [
            {
                "guard": c.guard,
                "stable_rate": round(c.stable_rate, 5),
                "with_50_percent": c.likely and round(c.likely, 5),
                "with_95_percent": c.nearly_sure and round(c.nearly_sure, 5),
            }
            for c in trial.catches
        ],
    }


def _foresee(config: ModelConfig) -> Trial:
    return foresee(rollout_policy(config), config.traffic.expected_per_day / DAY_S)


def _line(catch: Catch, seconds: float) -> str:
    what = RISING[catch.guard]
    if catch.likely is None:
        return f"{what}: no rise is caught within {written(seconds)}, since traffic is too thin"
    sure = "none" if catch.nearly_sure is None else f"to {_percent(catch.nearly_sure)}"
    return (
        f"{what}: a rise from {_percent(catch.stable_rate)} to {_percent(catch.likely)} is caught "
        f"within {written(seconds)} with 50% probability, {sure} with 95%"
    )


def _percent(rate: float) -> str:
    """Two figures: no more is foreseen."""
    return f"{100 * rate:.2g}%"
