"""Where a model runs and how it is packed is decided once: what a lock says outlives the rules of a day."""

from __future__ import annotations

from dataclasses import dataclass

from ladle.catalog import DoorKind, Packaging, Target
from ladle.config.doors import reached, row_of
from ladle.config.schema import ModelConfig
from ladle.errors import LadleError
from ladle.planning.break_even import model_facts
from ladle.policy.lock import Lock
from ladle.targets.choose import Choice, choose
from ladle.targets.sizes import Size

ELSEWHERE = "LD245"


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
        raise _locked(config, what, kept.target, chosen.target) from error
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
        return Moved("target", _locked(config, what, kept.target, config.target))
    if config.packaging not in (Packaging.AUTO, kept.packaging):
        what = (
            f"its releases are packed as {kept.packaging}, and its config says {config.packaging}"
        )
        return Moved("packaging", _locked(config, what, kept.target, config.packaging))
    return None


_LED = (DoorKind.HTTP_API, DoorKind.REST_API)
# It answers later, and callers must be written for that: none of its moves would go unnoticed.
_ANSWERS_LATER = Target.SAGEMAKER_ASYNC


def movable(kind: DoorKind) -> frozenset[Target]:
    """Between which a model moves behind such a door, which can be led from one to the other."""
    return reached(kind) - {_ANSWERS_LATER} if kind in _LED else frozenset()


def way_there(model: str, now: Target, to: Target | Packaging, door: DoorKind | None = None) -> str:
    """How a model comes to another target, or to be packed otherwise; ``door`` is the one that it has,
    where that is known.
    """
    leading = _leading(now, Target.LAMBDA if isinstance(to, Packaging) else to)
    only = f"only {' and '.join(f'{row_of(kind).called}s' for kind in leading)} lead to both"
    if door in leading or (door is None and leading):
        said = f" ({only})" if door is None and not leading[1:] else ""
        return f"to move it{said}: ladle migrate {model} --to {to}"
    if _ANSWERS_LATER in (now, to):
        why = f"{_ANSWERS_LATER} answers later, and callers must be written for that"
    elif door is not None and leading:
        why = f"{only}, and {row_of(door).called}s have other addresses"
    else:
        why = "no door leads to both"
    return (
        f"nothing moves between {now} and {to}: {why}; give the model there another name and bring callers "
        f"over, or take this one down (ladle destroy {model})"
    )


def _leading(now: Target, to: Target) -> tuple[DoorKind, ...]:
    return tuple(kind for kind in DoorKind if {now, to} <= movable(kind))


def _locked(config: ModelConfig, what: str, now: Target, to: Target | Packaging) -> LadleError:
    return LadleError(
        ELSEWHERE,
        f"{config.name}: {what}",
        f"write what it was; {way_there(config.name, now, to)}",
    )
