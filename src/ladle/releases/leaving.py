"""A home that a model has left is let go of by a person alone, and nothing goes back there.

Its releases keep their resources until the stack drops them: nothing is deleted one by one.
"""

from __future__ import annotations

from collections.abc import Sequence

from ladle.policy.statuses import ReleaseStatus
from ladle.releases.asking import because, refused
from ladle.releases.effects import Decision, NewRecord, RecordKind
from ladle.releases.events import PersonAsked
from ladle.releases.homes import Homes
from ladle.releases.moves import with_status
from ladle.releases.state import Release, ReleaseState
from ladle.releases.stopping import OURS_S
from ladle.values import replace


def leave(state: ReleaseState, event: PersonAsked, now: float) -> Decision:
    """``event.to`` is the base of the home; others in which nothing came to serve go with it. One that
    never had a release may have some yet.
    """
    base = event.to
    if base is None:
        return refused(state, event, "no home is named")
    if why := _needed(state, base, now):
        return refused(state, event, why)
    gone = [r for r in state.releases if r.base == base or r.home not in state.homes]
    bases = sorted({release.base for release in gone})
    for release in gone:
        state = with_status(state, release.number, ReleaseStatus.RETIRED)
    unwanted = {release.release_digest for release in gone}
    state = replace(
        state,
        waiting=_elsewhere(state.waiting, bases),
        good=_elsewhere(state.good, bases),
        releases=_elsewhere(state.releases, bases),
        handed_over=(
            state.the_stable.release_digest if state.handed_over in unwanted else state.handed_over
        ),
        left=(*state.left, *bases),
    )
    numbers = [release.number for release in gone]
    text = (
        f"{event.by} lets go of the home with base {base}{because(event)}; releases that went with it: "
        f"{', '.join(map(str, numbers)) or 'none'}"
    )
    data = {"to": base, "releases": numbers}
    return Decision(state, (NewRecord(RecordKind.LEFT, None, text, data),))


def _needed(state: ReleaseState, base: int, now: float) -> str | None:
    stable = state.the_stable
    if stable.base == base:
        return f"release {stable.number}, which serves, runs there"
    if all(release.number != stable.number for release in state.good):
        return f"release {stable.number}, which serves, is not proven"
    in_s = state.phase_since + OURS_S - now
    for traffic in state.overtaken if in_s > 0 else ():
        homes = (Homes.told_by(state).of(number) for number in traffic.weights)
        if any(home is not None and home.base == base for home in homes):
            return f"a controller that sleeps may yet write {traffic}; ask again in {in_s / 60:.0f} min"
    return None


def _elsewhere(releases: tuple[Release, ...], bases: Sequence[int]) -> tuple[Release, ...]:
    return tuple(release for release in releases if release.base not in bases)
