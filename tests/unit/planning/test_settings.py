"""What a deploy changes is told by a release's digest, by one section's, or is named as nothing of either."""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.planning.specs import SIGNATURE, spec_of

from ladle.catalog import Target
from ladle.experiments.manifest import Locator, Signature
from ladle.planning.digests import release_content
from ladle.planning.pinned_object import PinnedObject
from ladle.planning.service_spec import Left, ServiceSpec
from ladle.planning.settings import OUTSIDE, WORDS, changed, read, settings_of, written
from ladle.policy.lock import Home, Runtime
from ladle.policy.rollout import RolloutPolicy
from ladle.targets.sizes import Measured

OBJECT = PinnedObject("s3://models/m.onnx", "v1", "e1", "sha256:" + "a" * 64, 518, SIGNATURE)
MEASURED = Measured("sha256:" + "a" * 64, 80.0, 2.0, 3.0, 300)
WHOLE = dataclasses.replace(
    spec_of(locator=Locator("sha256/aa/aaa", "v1"), object=OBJECT),
    built_with=Runtime("sha256:" + "d" * 64, "1.0"),
    measured=MEASURED,
    left=Left(Home(Target.ECS), {"Task": {"Type": "AWS::ECS::TaskDefinition"}}),
)

# Values that nothing can be derived from, each another one than a spec above has.
OTHERS: dict[type, Any] = {
    Signature: Signature((), ()),
    RolloutPolicy: RolloutPolicy(canary_percent=3.0),
    Runtime: Runtime("sha256:" + "e" * 64, "2.0"),
    Measured: Measured("sha256:" + "b" * 64, 80.0, 2.0, 3.0, 300),
    Home: Home(Target.SAGEMAKER),
    Locator: Locator("sha256/bb/bbb", "v1"),
}


def fields_of(value: Any, path: str = "") -> Iterator[tuple[str, Any, type]]:
    """Path, value and type of each, those of what a spec is made of in place of it."""
    hints = typing.get_type_hints(type(value))
    for field in dataclasses.fields(value):
        found, where = getattr(value, field.name), f"{path}{field.name}"
        if dataclasses.is_dataclass(found) and type(found) not in OTHERS:
            yield from fields_of(found, f"{where}.")
        else:
            yield where, found, hints[field.name]


FIELDS = {path: (value, type_) for path, value, type_ in fields_of(WHOLE)}


def another(value: Any, type_: Any) -> Any:
    """Of the same type, and not equal."""
    if type(value) in OTHERS:
        return OTHERS[type(value)]
    match value:
        case Enum():
            return next(member for member in type(value) if member is not value)
        case bool():
            return not value
        case int() | float():
            return value + 1
        case str():
            return f"{value}x"
        case tuple():
            return (*value, "x")
        case Mapping():
            return {**value, "x": "y"}
    kinds = [kind for kind in typing.get_args(type_) if kind is not types.NoneType]
    return kinds[0](1)


def with_(spec: Any, path: str, value: Any) -> Any:
    first, _, rest = path.partition(".")
    inner = with_(getattr(spec, first), rest, value) if rest else value
    return dataclasses.replace(spec, **{first: inner})


def sections_told(before: ServiceSpec, after: ServiceSpec) -> list[str]:
    old, new = settings_of(before), settings_of(after)
    return [name for name in old if old[name] != new[name]]


def other_one(path: str) -> ServiceSpec:
    found: ServiceSpec = with_(WHOLE, path, another(*FIELDS[path]))
    return found


@pytest.mark.parametrize("path", sorted(FIELDS))
def test_each_field_is_in_the_release_or_in_one_section_or_named_as_outside(path: str) -> None:
    changed_spec = other_one(path)
    sections = sections_told(WHOLE, changed_spec)
    in_release = release_content(changed_spec) != release_content(WHOLE)
    if in_release:
        assert path not in OUTSIDE
        assert set(sections) <= {"compute"}, "another target has other numbers of what answers"
    else:
        assert len(sections) == (path not in OUTSIDE), sections


def test_what_is_named_as_outside_is_a_field() -> None:
    assert OUTSIDE.keys() <= FIELDS.keys()


@pytest.mark.parametrize(
    ("path", "section"),
    [
        ("door.rate_per_s", "door"),
        ("door.auth", "door"),
        ("door.cors", "door"),
        ("compute.warm", "compute"),
        ("compute.reserved", "compute"),
        ("monitor.label_sources", "labels"),
        ("log_retention_days", "logs"),
        ("notify", "notify"),
        ("tags", "tags"),
        ("ceilings.monthly_usd", "cost"),
        ("ceilings.idle_ttl_s", "cost"),
        ("dashboard", "dashboard"),
        ("experiment_id", "source"),
        ("source.object.version_id", "source"),
        ("left.home", "move"),
    ],
)
def test_a_field_changes_the_digest_of_its_section(path: str, section: str) -> None:
    assert sections_told(WHOLE, other_one(path)) == [section]
    assert changed(other_one(path), settings_of(WHOLE)) == (section,)


@given(st.sets(st.sampled_from(sorted(FIELDS))))
def test_fields_together_change_what_each_alone_changes(paths: set[str]) -> None:
    together: ServiceSpec = WHOLE
    for path in paths - OUTSIDE.keys():
        together = with_(together, path, another(*FIELDS[path]))
    alone = {
        name for path in paths - OUTSIDE.keys() for name in sections_told(WHOLE, other_one(path))
    }
    told = set(sections_told(WHOLE, together))
    assert told - {"compute"} == alone - {"compute"}
    assert ("compute" in told) >= ("compute" in alone)


def test_how_fast_it_answers_decides_how_many_machines_there_are_and_no_function() -> None:
    faster = dataclasses.replace(MEASURED, p50_ms=1.0)
    on_machines = dataclasses.replace(WHOLE, target=Target.ECS)
    for spec, told in ((WHOLE, []), (on_machines, ["compute"])):
        assert sections_told(spec, dataclasses.replace(spec, measured=faster)) == told


def test_where_a_checkout_lies_changes_nothing() -> None:
    elsewhere = dataclasses.replace(
        WHOLE,
        folder="/elsewhere",
        source=dataclasses.replace(WHOLE.source, path="/elsewhere/m.onnx"),
    )
    assert settings_of(elsewhere) == settings_of(WHOLE)


def test_what_is_written_is_read_again_and_is_short() -> None:
    text = written(settings_of(WHOLE))
    assert read(text) == settings_of(WHOLE)
    assert len(text) < 1024  # what AWS takes as an output's value
    assert WORDS.keys() == settings_of(WHOLE).keys()


def test_sections_that_only_one_ladle_knows_are_not_compared() -> None:
    older = {name: short for name, short in settings_of(WHOLE).items() if name != "door"}
    assert changed(other_one("door.rate_per_s"), {**older, "later": "1a2b3c4d"}) == ()
