"""Who does what, drawn from a seed: hand-offs, people, strangers, load, and what really is bad."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from ladle.catalog import OnInconclusive, Promote, Strategy, Target
from ladle.disk.alias import Alias
from ladle.policy.lock import Home
from ladle.policy.rollout import Guard, GuardName, RolloutPolicy
from ladle.policy.statuses import Phase
from ladle.policy.stopping import Overrun, StopPolicy
from ladle.policy.traffic import Traffic
from ladle.ports import Message
from ladle.releases.events import (
    Ask,
    CandidateReady,
    CandidateWithdrawn,
    LateRegression,
    PersonAsked,
)
from ladle.releases.state import Release, ReleaseState
from ladle.simulation.invariants import RESTING, Watch
from ladle.simulation.world import MODEL, Truth, World

# Most mistakes need two or three hand-offs close together, some many: a heavy tail has both.
SHORTEST_S, LONGEST_S, TAIL = 200.0, 3000.0, 1.4
STOP = StopPolicy(signed_by="owner", grace_s=300.0, capped=True)
FIRST_HOME = Home(Target.LAMBDA)
ENDS = (Ask.REMOVE, Ask.LEAVE)  # of a story, and of a move
GUARDS = (Guard(GuardName.FAILURES, worse_than=1.2), Guard(GuardName.ACCURACY, worse_by=0.01))


def policy_of(rng: random.Random) -> RolloutPolicy:
    return RolloutPolicy(
        strategy=rng.choices(list(Strategy), (9, 1))[0],
        canary_percent=rng.choice((5.0, 10.0, 50.0)),
        bake_s=rng.choice((60.0, 120.0)),
        min_requests=rng.choice((20, 100)),
        min_labels=rng.choice((0, 50)),
        promote=rng.choice(list(Promote)),
        max_s=rng.choice((300.0, 600.0)),
        on_inconclusive=rng.choice(list(OnInconclusive)),
        holdback_percent=rng.choice((0.0, 5.0)),
        holdback_s=rng.choice((60.0, 180.0)),
        labels_expected=rng.random() < 0.5,
        stop=STOP,
        guards=GUARDS,
    )


@dataclass(slots=True)
class Actors:
    """Everybody but the controller."""

    world: World
    watch: Watch
    rng: random.Random
    wake: Callable[[], object]
    versions: dict[str, int] = field(default_factory=dict)
    handed_over: list[Release] = field(default_factory=list)
    home: Home = FIRST_HOME
    posted: int = 0
    lasts_s: float = field(init=False)
    ends_at: float = field(init=False)

    def __post_init__(self) -> None:
        self.lasts_s = min(LONGEST_S, SHORTEST_S * self.rng.paretovariate(TAIL))
        self.ends_at = self.world.now + self.lasts_s

    def plan(self) -> None:
        """Puts the whole story on the world's agenda."""
        rng, later = self.rng, self.world.later
        later(0.0, self.hand_over)
        if rng.random() < 0.5:
            later(rng.uniform(1, 60), self.vouch)
        for _ in range(rng.randint(1, 2 + round(self.lasts_s / 1000))):
            at = rng.uniform(0, self.lasts_s * 0.8)
            later(at, self.hand_over)
            if rng.random() < 0.2:
                later(at + rng.uniform(0, 20), self.hand_over)  # two pipelines at once
            if rng.random() < 0.2:
                later(at + rng.uniform(5, 300), self.withdraw)
        for _ in range(rng.choice((0, 0, 1, 2, 4))):
            later(rng.uniform(0, self.lasts_s), self.ask)
        for what in (self.write_alias, self.break_version, self.change_load, self.hand_over_again):
            for _ in range(rng.choice((0, 0, 1, 2))):
                later(rng.uniform(0, self.lasts_s), what)
        troubles = (
            self.fail_for_all,
            self.deny,
            self.throttle,
            self.roll_back_others,
            self.regress,
            self.pass_ceiling,
            self.clear,
        )
        for what in troubles:
            if rng.random() < 0.2:
                later(rng.uniform(0, self.lasts_s), what)
        self.world.labels_come = rng.random() < 0.8

    def hand_over(self) -> None:
        """What the hand-off of a commit does; few commits, so that some go back to an older one."""
        model, code = self.rng.randint(1, 4), self.rng.randint(1, 2)
        digest, router = f"{model}.{code}@{self.home.base}", self.world.routers[self.home.base]
        number = self.versions.get(digest)
        if number is None or number not in router.versions:
            number = max(self.versions.values(), default=0) + 1
            self.versions[digest] = number
            self.world.truths[number] = self._truth(model, code)
        if self.world.router.alias is None:
            self.watch.first_weight[number] = self.world.now
        router.publish(number)
        self.world.note_traffic()
        release = Release(
            number,
            digest,
            f"model-{model}",
            None,
            self.world.now,
            policy_of(self.rng),
            target=self.home.target,
            base=self.home.base,
        )
        self.handed_over.append(release)
        self.post(CandidateReady(release))

    def _truth(self, model: int, code: int) -> Truth:
        """The first model is healthy; the others, or their second code, often are not."""
        if model == 1:
            return Truth.HEALTHY if code == 1 else self.rng.choice(list(Truth))
        return self.rng.choice((Truth.HEALTHY, Truth.WRONG, Truth.WRONG, Truth.FAILING))

    def vouch(self) -> None:
        """For the first release, so that the story need not wait for its bake."""
        self.says(PersonAsked(Ask.PROMOTE, by=f"person-{self.posted}"))

    def hand_over_again(self) -> None:
        if self.handed_over:
            self.post(CandidateReady(self.rng.choice(self.handed_over)))

    def withdraw(self) -> None:
        if len(self.handed_over) > 1:
            self.post(CandidateWithdrawn(self.handed_over[-1].release_digest))

    def ask(self) -> None:
        state = self.world.ledger.load(MODEL)
        asks = [each for each in Ask if each not in ENDS]
        if state.phase is Phase.FROZEN:
            asks = [Ask.ADOPT, Ask.RESTORE, Ask.RESUME, Ask.ROLLBACK, Ask.PAUSE]
        elif state.phase is Phase.PAUSED:
            asks = [Ask.RESUME, Ask.PROMOTE, Ask.ROLLBACK, Ask.LIFT]
        elif state.phase is Phase.STOPPED:
            asks = [Ask.RESUME]
        quarantined = [q.digest for q in state.quarantine]
        if quarantined and state.phase is not Phase.FROZEN:
            asks += [Ask.LIFT] * 12
        message = PersonAsked(
            ask=self.rng.choice(asks),
            by=f"person-{self.posted}",
            reason=self.rng.choice(("", "because", "because")),
            to=self.rng.choice((None, None, *self.versions.values())),
            digest=self.rng.choice(quarantined) if quarantined else None,
        )
        self.says(message)
        self.world.later(self.rng.uniform(60, 600), self.ask_again)

    def says(self, message: PersonAsked) -> None:
        self.watch.asked_by.append(message.by)
        self.post(message)

    def ask_again(self) -> None:
        waits = self.world.ledger.load(MODEL).phase in RESTING
        if waits and self.world.now < self.ends_at:
            self.ask()

    def post(self, message: Message) -> None:
        """A message may be posted again under its id; the wake-up it makes may be lost or doubled."""
        message_id, self.posted = f"message-{self.posted}", self.posted + 1
        inbox = self.world.ledger.inbox
        inbox.post(MODEL, message_id, message, self.world.now)
        if self.rng.random() < 0.2:
            again = self.rng.uniform(1, 400)
            self.world.later(again, lambda: inbox.post(MODEL, message_id, message, self.world.now))
        for _ in range(self.rng.choice((0, 1, 1, 1, 2))):
            self.world.later(self.rng.uniform(0, 5), self.wake)

    def write_alias(self) -> None:
        """Somebody at the console."""
        router, before = self.world.router, self.world.router.alias
        versions = sorted(router.nameable)
        if before is None or not versions:
            return
        main = self.rng.choice(versions)
        others = [None, *(v for v in versions if v != main)]
        canary = self.rng.choice(others)
        weight = 0.0 if canary is None else self.rng.choice((0.1, 0.5))
        router.alias = Alias(Traffic(main, canary, weight), before.writes + 1)
        self.world.strange_at = self.world.now
        self.world.note_traffic()
        self.watch.danger.clear()

    def break_version(self) -> None:
        """What is not versioned changed: a release that could start can start no more."""
        if self.world.router.versions:
            number = self.rng.choice(sorted(self.world.router.versions))
            self.world.router.broken.setdefault(number, self.world.now)

    def change_load(self) -> None:
        self.world.requests_per_s = self.rng.choice((0.0, 0.05, 5.0, 20.0))
        self.world.note_traffic()

    def fail_for_all(self) -> None:
        """Something that both releases need is out for a while."""

        def over() -> None:
            self.world.outage = False

        self.world.outage = True
        self.world.later(self.rng.uniform(30, 600), over)

    def deny(self) -> None:
        """Somebody takes the controller's permission away, and gives it back."""

        def give_back() -> None:
            self.world.permit(True)

        self.world.permit(False)
        self.watch.danger.clear()
        self.world.later(self.rng.uniform(30, 600), give_back)

    def throttle(self) -> None:
        """AWS takes no write of any alias for a while."""

        def over() -> None:
            self.world.throttle(False)

        self.world.throttle(True)
        self.watch.danger.clear()
        self.world.later(self.rng.uniform(30, 600), over)

    def roll_back_others(self) -> None:
        """Of the account's other models, each by its own controller."""
        for number in range(self.rng.randint(1, 3)):
            other = ReleaseState(f"other-{number}", rollback_times=(self.world.now,))
            self.world.ledger.states[other.model] = other

    def pass_ceiling(self) -> None:
        """It costs more than it may; perhaps somebody raises the ceiling, or starts it again."""

        def raise_ceiling() -> None:
            self.world.overrun = None

        def start_again() -> None:
            self.says(PersonAsked(Ask.RESUME, by=f"person-{self.posted}"))
            self.world.later(400.0, self.ask_again)

        self.world.overrun = Overrun(f"at {self.world.now:.0f}", "the model has cost too much")
        does = self.rng.choice((raise_ceiling, *[start_again] * 5))
        self.world.later(self.rng.uniform(60, 1200), does)

    def clear(self) -> None:
        """Labels that were late speak for what was rolled back."""
        self.world.cleared = True

    def regress(self) -> None:
        """Labels of what serves become worse; who is to blame is drawn."""
        stable = self.world.ledger.load(MODEL).stable
        if stable is not None:
            number = stable.number
            to_blame = self.rng.choice((None, number, number, number + 1))
            kept = self.rng.random() < 0.8
            data = {"reason": "labels", "log_e": 7.0}
            worse = LateRegression(number, "worse than at its trial", data, to_blame, kept)
            self.world.regressed[number] = worse
