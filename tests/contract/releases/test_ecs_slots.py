"""Shares that a rule of a load balancer can give are read back as they were written."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ladle.aws.ecs_slots import Slot, Slots, release_of
from ladle.policy.traffic import Traffic

GROUPS = ("group-a", "group-b", "group-c")


def slots(weights: tuple[int, int, int], releases: tuple[int, int, int] = (1, 2, 3)) -> Slots:
    made = tuple(
        Slot(name, release, weight, group, 1, True, None, (1, 4))
        for name, release, weight, group in zip("abc", releases, weights, GROUPS, strict=True)
    )
    return Slots("rule", made, dict(zip(GROUPS, weights, strict=True)), "revision")


def written(traffic: Traffic) -> tuple[int, int, int]:
    by_group = {g["TargetGroupArn"]: g["Weight"] for g in slots((0, 0, 0)).weighing(traffic)}
    one, two, three = (by_group[group] for group in GROUPS)
    return one, two, three


@given(st.permutations([1, 2, 3]), st.integers(min_value=1, max_value=500))
def test_each_tenth_of_a_percent_is_read_as_it_was_written(releases: list[int], steps: int) -> None:
    traffic = Traffic(releases[0], releases[1], steps / 1000)
    assert traffic.reads_like(slots(written(traffic)).traffic)


@given(st.sampled_from([1, 2, 3]))
def test_one_release_gets_everything(release: int) -> None:
    assert slots(written(Traffic(release))).traffic == Traffic(release)


def test_weights_of_a_stranger_are_told_as_the_shares_that_they_are() -> None:
    assert slots((3, 1, 0)).traffic == Traffic(1, 2, 0.25)


def test_what_nobody_of_us_writes_is_no_release() -> None:
    assert slots((0, 0, 0)).traffic == Traffic(0)
    assert slots((1, 1, 1)).traffic == Traffic(0)
    assert slots((5, 5, 0), (1, 1, 2)).traffic == Traffic(0)


def test_a_slot_is_where_its_release_has_traffic() -> None:
    found = slots((0, 999, 0), (1, 1, 1)).of(1)
    assert found is not None
    assert found.name == "b"


def test_the_slot_of_the_oldest_release_is_filled_next() -> None:
    assert slots((999, 0, 0), (3, 2, 1)).free().name == "c"


def test_a_release_is_the_number_of_its_family() -> None:
    arn = "arn:aws:ecs:eu-west-1:111122223333:task-definition/ladle-fraud_12:3"
    assert release_of("fraud", arn) == 12
    assert release_of("fraud", arn.replace("fraud_12", "fraud-eu_12")) == 0
    assert release_of("fraud", "ladle-fraud_7") == 7
