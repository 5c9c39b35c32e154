"""What a plan says of a model that moves, and what its roles may, is what both homes are and need."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest
from tests.synth import test_plan_is_right as plan
from tests.synth.moving import MOVES, NAMED, Moved, named_things
from tests.synth.repository import Template, as_list, statements, waits_for

from ladle.planning import permissions
from ladle.planning.moving import left_of, stays
from ladle.planning.resources import CALLED, resources
from ladle.planning.targets import planning_of

pytestmark = [pytest.mark.parametrize("model", MOVES), pytest.mark.xdist_group("moving")]
OF_ROLES = ("AWS::IAM::Role", "AWS::IAM::Policy")


def test_its_plan_lists_what_the_template_has(moved: Moved, model: str) -> None:
    for synth in (moved.while_, moved.after):
        planned, template = resources(synth.specs[model]), synth.model(model)
        types = Counter(r["Type"] for r in template["Resources"].values())
        assert Counter(r.type for r in planned) == types
        assert set(types) <= set(CALLED)
        there = {(type_, name) for type_, name in named_things(template)}
        named = {(r.type, r.name) for r in planned if r.name and r.type in NAMED}
        assert named <= there


def test_hand_off_and_router_may_in_both_homes_what_they_may_in_one(
    moved: Moved, model: str
) -> None:
    spec = moved.while_.specs[model]
    left = left_of(spec)
    assert left is not None
    planned = {role.holder: role.grants for role in permissions.of_model(spec)}
    for home in (spec, left):
        moving_it = planning_of(home.target).routing_grants(home)
        assert [g for g in permissions.publishing(home) if g not in planned["hand-off"]] == []
        assert [g for g in moving_it if g not in planned["router"]] == []
    template = moved.while_.model(model)
    granted = list(_allowed(template, "HandoffRole", "HandoffGrants"))
    assert sorted(granted) == sorted(a for g in planned["hand-off"] for a in g.actions)


def test_its_sentences_are_the_policies_of_both_homes(moved: Moved, model: str) -> None:
    for synth in (moved.while_, moved.after):
        spec, template = synth.specs[model], synth.model(model)
        kept = {id_ for id_ in stays(spec) if "HandoffGrants" not in id_}
        roles = {id_ for id_, r in template["Resources"].items() if r["Type"] in OF_ROLES} - kept
        planned = (grant for role in permissions.of_model(spec) for grant in role.grants)
        granted = (s for id_, s in statements(template) if id_ in roles and "Resource" in s)
        assert Counter(map(plan._planned, planned)) == Counter(map(plan._granted, granted))


def test_what_the_hand_off_may_there_goes_only_after_it_was_called(
    moved: Moved, model: str
) -> None:
    """Policies of their own are taken away in the end; what stands in a role changes before."""
    spec, template = moved.while_.specs[model], moved.while_.model(model)
    apart = {id_ for id_ in template["Resources"] if "HandoffGrants" in id_}
    assert len(apart) == 2
    assert apart <= waits_for(template, "Release")
    after = {id_ for id_ in moved.after.model(model)["Resources"] if "HandoffGrants" in id_}
    assert after == {id_ for id_ in apart if id_.startswith(f"Home{spec.base}")}


def _allowed(template: Template, *ids: str) -> Iterator[str]:
    for id_, statement in statements(template):
        if any(part in id_ for part in ids) and "Resource" in statement:
            yield from as_list(statement["Action"])
