"""What ``ladle cost`` answers for the digits package, with counters and without."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.unit.cli.deployed import DIGEST, UNKNOWN, first_release

from ladle.cli.main import main
from ladle.disk.clock import SystemClock
from ladle.quality.counts import Counts, WindowKey, latency_bin
from ladle.releases.state import ReleaseState
from ladle.wiring import open_workspace

CostOf = Callable[..., dict[str, Any]]


@pytest.fixture
def cost(here: Path, capsys: pytest.CaptureFixture[str]) -> CostOf:
    def run(*words: str) -> dict[str, Any]:
        assert main(["cost", "--json", *words]) == 0
        answer: dict[str, Any] = json.loads(capsys.readouterr().out)
        return answer

    return run


def test_before_a_deploy_it_computes_with_the_stated_traffic(cost: CostOf) -> None:
    [digits] = cost()["models"]
    assert (digits["traffic"], digits["requests_per_day"]) == ("stated", 600_000)
    assert digits["as_deployed"] is False


def test_an_environment_has_a_bill_of_its_own(here: Path, cost: CostOf) -> None:
    config = here / "model_packages" / "digits" / "model.yaml"
    config.write_text(config.read_text() + "environments:\n  prod: {compute: {warm: 2}}\n")
    [shared], [prod] = cost()["models"], cost("--env", "prod")["models"]
    kept = [row["what"] for row in prod["lines"] if row not in shared["lines"]]
    assert kept == ["instances kept warm"]


def test_what_was_counted_is_preferred(here: Path, cost: CostOf) -> None:
    count(here, requests=300, latency_ms=4.0, seconds_ago=30.0)
    [digits] = cost("digits")["models"]
    assert digits["traffic"] == "observed"
    assert digits["requests_per_day"] == pytest.approx(864_000, rel=0.1)
    assert 3.3 < digits["answer_ms"] < 4.8


def test_a_bill_is_read_line_by_line(cost: CostOf, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cost", "digits"]) == 0
    assert "the door" in capsys.readouterr().out


def test_all_models_together_pay_once_for_what_they_share(
    cost: CostOf, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["cost"]) == 0
    text = capsys.readouterr().out
    assert "(shared by all)" in text
    assert "(together)" in text


def test_without_an_aws_it_says_that_nothing_was_counted(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LADLE_WORKSPACE", "embedded:")
    assert main(["cost"]) == 0
    assert "nothing was counted" in capsys.readouterr().err


def test_a_model_that_is_none_is_refused(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cost", "digit"]) == 1
    assert "did you mean" in capsys.readouterr().err


def count(here: Path, requests: int, latency_ms: float, seconds_ago: float) -> None:
    """What a deployed release leaves behind that has answered so many requests."""
    workspace = open_workspace(None, here)
    release = first_release(here, UNKNOWN)
    workspace.ledger.save(ReleaseState("digits", releases=(release,), handed_over=DIGEST), [], 1.0)
    start = SystemClock().now() - seconds_ago
    counts = Counts(requests=requests, latency={latency_bin(latency_ms): requests})
    workspace.counters.add({"a batch": {WindowKey("digits", 1, start): counts}})
