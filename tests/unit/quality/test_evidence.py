"""The verdicts on a candidate, from counters."""

from __future__ import annotations

import math
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from ladle.policy.rollout import Guard, GuardName, RolloutPolicy
from ladle.policy.verdicts import Evidence, GuardVerdict, Verdict
from ladle.quality.counts import MICRO, Counts, Window
from ladle.quality.evidence import judge

FAILURES = Guard(GuardName.FAILURES, worse_than=1.2, fine_below=0.005)
LATENCY = Guard(GuardName.LATENCY, worse_than=1.2)
ACCURACY = Guard(GuardName.ACCURACY, worse_by=0.005)
ALL = RolloutPolicy(guards=(FAILURES, LATENCY, ACCURACY), labels_expected=True)


def windows(each: Counts, n: int = 20, first: float = 0.0) -> list[Window]:
    return [Window(first + 60.0 * k, each) for k in range(n)]


def labelled(requests: int, wrong: int) -> Counts:
    return Counts(requests=requests, labelled_micro=requests * MICRO, wrong_micro=wrong * MICRO)


def evidence(stable: list[Window], candidate: list[Window], policy: RolloutPolicy) -> Evidence:
    return judge(stable, candidate, policy, 0.0, (7, 8))


def only(policy: Guard) -> RolloutPolicy:
    return RolloutPolicy(guards=(policy,), labels_expected=True)


def reading(found: Evidence, guard: GuardName) -> GuardVerdict:
    return next(g for g in found.guards if g.guard is guard)


def test_a_candidate_that_fails_five_times_as_often_is_worse() -> None:
    found = evidence(
        windows(Counts(requests=900, failed=9)), windows(Counts(requests=100, failed=5)), ALL
    )
    assert found.worst is not None
    assert found.worst.guard is GuardName.FAILURES
    assert found.log_e >= found.log_e_limit
    assert found.candidate_requests == 2000


def test_a_model_that_is_more_often_wrong_is_worse_by_its_labels() -> None:
    found = evidence(windows(labelled(90, 9), 40), windows(labelled(10, 2), 40), ALL)
    assert found.worst is not None
    assert found.worst.guard is GuardName.ACCURACY


def test_a_model_that_was_hopeless_can_still_become_worse() -> None:
    found = evidence(windows(labelled(90, 81)), windows(labelled(10, 10)), only(ACCURACY))
    assert found.worst is not None


def test_a_slower_candidate_is_worse() -> None:
    before = windows(Counts(requests=900, latency={6: 870, 7: 30}), 5, first=-300.0)
    during = windows(Counts(requests=900, latency={6: 870, 7: 20, 8: 10}))
    slower = windows(Counts(requests=100, latency={6: 50, 8: 50}))
    found = evidence(before + during, slower, ALL)
    assert found.worst is not None
    assert found.worst.guard is GuardName.LATENCY


def test_an_equal_candidate_that_hardly_fails_is_not_worse() -> None:
    found = evidence(windows(Counts(requests=900)), windows(Counts(requests=100)), only(FAILURES))
    assert found.all_not_worse
    assert found.log_e == 0.0


def test_an_equal_candidate_that_fails_now_and_then_cannot_be_told_yet() -> None:
    found = evidence(
        windows(Counts(requests=900, failed=9)),
        windows(Counts(requests=100, failed=1)),
        only(FAILURES),
    )
    (guard,) = found.guards
    assert guard.verdict is Verdict.INCONCLUSIVE
    assert guard.needs is not None
    assert guard.needs > 1000


def test_a_much_better_candidate_is_not_worse_by_the_ratio_alone() -> None:
    found = evidence(
        windows(Counts(requests=900, failed=90)),
        windows(Counts(requests=100, failed=3)),
        only(replace(FAILURES, fine_below=None)),
    )
    assert found.all_not_worse


def test_a_guard_without_data_of_both_is_not_alive_and_says_nothing() -> None:
    found = evidence(windows(Counts(requests=900)), windows(Counts(requests=100)), ALL)
    assert reading(found, GuardName.FAILURES).alive
    for name in (GuardName.LATENCY, GuardName.ACCURACY):
        assert not reading(found, name).alive
        assert reading(found, name).verdict is Verdict.INCONCLUSIVE
    assert not found.all_alive


def test_without_any_traffic_nothing_is_known() -> None:
    found = evidence([], [], ALL)
    assert (found.log_e, found.candidate_requests, found.candidate_labels) == (0.0, 0, 0)
    assert not found.all_alive
    assert found.worst is None


def test_labels_that_come_in_another_way_decide_nothing() -> None:
    stable = windows(labelled(90, 9), 60)
    picked = windows(Counts(requests=10, labelled_micro=4 * MICRO, wrong_micro=2 * MICRO), 60)
    found = evidence(stable, picked, ALL)
    assert reading(found, GuardName.ACCURACY).verdict is Verdict.INCONCLUSIVE
    assert found.worst is None
    assert found.log_e < found.log_e_limit


def test_without_expected_labels_there_is_no_quality_guard() -> None:
    policy = replace(ALL, labels_expected=False)
    found = evidence(windows(labelled(90, 9)), windows(labelled(10, 9)), policy)
    assert {g.guard for g in found.guards} == {GuardName.FAILURES, GuardName.LATENCY}
    assert found.worst is None


