from __future__ import annotations

import contextlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from ladle import digest
from ladle.errors import Conflict, Corrupt, LadleError, NotFound
from ladle.experiments.lineage import Bond
from ladle.experiments.manifest import (
    Code,
    DataInput,
    Environment,
    Locator,
    Manifest,
    RecordedExperiment,
)
from ladle.ports import ManifestStore

LOCK = str(digest.of_bytes(b"lock"))
FIRST = Manifest(
    model="digits",
    outcome="succeeded",
    created_at="2026-11-23T09:00:00Z",
    actor="Ada",
    previous=None,
    data=(DataInput("data/train.csv", LOCK, 4),),
    code=Code("a" * 40, dirty=False, patch=None, argv=("python", "train.py")),
    params={"hidden": 32, "name": "größe"},
    environment=Environment("3.11.2", "linux-x86_64", LOCK, {"numpy": "2.4.0"}),
    metrics={"accuracy": 0.97},
    artefact=None,
)
LOCATORS = {LOCK: Locator("b/sha256/aa/aa", "version-1")}


def after(recorded: RecordedExperiment, **changes: object) -> Manifest:
    return replace(recorded.manifest, previous=recorded.manifest.id, **changes)  # type: ignore[arg-type]


def test_an_appended_manifest_is_read_back_as_it_was(manifests: ManifestStore) -> None:
    recorded = manifests.append(FIRST, LOCATORS)
    assert recorded == RecordedExperiment(FIRST, LOCATORS, sequence=1)
    assert manifests.get(FIRST.id) == recorded
    assert manifests.head("digits") == FIRST.id


def test_a_chain_is_listed_newest_first(manifests: ManifestStore) -> None:
    last = manifests.append(FIRST, LOCATORS)
    for minute in range(1, 4):
        last = manifests.append(after(last, created_at=f"2026-11-23T09:{minute:02}:00Z"), LOCATORS)
    log = manifests.log("digits")
    assert [r.sequence for r in log] == [4, 3, 2, 1]
    assert [r.manifest.previous for r in log] == [*(r.manifest.id for r in log[1:]), None]
    assert manifests.log("digits", limit=2) == log[:2]


def test_each_model_has_a_chain_of_its_own(manifests: ManifestStore) -> None:
    manifests.append(FIRST, LOCATORS)
    other = manifests.append(replace(FIRST, model="fraud"), LOCATORS)
    assert other.sequence == 1
    assert manifests.models() == ["digits", "fraud"]
    assert manifests.head("nobody") is None
    assert manifests.log("nobody") == []


def test_of_two_writers_that_saw_one_head_the_second_is_told(manifests: ManifestStore) -> None:
    last = manifests.append(FIRST, LOCATORS)
    one, two = after(last, actor="Bo"), after(last, actor="Cy")
    manifests.append(one, LOCATORS)
    with pytest.raises(Conflict):
        manifests.append(two, LOCATORS)
    assert manifests.head("digits") == one.id
    with pytest.raises(NotFound):
        manifests.get(two.id)


def test_two_first_experiments_of_a_model_are_one_and_a_conflict(
    manifests: ManifestStore,
) -> None:
    manifests.append(FIRST, LOCATORS)
    with pytest.raises(Conflict):
        manifests.append(replace(FIRST, actor="Bo"), LOCATORS)


def test_the_same_manifest_again_after_a_lost_answer_is_the_same_experiment(
    manifests: ManifestStore,
) -> None:
    first = manifests.append(FIRST, LOCATORS)
    second = manifests.append(after(first), LOCATORS)
    assert manifests.append(FIRST, LOCATORS) == first
    assert manifests.append(second.manifest, LOCATORS) == second
    assert [r.sequence for r in manifests.log("digits")] == [2, 1]


def test_racing_writers_leave_a_whole_chain_with_every_experiment(
    manifests: ManifestStore, needs: Callable[[str], None]
) -> None:
    needs("serves several threads in one process")

    def write(actor: int) -> list[str]:
        written: list[str] = []
        while len(written) < 3:
            manifest = replace(
                FIRST, actor=f"{actor}.{len(written)}", previous=manifests.head("digits")
            )
            try:
                written.append(manifests.append(manifest, LOCATORS).manifest.id)
            except Conflict:
                continue
        return written

    with ThreadPoolExecutor(4) as pool:
        written = {i for ids in pool.map(write, range(4)) for i in ids}
    log = manifests.log("digits")
    assert {r.manifest.id for r in log} == written
    assert [r.sequence for r in log] == list(range(12, 0, -1))
    assert [r.manifest.previous for r in log] == [*(r.manifest.id for r in log[1:]), None]


def test_an_experiment_is_found_by_a_prefix_of_its_id(manifests: ManifestStore) -> None:
    recorded = manifests.append(FIRST, LOCATORS)
    assert manifests.get(FIRST.id[:6]) == recorded
    assert manifests.get(f"sha256:{FIRST.id}") == recorded


