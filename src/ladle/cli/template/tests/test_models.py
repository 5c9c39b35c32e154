"""What must hold before anything is deployed. Needs no account and no network."""

from __future__ import annotations

from pathlib import Path

from ladle.cli.main import main
from ladle_stacks.build_app import build_app

ROOT = Path(__file__).resolve().parent.parent


def test_every_config_is_valid() -> None:
    assert main(["check", str(ROOT)]) == 0


def test_every_model_has_a_stack() -> None:
    stacks = {stack.stack_name for stack in build_app(ROOT / "model_packages").synth().stacks}
    models = {path.parent.name for path in ROOT.glob("model_packages/*/model.yaml")}
    assert {f"ladle-model-{name}" for name in models} <= stacks
