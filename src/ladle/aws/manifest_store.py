"""Manifests in DynamoDB: one transaction writes manifest, version row, head and edges, or nothing.

The head moves only from the manifest that the new one names as its previous; docs/formats.md holds
the items. Reads by full id are strongly consistent, by prefix and by model list as soon as the
index has followed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from ladle import names
from ladle.aws.faults import asking, code_of
from ladle.aws.manifest_items import (
    HEAD,
    MANIFEST,
    Item,
    edges_of,
    key,
    layout_attribute,
    manifest_item,
    read,
    version_item,
)
from ladle.aws.upkeep import still_at
from ladle.errors import Conflict, LadleError
from ladle.experiments.chain import Chain, ChainLink, found_again
from ladle.experiments.manifest import Locator, Manifest, RecordedExperiment
from ladle.experiments.names import ID_DIGITS, ambiguous, read_id, unknown

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_EDGES = 90  # a transaction takes 100 items; what is above is written before it
_BATCH = 25
_UNMOVED = "attribute_exists(pk) AND layout = :layout"


class DynamoManifestStore:
    """The ManifestStore of an ``aws:`` or ``embedded:`` workspace."""

    def __init__(self, client: DynamoDBClient, table: str = names.EXPERIMENTS_TABLE) -> None:
        self._client = client
        self._table = table

    def append(
        self,
        manifest: Manifest,
        locators: Mapping[str, Locator],
        layout: str | None = None,
        epoch: int | None = None,
    ) -> RecordedExperiment:
        head = self._item(f"MODEL#{manifest.model}", HEAD)
        if (head["id"]["S"] if head else None) != manifest.previous:
            return found_again(self.get, manifest.id)
        sequence = int(head["seq"]["N"]) + 1 if head else 1
        recorded = RecordedExperiment(manifest, locators, sequence, layout)
        edges = list(edges_of(manifest))
        writes = [self._put(manifest_item(recorded), "attribute_not_exists(pk)")]
        writes += [self._put(version_item(recorded), "attribute_not_exists(pk)")]
        writes += [self._move_head(recorded, manifest.previous)]
        writes += [still_at(self._table, epoch)] if epoch is not None else []
        writes += [self._put(edge) for edge in edges[:_EDGES]]
        with asking(f"to record an experiment of {manifest.model}"):
            for edge in edges[_EDGES:]:  # until the rest is there, they name nothing
                self._client.put_item(TableName=self._table, Item=edge)
            try:
                self._client.transact_write_items(TransactItems=writes)
            except ClientError as error:
                if not _lost_a_race(error):
                    raise
                return found_again(self.get, manifest.id)
        return recorded

    def relocate(
        self, recorded: RecordedExperiment, locators: Mapping[str, Locator], layout: str
    ) -> None:
        moved = replace(recorded, locators=locators, layout=layout)
        write = self._put(manifest_item(moved), _UNMOVED)["Put"]
        write["ExpressionAttributeValues"] = {":layout": layout_attribute(recorded.layout)}
        with asking(f"to move experiment {recorded.manifest.id[:12]}"):
            try:
                self._client.put_item(**write)
            except ClientError as error:
                if code_of(error) != "ConditionalCheckFailedException":
                    raise
                raise Conflict(
                    "LD303", "the experiment was moved meanwhile", "read it again"
                ) from error

    def put_back(self, recorded: RecordedExperiment) -> None:
        manifest = recorded.manifest
        stored = self._items([manifest.id]).get(manifest.id)
        place = self._put(version_item(recorded), "attribute_not_exists(pk) OR id = :id")
        place["Put"]["ExpressionAttributeValues"] = {":id": {"S": manifest.id}}
        writes = [place]
        if _link(recorded.sequence, manifest.id, stored).recorded is None:
            writes += [self._put(item) for item in (manifest_item(recorded), *edges_of(manifest))]
        head = self._item(f"MODEL#{manifest.model}", HEAD)
        if head is None or int(head["seq"]["N"]) < recorded.sequence:
            writes.append(self._move_head(recorded, head["id"]["S"] if head else None))
        with asking(f"to put experiment {manifest.id[:12]} back"):
            try:
                for write in writes:  # the head last: what it names is there
                    self._client.put_item(**write["Put"])
            except ClientError as error:
                if code_of(error) != "ConditionalCheckFailedException":
                    raise
                raise Conflict("LD303", "another experiment was recorded", "try again") from error

    def head(self, model: str) -> str | None:
        item = self._item(f"MODEL#{model}", HEAD)
        return str(item["id"]["S"]) if item else None

    def get(self, experiment_id: str) -> RecordedExperiment:
        digits = read_id(experiment_id)
        if len(digits) < ID_DIGITS:
            digits = self._completed(digits)
        item = self._item(f"EXP#{digits}", MANIFEST)
        if item is None:
            raise unknown(experiment_id)
        return read(item)

    def log(self, model: str, limit: int = 100) -> Sequence[RecordedExperiment]:
        ids = [id_ for _, id_ in self._versions(model, limit)]
        found: dict[str, RecordedExperiment] = {}
        for start in range(0, len(ids), _BATCH):
            read_now = map(read, self._batch(ids[start : start + _BATCH]))
            found |= {r.manifest.id: r for r in read_now}
        return [found[i] if i in found else self.get(i) for i in ids]

    def chain(self, model: str) -> Chain:
        head, versions = self._as_one(model)
        stored: dict[str, Item] = {}
        for start in range(0, len(versions), _BATCH):
            stored |= self._items([id_ for _, id_ in versions[start : start + _BATCH]])
        links = tuple(_link(n, id_, stored.get(id_)) for n, id_ in versions)
        return Chain(model, links, (head["id"]["S"], int(head["seq"]["N"])) if head else None)

    def _as_one(self, model: str) -> tuple[Item | None, list[tuple[int, str]]]:
        """Head and versions of one moment: others commit while this reads."""
        head = self._item(f"MODEL#{model}", HEAD)
        while True:
            versions = list(reversed(self._versions(model)))
            now = self._item(f"MODEL#{model}", HEAD)
            if now == head:
                return head, versions
            head = now

    def _versions(self, model: str, limit: int | None = None) -> list[tuple[int, str]]:
        """Sequence and id, newest first."""
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
                PaginationConfig={"MaxItems": limit} if limit else {},
            )
            rows = [row for page in versions for row in page["Items"]]
        return [(int(row["sk"]["S"].removeprefix("V#")), str(row["id"]["S"])) for row in rows]

    def models(self) -> Sequence[str]:
        return sorted(pk.removeprefix("MODEL#") for pk in self._index(HEAD))

    def bound(self, bonds: Collection[str]) -> Collection[str]:
        return {pk.removeprefix("EXP#") for bond in bonds for pk in self._index(bond)}

    def _completed(self, prefix: str) -> str:
        ids = [pk.removeprefix("EXP#") for pk in self._index(MANIFEST)]
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

    def _items(self, ids: Sequence[str]) -> Mapping[str, Item]:
        """By id; one that is in none of two answers is not there."""
        found = self._batch(list(dict.fromkeys(ids)))
        items = {item["pk"]["S"].removeprefix("EXP#"): item for item in found}
        for id_ in ids:
            if id_ not in items and (item := self._item(f"EXP#{id_}", MANIFEST)) is not None:
                items[id_] = item
        return items

    def _batch(self, ids: Sequence[str]) -> list[Item]:
        """As many as one call returns; the caller asks for the rest one by one."""
        keys: list[Any] = [{"pk": {"S": f"EXP#{i}"}, "sk": {"S": MANIFEST}} for i in ids]
        with asking("for manifests"):
            answer = self._client.batch_get_item(
                RequestItems={self._table: {"Keys": keys, "ConsistentRead": True}}
            )
        return answer["Responses"].get(self._table, [])

    def _put(self, item: Item, condition: str | None = None) -> Any:
        put = {"TableName": self._table, "Item": item}
        return {"Put": {**put, **({"ConditionExpression": condition} if condition else {})}}

    def _move_head(self, recorded: RecordedExperiment, before: str | None) -> Any:
        manifest = recorded.manifest
        item = {
            **key(f"MODEL#{manifest.model}", HEAD, manifest.created_at),
            "id": {"S": manifest.id},
            "seq": {"N": str(recorded.sequence)},
        }
        if before is None:
            return self._put(item, "attribute_not_exists(pk)")
        move = self._put(item, "id = :previous")
        move["Put"]["ExpressionAttributeValues"] = {":previous": {"S": before}}
        return move


def _lost_a_race(error: ClientError) -> bool:
    """A transaction is also cancelled by throttling, which is no conflict."""
    if code_of(error) != "TransactionCanceledException":
        return code_of(error) == "TransactionConflictException"
    reasons = {r.get("Code", "None") for r in error.response.get("CancellationReasons", [])}
    return reasons <= {"None", "ConditionalCheckFailed", "TransactionConflict"}


def _link(sequence: int, id_: str, item: Item | None) -> ChainLink:
    if item is None:
        return ChainLink(sequence, id_, None, f"its manifest {id_[:12]} is gone")
    try:
        recorded = read(item)
    except LadleError as error:
        return ChainLink(sequence, id_, None, error.finding.what)
    if recorded.sequence != sequence:
        return ChainLink(sequence, id_, None, f"its manifest says number {recorded.sequence}")
    return ChainLink(sequence, id_, recorded)
