"""Whatever is deployed, fails or is tried again, each release digest has one version."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ladle.actions.hand_over import HandOff, hand_over, retire
from ladle.actions.wanted_release import Wanted
from ladle.errors import Conflict, Corrupt, LadleError, NotFound
from ladle.experiments.manifest import (
    Code,
    Environment,
    Manifest,
    ModelArtefact,
    RecordedExperiment,
    Signature,
)
from ladle.names import bundle_key
from ladle.policy.rollout import RolloutPolicy
from ladle.ports import Message, StoredCopy
from ladle.releases.events import CandidateReady, CandidateWithdrawn
from ladle.releases.state import Release, ReleaseState
from ladle.testing.hand_off import (
    FakeBundleStore,
    FakeFunctionVersions,
    FakeReleaseAlarms,
    FakeStackReader,
)

MODEL = "fraud"
DIGESTS = ["a" * 64, "b" * 64, "c" * 64]
WANTED = Wanted(
    model=MODEL,
    release_digest=f"sha256:{DIGESTS[0]}",
    model_digest="sha256:" + "e" * 64,
    experiment_id=None,
    policy=RolloutPolicy(),
    topic_arn="topic",
    stack_id="stack",
    request_id="request-1",
    serving={"CodeSha256": "code"},
)


@dataclass
class Ledger:
    """What the hand-off reads of the ledger."""

    state: ReleaseState = field(default_factory=lambda: ReleaseState(MODEL))

    def load(self, model: str) -> ReleaseState:
        assert model == MODEL
        return self.state


@dataclass
class Inbox:
    posted: dict[str, Message] = field(default_factory=dict)

    def post(self, model: str, message_id: str, message: Message, at: float) -> None:
        self.posted.setdefault(message_id, message)

    @property
    def last(self) -> Message:
        return list(self.posted.values())[-1]


@dataclass
class Manifests:
    """What the hand-off reads of the store: nothing that another store has."""

    stored: dict[str, RecordedExperiment | Corrupt] = field(default_factory=dict)

    def get(self, experiment_id: str) -> RecordedExperiment:
        found = self.stored.get(experiment_id)
        if isinstance(found, Corrupt):
            raise found
        if found is None:
            raise NotFound("LD308", "no such experiment", "ladle log")
        return found


class Clock:
    def now(self) -> float:
        return 1000.0


@pytest.fixture
def ports() -> HandOff:
    return HandOff(
        FakeFunctionVersions(),
        FakeReleaseAlarms(),
        Ledger(),  # type: ignore[arg-type]
        Inbox(),  # type: ignore[arg-type]
        FakeBundleStore(),
        FakeStackReader(),
        Clock(),  # type: ignore[arg-type]
        Manifests(),  # type: ignore[arg-type]
    )


def deploy(ports: HandOff, digest: str, before: str | None = None, request: str = "r") -> int:
    """What one successful `cdk deploy` does: the function first, then the hand-off."""
    ports.versions.deploy(MODEL, digest)
    asked = replace(WANTED, release_digest=f"sha256:{digest}", before=before, request_id=request)
    return hand_over(ports, asked).version


def test_a_first_release_gets_a_version_an_alias_an_alarm_and_a_message(ports: HandOff) -> None:
    ports.versions.deploy(MODEL, DIGESTS[0])
    done = hand_over(ports, WANTED)
    assert done.version == 1
    assert done.attributes["AliasArn"].endswith(":ladle-fraud:live")
    assert ports.versions.aliases == {MODEL: 1}
    assert ports.alarms.alarms == {(MODEL, 1): "topic"}
    (message,) = ports.inbox.posted.values()
    assert isinstance(message, CandidateReady)
    assert message.release.number == 1
    assert message.release.release_digest == WANTED.release_digest
    assert message.release.requested_at == 1000.0


def test_a_candidate_is_as_warm_as_the_release_that_has_the_traffic(ports: HandOff) -> None:
    for number, digest in enumerate(DIGESTS[:2], start=1):
        ports.versions.deploy(MODEL, digest)
        hand_over(ports, replace(WANTED, release_digest=f"sha256:{digest}", serving={"Warm": "2"}))
        assert ports.versions.warm == {MODEL: dict.fromkeys({1, number}, 2)}
    hand_over(ports, replace(WANTED, release_digest=f"sha256:{DIGESTS[1]}"))
    assert ports.versions.warm == {MODEL: {}}


def test_an_alias_that_exists_is_never_moved(ports: HandOff) -> None:
    deploy(ports, DIGESTS[0])
    deploy(ports, DIGESTS[1])
    assert ports.versions.aliases == {MODEL: 1}


def test_an_alias_that_somebody_deleted_begins_at_the_proven_release(ports: HandOff) -> None:
    deploy(ports, DIGESTS[0])
    stable = Release(1, f"sha256:{DIGESTS[0]}", "m", None, 0.0, RolloutPolicy())
    ports.ledger.state = ReleaseState(MODEL, stable=stable)
    ports.versions.aliases.clear()
    assert deploy(ports, DIGESTS[1]) == 2
    assert ports.versions.aliases == {MODEL: 1}


def test_one_event_delivered_twice_is_one_message(ports: HandOff) -> None:
    deploy(ports, DIGESTS[0], request="same")
    deploy(ports, DIGESTS[0], request="same")
    assert len(ports.inbox.posted) == 1


def test_a_policy_change_reuses_the_version_and_carries_the_new_policy(ports: HandOff) -> None:
    deploy(ports, DIGESTS[0], request="first")
    looser = replace(WANTED, policy=RolloutPolicy(canary_percent=50.0), request_id="second")
    assert hand_over(ports, replace(looser, before=WANTED.release_digest)).version == 1
    assert isinstance(ports.inbox.last, CandidateReady)
    assert ports.inbox.last.release.policy.canary_percent == 50.0


def test_a_stack_rollback_withdraws_the_candidate(ports: HandOff) -> None:
    deploy(ports, DIGESTS[0], request="1")
    deploy(ports, DIGESTS[1], before=f"sha256:{DIGESTS[0]}", request="2")
    ports.stacks.rolling_back = True
    assert deploy(ports, DIGESTS[0], before=f"sha256:{DIGESTS[1]}", request="3") == 1
    assert ports.inbox.last == CandidateWithdrawn(f"sha256:{DIGESTS[1]}")


def test_a_revert_by_commit_hands_the_older_release_over_again(ports: HandOff) -> None:
    deploy(ports, DIGESTS[0], request="1")
    deploy(ports, DIGESTS[1], before=f"sha256:{DIGESTS[0]}", request="2")
    assert deploy(ports, DIGESTS[0], before=f"sha256:{DIGESTS[1]}", request="3") == 1
    assert isinstance(ports.inbox.last, CandidateReady)
    assert ports.inbox.last.release.number == 1


def test_a_crash_after_publishing_makes_no_second_version(ports: HandOff) -> None:
    ports.versions.deploy(MODEL, DIGESTS[0])
    ports.versions.broken.add(1)
    with pytest.raises(LadleError, match="LD222"):
        hand_over(ports, WANTED)
    assert not ports.inbox.posted
    ports.versions.broken.clear()
    assert hand_over(ports, WANTED).version == 1
    assert list(ports.versions.published[MODEL]) == [1]


def test_what_another_deploy_put_there_is_not_published(ports: HandOff) -> None:
    ports.versions.deploy(MODEL, DIGESTS[1])
    with pytest.raises(LadleError, match="LD221"):
        hand_over(ports, WANTED)


def test_retiring_deletes_the_version_with_its_alarm_and_bundle(ports: HandOff) -> None:
    deploy(ports, DIGESTS[0], request="1")
    deploy(ports, DIGESTS[1], request="2")
    for digest in DIGESTS[:2]:
        ports.bundles.copies[bundle_key(MODEL, digest, "m.onnx")] = StoredCopy("v", "s")
    retire(ports, MODEL, [2])
    assert list(ports.versions.published[MODEL]) == [1]
    assert list(ports.alarms.alarms) == [(MODEL, 1)]
    assert list(ports.bundles.copies) == [bundle_key(MODEL, DIGESTS[0], "m.onnx")]
    retire(ports, MODEL, [2])
    assert list(ports.versions.published[MODEL]) == [1]


def test_a_release_with_traffic_keeps_everything(ports: HandOff) -> None:
    deploy(ports, DIGESTS[0])
    kept = bundle_key(MODEL, DIGESTS[0], "m.onnx")
    ports.bundles.copies[kept] = StoredCopy("v", "s")
    with pytest.raises(Conflict, match="LD223"):
        retire(ports, MODEL, [1])
    assert list(ports.bundles.copies) == [kept]
    assert list(ports.alarms.alarms) == [(MODEL, 1)]


@given(st.lists(st.tuples(st.sampled_from(DIGESTS), st.booleans()), max_size=20))
def test_every_digest_has_exactly_one_version_however_deploys_end(
    deploys: list[tuple[str, bool]],
) -> None:
    """A deploy fails after the hand-off (True), or succeeds; a failed one is rolled back."""
    versions, inbox, stacks = FakeFunctionVersions(), Inbox(), FakeStackReader()
    ports = HandOff(
        versions,
        FakeReleaseAlarms(),
        Ledger(),  # type: ignore[arg-type]
        inbox,  # type: ignore[arg-type]
        FakeBundleStore(),
        stacks,
        Clock(),  # type: ignore[arg-type]
        Manifests(),  # type: ignore[arg-type]
    )
    current: str | None = None
    for number, (digest, fails) in enumerate(deploys):
        before = current and f"sha256:{current}"
        deploy(ports, digest, before=before, request=f"do-{number}")
        if fails and current is not None:
            stacks.rolling_back = True
            deploy(ports, current, before=f"sha256:{digest}", request=f"undo-{number}")
            stacks.rolling_back = False
        else:
            current = digest
        seen = [d for d, _ in versions.published[MODEL].values()]
        assert len(seen) == len(set(seen)) == len({d for d, _ in deploys[: number + 1]})


EXPERIMENT = "a" * 64


def of_model(digest: str) -> RecordedExperiment:
    """What the store says the experiment made."""
    artefact = ModelArtefact("model.onnx", digest, 5, "onnx", Signature((), ()))
    manifest = Manifest(
        model=MODEL,
        outcome="succeeded",
        created_at="",
        actor="Ada",
        previous=None,
        data=(),
        code=Code(None, dirty=False, patch=None, argv=()),
        params={},
        environment=Environment("3.11", "linux", digest),
        metrics={},
        artefact=artefact,
    )
    return RecordedExperiment(manifest, {}, sequence=1)


@pytest.mark.parametrize(
    "stored",
    [
        Corrupt("LD310", "experiment aaaa is altered: its content hashes to bbbb", "restore it"),
        of_model("sha256:" + "1" * 64),
    ],
    ids=["altered", "swapped"],
)
def test_a_release_whose_experiment_is_not_what_the_store_has_is_refused(
    ports: HandOff, stored: RecordedExperiment | Corrupt
) -> None:
    ports.manifests.stored[EXPERIMENT] = stored
    with pytest.raises(Corrupt, match="LD372"):
        hand_over(ports, replace(WANTED, experiment_id=EXPERIMENT))
    assert ports.versions.published == {}
    assert ports.inbox.posted == {}


def test_a_release_of_the_experiment_in_the_store_is_handed_over(ports: HandOff) -> None:
    ports.manifests.stored[EXPERIMENT] = of_model(WANTED.model_digest)
    ports.versions.deploy(MODEL, DIGESTS[0])
    assert hand_over(ports, replace(WANTED, experiment_id=EXPERIMENT)).version == 1


def test_an_experiment_that_this_store_never_had_is_no_refusal(ports: HandOff) -> None:
    ports.versions.deploy(MODEL, DIGESTS[0])
    assert hand_over(ports, replace(WANTED, experiment_id=EXPERIMENT)).version == 1
