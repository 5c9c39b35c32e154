"""The table answers for every phase and event, leads only where it says, and its states keep in JSON."""

from __future__ import annotations

import json
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from ladle.policy.rollout import GuardName
from ladle.policy.statuses import Phase
from ladle.policy.stopping import Overrun, StopPolicy
from ladle.policy.traffic import ObservedTraffic, Traffic
from ladle.releases.decide import decide
from ladle.releases.diagram import diagram, drawn_into
from ladle.releases.events import (
    Ask,
    CandidateReady,
    CandidateWithdrawn,
    CannotServe,
    CostRead,
    Event,
    IntentDone,
    NativeAlarmRang,
    OutboxDone,
    PersonAsked,
    QuarantineDoubted,
    SwitchRead,
    TimePassed,
    TrafficObserved,
    WriteDelayed,
)
from ladle.releases.messages import message_from_json, message_to_json
from ladle.releases.state import Release, ReleaseState
from ladle.releases.transitions import KINDS, TABLE, Kind, kind_of
from ladle.testing.releases import Story, evidence, release

NUMBERS = st.integers(1, 5)
TRAFFIC = st.one_of(
    NUMBERS.map(Traffic),
    st.tuples(NUMBERS, NUMBERS).filter(lambda p: p[0] != p[1]).map(lambda p: Traffic(*p, 0.1)),
)
SIGNED = StopPolicy(signed_by="ada", grace_s=100.0, capped=True)
SECOND_HOME = 3  # has the releases above it


def _handed_over(number: int) -> Release:
    known = release(number, model=f"model-{number % 3}", stop=SIGNED)
    return replace(known, base=SECOND_HOME) if number > SECOND_HOME else known


EVENTS = st.one_of(
    NUMBERS.map(lambda n: CandidateReady(_handed_over(n))),
    NUMBERS.map(lambda n: CandidateWithdrawn(f"release-{n}")),
    TRAFFIC.map(lambda t: TrafficObserved(ObservedTraffic(t, "r"))),
    st.just(TrafficObserved(None)),
    st.builds(NativeAlarmRang, NUMBERS, st.sampled_from((5, 50))),
    st.just(TimePassed()),
    st.sampled_from(("cap 2026-11", "idle 7", None)).map(
        lambda key: CostRead(Overrun(key, "too much") if key else None)
    ),
    st.booleans().map(SwitchRead),
    st.builds(CannotServe, NUMBERS, st.just("no answer")),
    st.just(WriteDelayed("UpdateAlias was throttled")),
    NUMBERS.map(lambda n: QuarantineDoubted(f"model-{n % 3}", "it is not worse", {})),
    st.builds(
        PersonAsked,
        st.sampled_from(Ask),
        st.just("ada"),
        st.sampled_from(("", "because")),
        st.none() | st.integers(0, 5),
        st.none() | st.sampled_from(("model-1", "release-2")),
    ),
)
# What depends on the state that it meets: evidence on the trial at hand, the open intent's end.
MEETING = st.sampled_from(("done", "sent", "good", "worse", "little"))
STEPS = st.lists(st.tuples(EVENTS | MEETING, st.sampled_from((1.0, 150.0, 1100.0))), max_size=40)


def _met(event: Event | str, state: ReleaseState) -> Event:
    if not isinstance(event, str):
        return event
    if event == "done":
        return IntentDone(state.intent.id if state.intent else "none")
    if event == "sent":
        return OutboxDone(state.outbox)
    if state.on_trial is None or state.stable is None:
        return TimePassed()
    worse = GuardName.ACCURACY if event == "worse" else None
    return evidence(state, worse=worse, requests=1 if event == "little" else 500)


@given(STEPS)
def test_every_event_has_an_answer_that_the_table_foresaw(
    steps: list[tuple[Event | str, float]],
) -> None:
    story = Story()
    for what, seconds in steps:
        story.now += seconds
        before, event = story.state, _met(what, story.state)
        decision = story.hear(event, settle=False)
        after, row = decision.state, TABLE[before.phase].get(kind_of(event))
        assert after.phase in {before.phase, *(row.to if row else ())}
        if not decision.heard or row is None:
            assert after == before
        assert ReleaseState.from_json(json.loads(json.dumps(after.to_json()))) == after


@given(STEPS)
def test_whatever_happens_the_alias_never_gets_a_quarantined_release(
    steps: list[tuple[Event | str, float]],
) -> None:
    story = Story()
    for what, seconds in steps:
        story.now += seconds
        intent = story.hear(_met(what, story.state), settle=False).state.intent
        before = story.state.foreign or story.state.traffic
        for number, weight in intent.traffic.weights.items() if intent else ():
            known = story.state.release(number)
            grows = before is None or weight > before.weights.get(number, 0.0)
            assert not (known and grows and story.state.quarantined(known))


@given(STEPS)
def test_no_traffic_that_is_decided_is_split_between_two_homes(
    steps: list[tuple[Event | str, float]],
) -> None:
    story = Story()
    for what, seconds in steps:
        story.now += seconds
        intent = story.hear(_met(what, story.state), settle=False).state.intent
        numbers = intent.traffic.weights if intent else ()
        assert len({number > SECOND_HOME for number in numbers}) <= 1


@given(STEPS)
def test_what_was_let_go_of_never_serves_again(steps: list[tuple[Event | str, float]]) -> None:
    story = Story()
    for what, seconds in steps:
        story.now += seconds
        state = story.hear(_met(what, story.state), settle=False).state
        assert not [r for r in (*state.startable, *state.releases) if r.base in state.left]


@given(STEPS)
def test_a_decision_on_equal_facts_is_equal(steps: list[tuple[Event | str, float]]) -> None:
    story = Story()
    for what, seconds in steps:
        story.now += seconds
        event = _met(what, story.state)
        assert decide(story.state, event, story.now) == decide(story.state, event, story.now)
        story.hear(event, settle=False)


@given(EVENTS.filter(lambda e: isinstance(e, CandidateReady | CandidateWithdrawn | PersonAsked)))
def test_messages_keep_in_json(event: Event) -> None:
    assert isinstance(event, CandidateReady | CandidateWithdrawn | PersonAsked)
    assert message_from_json(json.loads(json.dumps(message_to_json(event)))) == event


def test_every_phase_and_every_kind_of_event_is_in_the_table() -> None:
    assert set(TABLE) == set(Phase)
    assert {kind for rows in TABLE.values() for kind in rows} == set(Kind)
    assert {*KINDS.values(), *(Kind(f"asked: {a}") for a in Ask)} == set(Kind)


def test_every_phase_can_be_reached_and_left() -> None:
    arrows = [line.split(":")[0].split(" --> ") for line in diagram().splitlines()[1:]]
    assert {to.strip() for _, to in arrows} == set(Phase)
    assert {come.strip() for come, _ in arrows} == {*Phase, "[*]"}


def test_drawing_twice_changes_nothing() -> None:
    page = drawn_into("before\n<!-- Made by scripts/generate")
    assert drawn_into(page) == page
