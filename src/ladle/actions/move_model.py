"""Whether a model may move, and what its lock says then: nothing is written here, and nobody asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ladle.catalog import DoorKind, Packaging, Target
from ladle.config.schema import ModelConfig
from ladle.errors import LadleError, UsageError
from ladle.planning.door_resources import INVOKING_ROUTES, SERVING_ROUTES
from ladle.planning.grant import listed
from ladle.planning.locking import movable, moved, way_there
from ladle.planning.moving import door_of, says_its_home
from ladle.planning.resolve import Cloud, choose_packaging
from ladle.planning.service_spec import Left
from ladle.policy.lock import Home, Lock, Runtime
from ladle.policy.statuses import Phase
from ladle.releases.state import Release, ReleaseState
from ladle.targets.choose import choose

SIDE_BY_SIDE = (
    "or give the model another name for the new target, let both answer and bring callers over"
)
_NOT_NOW: Mapping[Phase, str] = {
    Phase.BASELINE: "let its trial end, or accept it: ladle promote {}",
    Phase.CANARY: "let the rollout end, or end it: ladle promote {0}, ladle rollback {0}",
    Phase.HOLDBACK: "let the rollout end, or end it: ladle promote {0}, ladle rollback {0}",
    Phase.ROLLING_BACK: "wait until the rollback is done: ladle status {}",
    Phase.PAUSED: "let the controller go on first: ladle resume {}",
    Phase.FROZEN: "say what is right first: ladle resume {0} --restore, or ladle resume {0} --adopt",
    Phase.DEGRADED: "deploy a release that is proven, or accept the one that serves: ladle promote {}",
    Phase.STOPPED: "start it first: ladle resume {}",
}


_ENDPOINTS = frozenset({Target.SAGEMAKER, Target.SAGEMAKER_SERVERLESS})


@dataclass(frozen=True, slots=True)
class Destination:
    """What ``--to`` names."""

    target: Target
    packaging: Packaging

    def __str__(self) -> str:
        return f"{self.target} ({self.packaging})" if self.target is Target.LAMBDA else self.target


def destination(to: str, config: ModelConfig, cloud: Cloud) -> Destination:
    """``zip`` and ``image`` are a function that is packed so. Raises LD818 for what is no place."""
    if to in (Packaging.ZIP, Packaging.IMAGE):
        return Destination(Target.LAMBDA, Packaging(to))
    if to == Target.AUTO or to not in tuple(Target):
        raise UsageError(
            "LD818",
            f"nothing is called {to} that a model could move to",
            "--to lambda|zip|image|ecs|sagemaker|sagemaker-serverless",
        )
    target = Target(to)
    return Destination(target, choose_packaging(config, cloud, target))


def led_door(model: str, resources: Mapping[str, Any]) -> DoorKind:
    """The kind that a deployed stack has, which the model keeps. Raises LD283 for one that nobody can lead."""
    if (door := door_of(resources)) is None:
        raise LadleError(
            "LD283",
            f"the deployed door of {model} is no API, and nothing else can be led elsewhere",
            f"deploy it behind one first (door.url: api), which changes its address; {SIDE_BY_SIDE}",
        )
    return door


def begin(state: ReleaseState, unheard: int, lock: Lock, to: Destination, door: DoorKind) -> Lock:
    """Of the home that comes; what is there now is left. ``unheard`` messages wait in the inbox, ``door`` is
    what the model has deployed.
    """
    model = state.model
    if not {lock.target, to.target} <= movable(door):
        now, there = Destination(lock.target, lock.packaging), to.target
        way = way_there(model, lock.target, to.packaging if there is lock.target else there, door)
        raise LadleError("LD283", f"{model} cannot move from {now} to {to}", way)
    if lock.leaves is not None or len(state.homes) > 1:
        raise LadleError(
            "LD281",
            f"{model} moves already",
            f"end that first: ladle migrate {model} --finish, or ladle migrate {model} --undo",
        )
    if (lock.target, lock.packaging) == (to.target, to.packaging):
        raise LadleError("LD280", f"{model} runs on {to} already", "nothing is to be done")
    stable = _at_rest(state, unheard)
    if stable.home != lock.home or stable.packaging is None:
        raise LadleError(
            "LD281",
            f"{model}: release {stable.number} does not run where pinned.json says",
            "bring the newest commit here, deploy it once, then move the model",
        )
    newest = max(state.statuses)
    return replace(lock.leaving_for(to.target, to.packaging, newest), door=door)


def routes_note(now: Target, to: Target) -> str | None:
    """What callers must know who ask for more than predictions: an endpoint answers nothing else."""
    if now in _ENDPOINTS or to not in _ENDPOINTS:
        return None
    gone = [route for route in SERVING_ROUTES if route not in INVOKING_ROUTES]
    return (
        f"on {to} {listed(INVOKING_ROUTES)} are answered, and nothing else: once the door leads there, "
        f"{listed(gone)} have no way in"
    )


def finish(state: ReleaseState, unheard: int, lock: Lock) -> Lock:
    """The home that is left goes with the next deploy."""
    leaves = _leaves(state, lock)
    _refuse_to_leave(state, leaves, f"accept the release that moved: ladle promote {state.model}")
    _at_rest(state, unheard)
    return replace(lock, grants=(), leaves=None)


def undo(state: ReleaseState, unheard: int, lock: Lock) -> Lock:
    """Back to the home that would have been left. Where that counts its versions itself, and numbers were
    given out elsewhere meanwhile, its next ones would be theirs: it goes on as a new function, to which
    the model moves.
    """
    leaves = _leaves(state, lock)
    _refuse_to_leave(state, lock.home, f"go back first: ladle rollback {state.model}")
    serving = _at_rest(state, unheard)
    packaging, runtime = serving.packaging or lock.packaging, serving.runtime or lock.runtime
    back = replace(
        lock,
        target=leaves.target,
        packaging=packaging,
        runtime=runtime,
        grants=(),
        base=leaves.base,
        leaves=None,
        door=lock.door if leaves.base else None,
    )
    if not leaves.counts_itself or not _numbers_elsewhere(state, lock):
        return back
    return replace(back, base=max(state.statuses), leaves=leaves, door=lock.door)


def able_to_count_on(lock: Lock, ours: Runtime) -> Lock:
    """A new function is told by a variable where its numbers begin, which older runtimes do not read."""
    begins = lock.leaves is not None and lock.home.counts_itself
    return replace(lock, runtime=ours) if begins else lock


def knows(state: ReleaseState, home: Home) -> bool:
    """Whether the ledger has releases there, of which it must let go."""
    return any(r.home == home for r in (*state.startable, *state.releases))


def refuse_unfit(config: ModelConfig, new: Lock) -> None:
    """Raises LD282 for a config that names another place than the new one, or does not fit it."""
    again = f"then ladle migrate {config.name} again"
    if (other := moved(config, new)) is not None:
        says = getattr(config, other.key)
        wanted = getattr(new, other.key)
        raise LadleError(
            "LD282",
            f"{config.name}: its config says {other.key}: {says}",
            f"write {other.key}: {wanted}, or {other.key}: auto; {again}",
        )
    try:
        choose(config.model_copy(update={"target": new.target}))
    except LadleError as error:
        fix = f"change what does not fit; {again}"
        raise LadleError("LD282", error.finding.what, fix) from error


def left_of(model: str, home: Home, resources: Mapping[str, Any]) -> Left:
    """All that the deployed stack has. Raises LD281 where its door does not say which home it leads to, or
    where it still holds what an earlier move left.
    """
    if door_of(resources) is DoorKind.REST_API and not says_its_home(resources):
        raise LadleError(
            "LD281",
            f"{model} was deployed before its door said which home it leads to",
            "deploy it once, then move it",
        )
    handed = resources.get("Release", {}).get("Properties", {})
    if "Leaves" in handed or int(handed.get("Base", 0)) != home.base:
        raise LadleError(
            "LD281",
            f"the stack of {model} still holds what an earlier move left",
            "deploy what ended that move first: ladle deploy",
        )
    return Left(home, resources)


def _leaves(state: ReleaseState, lock: Lock) -> Home:
    if lock.leaves is None:
        raise LadleError(
            "LD281",
            f"{state.model} does not move",
            f"a move begins with ladle migrate {state.model} --to TARGET",
        )
    return lock.leaves


def _at_rest(state: ReleaseState, unheard: int) -> Release:
    """The proven release that serves alone. Raises LD284 while anything else is so."""
    stable, model = state.stable, state.model
    if stable is not None and state.phase is Phase.STABLE:
        if state.intent is None and not state.waiting and not unheard:
            return stable
        why, fix = "a release waits for its turn", f"wait until it is tried: ladle status {model}"
    else:
        why, fix = f"it is {state.phase}", _NOT_NOW.get(state.phase, "ladle status {}")
    raise LadleError("LD284", f"{model} cannot move now: {why}", fix.format(model))


def _refuse_to_leave(state: ReleaseState, home: Home, fix: str) -> None:
    stable = state.stable
    if stable is not None and stable.home == home:
        raise LadleError(
            "LD285",
            f"{state.model}: release {stable.number}, the proven one, runs on {home.target}, which "
            "would go",
            f"{fix}; ladle status {state.model} says where it is",
        )


def _numbers_elsewhere(state: ReleaseState, lock: Lock) -> bool:
    """Whether a number since the move began is of no release of the home that would have been left."""
    here = {r.number for r in state.releases if r.home == lock.leaves}
    return any(number > lock.base and number not in here for number in state.statuses)
