"""However often a model is moved, brought back and reverted, no two releases have one number, and what
serves is never taken away.

Locks are written as ``ladle migrate`` writes them, and lost again as a reverted commit loses them; some
deploys fail after the hand-off, some events come twice. What the controller would do is done at once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from tests.unit.hand_off.test_hand_over import MODEL
from tests.unit.hand_off.two_homes import Account

from ladle.actions import move_model
from ladle.actions.move_model import Destination
from ladle.catalog import DoorKind, Packaging, Target
from ladle.digest import hex_of
from ladle.errors import LadleError
from ladle.policy.lock import Home, Lock
from ladle.policy.statuses import Phase, ReleaseStatus
from ladle.releases.events import CandidateReady
from ladle.releases.state import Release, ReleaseState

PLACES = [
    Destination(Target.LAMBDA, Packaging.ZIP),
    *(Destination(target, Packaging.IMAGE) for target in (Target.LAMBDA, Target.ECS)),
    *(Destination(t, Packaging.IMAGE) for t in (Target.SAGEMAKER, Target.SAGEMAKER_SERVERLESS)),
]
DOORS = [DoorKind.HTTP_API, DoorKind.REST_API]
KEPT = 3


class Moves(RuleBasedStateMachine):
    """``lock`` is what is committed, ``earlier`` what was; ``deployed`` is the newest whole deploy."""

    def __init__(self) -> None:
        super().__init__()
        self.account = Account(ReleaseState(MODEL, phase=Phase.STABLE))
        self.lock = Lock(Target.LAMBDA, Packaging.ZIP, None)
        self.earlier = [self.lock]
        self.given: dict[int, str] = {}
        self.heard = 0
        self.deployed = ("", self.lock)
        self.deploy(0, False, False)

    @rule(model=st.integers(0, 3), fails_later=st.booleans(), twice=st.booleans())
    def deploy(self, model: int, fails_later: bool, twice: bool) -> None:
        lock, before = self.lock, dict(self.account.before)
        text = f"{model} in {lock.home}, packed as {lock.packaging}"
        digest = hashlib.sha256(text.encode()).hexdigest()
        try:
            self._hand_over(digest, lock)
            if twice:
                self.account.before, self.account.events = before, self.account.events - 1
                self._hand_over(digest, lock)
        except LadleError as refused:
            if refused.code not in ("LD245", "LD275"):
                raise
            fails_later = True
        if fails_later and before:
            self.account.stacks.rolling_back = True
            self._hand_over(*self.deployed)
            self.account.stacks.rolling_back = False
        else:
            self.deployed = (digest, lock)
        self._hear(goes_live=not fails_later)
        self._clean_up(self.deployed[1])

    def _hand_over(self, digest: str, lock: Lock) -> None:
        self.account.deploy(digest, lock.home, lock.leaves, packaging=lock.packaging)

    def _clean_up(self, lock: Lock) -> None:
        """A function goes with the stack that describes it no more; Lambda gives no number again."""
        for home, versions in self.account.versions.items():
            if home.counts_itself and home not in (lock.home, lock.leaves):
                versions.published.pop(MODEL, None)
                versions.aliases.pop(MODEL, None)

    @initialize(door=st.sampled_from(DOORS))
    def open(self, door: DoorKind) -> None:
        """It leads to some of the places."""
        self.door = door

    @rule(to=st.sampled_from(PLACES))
    def begin(self, to: Destination) -> None:
        self._write(lambda: move_model.begin(self.account.state, 0, self.lock, to, self.door))

    @rule()
    def finish(self) -> None:
        left = self.lock.leaves
        if self._write(lambda: move_model.finish(self.account.state, 0, self.lock)):
            self._let_go(left)

    @rule()
    def undo(self) -> None:
        left = self.lock.home
        if self._write(lambda: move_model.undo(self.account.state, 0, self.lock)):
            self._let_go(left)

    @rule(back=st.integers(1, 3))
    def revert(self, back: int) -> None:
        """A checkout of an earlier commit."""
        self.lock = self.earlier[-back:][0]

    @rule()
    def roll_back(self) -> None:
        """A person goes back to what served before, wherever that is."""
        others = [r for r in self.account.state.good if r != self.account.state.stable]
        if others:
            self._serve(others[-1])

    def _write(self, move: Callable[[], Lock]) -> bool:
        try:
            self.lock = move()
        except LadleError as refused:
            if refused.code not in ("LD280", "LD281", "LD283", "LD285"):
                raise
            return False
        self.earlier.append(self.lock)
        return True

    def _let_go(self, home: Home | None) -> None:
        state = self.account.state
        if home is None or not move_model.knows(state, home):
            return
        self.account.state = replace(
            state,
            good=tuple(r for r in state.good if r.home != home),
            releases=tuple(r for r in state.releases if r.home != home),
            left=(*state.left, home.base),
        )

    def _hear(self, goes_live: bool) -> None:
        messages = list(self.account.inbox.posted.values())[self.heard :]
        self.heard += len(messages)
        for message in messages:
            if isinstance(message, CandidateReady) and message.release.base not in (
                self.account.state.left
            ):
                self._know(message.release, goes_live)

    def _know(self, release: Release, goes_live: bool) -> None:
        digest = self.given.setdefault(release.number, release.release_digest)
        assert digest == release.release_digest, f"release {release.number} is given twice"
        state = self.account.state
        others = tuple(r for r in state.releases if r.number != release.number)
        self.account.state = replace(
            state,
            releases=(*others, release),
            statuses={**state.statuses, release.number: ReleaseStatus.REQUESTED},
        )
        if goes_live:
            self._serve(release)

    def _serve(self, release: Release) -> None:
        state = self.account.state
        good = (*(r for r in state.good if r.number != release.number), release)[-KEPT:]
        kept = {r.number for r in (*good, *state.releases[-1:])}
        self.account.state = replace(
            state,
            stable=release,
            good=good,
            releases=tuple(r for r in state.releases if r.number in kept),
        )
        self.account.versions[release.home].aliases[MODEL] = release.number

    @invariant()
    def what_serves_is_there(self) -> None:
        serving = self.account.state.the_stable
        home = self.account.versions[serving.home]
        assert home.digest_of(MODEL, serving.number) == hex_of(serving.release_digest)
        assert home.with_traffic(MODEL) == {serving.number}


TestMoves = Moves.TestCase
TestMoves.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
