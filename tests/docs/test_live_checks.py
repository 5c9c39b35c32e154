"""Every row of docs/live-checks.md is asked by scripts/live, or left to a person with the reason."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.live.__main__ import chosen
from tests.live.checks import CHECKS
from tests.live.page import ids_in_tables, rows
from tests.live.sections import GROUPS

from ladle.errors import UsageError


def test_the_rows_of_the_page_and_the_checks_of_the_script_are_the_same() -> None:
    told = list(ids_in_tables())
    assert len(told) == len(set(told))
    assert sorted(set(told) - CHECKS.keys()) == [], "rows without a check: add one to tests/live"
    assert sorted(CHECKS.keys() - set(told)) == [], "checks without a row"


def test_every_row_has_its_four_cells() -> None:
    assert [row.id for row in rows()] == list(ids_in_tables())


def test_a_row_without_an_id_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("| check | belief |\n|---|---|\n| It works | nobody knows | ask |\n")
    assert list(ids_in_tables(page)) == ["It works"]


def test_what_a_person_asks_says_why() -> None:
    by_hand = [check for check in CHECKS.values() if check.ask is None]
    assert all(check.by_hand for check in by_hand)
    assert len(by_hand) < len(CHECKS) / 3


def test_every_section_is_of_one_group() -> None:
    of_groups = [section for group in GROUPS.values() for section in group.sections]
    assert sorted(of_groups) == sorted({check.section for check in CHECKS.values()})


def test_what_is_named_is_chosen_in_the_order_in_which_it_must_be_asked() -> None:
    assert {check.section for check in chosen(["ecs"])} == {"ecs"}
    assert [check.id for check in chosen(["store.undo"])] == ["store.undo"]
    assert chosen(["all"]) == list(CHECKS.values())
    assert chosen(["all"])[-1].id == "deploying.platform-first"
    with pytest.raises(UsageError, match="nothing is called frobnicate"):
        chosen(["frobnicate"])
