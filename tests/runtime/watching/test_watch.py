"""The serving process counts rows in its reference's bins, whatever it is given."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ladle.quality.counts import MICRO
from ladle.quality.lines import WatchLine, parse
from ladle.quality.reference import seen
from ladle.tools.reference_rows import reference_of
from ladle_runtime.serving.watch import FLUSH_S, Watch

KEY = b"k" * 32
ROWS = np.random.default_rng(1).standard_normal((3000, 2)).astype(np.float32)
SCORES = np.tile(np.array([[0.25, 0.75]], np.float32), (3000, 1))
REFERENCE = reference_of({"X": ROWS}, {"scores": SCORES})


@dataclass
class Time:
    at: float = 1_790_000_000.0

    def now(self) -> float:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.at += seconds


@dataclass
class Served:
    time: Time = field(default_factory=Time)
    texts: list[str] = field(default_factory=list)

    def watch(self) -> Watch:
        return Watch(REFERENCE, "fraud", 7, KEY, self.time, self.texts.append)

    def counted(self) -> dict[str, int]:
        """What left the process, but for the reference."""
        found: dict[str, int] = {}
        for text in "".join(self.texts).splitlines():
            line = parse(text, KEY)
            assert isinstance(line, WatchLine)
            if not line.once:
                for name, n in line.tallies.items():
                    found[name] = found.get(name, 0) + n
        return found


@given(st.lists(st.integers(1, 700), min_size=1, max_size=12))
def test_however_rows_come_they_are_counted_as_numpy_counts_them(sizes: list[int]) -> None:
    served, at = Served(), 0
    watch = served.watch()
    for size in sizes:
        part = ROWS[at % 2000 : at % 2000 + size]
        at += size
        watch.add({"X": part}, {"scores": SCORES[: len(part)]}, len(part))
    served.time.sleep(FLUSH_S)
    watch.add({"X": ROWS[:1]}, {"scores": SCORES[:1]}, 1)
    rows = [ROWS[:1]]
    at = 0
    for size in sizes:
        rows.append(ROWS[at % 2000 : at % 2000 + size])
        at += size
    first = np.concatenate(rows)[:, 0]
    edges = REFERENCE.columns[0].edges
    bins = np.bincount(np.searchsorted(edges, first, "right"), minlength=len(edges) + 1)
    counted = served.counted()
    assert {b: n for b in range(len(bins)) if (n := counted.get(seen("X[0]", b), 0))} == {
        b: int(n) for b, n in enumerate(bins) if n
    }
    assert counted["q_rows"] == len(first)
    assert counted["q_sum"] == 0.75 * MICRO * len(first)


def test_the_training_rows_have_equal_shares_of_the_bins() -> None:
    counts = np.array(REFERENCE.columns[0].counts)
    assert counts.sum() == 3000
    assert counts[:-1].min() >= 90
    assert counts[-1] == 0


def test_what_is_no_number_has_a_bin_of_its_own() -> None:
    served = Served()
    odd = np.array([[np.nan, 0.0], [np.inf, 0.0], [0.0, 0.0]], np.float32)
    served.watch().add({"X": odd}, {}, 3)
    last = len(REFERENCE.columns[0].counts) - 1
    assert served.counted()[seen("X[0]", last)] == 2


def test_a_model_that_is_asked_otherwise_than_in_training_is_served_all_the_same() -> None:
    served = Served()
    watch = served.watch()
    for strange in ({}, {"X": "text"}, {"X": np.array(["a"])}, {"X": np.float32(1)}):
        watch.add(strange, {}, 1)
        served.time.sleep(FLUSH_S)
    watch.add({"X": ROWS[:5]}, {"scores": SCORES[:5]}, 5)
    assert sum(n for name, n in served.counted().items() if name.startswith("d.X[0].")) == 5


def test_no_row_is_lost_between_threads() -> None:
    served = Served()
    watch = served.watch()

    def ask() -> None:
        for _ in range(200):
            watch.add({"X": ROWS[:3]}, {"scores": SCORES[:3]}, 3)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    served.time.sleep(FLUSH_S)
    watch.add({"X": ROWS[:1]}, {"scores": SCORES[:1]}, 1)
    assert served.counted()["q_rows"] == 4 * 200 * 3 + 1


def test_nothing_leaves_before_its_time() -> None:
    served = Served()
    watch = served.watch()
    watch.add({"X": ROWS[:5]}, {}, 5)
    before = len(served.texts)
    served.time.sleep(FLUSH_S - 1)
    watch.add({"X": ROWS[:5]}, {}, 5)
    assert len(served.texts) == before
