"""What people type about releases, on a folder workspace with a controller that is woken all the time."""

from __future__ import annotations

import getpass
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from ladle.actions.advance_release import advance_release
from ladle.actions.controls import Controls
from ladle.actions.judge_quality import read_evidence
from ladle.cli.main import main
from ladle.disk.clock import SystemClock
from ladle.disk.traffic_router import DiskTrafficRouter
from ladle.errors import Forbidden
from ladle.policy.statuses import Phase
from ladle.policy.traffic import ObservedTraffic, Traffic
from ladle.ports import TrafficRouter, Workspace
from ladle.quality.counts import Counts, WindowKey
from ladle.releases.events import Ask, CandidateReady, PersonAsked
from ladle.releases.state import Release
from ladle.simulation.memory import MemoryAlarms, MemoryAnnouncer
from ladle.testing.releases import release
from ladle.wiring import open_workspace

MODEL = "fraud"


@dataclass(slots=True)
class GuardedRouter:
    """Refuses every write and probe, as AWS does, while the permission is taken away."""

    router: TrafficRouter
    permission: threading.Event

    def read(self, model: str) -> ObservedTraffic | None:
        return self.router.read(model)

    def write(self, model: str, traffic: Traffic, expected_revision: str) -> None:
        self._ask("lambda:UpdateAlias")
        self.router.write(model, traffic, expected_revision)

    def can_start(self, model: str, release: int) -> bool:
        return self.router.can_start(model, release)

    def delete(self, model: str, release: int) -> None:
        self.router.delete(model, release)

    def _ask(self, action: str) -> None:
        if not self.permission.is_set():
            what = f"AWS refused to move the traffic: AccessDeniedException {action}"
            raise Forbidden("LD319", what, "give it back")


@pytest.fixture
def permission() -> threading.Event:
    """To move traffic; a test takes it away by ``clear``."""
    given = threading.Event()
    given.set()
    return given


