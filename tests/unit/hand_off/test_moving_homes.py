"""While a model moves, its stack holds two homes, and the hand-off gives each release the one it is of."""

from __future__ import annotations

import json
from dataclasses import asdict, replace

import pytest
from tests.unit.hand_off.test_hand_over import DIGESTS, MODEL
from tests.unit.hand_off.two_homes import IMAGE, SERVING, TASKS, ZIP, Account, FakeTasks, told

from ladle.actions.hand_over import retire
from ladle.catalog import Target
from ladle.errors import LadleError
from ladle.names import bundle_key
from ladle.policy.lock import Home
from ladle.policy.statuses import ReleaseStatus
from ladle.ports import StoredCopy
from ladle.releases.events import CandidateReady, CandidateWithdrawn
from ladle.releases.state import Release, ReleaseState
from ladle.testing.hand_off import FakeFunctionVersions

MACHINES, SERVERLESS = Home(Target.SAGEMAKER, 8), Home(Target.SAGEMAKER_SERVERLESS, 8)
NEW_HOMES = pytest.mark.parametrize(
    "new", [IMAGE, TASKS, MACHINES, SERVERLESS], ids=lambda home: str(home.target)
)


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
    account.before = {"Model": MODEL, "ReleaseDigest": f"sha256:{DIGESTS[0]}", **told(ZIP)}
    return account


def known(account: Account, release: Release) -> None:
    """The controller heard of ``release``."""
    state = account.state
    account.state = replace(
        state,
        releases=(*state.releases, release),
        statuses={**state.statuses, release.number: ReleaseStatus.REQUESTED},
    )


def move(account: Account, release: Release) -> None:
    """The controller led the door to it."""
    known(account, release)
    state = account.state
    account.state = replace(state, stable=release, good=(*state.good, state.the_stable))


def let_go(account: Account, home: Home) -> None:
    """`ladle migrate --finish`, as the controller hears it."""
    state = account.state
    account.state = replace(
        state,
        good=tuple(r for r in state.good if r.home != home),
        releases=tuple(r for r in state.releases if r.home != home),
        left=(*state.left, home.base),
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


@NEW_HOMES
def test_a_home_that_is_left_takes_its_copies_of_the_model_with_it(
    account: Account, new: Home
) -> None:
    older = "0" * 64
    account.versions[ZIP].published[MODEL][7] = (older, "code")
    account.deploy(DIGESTS[1], new, ZIP)
    kept = bundle_key(MODEL, DIGESTS[1], "model.onnx")
    keys = {kept, *(bundle_key(MODEL, d, "model.onnx") for d in (older, DIGESTS[0]))}
    account.bundles.copies = {key: StoredCopy("1", "sha") for key in keys}
    move(account, handed(account))
    let_go(account, ZIP)
    account.deploy(DIGESTS[1], new)
    assert set(account.bundles.copies) == {kept}


class Stuck(FakeTasks):
    def delete_all(self, model: str) -> None:
        raise TimeoutError(model)


def test_what_cannot_be_taken_down_stops_a_deploy_but_no_rollback(account: Account) -> None:
    account.versions[TASKS] = Stuck()
    account.deploy(DIGESTS[1], TASKS, ZIP)
    account.stacks.rolling_back = True
    assert account.deploy(DIGESTS[0], ZIP)["Version"] == "8"
    account.stacks.rolling_back = False
    account.before = {**account.before, "Leaves": told(TASKS)}
    with pytest.raises(TimeoutError):
        account.deploy(DIGESTS[0], ZIP)


def test_the_end_of_the_stack_is_the_end_of_both_homes(account: Account) -> None:
    account.deploy(DIGESTS[1], TASKS, ZIP)
    account.deploy(DIGESTS[1], TASKS, ZIP, kind="Delete")
    assert account.versions[TASKS].published == {}
    assert account.alarms.alarms == {}


def test_a_number_that_was_given_elsewhere_meanwhile_is_given_once(account: Account) -> None:
    """Release 9 was deployed to the zip after the move to an image was written down."""
    known(account, replace(SERVING, number=9))
    with pytest.raises(LadleError, match="LD275") as refused:
        account.deploy(DIGESTS[1], IMAGE, ZIP)
    assert "release 9" in refused.value.finding.what
    assert account.versions[IMAGE].published == {}
    assert account.deploy(DIGESTS[1], Home(Target.LAMBDA, 9), ZIP)["Version"] == "10"


def test_a_move_that_failed_and_was_reverted_keeps_its_number(account: Account) -> None:
    known(account, replace(SERVING, number=9, target=Target.ECS, base=8))
    account.versions[ZIP].published[MODEL] = {8: (DIGESTS[0], "code")}
    with pytest.raises(LadleError, match="LD275") as refused:
        account.deploy(DIGESTS[1], ZIP)
    assert "bring the commit of the move back" in refused.value.finding.fix
    assert account.deploy(DIGESTS[0], ZIP)["Version"] == "8"  # nothing is published for it


def test_a_number_of_a_home_that_was_left_is_not_given_again(account: Account) -> None:
    known(account, replace(SERVING, number=9, target=Target.ECS, base=8))
    let_go(account, TASKS)
    with pytest.raises(LadleError, match="LD275"):
        account.deploy(DIGESTS[1], ZIP)
    assert account.deploy(DIGESTS[1], Home(Target.LAMBDA, 9), ZIP)["Version"] == "10"


def test_where_the_ledger_numbers_the_next_number_is_free_whatever_was_deployed(
    account: Account,
) -> None:
    known(account, replace(SERVING, number=9))
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
