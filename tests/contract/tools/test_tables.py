"""Tables are profiled as they lie on disk, and what is no table stops nobody."""

from __future__ import annotations

from pathlib import Path

from ladle.tools.tables import MOST_TABLES, profiled


def test_csv_tsv_and_json_lines_of_one_content_have_one_profile(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text('﻿name,age\n"x, y",3\nz,\n', encoding="utf-8")
    (tmp_path / "b.tsv").write_text("name\tage\nx, y\t3\nz\t\n")
    (tmp_path / "c.jsonl").write_text('{"name": "x, y", "age": 3}\n{"name": "z", "age": null}\n')
    first, second, third = (profiled(tmp_path / n)[""] for n in ("a.csv", "b.tsv", "c.jsonl"))
    assert first == second == third
    assert (first.rows, [c.nulls for c in first.columns]) == (2, [0, 1])


def test_the_tables_of_a_folder_are_named_by_their_paths(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "a.csv").write_text("x\n1\n")
    (tmp_path / "image.png").write_bytes(b"\x89PNG")
    assert list(profiled(tmp_path)) == ["deep/a.csv"]


def test_of_very_many_tables_the_first_are_profiled(tmp_path: Path) -> None:
    for number in range(MOST_TABLES + 5):
        (tmp_path / f"{number:03}.csv").write_text("x\n1\n")
    assert list(profiled(tmp_path)) == [f"{n:03}.csv" for n in range(MOST_TABLES)]


def test_what_is_no_table_has_no_profile(tmp_path: Path) -> None:
    for name, content in (
        ("twice.csv", b"a,a\n1,2\n"),
        ("empty.csv", b""),
        ("latin.csv", b"n\xe9,x\n1,2\n"),
        ("broken.jsonl", b'{"a": 1}\n{"a":\n'),
        ("none.parquet", b"PAR0"),
        ("note.txt", b"a,b\n1,2\n"),
        ("huge.csv", b"a\n" + b"x" * 200_000 + b"\n"),
    ):
        (tmp_path / name).write_bytes(content)
        assert profiled(tmp_path / name) == {}, name
    assert profiled(tmp_path) == {}
