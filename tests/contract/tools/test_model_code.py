"""A model that is code is looked at as text."""

from __future__ import annotations

from pathlib import Path

from ladle.tools.model_jail import ModelJail


def test_a_predict_py_is_read_and_not_run(tmp_path: Path) -> None:
    path = tmp_path / "predict.py"
    ran = tmp_path / "ran"
    path.write_text(
        f"open({str(ran)!r}, 'w')\n"
        "INPUTS = [{'name': 'x', 'dtype': 'float', 'shape': [None]}]\n"
        "OUTPUTS = [{'name': 'y', 'dtype': 'float', 'shape': [None]}]\n"
        "def predict(inputs):\n    return {'y': inputs['x']}\n"
    )
    facts = ModelJail().inspect(path)
    assert facts.format == "python"
    assert [spec.name for spec in facts.signature.inputs] == ["x"]
    assert not ran.exists()
