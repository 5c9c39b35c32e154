"""Trains the digits model on data/train.csv and records how: `ladle record digits -- python train.py`.

The metrics are of a fifth of the same file that is not trained on. They cannot see labels that are
wrong in all of it: only late labels of live requests can, and that is what the guards read.
"""

from __future__ import annotations

import argparse
import csv
import warnings
from pathlib import Path

import make_data
import numpy as np
from skl2onnx import convert_sklearn
from skl2onnx.common.data_types import FloatTensorType, Int64TensorType
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import accuracy_score, log_loss
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import MinMaxScaler

import ladle

MODEL = Path(__file__).resolve().parent / "model.onnx"
HELD_OUT_ROWS = 287
OPSET = {"": 17, "ai.onnx.ml": 3}


def read(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Pixels and labels of a file that make_data wrote."""
    with path.open(newline="") as file:
        table = np.array(list(csv.reader(file))[1:], dtype=np.float32)
    return table[:, :-1], table[:, -1].astype(np.int64)


def fit(pixels: np.ndarray, labels: np.ndarray, params: dict[str, float]) -> Pipeline:
    network = MLPClassifier(
        hidden_layer_sizes=(int(params["hidden"]),),
        alpha=params["alpha"],
        learning_rate_init=params["rate"],
        max_iter=int(params["epochs"]),
        random_state=int(params["seed"]),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # the number of epochs is chosen
        return make_pipeline(MinMaxScaler(), network).fit(pixels, labels)


def export(model: Pipeline, path: Path) -> None:
    """One file, the same bytes for the same weights: the graph's name is ours, not a random one."""
    onnx = convert_sklearn(
        model,
        name="digits",
        initial_types=[("pixels", FloatTensorType([None, 64]))],
        final_types=[
            ("label", Int64TensorType([None])),
            ("probabilities", FloatTensorType([None, len(model.classes_)])),
        ],
        options={"zipmap": False},
        target_opset=OPSET,
    )
    path.write_bytes(onnx.SerializeToString())


def main(params: dict[str, float]) -> None:
    if not make_data.TRAIN.exists():
        make_data.make()
    with ladle.record("digits") as run:
        run.data(make_data.TRAIN)
        run.params(params, held_out_rows=HELD_OUT_ROWS)
        run.tolerance(accuracy=0.01, log_loss=0.02)  # another processor rounds otherwise
        pixels, labels = read(make_data.TRAIN)
        model = fit(pixels[:-HELD_OUT_ROWS], labels[:-HELD_OUT_ROWS], params)
        held_pixels, held_labels = pixels[-HELD_OUT_ROWS:], labels[-HELD_OUT_ROWS:]
        chances = model.predict_proba(held_pixels)
        accuracy = accuracy_score(held_labels, model.classes_[chances.argmax(axis=1)])
        run.metrics(
            accuracy=accuracy, log_loss=log_loss(held_labels, chances, labels=model.classes_)
        )
        export(model, MODEL)
        run.model(MODEL)
    print(f"accuracy {accuracy:.4f} on {HELD_OUT_ROWS} rows that were held out")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description="Train on data/train.csv, record, write the model."
    )
    parser.add_argument("--hidden", type=int, default=16, help="neurons of the hidden layer")
    parser.add_argument("--alpha", type=float, default=0.001, help="weight decay")
    parser.add_argument("--rate", type=float, default=0.005, help="first learning rate")
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--seed", type=int, default=0)
    main(vars(parser.parse_args()))
