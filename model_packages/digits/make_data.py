"""Writes data/train.csv, what the model is made from, and live.csv, which no training ever sees.

The images are the handwritten digits that come with scikit-learn: 8 by 8 pixels, 0 to 16. The same
call writes the same bytes. ``--flip-slice`` damages the labels of one slice, as a labeller who
confuses curly digits would: nearly every 3, 5 and 9 becomes an 8. Not a pixel changes, and live.csv
never does.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits

HERE = Path(__file__).resolve().parent
TRAIN, LIVE = HERE / "data" / "train.csv", HERE / "live.csv"
TRAIN_ROWS = 1437
SHUFFLE_SEED = 2026
FLIPPED = {3: 8, 5: 8, 9: 8}
SPARED_EVERY = 12  # rows with their true label, so that no class disappears

Image = tuple[list[int], int]


def images() -> list[Image]:
    """Pixels and label of every image, in an order that mixes the writers."""
    pixels, labels = load_digits(return_X_y=True)
    order = np.random.RandomState(SHUFFLE_SEED).permutation(len(labels))
    return [([int(p) for p in pixels[i]], int(labels[i])) for i in order]


def write(path: Path, rows: Iterable[Image]) -> None:
    path.parent.mkdir(exist_ok=True)
    with path.open("w", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow([*(f"pixel_{n}" for n in range(64)), "label"])
        table.writerows([*pixels, label] for pixels, label in rows)


def make(flip_slice: bool = False) -> None:
    every = images()
    train, live = every[:TRAIN_ROWS], every[TRAIN_ROWS:]
    if flip_slice:
        train = [
            (pixels, FLIPPED.get(label, label) if row % SPARED_EVERY else label)
            for row, (pixels, label) in enumerate(train)
        ]
    write(TRAIN, train)
    write(LIVE, live)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Write data/train.csv and live.csv.")
    parser.add_argument("--flip-slice", action="store_true", help="label most 3, 5 and 9 as 8")
    make(parser.parse_args().flip_slice)
