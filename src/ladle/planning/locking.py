"""Where a model runs and how it is packed is decided once: what a lock says outlives the rules of a day."""

from __future__ import annotations

from dataclasses import dataclass

from ladle.catalog import Packaging, Target
from ladle.config.schema import ModelConfig
from ladle.errors import LadleError
from ladle.planning.break_even import model_facts
from ladle.policy.lock import Lock
from ladle.targets.choose import Choice, choose
from ladle.targets.sizes import Size


def choose_target(config: ModelConfig, size: Size, kept: Lock | None) -> Choice:
    """``target: auto`` decides once: later releases stay where the first one was put."""
    chosen = choose(config, model_facts(config, size))
    if kept is None or config.target is not Target.AUTO or chosen.target is kept.target:
        return chosen
    today = f"{chosen.target}: {chosen.reason.removeprefix('auto: ')}"
    try:
        choose(config.model_copy(update={"target": kept.target}))
    except LadleError as error:
        what = f"it runs on {kept.target}, {error.finding.what}"
        raise _locked(config, what, chosen.target) from error
    return Choice(kept.target, f"auto: kept, since it runs there; a new model would go to {today}")


@dataclass(frozen=True, slots=True)
class Moved:
    """A key of a config that says something else than what is locked."""

    key: str
    refusal: LadleError


def moved(config: ModelConfig, kept: Lock) -> Moved | None:
    """The hand-off refuses it as well: a stack cannot be turned around under traffic."""
    if config.target not in (Target.AUTO, kept.target):
        what = f"its releases run on {kept.target}, and its config says {config.target}"
        return Moved("target", _locked(config, what, config.target))
    if config.packaging not in (Packaging.AUTO, kept.packaging):
        what = (
            f"its releases are packed as {kept.packaging}, and its config says {config.packaging}"
        )
        return Moved("packaging", _locked(config, what, config.packaging))
    return None


def moving_by_hand(model: str, to: Target | Packaging) -> str:
    """What there is in place of ``ladle migrate``."""
    return (
        f"ladle migrate {model} --to {to} is not yet built: give the model on {to} another name and "
        f"bring callers over, or take this one down with its address (ladle destroy {model})"
    )


def _locked(config: ModelConfig, what: str, to: Target | Packaging) -> LadleError:
    return LadleError(
        "LD245",
        f"{config.name}: {what}",
        f"write what it was; {moving_by_hand(config.name, to)}",
    )
