from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ladle import digest
from ladle.experiments.compare import Change, Part, compare, flatten
from ladle.experiments.manifest import (
    Code,
    DataInput,
    Environment,
    Manifest,
    ModelArtefact,
    Signature,
    TensorSpec,
)
from ladle.experiments.patches import FilePatch, summarise, summarise_difference

CONTENT = str(digest.of_bytes(b"1"))
OTHER = str(digest.of_bytes(b"2"))
MANIFEST = Manifest(
    model="digits",
    outcome="succeeded",
    created_at="2026-11-23T09:00:00Z",
    actor="Ada",
    previous=None,
    data=(DataInput("data/train.csv", CONTENT, 1),),
    code=Code("a" * 40, dirty=False, patch=None, argv=("python", "train.py"), tree=CONTENT),
    params={"hidden": 32, "optimiser": {"name": "adam", "rate": 0.001}},
    environment=Environment("3.11.2", "linux-x86_64", CONTENT, {"numpy": "2.4.0"}),
    metrics={"accuracy": 0.97},
    artefact=ModelArtefact(
        "model.onnx",
        CONTENT,
        1,
        "onnx",
        Signature(
            (TensorSpec("pixels", "float", (None, 64)),), (TensorSpec("label", "int64", (None,)),)
        ),
    ),
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text("ab", max_size=2),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text("xy", min_size=1), inner),
    max_leaves=5,
)
PARAMS = st.dictionaries(st.text("abc", min_size=1, max_size=2), VALUES, max_size=4)


def names(after: Manifest) -> list[tuple[Part, str]]:
    return [(c.part, c.name) for c in compare(MANIFEST, after).changes]


@given(PARAMS)
def test_an_experiment_does_not_differ_from_itself(params: dict[str, Any]) -> None:
    manifest = replace(MANIFEST, params=params)
    assert compare(manifest, manifest).changes == ()


@given(PARAMS, PARAMS)
def test_a_difference_read_backwards_swaps_before_with_after(
    old: dict[str, Any], new: dict[str, Any]
) -> None:
    a, b = replace(MANIFEST, params=old), replace(MANIFEST, params=new)
    swapped = [Change(c.part, c.name, c.after, c.before) for c in compare(a, b).changes]
    assert swapped == list(compare(b, a).changes)


@given(PARAMS, PARAMS)
def test_params_that_are_not_named_are_the_same(old: dict[str, Any], new: dict[str, Any]) -> None:
    changes = compare(replace(MANIFEST, params=old), replace(MANIFEST, params=new)).changes
    named = {c.name for c in changes}
    before, after = flatten(old), flatten(new)
    for key in ({*before, *after}) - named:
        assert digest.of_json(before[key]) == digest.of_json(after[key])


def test_when_and_by_whom_is_no_difference() -> None:
    later = replace(MANIFEST, created_at="2027-01-01T00:00:00Z", actor="Bo", previous="f" * 64)
    assert names(later) == []


def test_a_commit_that_leaves_the_code_alone_is_no_difference() -> None:
    assert names(replace(MANIFEST, code=replace(MANIFEST.code, commit="b" * 40))) == []


def test_another_tree_is_told_as_the_two_commits() -> None:
    code = replace(MANIFEST.code, commit="b" * 40, tree=OTHER)
    assert compare(MANIFEST, replace(MANIFEST, code=code)).changes == (
        Change(Part.CODE, "commit", "a" * 40, "b" * 40),
    )


def test_without_trees_commits_are_compared() -> None:
    before = replace(MANIFEST, code=replace(MANIFEST.code, tree=None))
    after = replace(before, code=replace(before.code, commit=None))
    assert [c.name for c in compare(before, after).changes] == ["commit"]


def test_causes_come_before_effects() -> None:
    after = replace(
        MANIFEST,
        metrics={"accuracy": 0.7},
        data=(DataInput("data/train.csv", OTHER, 1),),
        environment=replace(MANIFEST.environment, packages={"numpy": "2.4.1"}),
        params={**MANIFEST.params, "optimiser": {"name": "adam", "rate": 0.01}},
    )
    difference = compare(MANIFEST, after)
    assert names(after) == [
        (Part.DATA, "data/train.csv"),
        (Part.PARAMS, "optimiser.rate"),
        (Part.ENVIRONMENT, "package numpy"),
        (Part.METRICS, "accuracy"),
    ]
    assert (*difference.causes, *difference.effects) == difference.changes


def test_a_file_that_came_or_went_has_one_side_only() -> None:
    assert compare(MANIFEST, replace(MANIFEST, data=())).of(Part.DATA) == (
        Change(Part.DATA, "data/train.csv", CONTENT, None),
    )


PATCH = b"""diff --git a/train.py b/train.py
index 1..2 100644
--- a/train.py
+++ b/train.py
@@ -1,2 +1,3 @@
 keep
--- looks like a header
+++ so does this
+new
diff --git a/weights.bin b/weights.bin
index 3..4 100644
GIT binary patch
literal 3
abc
"""


def test_a_patch_is_summed_up_by_file_and_only_hunks_are_counted() -> None:
    assert summarise(PATCH) == (
        FilePatch("train.py", added=2, removed=1),
        FilePatch("weights.bin", added=0, removed=0, binary=True),
    )


@given(st.binary())
def test_any_bytes_can_be_summed_up(patch: bytes) -> None:
    assert summarise(b"diff --git a/x b/x\n@@ -1 +1 @@\n" + patch)[0].name == "x"


def test_of_two_patches_only_files_that_differ_are_told() -> None:
    more = PATCH.replace(b"+new\n", b"+newer\n")
    assert summarise_difference(PATCH, PATCH) == ()
    assert [f.name for f in summarise_difference(PATCH, more)] == ["train.py"]
    assert [f.name for f in summarise_difference(PATCH, b"")] == ["train.py", "weights.bin"]
