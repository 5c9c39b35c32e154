"""After any deploy, every release that may get traffic again can still start on a new machine.

All versions of a function start by one role, each from its own copy of its model. Deploys are drawn
with secrets and networks that come and go, by ``ladle deploy`` and by the CDK alone, some of them
roll back; what is promoted, rolled back and retired is decided by the rules that decide it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from tests.unit.planning.specs import config_of, content

from ladle.actions.hand_over import HandOff, hand_over, retire
from ladle.actions.read_locks import grants_of, read_locks
from ladle.actions.wanted_release import Wanted
from ladle.catalog import Packaging, Target
from ladle.digest import hex_of
from ladle.errors import LadleError, NotFound
from ladle.names import bundle_key
from ladle.planning import permissions
from ladle.planning.grant import Grant
from ladle.planning.resolve import resolve
from ladle.planning.service_spec import ServiceSpec
from ladle.policy.lock import Lock
from ladle.ports import StoredCopy
from ladle.releases.events import Ask, CandidateWithdrawn, OutboxDone
from ladle.releases.outbox import Retire
from ladle.simulation.memory import MemoryInbox
from ladle.testing.hand_off import (
    FakeBundleStore,
    FakeFunctionVersions,
    FakeReleaseAlarms,
    FakeStackReader,
)
from ladle.testing.releases import Story, ask

BARE = "name: fraud\nmodel: model.onnx\ntype: classification\nrollout: {strategy: all_at_once}\n"
SECRETS = (
    "A: secretsmanager:prod/a",
    "B: 'secretsmanager:prod/b?kms=arn:aws:kms:eu-west-1:111122223333:key/0f3d'",
    "C: ssm:/prod/c",
)
NETWORKS = ("", "vpc-0a", "vpc-0b")
MODEL = "fraud"

Role = frozenset[tuple[str, str]]  # what it may: action, resource


@dataclass
class Ledger:
    """What the hand-off and a deploy read: where the story is."""

    story: Story

    def load(self, model: str) -> object:
        return self.story.state


class Manifests:
    def get(self, experiment_id: str) -> object:
        raise NotFound("LD308", "no such experiment", "")


@dataclass
class Clock:
    story: Story

    def now(self) -> float:
        return self.story.now


def spec_of(secrets: list[str], network: str, model: int, lock: Lock | None) -> ServiceSpec:
    text = BARE + (f"secrets: {{{', '.join(secrets)}}}\n" if secrets else "")
    if network:
        text += f"network: {{vpc: {network}, subnets: [subnet-0a], security_groups: [sg-0a]}}\n"
    found = content(digest=f"sha256:{model:064x}")
    return resolve(read(text), found, Packaging.IMAGE, "sha256:" + "c" * 64, "here", lock)


read = cache(config_of)


def allowed(grants: permissions.Grants) -> Role:
    return frozenset((action, t.arn) for g in grants for action in g.actions for t in g.things)


class Account(RuleBasedStateMachine):
    """``role`` is the one by which every version starts; ``needs`` is what each was made to read."""

    keeps = True  # whether ladle deploy asks what earlier releases need
    refuses = True  # whether the hand-off does

    def __init__(self) -> None:
        super().__init__()
        self.story = Story()
        self.versions, self.bundles = FakeFunctionVersions(), FakeBundleStore()
        self.inbox = MemoryInbox()
        self.ports = HandOff(
            self.versions,
            FakeReleaseAlarms(),
            Ledger(self.story),  # type: ignore[arg-type]
            self.inbox,
            self.bundles,
            FakeStackReader(),
            Clock(self.story),  # type: ignore[arg-type]
            Manifests(),  # type: ignore[arg-type]
        )
        self.role: Role = frozenset()
        self.needs: dict[str, Role] = {}
        self.events = 0

    @rule(
        secrets=st.sets(st.sampled_from(SECRETS)),
        network=st.sampled_from(NETWORKS),
        model=st.integers(0, 3),
        by_ladle=st.booleans(),
        fails_later=st.booleans(),
    )
    def deploy(
        self, secrets: set[str], network: str, model: int, by_ladle: bool, fails_later: bool
    ) -> None:
        lock = read_locks(self.ports.ledger, [MODEL]).get(MODEL) if by_ladle else None
        if lock is not None and not self.keeps:
            lock = replace(lock, grants=())
        spec = spec_of(sorted(secrets), network, model, lock)
        before = self.role
        self.role = allowed(permissions.serving(spec))
        self.needs[spec.release_digest] = allowed(permissions.serving(replace(spec, kept=())))
        key = bundle_key(MODEL, hex_of(spec.release_digest), "model.onnx")
        self.bundles.copies.setdefault(key, StoredCopy("v", "sha"))
        self.versions.deploy(MODEL, hex_of(spec.release_digest))
        try:
            self._hand_over(spec)
        except LadleError as refused:
            if refused.code != "LD273" or (by_ladle and self.keeps):
                raise
            self.role = before
            return
        if fails_later and before:
            self.role = before  # the rest of the stack failed, and it rolls back
            self._withdraw(spec)

    def _hand_over(self, spec: ServiceSpec) -> None:
        self.events += 1
        wanted = Wanted(
            model=MODEL,
            release_digest=spec.release_digest,
            model_digest=spec.model_digest,
            experiment_id=None,
            policy=spec.policy,
            topic_arn="topic",
            stack_id="stack",
            request_id=str(self.events),
            target=Target.LAMBDA,
            packaging=spec.packaging,
            grants=permissions.of_this_release(spec),
            kept=spec.kept if self.refuses else grants_of(self.story.state, spec.home),
        )
        hand_over(self.ports, wanted)
        self._deliver()

    def _withdraw(self, spec: ServiceSpec) -> None:
        """As CloudFormation does: an Update with what the stack had before."""
        self.story.hear(CandidateWithdrawn(spec.release_digest))
        self._settle()

    @rule(what=st.sampled_from([Ask.PROMOTE, Ask.ROLLBACK]))
    def person(self, what: Ask) -> None:
        self.story.hear(ask(what))
        self._settle()

    @rule(seconds=st.sampled_from([10.0, 100_000.0]))
    def wait(self, seconds: float) -> None:
        self.story.wait(seconds)
        self._settle()

    def _deliver(self) -> None:
        for delivered in list(self.inbox.pending(MODEL)):
            self.story.now += 1
            self.story.hear(delivered.message)
            self.inbox.take(MODEL, [delivered.id])
        self._settle()

    def _settle(self) -> None:
        """What was decided beside the alias is done: releases that are retired go."""
        if self.story.state.traffic is not None:
            self.versions.aliases[MODEL] = self.story.state.traffic.main
        for effect in self.story.state.outbox:
            if isinstance(effect, Retire):
                retire(self.ports, MODEL, effect.releases)
            self.story.hear(OutboxDone((effect,)))

    @invariant()
    def every_release_that_may_get_traffic_can_start(self) -> None:
        for release in self.story.state.startable:
            digest = release.release_digest
            lost = self.needs[digest] - self.role
            assert not lost, f"release {release.number} may no longer {sorted(lost)}"
            assert self.versions.digest_of(MODEL, release.number) == hex_of(digest)
            assert self.bundles.find(bundle_key(MODEL, hex_of(digest), "model.onnx"))


SIZES = settings(max_examples=40, stateful_step_count=25, deadline=None)
TestAccount = Account.TestCase
TestAccount.settings = SIZES


class Forgetful(Account):
    """A deploy that asks no ledger, and a hand-off that does not look."""

    keeps = refuses = False


def test_a_deploy_that_forgets_what_earlier_releases_need_is_found() -> None:
    with pytest.raises(AssertionError, match="may no longer"):
        run_state_machine_as_test(Forgetful, settings=settings(SIZES, phases=[Phase.generate]))


class Careless(Account):
    """Only the hand-off looks."""

    keeps = False


def test_the_hand_off_alone_keeps_it_by_refusing() -> None:
    run_state_machine_as_test(Careless, settings=SIZES)


@pytest.mark.parametrize("written", [[], [SECRETS[0]], list(SECRETS)])
def test_grants_read_as_they_were_written(written: list[str]) -> None:
    spec = spec_of(written, "vpc-0a", 0, None)
    texts = permissions.of_this_release(spec)
    assert tuple(Grant.read(text).written() for text in texts) == texts
    assert all(Grant.read(text) in permissions.serving(spec) for text in texts)


def test_a_plain_release_needs_nothing_that_its_successors_would_not_have() -> None:
    assert permissions.of_this_release(spec_of([], "", 0, None)) == ()


def test_what_is_kept_is_said_and_what_is_had_anyway_is_not_said_twice() -> None:
    first = spec_of([SECRETS[0]], "", 0, None)
    lock = Lock(Target.LAMBDA, Packaging.IMAGE, None, permissions.of_this_release(first))
    after, same = spec_of([], "", 0, lock), spec_of([SECRETS[0]], "", 0, lock)
    assert [g.sentence for g in permissions.serving(after)][-1] == (
        "read the secret of A, for earlier releases"
    )
    assert permissions.serving(same) == permissions.serving(first)
    assert after.release_digest == spec_of([], "", 0, None).release_digest
