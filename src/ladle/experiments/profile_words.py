"""Two profiles of one table as lines that a person can act on: only what is plainly different."""

from __future__ import annotations

from collections.abc import Iterator

from ladle.experiments.profile import ColumnProfile, TableProfile

_MOVED_SHARE = 0.01  # a value's share, or the share of nulls, that moved by less is not told
_MOVED_QUARTILE = 0.05  # of the distance between the quartiles
_MOST_VALUES = 4


def profile_changes(before: TableProfile, after: TableProfile) -> list[str]:
    """One line a column, those that came or went first; ``rows`` where their number differs."""
    lines = [f"rows {before.rows:,} → {after.rows:,}"] if before.rows != after.rows else []
    old = {c.name: c for c in before.columns}
    new = {c.name: c for c in after.columns}
    lines += [f"column `{name}` removed" for name in old if name not in new]
    lines += [f"column `{name}` added ({new[name].type})" for name in new if name not in old]
    for name, column in new.items():
        if name in old:
            parts = list(_column(old[name], column, before.rows_read, after.rows_read))
            lines += [f"`{name}`: {'; '.join(parts)}"] if parts else []
    return lines


def table_words(table: TableProfile) -> str:
    """``1,437 rows, 65 columns``."""
    read = "" if table.rows_read == table.rows else f" ({table.rows_read:,} read)"
    return f"{_count(table.rows, 'row')}{read}, {_count(len(table.columns), 'column')}"


def _column(old: ColumnProfile, new: ColumnProfile, was: int, now: int) -> Iterator[str]:
    if old.type is not new.type:
        yield f"{old.type} → {new.type}"
    if abs(_share(old.nulls, was) - _share(new.nulls, now)) >= _MOVED_SHARE:
        yield f"empty {_percent(old.nulls, was)} → {_percent(new.nulls, now)}"
    if (old.least, old.most) != (new.least, new.most):
        yield f"range {_range(old)} → {_range(new)}"
    if len(old.quantiles) == len(new.quantiles) == 3 and _median_moved(old, new):
        yield f"median {old.quantiles[1]:.4g} → {new.quantiles[1]:.4g}"
    yield from _values(old, new, was, now)


def _median_moved(old: ColumnProfile, new: ColumnProfile) -> bool:
    spread = max(old.quantiles[2] - old.quantiles[0], new.quantiles[2] - new.quantiles[0])
    return abs(old.quantiles[1] - new.quantiles[1]) > _MOVED_QUARTILE * spread


def _values(old: ColumnProfile, new: ColumnProfile, was: int, now: int) -> Iterator[str]:
    """Values whose share moved, the largest move first; a value below the top of one side is not told."""
    before, after = dict(old.top), dict(new.top)
    if not before or not after:
        return
    whole_before, whole_after = (
        len(c.top) >= c.distinct for c in (old, new)
    )  # all values are listed
    moved = []
    for value in {*before, *after}:
        known = (value in before or whole_before) and (value in after or whole_after)
        shift = _share(after.get(value, 0), now) - _share(before.get(value, 0), was)
        if known and abs(shift) >= _MOVED_SHARE:
            moved.append((-round(abs(shift), 6), value))
    for _, value in sorted(moved)[:_MOST_VALUES]:
        shares = f"{_percent(before.get(value, 0), was)} → {_percent(after.get(value, 0), now)}"
        yield f"{value} {shares}"
    if len(moved) > _MOST_VALUES:
        yield f"{len(moved) - _MOST_VALUES} more values"


def _range(column: ColumnProfile) -> str:
    if column.least is None:
        return "none"
    return f"{_bound(column.least)}…{_bound(column.most)}"


def _bound(value: float | str | None) -> str:
    return f"{value:.6g}" if isinstance(value, float | int) else str(value)


def _share(count: int, of: int) -> float:
    return count / of if of else 0.0


def _percent(count: int, of: int) -> str:
    return f"{100 * _share(count, of):.3g} %"


def _count(n: int, noun: str) -> str:
    return f"{n:,} {noun}{'' if n == 1 else 's'}"
