"""A scenario is read strictly, and says what is true of both releases at any time."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ladle.errors import ManyFindings, NotFound
from ladle.simulation.read_scenario import parse_scenario, read_scenario, shipped_scenarios
from ladle.simulation.scenario import moment

SHIPPED = (
    "account-storm",
    "bad-model",
    "crash",
    "flapping",
    "healthy",
    "late-labels",
    "late-regression",
    "no-traffic",
    "shared-outage",
    "slow-model",
    "total-failure",
    "total-outage",
)


def mistakes(text: str) -> list[str]:
    with pytest.raises(ManyFindings) as refused:
        parse_scenario(text.encode(), "mine.yaml")
    return [str(finding) for finding in refused.value.findings]


def test_the_shipped_scenarios_are_read_by_name_and_say_what_they_are_about() -> None:
    assert tuple(shipped_scenarios()) == SHIPPED
    assert all(read_scenario(name).about for name in SHIPPED)


def test_an_empty_scenario_is_a_healthy_candidate() -> None:
    now = moment(parse_scenario(b"", "mine.yaml"), 0.0, 3.0)
    assert now.stable == now.candidate
    assert now.requests_per_s == 3.0


def test_every_mistake_is_told_at_its_line_and_column() -> None:
    assert mistakes("candidte: {}\nstable: {failures: 5, wrog: 3%}\nlasts: soon\n") == [
        'mine.yaml:3:8 LD621 lasts "soon" is not a duration',
        'mine.yaml:2:20 LD621 stable.failures "5" is not a share',
        'mine.yaml:2:23 LD621 unknown key "stable.wrog"; did you mean "wrong"?',
        'mine.yaml:1:1 LD621 unknown key "candidte"; did you mean "candidate"?',
    ]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("stable: {failures: 5%", "1:9"),
        ("stable: {failures: 101%}", "1:20"),
        ("requests_per_s: -1", "1:17"),
        ("changes: [{lasts: 3m}]", "1:11"),
        ("changes: [{at: 1m, every: 5m}]", "1:27"),
        ("changes: [{at: 1m, every: 5m, lasts: 6m}]", "1:27"),
        ("stable: {}\nstable: {}", "2:1"),
        ("- healthy", "1:1"),
    ],
)
def test_what_cannot_be_meant_is_refused_where_it_stands(text: str, place: str) -> None:
    assert mistakes(text)[0].startswith(f"mine.yaml:{place} LD")


@given(st.binary(max_size=60))
def test_no_file_does_more_than_be_refused(content: bytes) -> None:
    with suppress(ManyFindings):
        parse_scenario(content, "mine.yaml")


def test_an_unknown_scenario_says_which_there_are() -> None:
    with pytest.raises(NotFound, match='did you mean "healthy"') as refused:
        read_scenario("healty")
    assert "total-failure" in refused.value.finding.fix


def test_a_change_holds_for_its_time_and_comes_again() -> None:
    scenario = parse_scenario(
        b"""
candidate: {wrong: 20%}
changes:
  - {at: 10m, lasts: 5m, every: 20m, both: {failures: 50%}}
  - {at: 12m, requests_per_s: 0, candidate: {latency_ms: 90}}
""",
        "mine.yaml",
    )
    failing = [moment(scenario, 60.0 * m, 1.0).stable.failures == 0.5 for m in range(60)]
    assert [m for m, on in enumerate(failing) if on] == [
        *range(10, 15),
        *range(30, 35),
        *range(50, 55),
    ]
    later = moment(scenario, 720.0, 1.0)
    assert (later.requests_per_s, later.candidate.latency_ms, later.stable.latency_ms) == (
        0,
        90,
        40,
    )
    assert (later.candidate.wrong, later.stable.wrong) == (0.2, 0.1)
