"""Where a model runs: what its config says, or the first rule that matches, with its numbers as the reason."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import Protocol, cast

from ladle.catalog import TARGET_MODULES, Target
from ladle.config.doors import outlasts_doors
from ladle.config.schema import ModelConfig
from ladle.errors import LadleError
from ladle.targets import sagemaker_async
from ladle.targets.sizes import Size


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


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """What is known of a model beside its config. ``break_even_per_s`` is the sustained load at which
    ``machine``, the smallest of SageMaker's that fits, costs as little as calls of a function.
    """

    size: Size
    machine: str
    break_even_per_s: float


def choose(config: ModelConfig, facts: ModelFacts | None = None) -> Choice:
    """``facts`` are None where nobody has looked at the model yet. Raises LD902 when only a target
    that is not yet built could take it, LD203 when the named one cannot.
    """
    if config.target is Target.AUTO:
        return _first(config, facts)
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


def _first(config: ModelConfig, facts: ModelFacts | None) -> Choice:
    """The target of the first rule that matches, else any that can take the model."""
    matched = next((choice for rule in RULES if (choice := rule(config, facts))), None)
    ordered = [*([matched.target] if matched else []), *TARGET_MODULES]
    why_not = []
    for target in dict.fromkeys(ordered):
        refused = _why_not(config, target)
        if not refused:
            by_rule = matched is not None and matched.target is target
            reason = matched.reason if matched and by_rule else _rules(target).reason(config)
            return Choice(target, f"auto: {reason}")
        why_not.append(refused)
    raise LadleError(
        "LD203",
        f"{config.name} cannot run on {'; nor on '.join(why_not)}",
        "make it fit one of them",
    )


def _gpu(config: ModelConfig, _facts: ModelFacts | None) -> Choice | None:
    if not config.compute.gpu:
        return None
    if outlasts_doors(config):
        said = f"its timeout_s {config.compute.timeout_s} is more than a door waits"
        return Choice(Target.SAGEMAKER_ASYNC, f"{sagemaker_async.reason(config)}; {said}")
    target = Target.ECS if config.compute.spot else Target(config.auto.gpu_on)
    return Choice(target, _rules(target).reason(config))


def _named_machine(config: ModelConfig, _facts: ModelFacts | None) -> Choice | None:
    named = config.compute.instance_type
    if named is None:
        return None
    target = Target.SAGEMAKER if named.startswith("ml.") else Target.ECS
    return Choice(target, f"it names a machine, {named}")


def _too_large(config: ModelConfig, facts: ModelFacts | None) -> Choice | None:
    """For a function: what it must bring before its first request, and what it must hold."""
    if facts is None:
        return None
    model_mb, most_mb = facts.size.bytes / 1e6, config.auto.model_mb
    if model_mb > most_mb:
        said = f"its model of {model_mb:,.0f} MB is more than the {most_mb:,.0f} of a function"
        return Choice(Target.SAGEMAKER, f"an endpoint on {facts.machine}: {said}")
    needed_mb, most_mb = facts.size.peak_mb, config.auto.peak_mb
    if needed_mb > most_mb:
        said = (
            f"about {needed_mb:,.0f} MB of memory ({facts.size.known}) are more than the "
            f"{most_mb:,.0f} of a function"
        )
        return Choice(Target.SAGEMAKER, f"an endpoint on {facts.machine}: {said}")
    return None


def _busy(config: ModelConfig, facts: ModelFacts | None) -> Choice | None:
    if facts is None:
        return None
    load_per_s = config.traffic.expected_per_day / 86_400
    from_per_s = facts.break_even_per_s * config.auto.busy_share
    if load_per_s < from_per_s:
        return None
    share = f"{100 * config.auto.busy_share:g}%"
    said = (
        f"{load_per_s:,.1f} requests a second all day are more than {share} of the "
        f"{facts.break_even_per_s:,.1f} from which it costs less than a function, at "
        f"{facts.size.answer_ms:,.3g} ms each ({facts.size.known})"
    )
    return Choice(Target.SAGEMAKER, f"an endpoint on {facts.machine}: {said}")


Rule = Callable[[ModelConfig, ModelFacts | None], Choice | None]
RULES: tuple[Rule, ...] = (_gpu, _named_machine, _too_large, _busy)


def _why_not(config: ModelConfig, target: Target) -> str:
    """The target with what speaks against it; empty when nothing does."""
    refused = "; ".join(_rules(target).refusals(config))
    return f"{target}: {refused}" if refused else ""


def _rules(target: Target) -> TargetRules:
    return cast(TargetRules, import_module(f"ladle.targets.{TARGET_MODULES[target]}"))