def test_evidence_that_once_crossed_the_limit_stays() -> None:
    bad = windows(Counts(requests=100, failed=30), 3)
    good = windows(Counts(requests=100), 500, first=180.0)
    found = evidence(windows(Counts(requests=900, failed=9), 503), bad + good, only(FAILURES))
    assert found.worst is not None


def test_what_happened_before_the_rollout_is_no_evidence() -> None:
    earlier = windows(Counts(requests=100, failed=100), 10, first=-600.0)
    found = evidence(
        windows(Counts(requests=900, failed=9), 30, first=-600.0),
        earlier + windows(Counts(requests=100, failed=1)),
        only(FAILURES),
    )
    assert found.worst is None
    assert found.candidate_requests == 2000


def test_a_batch_whose_rows_are_labelled_one_by_one_counts_once() -> None:
    rows = Counts(requests=10, labelled_micro=10 * MICRO, wrong_micro=2_500_000)
    found = evidence(windows(rows), windows(rows), only(ACCURACY))
    assert found.candidate_labels == 200
    assert reading(found, GuardName.ACCURACY).candidate.rate == 0.25


amounts = st.integers(0, 10**7)


@st.composite
def any_counts(draw: st.DrawFn) -> Counts:
    requests = draw(amounts)
    failed = draw(st.integers(0, requests))
    micro = draw(st.integers(0, (requests - failed) * MICRO))
    return Counts(
        requests,
        failed,
        0,
        micro,
        draw(st.integers(0, micro)),
        draw(st.dictionaries(st.integers(0, 47), amounts, max_size=4)),
    )


streams = st.lists(any_counts(), max_size=6).map(
    lambda each: [Window(60.0 * k, c) for k, c in enumerate(each)]
)


@given(stable=streams, candidate=streams)
def test_evidence_is_a_number_and_a_verdict_always(
    stable: list[Window], candidate: list[Window]
) -> None:
    found = evidence(stable, candidate, ALL)
    assert math.isfinite(found.log_e)
    assert found.log_e >= 0
    assert (found.worst is not None) == (found.log_e >= found.log_e_limit)
    assert Evidence.from_json(found.to_json()) == found


@given(stable=streams, candidate=streams)
def test_what_is_added_to_a_window_in_another_order_is_the_same_evidence(
    stable: list[Window], candidate: list[Window]
) -> None:
    def halves(windows_: list[Window]) -> list[Window]:
        """The same sums, from two writers."""
        return [
            Window(w.start, Counts(requests=w.counts.requests) + w.counts._replace(requests=0))
            for w in windows_
        ]

    again = evidence(halves(stable)[::-1], halves(candidate)[::-1], ALL)
    assert again == evidence(stable, candidate, ALL)


def test_the_guards_share_the_promised_rate() -> None:
    """The rollout's evidence is the guards' capital, each by its share of the rate."""
    both = RolloutPolicy(guards=(FAILURES, ACCURACY), labels_expected=True)
    ours = Counts(requests=100, failed=3, labelled_micro=100 * MICRO, wrong_micro=16 * MICRO)
    theirs = Counts(requests=900, failed=9, labelled_micro=900 * MICRO, wrong_micro=90 * MICRO)
    found = evidence(windows(theirs, 12), windows(ours, 12), both)
    each = [both.alpha_share(g.guard) * math.exp(g.log_e) for g in found.guards]
    assert min(g.log_e for g in found.guards) > 0.5
    assert math.isclose(found.log_e, math.log(math.fsum(each)))


def test_a_guard_that_is_a_little_higher_than_before_is_not_what_ends_a_rollout() -> None:
    both = RolloutPolicy(guards=(FAILURES, ACCURACY), labels_expected=True)
    ours = Counts(requests=100, failed=30, labelled_micro=100 * MICRO, wrong_micro=16 * MICRO)
    theirs = Counts(requests=900, failed=9, labelled_micro=900 * MICRO, wrong_micro=90 * MICRO)
    found = evidence(windows(theirs, 4), windows(ours, 4), both)
    assert 1.0 < reading(found, GuardName.ACCURACY).log_e < found.log_e_limit
    assert reading(found, GuardName.FAILURES).verdict is Verdict.WORSE
    assert reading(found, GuardName.ACCURACY).verdict is not Verdict.WORSE


def test_picked_labels_do_not_say_not_worse_either() -> None:
    ours = Counts(requests=100, labelled_micro=90 * MICRO, wrong_micro=1 * MICRO)
    theirs = Counts(requests=900, labelled_micro=300 * MICRO, wrong_micro=60 * MICRO)
    picked = evidence(windows(theirs), windows(ours), only(ACCURACY))
    assert reading(picked, GuardName.ACCURACY).verdict is Verdict.INCONCLUSIVE
    alike = Counts(requests=100, labelled_micro=33 * MICRO, wrong_micro=1 * MICRO)
    found = evidence(windows(theirs), windows(alike), only(ACCURACY))
    assert reading(found, GuardName.ACCURACY).verdict is Verdict.NOT_WORSE
