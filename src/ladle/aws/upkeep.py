"""A store's upkeep in DynamoDB: its items stand under one key beside the manifests that they fence."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from ladle import names
from ladle.aws.faults import asking, code_of
from ladle.aws.release_ledger import query
from ladle.errors import Conflict
from ladle.experiments.upkeep import Epoch, Session, Sweep, Tombstone

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

Item = dict[str, Any]
UPKEEP, EPOCH = "GC", "STATE"
_SESSION, _SWEEP, _TOMB = "SESSION#", "SWEEP#", "TOMB#"
_AT = "1970-01-01T00:00:00Z"  # the index wants a time; nobody asks it about upkeep


class DynamoUpkeep:
    """The Upkeep of an ``aws:`` or ``embedded:`` workspace."""

    def __init__(self, client: DynamoDBClient, table: str = names.EXPERIMENTS_TABLE) -> None:
        self._client = client
        self._table = table

    def epoch(self) -> Epoch:
        with asking("for the epoch of the store"):
            found = self._client.get_item(
                TableName=self._table, Key=_key(EPOCH), ConsistentRead=True
            ).get("Item")
        if found is None:
            return Epoch()
        numbers = {name: found[name]["N"] for name in ("begun", "finished", "until")}
        return Epoch(int(numbers["begun"]), int(numbers["finished"]), float(numbers["until"]))

    def begin_sweep(self, now: float, until: float) -> int:
        epoch = self.epoch()
        if not epoch.is_quiet and now < epoch.until:
            raise Conflict("LD303", f"sweep {epoch.begun} is at work", "wait until it is done")
        self._write(Epoch(epoch.begun + 1, epoch.begun, until), epoch)
        return epoch.begun + 1

    def prolong_sweep(self, epoch: int, until: float) -> None:
        self._write(Epoch(epoch, epoch - 1, until), Epoch(epoch, epoch - 1))

    def finish_sweep(self, epoch: int) -> None:
        now = self.epoch()
        if now.begun == epoch and not now.is_quiet:
            self._write(Epoch(epoch, epoch), now)

    def join(self, session: Session) -> None:
        self._put(f"{_SESSION}{session.id}", asdict(session))

    def leave(self, session_id: str) -> None:
        self._delete(f"{_SESSION}{session_id}")

    def sessions(self) -> Sequence[Session]:
        return [Session(**row) for row in self._rows(_SESSION)]

    def note_sweep(self, sweep: Sweep) -> None:
        self._put(f"{_SWEEP}{sweep.epoch:012d}", asdict(sweep))

    def sweeps(self) -> Sequence[Sweep]:
        return [Sweep(**row) for row in self._rows(_SWEEP)]

    def bury(self, tombstones: Sequence[Tombstone]) -> None:
        for stone in tombstones:
            try:
                self._put(f"{_TOMB}{stone.subject}", stone.to_json(), "attribute_not_exists(pk)")
            except Conflict:
                continue

    def exhume(self, subjects: Sequence[str]) -> None:
        for subject in subjects:
            self._delete(f"{_TOMB}{subject}")

    def tombstones(self) -> Mapping[str, Tombstone]:
        stones = map(Tombstone.from_json, self._rows(_TOMB))
        return {stone.subject: stone for stone in stones}

    def _write(self, new: Epoch, old: Epoch) -> None:
        """Raises Conflict when the stored counts are not ``old``'s."""
        item = _item(EPOCH) | {n: {"N": str(v)} for n, v in asdict(new).items()}
        condition: Item = {"ConditionExpression": "attribute_not_exists(pk)"}
        if old.begun:
            condition = {
                "ConditionExpression": "begun = :begun AND finished = :finished",
                "ExpressionAttributeValues": {
                    ":begun": {"N": str(old.begun)},
                    ":finished": {"N": str(old.finished)},
                },
            }
        self._conditional(item, condition)

    def _put(self, sort_key: str, body: Mapping[str, Any], condition: str = "") -> None:
        item = _item(sort_key) | {"body": {"S": json.dumps(body, separators=(",", ":"))}}
        self._conditional(item, {"ConditionExpression": condition} if condition else {})

    def _conditional(self, item: Item, condition: Item) -> None:
        with asking("to write the store's upkeep"):
            try:
                self._client.put_item(TableName=self._table, Item=item, **condition)
            except ClientError as error:
                if code_of(error) != "ConditionalCheckFailedException":
                    raise
                raise Conflict("LD303", "somebody else wrote the upkeep first", "again") from error

    def _delete(self, sort_key: str) -> None:
        with asking("to write the store's upkeep"):
            self._client.delete_item(TableName=self._table, Key=_key(sort_key))

    def _rows(self, prefix: str) -> Sequence[dict[str, Any]]:
        with asking("for the store's upkeep"):
            items = list(query(self._client, self._table, UPKEEP, prefix))
        return [json.loads(item["body"]["S"]) for item in items]


def still_at(table: str, epoch: int) -> Item:
    """The part of a commit's transaction that fails when anything was collected since ``epoch``."""
    unchanged = "attribute_not_exists(pk) OR (begun = :epoch AND finished = :epoch)"
    return {
        "ConditionCheck": {
            "TableName": table,
            "Key": _key(EPOCH),
            "ConditionExpression": unchanged,
            "ExpressionAttributeValues": {":epoch": {"N": str(epoch)}},
        }
    }


def _key(sort_key: str) -> Item:
    return {"pk": {"S": UPKEEP}, "sk": {"S": sort_key}}


def _item(sort_key: str) -> Item:
    return _key(sort_key) | {"at": {"S": _AT}}
