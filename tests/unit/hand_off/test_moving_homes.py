"""While a model moves, its stack holds two homes, and the hand-off gives each release the one it is of."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import pytest
from tests.unit.hand_off.test_hand_over import DIGESTS, MODEL, Clock, Inbox, Ledger, Manifests

from ladle.actions.hand_over import HandOff, retire
from ladle.catalog import Packaging, Target
from ladle.errors import LadleError
from ladle.policy.lock import Home
from ladle.policy.rollout import RolloutPolicy
from ladle.policy.statuses import ReleaseStatus
from ladle.releases.events import CandidateReady, CandidateWithdrawn
from ladle.releases.state import Release, ReleaseState
from ladle.testing.hand_off import (
    FakeBundleStore,
    FakeFunctionVersions,
    FakeReleaseAlarms,
    FakeStackReader,
)
from ladle_runtime.handoff import handler
from ladle_runtime.handoff.custom_resource import Request

ZIP, IMAGE, TASKS = Home(Target.LAMBDA), Home(Target.LAMBDA, 8), Home(Target.ECS, 8)
NEW_HOMES = pytest.mark.parametrize("new", [IMAGE, TASKS], ids=["image", "ecs"])
SERVING = Release(
    8, f"sha256:{DIGESTS[0]}", "sha256:m", None, 1.0, RolloutPolicy(), packaging=Packaging.ZIP
)


class FakeTasks(FakeFunctionVersions):
    """What the ledger numbers, and no stack takes down."""

    def publish(self, model: str, release_hex: str, serving: Mapping[str, Any], newest: int) -> int:
        self._newest[model] = newest
        return super().publish(model, release_hex, serving, newest)

    def delete_all(self, model: str) -> None:
        self.published.pop(model, None)
        self.aliases.pop(model, None)


@dataclass
class Account:
    """The model's one stack, as its hand-off is asked: each home's versions, and what all share."""

    state: ReleaseState
    versions: dict[Home, FakeFunctionVersions] = field(default_factory=dict)
    alarms: FakeReleaseAlarms = field(default_factory=FakeReleaseAlarms)
    inbox: Inbox = field(default_factory=Inbox)
    stacks: FakeStackReader = field(default_factory=FakeStackReader)
    before: Mapping[str, Any] = field(default_factory=dict)
    events: int = 0

    def ports(self, home: Home) -> HandOff:
        made = FakeTasks() if home.target is Target.ECS else FakeFunctionVersions(home.base)
        return HandOff(
            self.versions.setdefault(home, made),
            self.alarms,
            Ledger(self.state),  # type: ignore[arg-type]
            self.inbox,  # type: ignore[arg-type]
            FakeBundleStore(),
            self.stacks,
            Clock(),  # type: ignore[arg-type]
            Manifests(),  # type: ignore[arg-type]
        )

    def deploy(
        self, digest: str, home: Home, leaves: Home | None = None, kind: str = "Update"
    ) -> Mapping[str, str]:
        """As CloudFormation asks, which begins with what is deployed and knows strings only."""
        properties = {
            "Model": MODEL,
            "ReleaseDigest": f"sha256:{digest}",
            "ModelDigest": "sha256:m",
            "Policy": json.dumps(RolloutPolicy().to_json()),
            "TopicArn": "topic",
            "Packaging": "image" if home.base else "zip",
            **_told(home),
        }
        if leaves is not None:
            properties["Leaves"] = _told(leaves)
        self.events += 1
        request = Request.from_event(
            {
                "RequestType": kind,
                "RequestId": f"request-{self.events}",
                "StackId": "stack",
                "LogicalResourceId": "Release",
                "ResponseURL": "https://answer.example",
                "ResourceProperties": properties,
                "OldResourceProperties": self.before,
            }
        )
        self.ports(home).versions.deploy(MODEL, digest)  # type: ignore[attr-defined]
        answered = handler.answer(self.ports, request)
        self.before = properties
        return answered


def _told(home: Home) -> dict[str, Any]:
    """A first home has no base, as before there was a second."""
    return {"Target": str(home.target)} | ({"Base": str(home.base)} if home.base else {})


@pytest.fixture
def account() -> Account:
    """Release 8 serves on Lambda, where it was packed as a zip."""
    statuses = dict.fromkeys(range(1, 9), ReleaseStatus.SUPERSEDED)
    state = ReleaseState(MODEL, stable=SERVING, releases=(SERVING,), statuses=statuses)
    account = Account(state)
    lambda_ = account.ports(ZIP).versions
    assert isinstance(lambda_, FakeFunctionVersions)
    lambda_.published[MODEL], lambda_.aliases[MODEL] = {8: (DIGESTS[0], "code")}, 8
    account.alarms.ensure(MODEL, 8, "topic")
    account.before = {"Model": MODEL, "ReleaseDigest": f"sha256:{DIGESTS[0]}", **_told(ZIP)}
    return account


def move(account: Account, release: Release) -> None:
    """The controller heard of ``release`` and led the door to it."""
    state = account.state
    account.state = replace(
        state,
        stable=release,
        good=(*state.good, state.the_stable),
        releases=(*state.releases, release),
        statuses={**state.statuses, release.number: ReleaseStatus.GOOD},
    )


def let_go(account: Account, home: Home) -> None:
    """`ladle migrate --finish`, as the controller hears it."""
    state = account.state
    account.state = replace(
        state,
        good=tuple(r for r in state.good if r.home != home),
        releases=tuple(r for r in state.releases if r.home != home),
    )


def handed(account: Account) -> Release:
    message = account.inbox.last
    assert isinstance(message, CandidateReady)
    return message.release


@NEW_HOMES
def test_the_first_release_of_a_new_home_counts_on_and_opens_it_itself(
    account: Account, new: Home
) -> None:
    assert account.deploy(DIGESTS[1], new, ZIP)["Version"] == "9"
    assert account.versions[new].aliases == {MODEL: 9}
    assert account.versions[ZIP].aliases == {MODEL: 8}
    assert (handed(account).number, handed(account).home) == (9, new)
    assert Release.from_json(json.loads(json.dumps(asdict(handed(account))))) == handed(account)


@NEW_HOMES
def test_one_event_twice_is_one_release_and_one_message(account: Account, new: Home) -> None:
    account.deploy(DIGESTS[1], new, ZIP)
    account.events -= 1
    assert account.deploy(DIGESTS[1], new, ZIP)["Version"] == "9"
    assert list(account.versions[new].published[MODEL]) == [9]
    assert len(account.inbox.posted) == 1


@NEW_HOMES
def test_what_dies_between_publishing_and_telling_finds_what_it_published(
    account: Account, new: Home
) -> None:
    account.ports(new).versions.broken.add(9)  # type: ignore[attr-defined]
    with pytest.raises(LadleError, match="LD222"):
        account.deploy(DIGESTS[1], new, ZIP)
    assert account.inbox.posted == {}
    account.versions[new].broken.clear()
    assert account.deploy(DIGESTS[1], new, ZIP)["Version"] == "9"


@NEW_HOMES
def test_a_deploy_that_would_take_away_what_serves_is_refused(account: Account, new: Home) -> None:
    with pytest.raises(LadleError, match="LD245") as refused:
        account.deploy(DIGESTS[1], new)
    assert f"ladle migrate fraud --to {new.target}" in refused.value.finding.fix
    assert account.versions[new].published == {}
    assert account.versions[ZIP].aliases == {MODEL: 8}


@NEW_HOMES
def test_what_is_left_goes_only_after_a_person_let_it_go(account: Account, new: Home) -> None:
    account.deploy(DIGESTS[1], new, ZIP)
    move(account, handed(account))
    with pytest.raises(LadleError, match="LD245") as refused:
        account.deploy(DIGESTS[1], new)
    assert "ladle migrate fraud --finish" in refused.value.finding.fix
    let_go(account, ZIP)
    account.deploy(DIGESTS[1], new)
    assert list(account.alarms.alarms) == [(MODEL, 9)]
    assert account.versions[new].aliases == {MODEL: 9}


def test_a_home_that_no_stack_takes_down_is_taken_down_when_it_is_left(account: Account) -> None:
    account.deploy(DIGESTS[1], TASKS, ZIP)
    move(account, handed(account))
    let_go(account, ZIP)
    account.deploy(DIGESTS[1], TASKS)
    third = Home(Target.LAMBDA, 9)
    assert account.deploy(DIGESTS[2], third, TASKS)["Version"] == "10"
    assert account.versions[TASKS].aliases == {MODEL: 9}
    move(account, handed(account))
    let_go(account, TASKS)
    account.deploy(DIGESTS[2], third)
    assert account.versions[TASKS].published == {}
    assert list(account.alarms.alarms) == [(MODEL, 10)]


def test_a_stack_that_rolls_its_first_move_back_withdraws_and_takes_the_new_home_down(
    account: Account,
) -> None:
    account.deploy(DIGESTS[1], TASKS, ZIP)
    account.stacks.rolling_back = True
    assert account.deploy(DIGESTS[0], ZIP)["Version"] == "8"
    assert account.inbox.last == CandidateWithdrawn(f"sha256:{DIGESTS[1]}")
    assert account.versions[TASKS].published == {}
    assert list(account.alarms.alarms) == [(MODEL, 8)]
    assert account.versions[ZIP].aliases == {MODEL: 8}


def test_a_stack_that_rolls_back_takes_nothing_from_under_what_serves(account: Account) -> None:
    account.deploy(DIGESTS[1], TASKS, ZIP)
    move(account, handed(account))
    account.stacks.rolling_back = True
    account.deploy(DIGESTS[0], ZIP)
    assert list(account.versions[TASKS].published[MODEL]) == [9]
    assert sorted(account.alarms.alarms) == [(MODEL, 8), (MODEL, 9)]


class Stuck(FakeTasks):
    def delete_all(self, model: str) -> None:
        raise TimeoutError(model)


def test_what_cannot_be_taken_down_stops_a_deploy_but_no_rollback(account: Account) -> None:
    account.versions[TASKS] = Stuck()
    account.deploy(DIGESTS[1], TASKS, ZIP)
    account.stacks.rolling_back = True
    assert account.deploy(DIGESTS[0], ZIP)["Version"] == "8"
    account.stacks.rolling_back = False
    account.before = {**account.before, "Leaves": _told(TASKS)}
    with pytest.raises(TimeoutError):
        account.deploy(DIGESTS[0], ZIP)


def test_the_end_of_the_stack_is_the_end_of_both_homes(account: Account) -> None:
    account.deploy(DIGESTS[1], TASKS, ZIP)
    account.deploy(DIGESTS[1], TASKS, ZIP, kind="Delete")
    assert account.versions[TASKS].published == {}
    assert account.alarms.alarms == {}


def test_a_number_that_was_given_elsewhere_meanwhile_is_given_once(account: Account) -> None:
    """Release 9 was deployed to the zip after the move to an image was written down."""
    ninth = replace(SERVING, number=9)
    account.state = replace(account.state, releases=(*account.state.releases, ninth))
    with pytest.raises(LadleError, match="LD275") as refused:
        account.deploy(DIGESTS[1], IMAGE, ZIP)
    assert "release 9" in refused.value.finding.what
    assert account.versions[IMAGE].published == {}
    assert account.deploy(DIGESTS[1], Home(Target.LAMBDA, 9), ZIP)["Version"] == "10"


def test_where_the_ledger_numbers_a_release_gets_the_next_number_whatever_was_deployed(
    account: Account,
) -> None:
    ninth = replace(SERVING, number=9)
    statuses = {**account.state.statuses, 9: ReleaseStatus.REQUESTED}
    account.state = replace(account.state, releases=(*account.state.releases, ninth))
    account.state = replace(account.state, statuses=statuses)
    assert account.deploy(DIGESTS[1], TASKS, ZIP)["Version"] == "10"


def test_what_is_left_keeps_its_role_and_asks_nothing_of_the_new_one(account: Account) -> None:
    needy = replace(SERVING, grants=("read|secret",))
    account.state = replace(account.state, stable=needy, releases=(needy,))
    with pytest.raises(LadleError, match="LD273"):
        account.deploy(DIGESTS[1], ZIP)
    assert account.deploy(DIGESTS[1], IMAGE, ZIP)["Version"] == "9"


@NEW_HOMES
def test_each_home_is_asked_to_retire_its_own(account: Account, new: Home) -> None:
    account.deploy(DIGESTS[1], new, ZIP)
    account.versions[new].aliases.clear()
    retire(account.ports(new), MODEL, [9])
    assert account.versions[new].published[MODEL] == {}
    assert list(account.versions[ZIP].published[MODEL]) == [8]
    assert list(account.alarms.alarms) == [(MODEL, 8)]
