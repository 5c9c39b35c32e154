"""Two summaries of models say which operators came, and which weights were trained."""

from __future__ import annotations

import json

from ladle.experiments.graph import GraphSummary, Initialiser, graph_changes


def weights(name: str, digest: str = "1", shape: tuple[int, ...] = (2,)) -> Initialiser:
    return Initialiser(name, "float", shape, digest)


BEFORE = GraphSummary({"MatMul": 2, "Relu": 1}, (weights("w"), weights("b"), weights("old")))


def test_a_model_differs_from_itself_in_nothing() -> None:
    assert graph_changes(BEFORE, BEFORE) == []
    assert GraphSummary.from_json(json.loads(BEFORE.encode())) == BEFORE


def test_operators_shapes_and_values_are_told_apart() -> None:
    after = GraphSummary(
        {"MatMul": 3, "Tanh": 1},
        (weights("w", "2"), weights("b", "3", (4,)), weights("new")),
    )
    assert graph_changes(BEFORE, after) == [
        "operator MatMul: 2 → 3",
        "operator Relu: 1 → 0",
        "operator Tanh: 0 → 1",
        "weights removed: old",
        "weights added: new",
        "weights b: float[2] → float[4]",
        "other values in 1 of 2 weights: w",
    ]
