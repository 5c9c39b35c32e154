"""What the same rows cost Evidently and whylogs; runs in their environment, without ours."""

from __future__ import annotations

import os
import sys
import time

os.environ.update(DO_NOT_TRACK="1", WHYLOGS_NO_ANALYTICS="True")

import numpy as np
import pandas as pd

ROWS, FEATURES, ONE_BY_ONE = 10_000, 12, 1_000


def evidently(reference: pd.DataFrame, rows: pd.DataFrame) -> float:
    from evidently import Report
    from evidently.presets import DataDriftPreset

    begun = time.process_time()
    Report([DataDriftPreset()]).run(rows, reference)
    return time.process_time() - begun


def whylogs_at_once(rows: pd.DataFrame) -> float:
    import whylogs

    begun = time.process_time()
    whylogs.log(pandas=rows)
    return time.process_time() - begun


def whylogs_by_row(rows: pd.DataFrame) -> float:
    from whylogs.core import DatasetProfile

    profile, each = DatasetProfile(), rows.to_dict("records")
    begun = time.process_time()
    for row in each:
        profile.track(row)
    return time.process_time() - begun


def main(seed: int) -> None:
    draws = np.random.default_rng(seed)
    columns = [f"x{k}" for k in range(FEATURES)]
    reference, rows = (
        pd.DataFrame(draws.standard_normal((ROWS, FEATURES)), columns=columns) for _ in range(2)
    )
    for name, seconds, n in (
        ("Evidently, DataDriftPreset on all rows", evidently(reference, rows), ROWS),
        ("whylogs, profile of all rows", whylogs_at_once(rows), ROWS),
        ("whylogs, one row at a time", whylogs_by_row(rows[:ONE_BY_ONE]), ONE_BY_ONE),
    ):
        print(f"  {name}: {1e6 * seconds / n:.2f}", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]))
