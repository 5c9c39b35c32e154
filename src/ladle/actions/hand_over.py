"""A release is handed over as the one version that carries its digest, however often it is asked.

Published at most once: a version is found by the digest in its own environment, so a deploy that
failed after publishing finds what it made. Only the alias's first version is written here; from
then on the controller alone moves it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ladle.catalog import Packaging, Target
from ladle.digest import hex_of
from ladle.errors import Conflict, Corrupt, LadleError, NotFound
from ladle.names import bundle_key
from ladle.policy.lock import Home, Runtime
from ladle.policy.rollout import RolloutPolicy
from ladle.policy.statuses import Phase
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
class Wanted:
    """What one stack event asks for.

    ``serving`` is for the target alone. ``before`` is the release digest that the stack had until
    now; ``request_id`` is the event's. ``grants`` are what this release needs to start, ``kept`` what
    its role may beside, for earlier ones.
    """

    model: str
    release_digest: str
    model_digest: str
    experiment_id: str | None
    policy: RolloutPolicy
    topic_arn: str
    stack_id: str
    request_id: str
    before: str | None = None
    target: Target = Target.LAMBDA
    packaging: Packaging | None = None
    runtime: Runtime | None = None
    serving: Mapping[str, Any] = field(default_factory=dict)
    grants: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    base: int = 0
    leaves: Home | None = None

    @property
    def home(self) -> Home:
        return Home(self.target, self.base)

    @property
    def message_id(self) -> str:
        """The same event delivered twice is one message; a later deploy is another."""
        return f"{hex_of(self.release_digest)}-{self.request_id}"


@dataclass(frozen=True, slots=True)
class HandedOver:
    """``attributes`` are what the rest of the stack may refer to."""

    version: int
    attributes: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class HandOff:
    """What the hand-off may touch. ``manifests`` is asked for one experiment, by its full id."""

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
    _refuse_altered(ports.manifests, wanted)
    model = wanted.model
    release_hex = hex_of(wanted.release_digest)
    state = ports.ledger.load(model)
    _refuse_moved(ports.stacks, state, wanted)
    _refuse_cold(ports.stacks, state, wanted)
    _refuse_stopped_for_good(ports.stacks, state, wanted)
    number = ports.versions.find(model, release_hex)
    if number is None:
        newest = max(state.statuses, default=0)
        number = ports.versions.publish(model, release_hex, wanted.serving, newest)
    ports.versions.wait_until_active(model, number)
    ports.versions.keep_warm(model, number, wanted.serving)
    ports.alarms.ensure(model, number, wanted.topic_arn)
    first = _first_version(ports, state, number)
    attributes = ports.versions.open_if_absent(model, first, wanted.serving)
    _tell(ports, wanted, number)
    return HandedOver(number, attributes)


def _refuse_altered(manifests: ManifestStore, wanted: Wanted) -> None:
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
        raise _refused(wanted, error.finding.what) from error
    if artefact is None or artefact.digest != wanted.model_digest:
        made = artefact.digest[:19] if artefact else "no model"
        raise _refused(wanted, f"it made {made}, not {wanted.model_digest[:19]}")


def _refuse_moved(stacks: StackReader, state: ReleaseState, wanted: Wanted) -> None:
    """Where nobody asked the ledger before: a deploy by the CDK alone. A stack that rolls back brings back
    what was, and what was may be a hand-over from before packaging was told.
    """
    newest = max(state.releases, key=lambda r: r.number, default=None)
    if newest is None or (
        newest.target is wanted.target
        and (newest.packaging is None or newest.packaging is wanted.packaging)
    ):
        return
    if stacks.is_rolling_back(wanted.stack_id):
        return
    raise LadleError(
        "LD245",
        f"{wanted.model} runs on {newest.target}, packed as {newest.packaging or 'before'}; this deploy "
        f"would bring it to {wanted.target}, packed as {wanted.packaging}",
        "write what it was; or take the model down first, which ends its address: ladle destroy "
        f"{wanted.model}",
    )


def _refuse_cold(stacks: StackReader, state: ReleaseState, wanted: Wanted) -> None:
    """All releases start by one role, which this deploy has just changed: one that may be gone back to
    must not lose what it needs. A stack that rolls back brings the older role back.
    """
    may = {*wanted.grants, *wanted.kept}
    lost = [r.number for r in state.startable if not may.issuperset(r.grants)]
    if not lost or stacks.is_rolling_back(wanted.stack_id):
        return
    raise LadleError(
        "LD273",
        f"{wanted.model}: release {lost[0]} could not start any more, since this deploy takes away "
        "what it may read or use",
        "ladle deploy keeps it; the CDK alone does not know of it",
    )


def _refuse_stopped_for_good(stacks: StackReader, state: ReleaseState, wanted: Wanted) -> None:
    """The right to start a model again goes with the key that let it be stopped."""
    is_stopped = state.phase is Phase.STOPPED and wanted.policy.stop is None
    if not is_stopped or stacks.is_rolling_back(wanted.stack_id):
        return
    raise LadleError(
        "LD274",
        f"{wanted.model} is stopped for its cost, and without cost.action: stop nothing could start it again",
        f"start it first: ladle resume {wanted.model}",
    )


def _refused(wanted: Wanted, why: str) -> Corrupt:
    experiment = str(wanted.experiment_id)[:12]
    return Corrupt(
        "LD372",
        f"{wanted.model} is not handed over: experiment {experiment} is altered: {why}",
        f"ladle verify {experiment} says what was changed; deploy again from a clean pin",
    )


def _first_version(ports: HandOff, state: ReleaseState, candidate: int) -> int:
    """Where traffic begins: at the proven release if there is one, so that none skips its canary."""
    if state.stable is None:
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
            ports.bundles.delete(bundle_key(model, release_hex, ""))
        ports.versions.delete(model, release)
