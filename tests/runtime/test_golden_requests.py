"""The golden requests of each model package are answered, by the deployed handler, as written."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.runtime.conftest import Function, StartFunction

from ladle.experiments.manifest import Signature
from ladle.planning.resolve import Cloud
from ladle.planning.serving_environment import serving_json
from ladle.project.services import read_services
from ladle.tools.model_jail import ModelJail

PACKAGES = Path(__file__).resolve().parents[2] / "model_packages"
GOLDEN = sorted(PACKAGES.glob("*/golden/*.json"))


def signature(path: Path) -> Signature:
    return ModelJail().inspect(path).signature


@pytest.fixture(scope="module", params=sorted({path.parts[-3] for path in GOLDEN}))
def served(
    request: pytest.FixtureRequest, root: Path, start_function: StartFunction
) -> Iterator[tuple[str, Function]]:
    [spec] = read_services(root, Cloud.EMBEDDED, signature, only=[request.param])
    with start_function(
        LADLE_MODEL=spec.model,
        LADLE_MODEL_FILE=str(spec.source.path),
        LADLE_SPEC=serving_json(spec),
        LAMBDA_TASK_ROOT=spec.folder,
    ) as function:
        yield spec.model, function


def test_golden_requests_are_answered_as_written(
    served: tuple[str, Function], subtests: pytest.Subtests
) -> None:
    model, function = served
    for path in GOLDEN:
        if path.parts[-3] != model:
            continue
        with subtests.test(str(path.relative_to(PACKAGES))):
            case = json.loads(path.read_text())
            answer = function.invoke(case["request"]).payload
            assert shown(answer, like=case["answer"]) == case["answer"]


def shown(value: Any, like: Any) -> Any:
    """What ``like`` speaks of: a golden answer may leave out ids, releases and probabilities."""
    if isinstance(like, dict):
        return {key: shown(value[key], like[key]) for key in like}
    if isinstance(like, list) and len(like) == len(value):
        return [shown(v, w) for v, w in zip(value, like, strict=True)]
    return value
