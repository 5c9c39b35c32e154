"""A release is handed over as the one version that carries its digest, however often it is asked.

Published at most once: a version is found by the digest in its own environment, so a deploy that
failed after publishing finds what it made. Only the alias's first version is written here; from
then on the controller alone moves it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ladle.actions.refuse_hand_over import refuse_altered, refuse_loss, refuse_taken_numbers
from ladle.actions.wanted_release import Wanted
from ladle.digest import hex_of
from ladle.errors import Conflict
from ladle.names import bundle_key
from ladle.policy.lock import Home
from ladle.ports import (
    BundleStore,
    Clock,
    ManifestStore,
    ReleaseAlarms,
    ReleaseInbox,
    ReleaseLedger,
    ReleaseVersions,
    StackReader,
)
from ladle.releases.events import CandidateReady, CandidateWithdrawn
from ladle.releases.state import Release, ReleaseState


@dataclass(frozen=True, slots=True)
class HandedOver:
    """``attributes`` are what the rest of the stack may refer to."""

    version: int
    attributes: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class HandOff:
    """What the hand-off may touch: ``versions`` are those of one home. ``manifests`` is asked for one
    experiment, by its full id.
    """

    versions: ReleaseVersions
    alarms: ReleaseAlarms
    ledger: ReleaseLedger
    inbox: ReleaseInbox
    bundles: BundleStore
    stacks: StackReader
    clock: Clock
    manifests: ManifestStore


def hand_over(ports: HandOff, wanted: Wanted) -> HandedOver:
    """Finds or publishes the release's version, then tells the controller."""
    refuse_altered(ports.manifests, wanted)
    model = wanted.model
    release_hex = hex_of(wanted.release_digest)
    state = ports.ledger.load(model)
    refuse_loss(ports.stacks, state, wanted)
    number = ports.versions.find(model, release_hex)
    if number is None:
        refuse_taken_numbers(state, wanted)
        newest = max([wanted.base, *state.statuses])
        number = ports.versions.publish(model, release_hex, wanted.serving, newest)
    ports.versions.wait_until_active(model, number)
    ports.versions.keep_warm(model, number, wanted.serving)
    ports.alarms.ensure(model, number, wanted.topic_arn)
    first = _first_version(ports, state, wanted, number)
    attributes = ports.versions.open_if_absent(model, first, wanted.serving)
    _tell(ports, wanted, number)
    return HandedOver(number, attributes)


def _first_version(ports: HandOff, state: ReleaseState, wanted: Wanted, candidate: int) -> int:
    """Where the home's traffic begins: at its proven release, so that none skips its canary. One that
    is proven elsewhere goes on serving there, and no request comes here yet.
    """
    if state.stable is None or state.stable.home != wanted.home:
        return candidate
    return ports.versions.find(state.model, hex_of(state.stable.release_digest)) or candidate


def _tell(ports: HandOff, wanted: Wanted, number: int) -> None:
    now = ports.clock.now()
    before = wanted.before
    if (
        before is not None
        and before != wanted.release_digest
        and ports.stacks.is_rolling_back(wanted.stack_id)
    ):
        ports.inbox.post(wanted.model, wanted.message_id, CandidateWithdrawn(before), now)
        return
    release = Release(
        number=number,
        release_digest=wanted.release_digest,
        model_digest=wanted.model_digest,
        experiment_id=wanted.experiment_id,
        requested_at=now,
        policy=wanted.policy,
        target=wanted.target,
        packaging=wanted.packaging,
        runtime=wanted.runtime,
        grants=wanted.grants,
        base=wanted.base,
    )
    ports.inbox.post(wanted.model, wanted.message_id, CandidateReady(release), now)


def retire(ports: HandOff, model: str, releases: Sequence[int]) -> None:
    """Deletes versions with what they alone use. Raises Conflict for one that still has traffic."""
    serving = ports.versions.with_traffic(model) & set(releases)
    if serving:
        raise Conflict(
            "LD223",
            f"{model}: release {min(serving)} still has traffic and cannot be retired",
            "wait until the controller has moved its traffic",
        )
    for release in releases:
        ports.alarms.delete(model, release)
        release_hex = ports.versions.digest_of(model, release)
        if release_hex is not None:
            _delete_bundle(ports, model, release_hex)
        ports.versions.delete(model, release)


def leave(ports: HandOff, home: Home, model: str, handed_over: int) -> None:
    """Takes down what a stack that lets go of ``home`` would leave behind of it; idempotent. One whose
    release still serves stays as it is: only a stack that rolls back lets go of such a home.
    """
    state = ports.ledger.load(model)
    if state.stable is not None and state.stable.home == home:
        return
    for release_hex in sorted(ports.versions.digests(model)):  # first: no crash may lose the names
        _delete_bundle(ports, model, release_hex)
    ports.versions.delete_all(model)
    others = {r.number for r in state.releases if r.home != home}
    ports.alarms.delete_all(model, but={*others, handed_over})


def _delete_bundle(ports: HandOff, model: str, release_hex: str) -> None:
    """The release's copy of its model; what it was recorded as stays in the store."""
    ports.bundles.delete(bundle_key(model, release_hex, ""))
