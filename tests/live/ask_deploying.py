"""What a deploy makes, what a second one leaves alone, and what one that fails takes back."""

from __future__ import annotations

from tests.live.checks import asked, by_hand
from tests.live.place import Place
from tests.story.test_deploying import BROKEN_AFTER_HAND_OFF

from ladle import names
from ladle.policy.statuses import Phase, ReleaseStatus


def first(place: Place) -> str:
    """A model with one release, which serves."""
    name = place.named("first")
    place.write(name)
    place.deploy(name)
    place.wait(name, lambda state: state.phase is Phase.BASELINE)
    return name


@asked("deploying.templates", here=True)
def ends_with_release_1(place: Place) -> str:
    name = place.once(first)
    status, answer = place.ask(name)
    assert (status, answer["release"]) == (200, 1), answer
    return f"{name}: release 1 answers {answer['predictions']}"


@asked("deploying.unchanged", here=True)
def changes_nothing(place: Place) -> str:
    name = place.once(first)
    before = place.versions(name)
    again = place.deploy(name)[name]["status"]
    exited, _ = place.shop.ladle("plan", "--exit-code", expect=(0, 1, 3))
    assert (again, exited, place.versions(name)) == ("unchanged", 0, before)
    return f"{again}, plan exits with {exited}"


@asked("deploying.in-place", here=True)
def a_plan_tells_what_changes_in_place_until_it_is_deployed(place: Place) -> str:
    name = place.once(first)
    place.write(name, door="{rate_per_s: 7}")
    before = planned(place, name)
    assert before == ("settings", ["door"]), before
    assert place.deploy(name)[name]["release"] == 1
    after = planned(place, name)
    assert after == ("unchanged", []), after
    return f"{before}, then {after}"


def planned(place: Place, name: str) -> tuple[str, list[str] | None]:
    models = place.shop.ladle_json("plan")["models"]
    return next((row["change"], row["settings"]) for row in models if row["name"] == name)


def broken(place: Place) -> str:
    """A model whose second deploy fails after it was handed over, and whose third one does not."""
    name = place.proven("retried")
    app = place.shop.root / "app.py"
    mended = app.read_text()
    try:
        stack = names.model_stack(name)
        app.write_text(BROKEN_AFTER_HAND_OFF.replace(names.model_stack("retried"), stack))
        place.write(name, env="{GREETING: hello}")
        place.shop.ladle("deploy", name, "--yes", expect=(1,))
    finally:
        app.write_text(mended)
    place.wait(name, lambda state: state.statuses.get(2) is ReleaseStatus.SUPERSEDED)
    place.settle(name)
    return name


@asked("deploying.withdrawn", here=True)
def a_rolled_back_stack_withdraws(place: Place) -> str:
    name = place.once(broken)
    assert place.weights(name) == {1: 1.0}
    return "release 2 is SUPERSEDED, release 1 has all traffic"


@asked("deploying.retry", here=True)
def a_retry_makes_no_second_version(place: Place) -> str:
    name = place.once(broken)
    before = place.versions(name)
    again = place.deploy(name)[name]
    assert (again["release"], place.versions(name)) == (2, before)
    return f"versions {sorted(before)} before and after"


@asked("deploying.destroy", here=True)
def what_is_destroyed_comes_back(place: Place) -> str:
    name = place.proven("destroyed")
    place.shop.ladle("destroy", name, "--yes")
    copies = place.session.s3.list_objects_v2(Bucket=place.bucket, Prefix=f"release/{name}/")
    kept, rows = copies["KeyCount"], len(place.workspace.ledger.records(name))
    assert kept, "the copies of its models are gone"
    assert rows, "its history is gone"
    back = place.deploy(name)[name]
    assert place.ask(name)[0] == 200
    return f"{kept} copies and {rows} rows stayed; back as release {back['release']}"


by_hand({"deploying.another-account": "needs two accounts"})
