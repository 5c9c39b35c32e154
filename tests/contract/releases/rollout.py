"""The controller over a world that finishes one change between two of its looks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tests.contract.releases.sagemaker_world import MODEL

from ladle.actions.advance_release import Advance, advance_release
from ladle.actions.controls import Controls
from ladle.catalog import Target
from ladle.policy.traffic import Traffic
from ladle.releases.events import CandidateReady
from ladle.simulation.memory import MemoryAlarms, MemoryAnnouncer, MemoryLedger
from ladle.testing.releases import evidence, release

HOUR_S = 3600.0


class Clock:
    """Waits at once, and knows how long was waited for."""

    def __init__(self) -> None:
        self.time, self.slept = 1_000_000.0, 0.0

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += seconds
        self.slept += seconds


class Rollout:
    """``publish`` is what the hand-off does with a release; it returns its number."""

    def __init__(
        self, world: Any, router: Any, target: Target, publish: Callable[[str], int]
    ) -> None:
        self.world, self.target, self.publish = world, target, publish
        self.clock, self.ledger, self.alarms = Clock(), MemoryLedger(), MemoryAlarms()
        self.controls = Controls(
            ledger=self.ledger,
            inbox=self.ledger.inbox,
            traffic=router,
            alarms=self.alarms,
            announcer=MemoryAnnouncer(),
            clock=self.clock,
            judge=lambda state, _now: evidence(state).evidence if state.on_trial else None,
            settle=router.settle,
        )

    def deploy(self, letter: str) -> int:
        release_hex = letter * 64
        number = self.publish(release_hex)
        made = replace(
            release(number, labels_expected=False, bake_s=HOUR_S, max_s=24 * HOUR_S),
            release_digest=f"sha256:{release_hex}",
            target=self.target,
        )
        self.ledger.inbox.post(MODEL, letter, CandidateReady(made), self.clock.now())
        return number

    def wake(self) -> Advance:
        return advance_release(MODEL, self.controls, "controller")

    def minutes(self, count: int = 4) -> None:
        """SageMaker finishes one change between two looks of the controller."""
        for _ in range(count):
            self.wake()
            self.world.pass_time()
            self.clock.time += 60

    def proven(self) -> Rollout:
        """With a proven first release."""
        self.deploy("a")
        self.minutes()
        self.clock.time += HOUR_S
        self.minutes()
        return self

    @property
    def traffic(self) -> Traffic | None:
        found = self.controls.traffic.read(MODEL)
        return found.traffic if found else None
