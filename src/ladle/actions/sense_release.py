"""What is read of a model: of a release on trial, whether it could be taken back, and what it costs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice

from ladle.actions.controls import Controls
from ladle.errors import Conflict, Forbidden, NotFound, Unavailable
from ladle.policy.statuses import Phase
from ladle.policy.traffic import Traffic
from ladle.releases.events import Event, EvidenceRead, NativeAlarmRang, RollbackTried, SwitchRead
from ladle.releases.holding import STORM_MODELS, wanted_to_roll_back
from ladle.releases.judging import NATIVE_ALARM_SAMPLES
from ladle.releases.outbox import Switch
from ladle.releases.state import Release, ReleaseState
from ladle.releases.stopping import stop_policy

WATCHED = (Phase.BASELINE, Phase.CANARY, Phase.HOLDBACK, Phase.PAUSED)
NO_REVISION = "dry-run"  # which no alias has: a write that expects it goes nowhere

Sensor = Callable[[], Event | None]


def sensors(model: str, controls: Controls, state: ReleaseState, now: float) -> Sequence[Sensor]:
    """What is read of the releases, then what they cost."""
    read = _of_releases(model, controls, state, now)
    return (*read, lambda: controls.spending(state, now))


def _of_releases(
    model: str, controls: Controls, state: ReleaseState, now: float
) -> Sequence[Sensor]:
    """Alarm and counters while a release is on trial and nobody paused; of a proven one what holds the
    next back, or what labels say of it and of the one that it took over from again.
    """
    trial, traffic = state.on_trial, state.traffic
    if state.phase is Phase.STABLE and state.blocked is not None and traffic is not None:
        return (lambda: try_rollback(model, controls, traffic),)
    if state.phase is Phase.STABLE:
        return (lambda: controls.late(state, now), lambda: controls.doubts(state, now))
    if trial is None or state.phase not in WATCHED or state.paused_by is not None:
        return ()

    def counters() -> Event | None:
        evidence = controls.judge(state, now)
        if evidence is None:
            return None
        others = () if evidence.worst is None else _others_in_trouble(model, controls, now)
        return EvidenceRead(evidence, tuple(others))

    return (lambda: _alarm(model, controls, trial, state.stable), counters)


def try_rollback(model: str, controls: Controls, traffic: Traffic) -> RollbackTried:
    """Probes what would serve, and writes the alias as it is on a revision that it cannot have: AWS
    looks at permissions first.
    """
    try:
        controls.traffic.can_start(model, traffic.main)
        controls.traffic.write(model, traffic, NO_REVISION)
    except Forbidden as denied:
        return RollbackTried(denied.finding.what)
    except (Conflict, NotFound):
        pass
    return RollbackTried(None)


def read_switch(model: str, controls: Controls, state: ReleaseState) -> SwitchRead | None:
    """None where nobody signed for a stop, or one is under way. Nothing waits for what cannot be read."""
    under_way = any(isinstance(effect, Switch) for effect in state.outbox)
    if under_way or state.traffic is None or stop_policy(state) is None:
        return None
    try:
        return SwitchRead(controls.switched(model, state.phase is not Phase.STOPPED))
    except (Forbidden, Unavailable):
        return None


def _alarm(
    model: str, controls: Controls, trial: Release, stable: Release | None
) -> NativeAlarmRang | None:
    reading = controls.alarms.native(model, trial.number)
    if not reading.ringing:
        return None
    shared = False
    if stable is not None and stable.number != trial.number:
        other = controls.alarms.native(model, stable.number)
        shared = other.ringing and other.samples >= NATIVE_ALARM_SAMPLES
    return NativeAlarmRang(trial.number, reading.samples, shared)


def _others_in_trouble(model: str, controls: Controls, now: float) -> Iterator[str]:
    """As many as make a storm. A model that cannot be asked about holds nothing up."""
    try:
        others = (other for other in controls.ledger.models() if other != model)
        found = (o for o in others if wanted_to_roll_back(controls.ledger.load(o), now))
        yield from islice(found, STORM_MODELS - 1)
    except Unavailable:
        return