@pytest.fixture
def workspace(
    tmp_path: Path, permission: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Workspace]:
    """Releases 1 and 2 are proven, 3 is in its canary; a controller works until the test ends."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LADLE_WORKSPACE", f"dir:{tmp_path / 'store'}")
    workspace = open_workspace(None, tmp_path)
    ended = threading.Event()
    controller = threading.Thread(target=_control, args=(workspace, permission, ended))
    _hand_over(workspace)
    controller.start()
    try:
        yield workspace
    finally:
        ended.set()
        controller.join()


def _control(workspace: Workspace, permission: threading.Event, ended: threading.Event) -> None:
    controls = _controls(workspace)
    guarded = replace(controls, traffic=GuardedRouter(controls.traffic, permission))
    while not ended.wait(0.05):
        advance_release(MODEL, guarded, "test")


def _controls(workspace: Workspace) -> Controls:
    return Controls(
        ledger=workspace.ledger,
        inbox=workspace.inbox,
        traffic=workspace.router,
        alarms=MemoryAlarms(),
        announcer=MemoryAnnouncer(),
        clock=SystemClock(),
        judge=lambda state, now: read_evidence(workspace.counters, state, now),
    )


def _hand_over(workspace: Workspace) -> None:
    router = workspace.router
    assert isinstance(router, DiskTrafficRouter)
    began = SystemClock().now()
    promote = PersonAsked(Ask.PROMOTE, "setup")
    for number in (1, 2, 3):
        router.publish(MODEL, number)
        at = began + number / 1000
        candidate = CandidateReady(_release(number, at))
        workspace.inbox.post(MODEL, f"{number}-here", candidate, at)
        _advance(workspace)
        for again in range({1: 1, 2: 2, 3: 0}[number]):
            workspace.inbox.post(MODEL, f"{number}-promote-{again}", promote, at)
            _advance(workspace)


def _release(number: int, at: float) -> Release:
    return replace(
        release(number, bake_s=3600.0, max_s=86400.0, holdback_s=3600.0), requested_at=at
    )


def _advance(workspace: Workspace) -> None:
    advance_release(MODEL, _controls(workspace), "setup")


def _asked(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    assert main([*words, "--json"]) == 0
    answer: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert answer["schema"] == 1
    return answer


def test_rollback_waits_until_the_alias_reads_so(
    workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = _asked(capsys, "rollback", MODEL, "--reason", "complaints", "--yes")
    assert answer["alias"] == {"version": "2", "weights": {"2": 1.0}}
    assert answer["phase"] == "STABLE"
    observed = workspace.router.read(MODEL)
    assert observed is not None
    assert observed.traffic.weights == {2: 1.0}
    first = answer["records"][0]
    assert (first["kind"], first["data"]["by"]) == ("rolled_back", getpass.getuser())
    assert first["data"]["reason"] == "complaints"


def test_rollback_to_a_named_release(
    workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = _asked(capsys, "rollback", MODEL, "--to", "1", "--yes")
    assert answer["alias"]["version"] == "1"


def test_without_a_terminal_what_moves_traffic_wants_a_yes(
    workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["rollback", MODEL]) == 2
    assert "--yes" in capsys.readouterr().err


def test_a_rollback_that_cannot_be_says_why(
    workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["rollback", MODEL, "--to", "77", "--yes"]) == 1
    told = capsys.readouterr().err
    assert "LD512" in told
    assert "proven are 1, 2" in told


def test_promote_then_promote_again_proves_the_candidate(
    workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _asked(capsys, "promote", MODEL, "--yes")["alias"]["weights"] == {"3": 0.95, "2": 0.05}
    assert _asked(capsys, "promote", MODEL, "--yes")["alias"]["weights"] == {"3": 1.0}


def test_pause_and_resume(workspace: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    assert _asked(capsys, "pause", MODEL)["phase"] == "PAUSED"
    assert _asked(capsys, "resume", MODEL, "--yes")["phase"] == "CANARY"


def test_status_shows_the_evidence_and_what_is_lacking(
    workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    start = workspace.ledger.load(MODEL).evidence_since + 1
    workspace.counters.add(
        {
            "batch": {
                WindowKey(MODEL, 2, start): Counts(requests=90, failed=1),
                WindowKey(MODEL, 3, start): Counts(requests=10),
            }
        }
    )
    SystemClock().sleep(1.1)
    (fraud,) = _asked(capsys, "status")["models"]
    assert fraud["live"] == {"version": "2", "weights": {"2": 0.9, "3": 0.1}}
    assert fraud["evidence"]["candidate_requests"] == 10
    assert "10 of 50 requests seen" in fraud["lacking"]
    assert [r["state"] for r in fraud["releases"]] == ["CANARY", "GOOD", "GOOD"]
    assert main(["status", MODEL]) == 0
    told = capsys.readouterr().out
    assert "live         release 2 at 90 %, release 3 at 10 %" in told
    assert "0 % of 10 against 1.11 % of 90" in told


def test_without_permission_a_candidate_waits_and_status_names_what_is_missing(
    workspace: Workspace, permission: threading.Event, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(2):
        _asked(capsys, "promote", MODEL, "--yes")
    permission.clear()
    assert isinstance(workspace.router, DiskTrafficRouter)
    workspace.router.publish(MODEL, 4)
    now = SystemClock().now()
    workspace.inbox.post(MODEL, "4-here", CandidateReady(_release(4, now)), now)
    while not workspace.ledger.load(MODEL).blocked:
        SystemClock().sleep(0.02)
    assert main(["status", MODEL]) == 0
    told = capsys.readouterr().out
    assert "release 4 waits: it could not be rolled back" in told
    assert "lambda:UpdateAlias" in told
    assert "live         release 3 at 100 %" in told
    permission.set()
    while workspace.ledger.load(MODEL).phase is not Phase.CANARY:
        SystemClock().sleep(0.02)


def test_history_tells_each_step_with_its_record(
    workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = _asked(capsys, "history", MODEL)
    assert [(r["release"], r["state"]) for r in answer["releases"]] == [
        (3, "CANARY"),
        (2, "GOOD"),
        (1, "GOOD"),
    ]
    assert [r["id"] for r in answer["records"][:2]] == [f"{MODEL}/1", f"{MODEL}/2"]
    assert main(["history", MODEL]) == 0
    told = capsys.readouterr().out
    assert "release 3 was handed over" in told
    assert "the alias shall read" not in told


def test_a_quarantine_is_listed_and_lifted_by_a_few_digits(
    workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    start = workspace.ledger.load(MODEL).evidence_since + 1
    workspace.counters.add(
        {
            "batch": {
                WindowKey(MODEL, 2, start): Counts(requests=900, failed=2),
                WindowKey(MODEL, 3, start): Counts(requests=100, failed=60),
            }
        }
    )
    while not workspace.ledger.load(MODEL).quarantine:
        SystemClock().sleep(0.05)
    (entry,) = _asked(capsys, "quarantine", "list")["quarantine"]
    assert (entry["scope"], entry["digest"], entry["release"]) == ("release", "release-3", 3)
    assert main(["quarantine", "lift", "releas", "--reason", "a mistake", "--yes"]) == 0
    assert "log e" in capsys.readouterr().err, "the old evidence is shown"
    assert _asked(capsys, "quarantine", "list")["quarantine"] == []


def test_a_model_that_was_never_deployed_is_named(
    workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    for command in ("history", "status", "pause"):
        assert main([command, "fruad"]) == 1
        assert "deployed models: fraud" in capsys.readouterr().err
