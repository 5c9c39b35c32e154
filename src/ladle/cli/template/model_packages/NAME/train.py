"""How model.onnx was made: run `python model_packages/{{name}}/train.py`, then `ladle pin`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split

import ladle

HERE = Path(__file__).parent
DATA = HERE / "flowers.csv"
MODEL = HERE / "model.onnx"
PARAMETERS = {"C": 1.0, "max_iter": 500}


def main() -> None:
    rows = np.loadtxt(DATA, delimiter=",", skiprows=1, dtype=np.float32)
    inputs, labels = rows[:, :4], rows[:, 4].astype(np.int64)
    train, test, train_labels, test_labels = train_test_split(
        inputs, labels, test_size=0.3, random_state=0, stratify=labels
    )
    model = LogisticRegression(**PARAMETERS).fit(train, train_labels)
    MODEL.write_bytes(ladle.to_onnx(model, train))
    with ladle.record("{{name}}") as run:
        run.data(DATA)
        run.params(**PARAMETERS)
        run.metrics(accuracy=float(model.score(test, test_labels)))
        run.model(MODEL)


if __name__ == "__main__":
    main()
