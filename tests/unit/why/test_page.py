"""The demo's page shows every fact that it was given, and nothing that comes from anywhere else."""

from __future__ import annotations

import re
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.why.scenes import page_facts, promoted, slipped_through

from ladle.embedded.demo.drawing.frame import frame
from ladle.embedded.demo.drawing.marks import Mark, extent, lanes
from ladle.embedded.demo.drawing.markup import tag
from ladle.embedded.demo.drawing.pooling import pools, runs, wilson
from ladle.embedded.demo.drawing.scales import Scale, ticks
from ladle.embedded.demo.page import NARROW, WIDE, page
from ladle.embedded.demo.page_facts import REAL, STOOD_IN, PageFacts
from ladle.quality.counts import MICRO, Counts, Window
from ladle.why.change import quality_report

HOSTILE = """<script>alert("1")</script>&'"]]>\x00"""


@pytest.fixture(scope="module")
def facts() -> PageFacts:
    return page_facts(promoted())


def parsed(text: str) -> ET.Element:
    assert text.startswith("<!DOCTYPE html>\n")
    return ET.fromstring(text.removeprefix("<!DOCTYPE html>\n"))


def words(element: ET.Element) -> str:
    return " ".join(" ".join(element.itertext()).split())


def test_the_page_is_well_formed(facts: PageFacts) -> None:
    assert parsed(page(facts)).tag == "html"


def test_every_release_is_drawn_on_both_timelines_and_in_the_table(facts: PageFacts) -> None:
    root = parsed(page(facts))
    wide, narrow = (s for s in root.iter("svg") if s.get("role") == "img")
    for svg in (wide, narrow):
        lines = {g.get("data-release") for g in svg.iter("g")}
        shares = {r.get("data-release") for r in svg.iter("rect")}
        for release in facts.releases:
            assert str(release.number) in lines
            assert str(release.number) in shares
    for release in facts.releases:
        assert release.experiment is not None
        assert release.experiment.manifest.id[:12] in words(root)


def test_the_rollback_the_promotion_and_each_deployment_are_marked(facts: PageFacts) -> None:
    text = words(parsed(page(facts)))
    for mark in ("release 1 deployed", "release 2 on trial, 20 %", "release 2 rolled back"):
        assert mark in text
    assert "release 3 promoted" in text
    assert f"limit {facts.log_e_limit:.2f}" in text


def test_the_explanation_stands_on_the_page_with_links_to_its_records(facts: PageFacts) -> None:
    root = parsed(page(facts))
    ids = {e.get("id") for e in root.iter()}
    links = [a.get("href") for a in root.iter("a") if a.get("href")]
    assert links
    assert all(link is not None and link.removeprefix("#") in ids for link in links)
    assert facts.explanation is not None
    for sentence in facts.explanation.sentences:
        assert sentence.text.split("`")[0].strip() in words(root)


def test_what_is_real_and_what_is_stood_in_for_is_said(facts: PageFacts) -> None:
    text = words(parsed(page(facts)))
    for claim in (*REAL, *STOOD_IN):
        assert claim in text


def test_nothing_is_fetched_from_anywhere(facts: PageFacts) -> None:
    text = page(facts)
    assert not re.search(r"https?:|//|@import|url\(|<script|<link|<img|<iframe|src=", text)


def test_hostile_names_are_text(facts: PageFacts) -> None:
    rows = tuple(replace(r, text=HOSTILE) for r in facts.records)
    root = parsed(page(replace(facts, model=HOSTILE, records=rows, commands=(HOSTILE,))))
    assert not list(root.iter("script"))
    assert '<script>alert("1")' in words(root)


def test_what_the_labels_alone_say_is_drawn_with_its_likeliest_cause() -> None:
    facts = page_facts(slipped_through())
    windows = {r.number: r.windows for r in facts.releases}
    report = quality_report(windows, facts.ended)
    assert report.change is not None
    root = parsed(page(replace(facts, quality=report)))
    (section,) = (e for e in root.iter("section") if e.get("id") == "labels")
    assert "Accuracy fell by" in words(section)
    assert "release 2" in words(section)
    drawings = [s for s in section.iter("svg") if s.get("role") == "img"]
    assert len(drawings) == 2
    assert all(any(e.get("class") == "limit" for e in svg.iter("line")) for svg in drawings)


def test_labels_that_show_no_change_are_said_to_show_none(facts: PageFacts) -> None:
    report = quality_report({1: facts.releases[0].windows[:4]}, facts.ended)
    text = words(parsed(page(replace(facts, quality=report))))
    assert "No change of accuracy stands out in all traffic; a lasting one of" in text


def test_a_page_of_one_release_without_labels_or_evidence_can_be_made(facts: PageFacts) -> None:
    first = replace(facts.releases[0], windows=(), experiment=None)
    bare = replace(facts, releases=(first,), records=(), evidence=(), explanation=None)
    assert "no labels" in words(parsed(page(bare)))


@given(st.text(), st.text())
def test_any_text_survives_its_way_into_markup(text: str, value: str) -> None:
    element = ET.fromstring(tag("p", text, title=value))
    assert len(element.text or "") == len(text)
    assert len(element.get("title", "")) == len(value)
    assert list(element) == []


@given(st.floats(0, 1), st.floats(1, 1e6))
def test_the_interval_holds_the_rate_and_lies_between_0_and_1(rate: float, n: float) -> None:
    low, high = wilson(rate * n, n)
    assert 0 <= low <= rate + 1e-9
    assert rate - 1e-9 <= high <= 1


WINDOWS = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 5 * MICRO), st.floats(0, 1)), max_size=30
)


@given(WINDOWS, st.floats(1, 20))
def test_pooling_loses_no_label_and_makes_no_thin_point_beside_another(
    raw: list[tuple[int, int, float]], at_least: float
) -> None:
    start, windows = 0.0, []
    for skipped, labelled, wrong in raw:
        start += 1.0 + skipped
        windows.append(Window(start, Counts(5, 0, 0, labelled, round(labelled * wrong))))
    found = [pools(run, 1.0, at_least) for run in runs(windows, 2.5)]
    total = sum(w.counts.labelled_micro for w in windows) / MICRO
    assert sum(p.labelled for line in found for p in line) == pytest.approx(total)
    for line in found:
        assert all(p.labelled >= at_least - 1e-9 for p in line) or len(line) == 1


@given(st.lists(st.floats(0, 600), max_size=20))
def test_no_words_of_two_marks_overlap(times: list[float]) -> None:
    found = [
        Mark(i, at, "release 1 rolled back", "bad", "m/1") for i, at in enumerate(sorted(times))
    ]
    for width in (WIDE, NARROW):
        paper = frame(width, 0.0, 0.0, 600.0)
        placed = lanes(found, paper)
        by_lane: dict[int, float] = {}
        for mark, lane in zip(found, placed, strict=True):
            begin, end = extent(mark, paper)
            assert by_lane.get(lane, -1e9) <= begin < end <= width + 10
            by_lane[lane] = end


@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6), st.integers(2, 12))
def test_ticks_are_few_and_within_the_axis(low: float, length: float, about: int) -> None:
    found = ticks(low, low + length, about)
    assert len(found) <= about + 1
    assert all(low - 1e-6 * length <= t <= low + 1.000001 * length for t in found)
    scale = Scale(low, low + length, 100, 0)
    assert all(0 <= scale(t) <= 100 for t in found)