@pytest.mark.parametrize("text", ["", "abc", "zzzzzz", "../../etc/passwd", "a" * 65, "*" * 6])
def test_what_is_no_id_is_refused(manifests: ManifestStore, text: str) -> None:
    with pytest.raises(LadleError, match="LD302"):
        manifests.get(text)


def test_an_unknown_id_is_not_found(manifests: ManifestStore) -> None:
    for text in ("f" * 64, "f" * 6):
        with pytest.raises(NotFound, match="LD301"):
            manifests.get(text)


def test_a_manifest_of_ten_thousand_packages_and_a_hundred_files_is_kept_whole(
    manifests: ManifestStore,
) -> None:
    packages = {f"package-{n:05}": f"{n}.{n % 7}.0" for n in range(10_000)}
    data = tuple(
        DataInput(f"data/{n:04}.csv", str(digest.of_bytes(str(n).encode())), n) for n in range(100)
    )
    large = replace(FIRST, data=data, environment=replace(FIRST.environment, packages=packages))
    locators = {f.digest: Locator(f"b/sha256/{f.digest[7:]}", "v" * 32) for f in data}
    manifests.append(large, locators)
    assert manifests.get(large.id).manifest == large
    assert manifests.get(large.id).locators == locators


@pytest.mark.parametrize(
    ("old", "new"),
    [('"accuracy"', '"accurate"'), ("0.97", "0.99"), ('"Ada"', '"Eve"'), ("{", "[")],
)
def test_an_altered_manifest_is_corrupt_by_id_prefix_and_log(
    manifests: ManifestStore, edit_manifest: Callable[[str, str, str], None], old: str, new: str
) -> None:
    manifests.append(FIRST, LOCATORS)
    edit_manifest(FIRST.id, old, new)
    with pytest.raises(Corrupt, match="LD310"):
        manifests.get(FIRST.id)
    with pytest.raises(Corrupt, match="LD310"):
        manifests.get(FIRST.id[:8])
    with pytest.raises(Corrupt, match="LD310"):
        manifests.log("digits")


@pytest.mark.parametrize("lost", [1, 2, 3])
def test_a_row_that_was_lost_is_put_back_into_its_place(
    manifests: ManifestStore, drop_manifest: Callable[[RecordedExperiment], None], lost: int
) -> None:
    chain = [manifests.append(FIRST, LOCATORS)]
    for minute in (1, 2):
        later = after(chain[-1], created_at=f"2026-11-23T09:{minute:02}:00Z")
        chain.append(manifests.append(later, LOCATORS))
    before = manifests.chain("digits")
    drop_manifest(chain[lost - 1])
    assert manifests.chain("digits") != before
    manifests.put_back(chain[lost - 1])
    assert manifests.chain("digits") == before


def test_a_row_that_is_right_stays_as_it_is(manifests: ManifestStore) -> None:
    old = manifests.append(FIRST, LOCATORS)
    manifests.relocate(old, LOCATORS, LOCK)
    manifests.put_back(old)
    assert manifests.get(FIRST.id).layout == LOCK


def test_an_altered_row_is_put_back(
    manifests: ManifestStore, edit_manifest: Callable[[str, str, str], None]
) -> None:
    recorded = manifests.append(FIRST, LOCATORS)
    edit_manifest(FIRST.id, "Ada", "Eve")
    manifests.put_back(recorded)
    assert manifests.get(FIRST.id) == recorded


def test_what_another_experiment_took_is_not_taken_back(manifests: ManifestStore) -> None:
    last = manifests.append(FIRST, LOCATORS)
    manifests.append(after(last, actor="Bea"), LOCATORS)
    before = manifests.chain("digits")
    with contextlib.suppress(Conflict):  # a folder says nothing: the place is taken, and right
        manifests.put_back(RecordedExperiment(after(last, actor="Eve"), LOCATORS, 2))
    assert manifests.chain("digits") == before


def test_experiments_are_found_by_what_they_name(manifests: ManifestStore) -> None:
    files = tuple(DataInput(f"{n}", str(digest.of_bytes(b"%d" % n)), 1) for n in range(120))
    first = manifests.append(replace(FIRST, data=files), LOCATORS)
    again = after(first, parents=(first.manifest.id,), data=(), outputs=files[:1])
    second = manifests.append(again, LOCATORS)
    for file in (files[0], files[-1]):
        assert manifests.bound([Bond.READ.to(file.digest)]) == {first.manifest.id}
    assert manifests.bound([Bond.WROTE.to(files[0].digest)]) == {second.manifest.id}
    wanted = [Bond.BEGAN_FROM.to(first.manifest.id), Bond.READ.to(files[7].digest)]
    assert manifests.bound(wanted) == {first.manifest.id, second.manifest.id}
    assert manifests.bound([Bond.READ.to(str(digest.of_bytes(b"nobody")))]) == set()
