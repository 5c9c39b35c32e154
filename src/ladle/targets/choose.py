"""Where a model runs: what its config says, or the first target that can take it, with the reason."""

from __future__ import annotations

from dataclasses import dataclass

from ladle.catalog import TARGET_MODULES, Target
from ladle.config.schema import ModelConfig
from ladle.errors import LadleError
from ladle.targets import lambda_function


@dataclass(frozen=True, slots=True)
class Choice:
    target: Target
    reason: str


def choose(config: ModelConfig) -> Choice:
    """Raises LD902 when only a target that is not yet built could take it, LD203 when the named
    one cannot.
    """
    why_not = "; ".join(lambda_function.refusals(config))
    if config.target is Target.AUTO:
        if why_not:
            raise LadleError(
                "LD902",
                f"{config.name} cannot run on Lambda: {why_not}. No other target is built yet",
                "make it fit Lambda, or wait for sagemaker and ecs",
            )
        return Choice(Target.LAMBDA, f"auto: {lambda_function.reason(config)}")
    if config.target not in TARGET_MODULES:
        raise LadleError(
            "LD902",
            f"target: {config.target} is not yet built: only lambda is",
            "write target: auto or lambda",
        )
    if why_not:
        raise LadleError(
            "LD203",
            f"{config.name} cannot run on Lambda: {why_not}",
            "change what does not fit, or write target: auto",
        )
    return Choice(config.target, "model.yaml says so")
