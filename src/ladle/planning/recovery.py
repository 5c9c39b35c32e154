"""What can be taken back after a deploy, how fast, and how much a bad release can harm until then."""

from __future__ import annotations

from collections.abc import Iterator

from ladle.catalog import Strategy
from ladle.config.amounts import written
from ladle.planning.plan import Change, ModelPlan
from ladle.planning.targets import planning_of
from ladle.planning.usage import Usage

# An alarm looks once a minute, and the controller writes the alias within seconds of it.
ALARM_S = 60.0
_NO_NEW_CODE = frozenset({Change.UNCHANGED, Change.SETTINGS, Change.POLICY_ONLY, Change.REFUSED})


def recovery(model: ModelPlan) -> Iterator[str]:
    """Sentences, the most important first."""
    if model.change in _NO_NEW_CODE:
        yield "no release changes, so there is none to take back"
    elif is_left(model):
        name = model.wanted.model
        yield (
            f"to release {model.goes_back_to} by one write of the door, while both homes run (until "
            f"ladle migrate {name} --finish): seconds, no build; by itself when a guard that needs no "
            f"rival or its own alarm says so, or by ladle rollback {name}"
        )
    elif model.goes_back_to is not None:
        found = written(model.wanted.policy.window_s + ALARM_S)
        yield (
            f"to release {model.goes_back_to} by {planning_of(model.wanted.target).WAY_BACK}; by "
            f"itself within {found} of enough evidence, or by ladle rollback {model.wanted.model}"
        )
    elif model.change is Change.NOT_COMPARED:
        way = planning_of(model.wanted.target).WAY_BACK
        yield f"to the last proven release, where there is one, by {way}"
    else:
        yield "to nothing: a first release serves whatever it does, until a second one comes"
    if model.wanted.left is None:
        yield "door, alarm, log and roles go back with the stack: deploy the older commit"
    else:
        yield f"the stack, with the home that is new, by ladle migrate {model.wanted.model} --undo"


def is_left(model: ModelPlan) -> bool:
    """Whether a rollback goes to the home that is left: releases after the move have larger numbers."""
    spec, back_to = model.wanted, model.goes_back_to
    return spec.left is not None and back_to is not None and back_to <= spec.base


def blast_radius(model: ModelPlan, usage: Usage) -> Iterator[str]:
    policy = model.wanted.policy
    if model.change in _NO_NEW_CODE:
        yield "no request meets another release than before"
    elif is_left(model):
        yield "every request meets it at once: no door splits them between two homes"
    elif policy.strategy is Strategy.ALL_AT_ONCE:
        yield "every request meets the new release at once"
    elif model.goes_back_to is None and model.change is not Change.NOT_COMPARED:
        yield "every request meets it: a first release has none to be compared with"
    else:
        share = policy.canary_percent / 100
        hourly = usage.requests_per_s * 3600 * share
        yield (
            f"{policy.canary_percent:g}% of requests, about {hourly:,.0f} an hour, for "
            f"{written(policy.bake_s)} to {written(policy.max_s)}"
        )
    shared = planning_of(model.wanted.target).SHARED
    yield f"no other model: {shared}"
