"""Manifests in DynamoDB: one transaction writes manifest, version row, head and edges, or nothing.

The head moves only from the manifest that the new one names as its previous; docs/formats.md holds
the items. Reads by full id are strongly consistent, by prefix and by model list as soon as the
index has followed.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from ladle import names
from ladle.aws.faults import asking, code_of
from ladle.digest import canonical_json
from ladle.errors import Conflict, Corrupt, LadleError, NotFound
from ladle.experiments.manifest import Locator, Manifest, RecordedExperiment
from ladle.experiments.names import ID_DIGITS, ambiguous, read_id, unknown

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

Item = dict[str, Any]
_PLAIN_BYTES = 100_000  # above this, body and locators are compressed
_ITEM_BYTES = 390_000  # DynamoDB takes 400 KB an item, names of attributes included
_EDGES = 90  # a transaction takes 100 items; what is above is written after it
_BATCH = 25
_UNMOVED = "attribute_exists(pk) AND layout = :layout"
_MANIFEST, _HEAD = "MANIFEST", "HEAD"


class DynamoManifestStore:
    """The ManifestStore of an ``aws:`` or ``embedded:`` workspace."""

    def __init__(self, client: DynamoDBClient, table: str = names.EXPERIMENTS_TABLE) -> None:
        self._client = client
        self._table = table

    def append(
        self, manifest: Manifest, locators: Mapping[str, Locator], layout: str | None = None
    ) -> RecordedExperiment:
        head = self._item(f"MODEL#{manifest.model}", _HEAD)
        if (head["id"]["S"] if head else None) != manifest.previous:
            return self._stored_before(manifest.id)
        sequence = int(head["seq"]["N"]) + 1 if head else 1
        recorded = RecordedExperiment(manifest, locators, sequence, layout)
        edges = list(_edges(manifest))
        writes = [self._put(_manifest_item(recorded), "attribute_not_exists(pk)")]
        writes += [self._put(_version_item(recorded), "attribute_not_exists(pk)")]
        writes += [self._move_head(recorded)]
        writes += [self._put(edge) for edge in edges[:_EDGES]]
        with asking(f"to record an experiment of {manifest.model}"):
            try:
                self._client.transact_write_items(TransactItems=writes)
            except ClientError as error:
                if not _lost_a_race(error):
                    raise
                return self._stored_before(manifest.id)
            for edge in edges[_EDGES:]:  # found again from the manifest, should a crash lose them
                self._client.put_item(TableName=self._table, Item=edge)
        return recorded

    def relocate(
        self, recorded: RecordedExperiment, locators: Mapping[str, Locator], layout: str
    ) -> None:
        moved = replace(recorded, locators=locators, layout=layout)
        write = self._put(_manifest_item(moved), _UNMOVED)["Put"]
        write["ExpressionAttributeValues"] = {":layout": _layout_attribute(recorded.layout)}
        with asking(f"to move experiment {recorded.manifest.id[:12]}"):
            try:
                self._client.put_item(**write)
            except ClientError as error:
                if code_of(error) != "ConditionalCheckFailedException":
                    raise
                raise Conflict(
                    "LD303", "the experiment was moved meanwhile", "read it again"
                ) from error

    def head(self, model: str) -> str | None:
        item = self._item(f"MODEL#{model}", _HEAD)
        return str(item["id"]["S"]) if item else None

    def get(self, experiment_id: str) -> RecordedExperiment:
        digits = read_id(experiment_id)
        if len(digits) < ID_DIGITS:
            digits = self._completed(digits)
        item = self._item(f"EXP#{digits}", _MANIFEST)
        if item is None:
            raise unknown(experiment_id)
        return _read(item)

    def log(self, model: str, limit: int = 100) -> Sequence[RecordedExperiment]:
        with asking(f"for the experiments of {model}"):
            versions = self._client.get_paginator("query").paginate(
                TableName=self._table,
                KeyConditionExpression="pk = :model AND begins_with(sk, :version)",
                ExpressionAttributeValues={
                    ":model": {"S": f"MODEL#{model}"},
                    ":version": {"S": "V#"},
                },
                ScanIndexForward=False,
                ConsistentRead=True,
                PaginationConfig={"MaxItems": limit},
            )
            ids = [str(v["id"]["S"]) for page in versions for v in page["Items"]]
        found: dict[str, RecordedExperiment] = {}
        for start in range(0, len(ids), _BATCH):
            found |= {r.manifest.id: r for r in self._batch(ids[start : start + _BATCH])}
        return [found[i] if i in found else self.get(i) for i in ids]

    def models(self) -> Sequence[str]:
        return sorted(pk.removeprefix("MODEL#") for pk in self._index(_HEAD))

    def _completed(self, prefix: str) -> str:
        ids = [pk.removeprefix("EXP#") for pk in self._index(_MANIFEST)]
        matching = [i for i in ids if i.startswith(prefix)]
        if len(matching) > 1:
            raise ambiguous(prefix, matching)
        if not matching:
            raise unknown(prefix)
        return matching[0]

    def _item(self, pk: str, sk: str) -> Item | None:
        with asking(f"for {pk}"):
            return self._client.get_item(
                TableName=self._table, Key={"pk": {"S": pk}, "sk": {"S": sk}}, ConsistentRead=True
            ).get("Item")

    def _index(self, sk: str) -> Iterator[str]:
        """Primary keys of all items with this sort key, through the index."""
        with asking(f"for the index of {sk}"):
            pages = self._client.get_paginator("query").paginate(
                TableName=self._table,
                IndexName="GSI1",
                KeyConditionExpression="sk = :sk",
                ExpressionAttributeValues={":sk": {"S": sk}},
                ProjectionExpression="pk",
            )
            for page in pages:
                yield from (str(item["pk"]["S"]) for item in page["Items"])

    def _batch(self, ids: Sequence[str]) -> list[RecordedExperiment]:
        """As many as one call returns; the caller asks for the rest one by one."""
        keys: list[Any] = [{"pk": {"S": f"EXP#{i}"}, "sk": {"S": _MANIFEST}} for i in ids]
        with asking("for manifests"):
            answer = self._client.batch_get_item(
                RequestItems={self._table: {"Keys": keys, "ConsistentRead": True}}
            )
        return [_read(item) for item in answer["Responses"].get(self._table, [])]

    def _put(self, item: Item, condition: str | None = None) -> Any:
        put = {"TableName": self._table, "Item": item}
        return {"Put": {**put, **({"ConditionExpression": condition} if condition else {})}}

    def _move_head(self, recorded: RecordedExperiment) -> Any:
        manifest = recorded.manifest
        item = {
            **_key(f"MODEL#{manifest.model}", _HEAD, manifest.created_at),
            "id": {"S": manifest.id},
            "seq": {"N": str(recorded.sequence)},
        }
        if manifest.previous is None:
            return self._put(item, "attribute_not_exists(pk)")
        move = self._put(item, "id = :previous")
        move["Put"]["ExpressionAttributeValues"] = {":previous": {"S": manifest.previous}}
        return move

    def _stored_before(self, experiment_id: str) -> RecordedExperiment:
        """The same manifest again, after an answer that was lost, is no conflict."""
        try:
            return self.get(experiment_id)
        except NotFound:
            raise Conflict(
                "LD303", "another experiment was recorded first", "chain to the new head"
            ) from None


def _lost_a_race(error: ClientError) -> bool:
    """A transaction is also cancelled by throttling, which is no conflict."""
    if code_of(error) != "TransactionCanceledException":
        return code_of(error) == "TransactionConflictException"
    reasons = {r.get("Code", "None") for r in error.response.get("CancellationReasons", [])}
    return reasons <= {"None", "ConditionalCheckFailed", "TransactionConflict"}


def _key(pk: str, sk: str, at: str) -> Item:
    return {"pk": {"S": pk}, "sk": {"S": sk}, "at": {"S": at}}


def _manifest_item(recorded: RecordedExperiment) -> Item:
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
        **_key(f"EXP#{manifest.id}", _MANIFEST, manifest.created_at),
        "model": {"S": manifest.model},
        "layout": _layout_attribute(recorded.layout),
        "seq": {"N": str(recorded.sequence)},
        "body": {"B": body} if packed else {"S": body.decode()},
        "locators": {"B": locators} if packed else {"S": locators.decode()},
    }


def _layout_attribute(layout: str | None) -> Any:
    return {"NULL": True} if layout is None else {"S": layout}


def _version_item(recorded: RecordedExperiment) -> Item:
    manifest = recorded.manifest
    return {
        **_key(f"MODEL#{manifest.model}", f"V#{recorded.sequence:012d}", manifest.created_at),
        "id": {"S": manifest.id},
    }


def _edges(manifest: Manifest) -> Iterator[Item]:
    """What a later question may begin with: a commit, a data file, a model."""
    targets = [f"GIT#{manifest.code.commit}"] if manifest.code.commit else []
    targets += [f"OUT#{manifest.artefact.digest}"] if manifest.artefact else []
    targets += [f"IN#{file.digest}" for file in manifest.data]
    for sk in dict.fromkeys(targets):
        yield _key(f"EXP#{manifest.id}", sk, manifest.created_at)


def _read(item: Item) -> RecordedExperiment:
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
