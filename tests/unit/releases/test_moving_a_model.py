"""``ladle migrate`` says no with the reason before anything is written; what it writes leads both ways."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.unit.planning.specs import config_of

from ladle.actions.move_model import (
    Destination,
    able_to_count_on,
    begin,
    destination,
    finish,
    knows,
    left_of,
    refuse_unfit,
    undo,
)
from ladle.catalog import DoorKind, Packaging, Target
from ladle.errors import LadleError, UsageError
from ladle.planning.resolve import Cloud
from ladle.policy.lock import Home, Lock, Runtime
from ladle.policy.statuses import Phase
from ladle.releases.events import Ask, CandidateReady
from ladle.releases.state import ReleaseState
from ladle.testing.releases import (
    ask,
    canary_story,
    holdback_story,
    moved,
    moved_story,
    moving_story,
    stable_story,
)

FIRST = Home(Target.LAMBDA)
LOCK = Lock(Target.LAMBDA, Packaging.ZIP, None)
ECS = Destination(Target.ECS, Packaging.IMAGE)
IMAGE = Destination(Target.LAMBDA, Packaging.IMAGE)
API, REST = DoorKind.HTTP_API, DoorKind.REST_API
MOVING = Lock(  # as moving_story does
    Target.ECS, Packaging.IMAGE, None, base=2, leaves=FIRST, door=DoorKind.HTTP_API
)
CONFIG = "name: fraud\nmodel: model.onnx\ntype: classification\n"


def zipped(state: ReleaseState) -> ReleaseState:
    assert state.stable is not None
    return replace(state, stable=replace(state.stable, packaging=Packaging.ZIP))


def at_rest(good: int = 2) -> ReleaseState:
    return zipped(stable_story(good).state)


def rolled_back() -> ReleaseState:
    story = moving_story()
    story.hear(ask(Ask.ROLLBACK))
    assert story.state.the_stable.home == FIRST
    return zipped(story.state)


def code(error: pytest.ExceptionInfo[LadleError]) -> str:
    return error.value.code


@pytest.mark.parametrize(
    ("to", "cloud", "said"),
    [
        ("ecs", Cloud.AWS, "ecs"),
        ("lambda", Cloud.AWS, "lambda (image)"),
        ("lambda", Cloud.EMBEDDED, "lambda (zip)"),
        ("zip", Cloud.AWS, "lambda (zip)"),
        ("image", Cloud.EMBEDDED, "lambda (image)"),
    ],
)
def test_a_place_is_a_target_or_how_a_function_is_packed(to: str, cloud: Cloud, said: str) -> None:
    assert str(destination(to, config_of(CONFIG), cloud)) == said


@pytest.mark.parametrize("to", ["auto", "mars"])
def test_what_is_no_place_is_refused(to: str) -> None:
    with pytest.raises(UsageError, match="LD818"):
        destination(to, config_of(CONFIG), Cloud.AWS)


def test_a_new_function_has_a_runtime_that_counts_on_and_nothing_else_changes_its_own() -> None:
    kept, ours = Runtime("sha256:a", "0.1.0"), Runtime("sha256:b", "0.2.0")
    image = begin(at_rest(), 0, replace(LOCK, runtime=kept), IMAGE, API)
    assert able_to_count_on(image, ours) == replace(image, runtime=ours)
    for lock in (replace(MOVING, runtime=kept), replace(image, leaves=None)):
        assert able_to_count_on(lock, ours) == lock


def test_who_goes_back_goes_back_to_the_runtime_that_serves() -> None:
    kept, ours = Runtime("sha256:a", "0.1.0"), Runtime("sha256:b", "0.2.0")
    state = rolled_back()
    state = replace(state, stable=replace(state.the_stable, runtime=kept))
    assert undo(state, 0, replace(MOVING, runtime=ours)).runtime == kept


def test_a_move_counts_from_the_newest_number_and_leaves_what_is_there() -> None:
    state = at_rest()
    assert begin(state, 0, LOCK, ECS, API) == MOVING
    assert begin(state, 0, LOCK, IMAGE, API).leaves == FIRST


def test_there_already_is_refused() -> None:
    with pytest.raises(LadleError, match="LD280"):
        begin(at_rest(), 0, LOCK, Destination(Target.LAMBDA, Packaging.ZIP), API)


def test_one_move_at_a_time_as_the_lock_or_the_ledger_says() -> None:
    for state, lock in ((at_rest(), MOVING), (moving_story().state, LOCK)):
        to = Destination(Target.LAMBDA, Packaging.IMAGE)
        with pytest.raises(LadleError, match="LD281") as error:
            begin(state, 0, lock, to, API)
        assert "--finish, or ladle migrate fraud --undo" in error.value.finding.fix


def test_a_checkout_that_is_older_than_the_ledger_moves_nothing() -> None:
    with pytest.raises(LadleError, match=r"LD281.*does not run where pinned.json says"):
        begin(at_rest(), 0, replace(LOCK, base=7), ECS, API)


def frozen(phase: Phase) -> ReleaseState:
    return replace(at_rest(), phase=phase)


@pytest.mark.parametrize(
    "state",
    [
        canary_story().state,
        holdback_story().state,
        *(frozen(phase) for phase in Phase if phase is not Phase.STABLE),
        replace(at_rest(), stable=None),
    ],
    ids=lambda state: str(state.phase),
)
def test_only_at_rest_a_move_begins_and_ends(state: ReleaseState) -> None:
    for decide in (
        lambda: begin(state, 0, LOCK, ECS, API),
        lambda: finish(state, 0, replace(MOVING, leaves=Home(Target.ECS, 1))),
    ):
        with pytest.raises(LadleError, match="LD284") as error:
            decide()
        assert "{" not in error.value.finding.fix


def test_what_the_controller_has_not_heard_comes_first() -> None:
    with pytest.raises(LadleError, match=r"LD284.*waits for its turn"):
        begin(at_rest(), 1, LOCK, ECS, API)


def test_a_finished_move_keeps_its_home_alone() -> None:
    state = moved_story().state
    assert finish(state, 0, MOVING) == replace(MOVING, leaves=None)
    assert knows(state, FIRST)


def test_the_home_of_the_proven_release_is_never_left() -> None:
    with pytest.raises(LadleError, match="LD285") as error:
        finish(moving_story().state, 0, MOVING)
    assert "ladle promote fraud" in error.value.finding.fix
    with pytest.raises(LadleError, match="LD285") as error:
        undo(moved_story().state, 0, MOVING)
    assert "ladle rollback fraud" in error.value.finding.fix
    for end in (finish, undo):
        with pytest.raises(LadleError, match="LD281"):
            end(at_rest(), 0, LOCK)


def test_a_move_that_nothing_was_deployed_of_is_undone_whole() -> None:
    state = at_rest()
    assert undo(state, 0, MOVING) == LOCK
    assert not knows(state, MOVING.home)


def test_a_function_never_gives_a_number_twice() -> None:
    state = rolled_back()
    back = undo(state, 0, MOVING)
    assert back == Lock(Target.LAMBDA, Packaging.ZIP, None, base=3, leaves=FIRST, door=API)
    # The ledger let go of the release meanwhile, and its number stays given out.
    let_go = replace(state, releases=tuple(r for r in state.releases if r.home == FIRST))
    assert undo(let_go, 0, MOVING) == back


def test_numbers_that_the_old_function_gave_itself_are_its_own() -> None:
    """A commit from before the move was deployed by the CDK alone."""
    assert undo(at_rest(3), 0, MOVING) == LOCK


def test_what_takes_its_numbers_from_the_ledger_goes_back_as_it_was() -> None:
    there = Home(Target.ECS)
    lock = Lock(Target.LAMBDA, Packaging.ZIP, None, base=2, leaves=there)
    story = stable_story(2)
    on_ecs = replace(story.state.the_stable, target=Target.ECS, packaging=Packaging.IMAGE)
    state = replace(story.state, stable=on_ecs, statuses={**story.state.statuses, 3: "RETIRED"})
    assert undo(state, 0, lock) == Lock(Target.ECS, Packaging.IMAGE, None)


def test_a_config_must_name_the_new_place_or_none_and_fit_it() -> None:
    refuse_unfit(config_of(CONFIG), MOVING)
    for line, said in (
        ("target: lambda", "write target: ecs, or target: auto"),
        ("packaging: zip", "write packaging: image"),
        ("compute: {warm: 1}", "change what does not fit"),
    ):
        with pytest.raises(LadleError, match="LD282") as error:
            refuse_unfit(config_of(f"{CONFIG}{line}\n"), MOVING)
        assert said in error.value.finding.fix


def test_a_stack_that_still_holds_an_earlier_move_is_deployed_first() -> None:
    live = {"PredictIntegration": {"Type": "AWS::ApiGatewayV2::Integration"}}
    for said in ({"Leaves": {"Target": "ecs", "Base": "0"}}, {"Base": "7"}):
        handed = {"Release": {"Type": "Custom::LadleRelease", "Properties": said}}
        with pytest.raises(LadleError, match=r"LD281.*an earlier move left"):
            left_of("fraud", FIRST, live | handed)


def test_a_release_on_its_way_is_what_the_ledger_knows_of_the_new_home() -> None:
    story = stable_story(2)
    story.hear(CandidateReady(moved(3)), settle=False)
    assert knows(story.state, MOVING.home)
