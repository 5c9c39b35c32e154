"""A deploy that would take from a release what it needs is refused before anything is published."""

from __future__ import annotations

from ladle.actions.wanted_release import Wanted
from ladle.errors import Corrupt, LadleError, NotFound
from ladle.policy.lock import Home
from ladle.policy.statuses import Phase
from ladle.ports import ManifestStore, StackReader
from ladle.releases.state import ReleaseState


def refuse_altered(manifests: ManifestStore, wanted: Wanted) -> None:
    """A manifest hashes to its id, and its model is the one that is handed over.

    One that this store never had was recorded elsewhere: the bundle still has the right bytes.
    """
    if wanted.experiment_id is None:
        return
    try:
        artefact = manifests.get(wanted.experiment_id).manifest.artefact
    except NotFound:
        return
    except Corrupt as error:
        raise _altered(wanted, error.finding.what) from error
    if artefact is None or artefact.digest != wanted.model_digest:
        made = artefact.digest[:19] if artefact else "no model"
        raise _altered(wanted, f"it made {made}, not {wanted.model_digest[:19]}")


def refuse_loss(stacks: StackReader, state: ReleaseState, wanted: Wanted) -> None:
    """Where nobody asked the ledger before: a deploy by the CDK alone. A stack that rolls back brings
    back what was, and what was may be a hand-over from before packaging was told.
    """
    refusal = (
        _of_a_home(state, wanted)
        or _of_the_packaging(state, wanted)
        or _of_grants(state, wanted)
        or _of_the_way_back(state, wanted)
    )
    if refusal is not None and not stacks.is_rolling_back(wanted.stack_id):
        raise refusal


def refuse_taken_numbers(state: ReleaseState, wanted: Wanted) -> None:
    """AWS counts on from the base of a home, whatever number another home's release has by now: one that
    was deployed there after the move was written down, or whose move failed and was reverted.
    """
    if not wanted.home.counts_itself:
        return
    later = (number for number in state.statuses if number > wanted.base)
    taken = [number for number in later if not _is_of(state, wanted.home, number)]
    if taken:
        raise LadleError(
            "LD275",
            f"{wanted.model}: release {min(taken)} was deployed to another target than this one, whose next "
            "release could get its number",
            f"{'' if wanted.leaves else 'bring the commit of the move back, then '}ladle migrate "
            f"{wanted.model} --undo: what it writes counts on from the newest release",
        )


def _is_of(state: ReleaseState, home: Home, number: int) -> bool:
    """One that is kept no more was of the home that had begun last."""
    if (kept := state.release(number)) is not None:
        return kept.home == home
    bases = {home.base, *state.left, *(release.base for release in state.releases)}
    return max(base for base in bases if base < number) == home.base


def _of_a_home(state: ReleaseState, wanted: Wanted) -> LadleError | None:
    """The stack holds what it renders and what it leaves: any other home's resources would go. The
    controller sends nothing to a home that a person let go of.
    """
    if wanted.base in state.left:
        return LadleError(
            "LD245",
            f"{wanted.model} has left {_named(wanted.home)}, and nothing goes back there",
            "deploy the newest commit, with what ladle migrate wrote",
        )
    lost = sorted(state.homes - {wanted.home, wanted.leaves}, key=lambda home: home.base)
    if not lost:
        return None
    now = " and ".join(_named(home) for home in sorted(state.homes, key=lambda home: home.base))
    migrate = f"ladle migrate {wanted.model}"
    if wanted.home in state.homes:
        fix = f"{migrate} --finish lets go of it; until then pinned.json says what the model leaves"
    else:
        moves = f"{migrate} --to {wanted.target}"
        fix = f"{moves} keeps both until the new one is proven, if one door leads to both; or write what it was"
    return LadleError(
        "LD245",
        f"{wanted.model} runs on {now}; this deploy to {_named(wanted.home)} would take away what runs "
        f"on {_named(lost[0])}",
        fix,
    )


def _of_the_packaging(state: ReleaseState, wanted: Wanted) -> LadleError | None:
    """No function changes between zip and image: a home has one packaging."""
    packed = {r.packaging for r in state.releases if r.home == wanted.home} - {None}
    if packed <= {wanted.packaging}:
        return None
    return LadleError(
        "LD245",
        f"{wanted.model} is packed as {next(iter(packed))}; this deploy packs it as "
        f"{wanted.packaging or 'before'}",
        f"ladle migrate {wanted.model} --to {wanted.packaging or wanted.target} moves it; or write "
        "what it was",
    )


def _of_grants(state: ReleaseState, wanted: Wanted) -> LadleError | None:
    """All releases of a home start by one role, which this deploy has just changed: one that may be
    gone back to must not lose what it needs.
    """
    may = {*wanted.grants, *wanted.kept}
    here = (r for r in state.startable if r.home == wanted.home)
    lost = [r.number for r in here if not may.issuperset(r.grants)]
    if not lost:
        return None
    return LadleError(
        "LD273",
        f"{wanted.model}: release {lost[0]} could not start any more, since this deploy takes away "
        "what it may read or use",
        "ladle deploy keeps it; the CDK alone does not know of it",
    )


def _of_the_way_back(state: ReleaseState, wanted: Wanted) -> LadleError | None:
    """The right to start a model again goes with the key that let it be stopped."""
    if state.phase is not Phase.STOPPED or wanted.policy.stop is not None:
        return None
    return LadleError(
        "LD274",
        f"{wanted.model} is stopped for its cost, and without cost.action: stop nothing could start it again",
        f"start it first: ladle resume {wanted.model}",
    )


def _named(home: Home) -> str:
    return f"{home.target} (from release {home.base + 1} on)" if home.base else str(home.target)


def _altered(wanted: Wanted, why: str) -> Corrupt:
    experiment = str(wanted.experiment_id)[:12]
    return Corrupt(
        "LD372",
        f"{wanted.model} is not handed over: experiment {experiment} is altered: {why}",
        f"ladle verify {experiment} says what was changed; deploy again from a clean pin",
    )
