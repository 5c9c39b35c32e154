"""Where a model runs: what its config says, or the first target that can take it, with the reason."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import Protocol, cast

from ladle.catalog import TARGET_MODULES, Target
from ladle.config.schema import ModelConfig
from ladle.errors import LadleError


class TargetRules(Protocol):
    """What the module of a target offers."""

    def refusals(self, config: ModelConfig) -> Iterator[str]:
        """Why it cannot take this model; nothing when it can."""
        ...

    def reason(self, config: ModelConfig) -> str:
        """Why it is the right place."""
        ...


@dataclass(frozen=True, slots=True)
class Choice:
    target: Target
    reason: str


def choose(config: ModelConfig) -> Choice:
    """Raises LD902 when only a target that is not yet built could take it, LD203 when the named
    one cannot.
    """
    if config.target is Target.AUTO:
        return _first(config)
    if config.target not in TARGET_MODULES:
        raise LadleError(
            "LD902",
            f"target: {config.target} is not yet built: only {', '.join(TARGET_MODULES)} is",
            f"write target: auto or {' or '.join(TARGET_MODULES)}",
        )
    if why_not := _why_not(config, config.target):
        raise LadleError(
            "LD203",
            f"{config.name} cannot run on {why_not}",
            "change what does not fit, or write target: auto",
        )
    return Choice(config.target, "model.yaml says so")


def _first(config: ModelConfig) -> Choice:
    why_not = []
    for target in TARGET_MODULES:
        refused = _why_not(config, target)
        if not refused:
            return Choice(target, f"auto: {_rules(target).reason(config)}")
        why_not.append(refused)
    raise LadleError(
        "LD902",
        f"{config.name} cannot run on {'; nor on '.join(why_not)}. No other target is built yet",
        "make it fit, or wait for sagemaker and ecs",
    )


def _why_not(config: ModelConfig, target: Target) -> str:
    """The target with what speaks against it; empty when nothing does."""
    refused = "; ".join(_rules(target).refusals(config))
    return f"{target}: {refused}" if refused else ""


def _rules(target: Target) -> TargetRules:
    return cast(TargetRules, import_module(f"ladle.targets.{TARGET_MODULES[target]}"))
