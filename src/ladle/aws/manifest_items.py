"""What an experiment is as items of its table; docs/formats.md lists them."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator, Mapping
from typing import Any

from ladle.digest import canonical_json
from ladle.errors import Corrupt, LadleError
from ladle.experiments.lineage import bonds
from ladle.experiments.manifest import Locator, Manifest, RecordedExperiment

Item = dict[str, Any]
MANIFEST, HEAD = "MANIFEST", "HEAD"
_PLAIN_BYTES = 100_000  # above this, body and locators are compressed
_ITEM_BYTES = 390_000  # DynamoDB takes 400 KB an item, names of attributes included


def key(pk: str, sk: str, at: str) -> Item:
    return {"pk": {"S": pk}, "sk": {"S": sk}, "at": {"S": at}}


def manifest_item(recorded: RecordedExperiment) -> Item:
    manifest = recorded.manifest
    body = canonical_json(manifest.to_json())
    locators = canonical_json({d: loc.to_json() for d, loc in recorded.locators.items()})
    packed = len(body) + len(locators) > _PLAIN_BYTES
    if packed:
        body, locators = zlib.compress(body, 9), zlib.compress(locators, 9)
    if len(body) + len(locators) > _ITEM_BYTES:
        raise LadleError(
            "LD313",
            f"the manifest of this {manifest.model} experiment is too large for the store: "
            f"{len(manifest.data):,} files",
            "put the files into one archive (tar, Parquet) and record that",
        )
    return {
        **key(f"EXP#{manifest.id}", MANIFEST, manifest.created_at),
        "model": {"S": manifest.model},
        "layout": layout_attribute(recorded.layout),
        "seq": {"N": str(recorded.sequence)},
        "body": {"B": body} if packed else {"S": body.decode()},
        "locators": {"B": locators} if packed else {"S": locators.decode()},
    }


def layout_attribute(layout: str | None) -> Any:
    return {"NULL": True} if layout is None else {"S": layout}


def version_item(recorded: RecordedExperiment) -> Item:
    manifest = recorded.manifest
    return {
        **key(f"MODEL#{manifest.model}", f"V#{recorded.sequence:012d}", manifest.created_at),
        "id": {"S": manifest.id},
    }


def edges_of(manifest: Manifest) -> Iterator[Item]:
    """What a later question may begin with: a commit, data, a model, a parent."""
    commit = [f"GIT#{manifest.code.commit}"] if manifest.code.commit else []
    for sk in (*commit, *bonds(manifest)):
        yield key(f"EXP#{manifest.id}", sk, manifest.created_at)


def read(item: Item) -> RecordedExperiment:
    expected_id = item["pk"]["S"].removeprefix("EXP#")
    try:
        locators = json.loads(_text(item["locators"]))
        return RecordedExperiment(
            Manifest.from_json(json.loads(_text(item["body"])), expected_id),
            {d: Locator(**loc) for d, loc in locators.items()},
            int(item["seq"]["N"]),
            item["layout"].get("S"),
        )
    except LadleError:
        raise
    except (ValueError, KeyError, TypeError, zlib.error) as error:
        raise Corrupt(
            "LD310",
            f"experiment {expected_id[:12]} is no manifest any more: {error}",
            "restore the table to a point in time, or pin another experiment",
        ) from error


def _text(attribute: Mapping[str, Any]) -> str:
    packed = attribute.get("B")
    return str(attribute["S"]) if packed is None else zlib.decompress(bytes(packed)).decode()
