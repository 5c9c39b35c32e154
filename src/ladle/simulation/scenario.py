"""What is true of two releases during a rehearsed rollout, as people write it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Annotated, Any

from pydantic import Field

from ladle.config.amounts import DurationS, Percent
from ladle.config.schema import Strict

Share = Annotated[Percent, Field(le=1)]
Milliseconds = Annotated[float, Field(gt=0)]


def _key(default: Any, meaning: str, **more: Any) -> Any:
    return Field(default, description=meaning, validate_default=True, **more)


class Behaviour(Strict):
    """What a release does differently; what is left out stays as it is."""

    failures: Share | None = _key(None, "part of the requests that fail")
    wrong: Share | None = _key(None, "part of the answers that are wrong")
    latency_ms: Milliseconds | None = _key(None, "median of the latency")
    starts: bool | None = _key(None, "false: no process of it comes up, each request fails")


class Stable(Strict):
    """What the proven release does."""

    failures: Share = _key("0.5%", "part of the requests that fail")
    wrong: Share = _key("10%", "part of the answers that are wrong")
    latency_ms: Milliseconds = _key(40.0, "median of the latency")
    starts: bool = _key(True, "false: no process of it comes up, each request fails")


class Labels(Strict):
    """When somebody says what was true; only a model with ``labels.sources`` hears it."""

    wrong_after: DurationS = _key("10m", "mean delay of the label of a wrong answer")
    right_after: DurationS = _key("10m", "mean delay of the label of a right answer")
    coverage: Share = _key("100%", "part of the answers that are ever labelled")


class Change(Strict):
    """Something that is otherwise from ``at`` on, counted from the hand-over of the candidate."""

    at: DurationS = Field(description="when it begins")
    lasts: DurationS | None = _key(None, "how long; left out: to the end")
    every: DurationS | None = _key(None, "how often it comes again; needs lasts")
    requests_per_s: float | None = _key(None, "requests to both releases", ge=0)
    others_rolled_back: int | None = _key(
        None, "so many other models of the account were rolled back just then", ge=0
    )
    stable: Behaviour = _key({}, "what only the stable release does")
    candidate: Behaviour = _key({}, "what only the candidate does")
    both: Behaviour = _key({}, "what both do, as when something fails that they share")

    def is_on(self, seconds: float) -> bool:
        since = seconds - self.at
        if since < 0:
            return False
        return self.lasts is None or (since % self.every if self.every else since) < self.lasts


class Scenario(Strict):
    """A rehearsed rollout; every key may be left out."""

    about: str = _key("", "one line for people")
    requests_per_s: float | None = _key(
        None, "requests to both releases; left out: what the model's config expects", ge=0
    )
    lasts: DurationS | None = _key(
        None, "when to stop; left out: when nothing is left to be decided"
    )
    stable: Stable = _key({}, "the proven release")
    candidate: Behaviour = _key({}, "what the candidate does differently")
    candidates: int = _key(1, "how many are handed over, each when the one before is decided", ge=1)
    labels: Labels = _key({}, "how labels come")
    changes: tuple[Change, ...] = _key((), "what is otherwise for a while")


@dataclass(frozen=True, slots=True)
class Truth:
    """What a release does at one moment."""

    failures: float
    wrong: float
    latency_ms: float
    starts: bool

    def otherwise(self, behaviour: Behaviour) -> Truth:
        return replace(self, **behaviour.model_dump(exclude_none=True))

    def is_worse_than(self, other: Truth) -> bool:
        return (
            self.failures > other.failures
            or self.wrong > other.wrong
            or self.latency_ms > other.latency_ms
            or (other.starts and not self.starts)
        )


@dataclass(frozen=True, slots=True)
class Moment:
    """A scenario at one time; ``seconds`` since the candidate was handed over."""

    requests_per_s: float
    stable: Truth
    candidate: Truth
    others_rolled_back: int = 0


def moment(scenario: Scenario, seconds: float, expected_per_s: float) -> Moment:
    """``expected_per_s`` is the model's own traffic, for a scenario that says none."""
    rate = expected_per_s if scenario.requests_per_s is None else scenario.requests_per_s
    stable = Truth(**scenario.stable.model_dump())
    candidate = stable.otherwise(scenario.candidate)
    others = 0
    for change in _on(scenario, seconds):
        rate = rate if change.requests_per_s is None else change.requests_per_s
        others = max(others, change.others_rolled_back or 0)
        stable = stable.otherwise(change.both).otherwise(change.stable)
        candidate = candidate.otherwise(change.both).otherwise(change.candidate)
    return Moment(rate, stable, candidate, others)


def _on(scenario: Scenario, seconds: float) -> Iterator[Change]:
    return (change for change in scenario.changes if change.is_on(seconds))
