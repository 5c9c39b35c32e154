"""The controller's memory in DynamoDB: state, rows and messages done change in one transaction.

docs/formats.md holds the items. The state's generation is compared with every write, so that of two
controllers exactly one is first.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from ladle import names
from ladle.aws.faults import asking, code_of
from ladle.errors import Conflict, LadleError, Unavailable
from ladle.releases.deploy_log import Deployment, log_changes
from ladle.releases.effects import NewRecord, Record, RecordKind
from ladle.releases.state import ReleaseState

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

STATE, LEASE, ROW, INBOX, DONE, MODELS = "STATE", "LEASE", "R#", "INBOX#", "DONE#", "MODELS"
LOG = "DEPLOY#"
Item = dict[str, Any]
_CONDITION = "ConditionalCheckFailedException"
_RACES = {"ConditionalCheckFailed", "TransactionConflict", "TransactionConflictException"}


def key(model: str, sort_key: str) -> Item:
    return {"pk": {"S": f"MODEL#{model}"}, "sk": {"S": sort_key}}


def index_item(model: str) -> Item:
    return {"pk": {"S": MODELS}, "sk": {"S": model}}


def query(
    client: DynamoDBClient, table: str, partition: str, prefix: str = ""
) -> Iterator[Mapping[str, Any]]:
    """Items of one partition, by sort key; strongly consistent."""
    condition, values = "pk = :pk", {":pk": {"S": partition}}
    if prefix:
        condition += " AND begins_with(sk, :sk)"
        values[":sk"] = {"S": prefix}
    pages = client.get_paginator("query").paginate(
        TableName=table,
        KeyConditionExpression=condition,
        ExpressionAttributeValues=values,
        ConsistentRead=True,
    )
    for page in pages:
        yield from page["Items"]


def cancelled_by(error: ClientError) -> set[str]:
    """Why DynamoDB did not write: the codes of a cancelled transaction's items, or its own."""
    if code_of(error) != "TransactionCanceledException":
        return {code_of(error)}
    reasons = {str(r.get("Code")) for r in error.response.get("CancellationReasons", [])}
    return reasons - {"None"}


class AwsReleaseLedger:
    """The ReleaseLedger of an ``aws:`` or ``embedded:`` workspace."""

    def __init__(self, client: DynamoDBClient, table: str = names.RELEASES_TABLE) -> None:
        self._client = client
        self._table = table
        self._last: dict[str, ReleaseState] = {}

    def last(self, model: str) -> ReleaseState | None:
        """As it was last read or written here."""
        return self._last.get(model)

    def load(self, model: str) -> ReleaseState:
        self._last[model] = self._load(model)
        return self._last[model]

    def _load(self, model: str) -> ReleaseState:
        with asking(f"for the state of {model}"):
            found = self._client.get_item(
                TableName=self._table, Key=key(model, STATE), ConsistentRead=True
            ).get("Item")
        if found is None:
            return ReleaseState(model)
        return ReleaseState.from_json(json.loads(found["body"]["S"]))

    def save(
        self,
        state: ReleaseState,
        records: Sequence[NewRecord],
        at: float,
        done: Sequence[str] = (),
    ) -> ReleaseState:
        model, read = state.model, state.generation
        logged, deployments = log_changes(state, records, at)
        stored = replace(logged, generation=read + 1, rows=state.rows + len(records))
        writes = [
            self._put(_state_item(stored), _unchanged_since(read)),
            {"Put": {"TableName": self._table, "Item": index_item(model)}},
        ]
        for number, record in enumerate(records, state.rows + 1):
            row = key(model, f"{ROW}{number:012d}") | _row_attributes(record, at)
            writes.append(self._put(row, {"ConditionExpression": "attribute_not_exists(pk)"}))
        new = {"ConditionExpression": "attribute_not_exists(pk)"}
        writes += [self._put(row, new) for row in map(_log_item, deployments)]
        for message in done:
            writes.append(
                {"Delete": {"TableName": self._table, "Key": key(model, INBOX + message)}}
            )
            writes.append(self._put(key(model, DONE + message) | {"at": {"N": str(at)}}, {}))
        with asking(f"to store the state of {model}"):
            try:
                self._client.transact_write_items(TransactItems=writes)  # type: ignore[arg-type]
            except ClientError as error:
                raise _not_saved(model, error) from error
        self._last[model] = stored
        return stored

    def records(self, model: str, since: float = 0.0) -> Sequence[Record]:
        with asking(f"for the history of {model}"):
            rows = list(query(self._client, self._table, f"MODEL#{model}", ROW))
        return [r for r in (_record(model, row) for row in rows) if r.at >= since]

    def served(self, model: str, at: float) -> Deployment | None:
        with asking(f"for what {model} served"):
            found = self._client.query(
                TableName=self._table,
                KeyConditionExpression="pk = :log AND sk < :after",
                ExpressionAttributeValues={
                    ":log": {"S": f"{LOG}{model}"},
                    ":after": {"S": _moment(at) + "#~"},  # sorts behind every number
                },
                ScanIndexForward=False,
                Limit=1,
                ConsistentRead=True,
            )["Items"]
        return _deployment(found[0]) if found else None

    def deployments(self, model: str) -> Sequence[Deployment]:
        with asking(f"for the deploy log of {model}"):
            return [_deployment(i) for i in query(self._client, self._table, f"{LOG}{model}")]

    def models(self) -> Sequence[str]:
        with asking("for the models"):
            return [str(item["sk"]["S"]) for item in query(self._client, self._table, MODELS)]

    def acquire_lease(self, model: str, owner: str, now: float, seconds: float) -> bool:
        lease = key(model, LEASE) | {"owner": {"S": owner}, "until": {"N": str(now + seconds)}}
        with asking(f"for the lease on {model}"):
            try:
                self._client.put_item(
                    TableName=self._table,
                    Item=lease,
                    ConditionExpression="attribute_not_exists(pk) OR #o = :owner OR #u < :now",
                    ExpressionAttributeNames={"#o": "owner", "#u": "until"},
                    ExpressionAttributeValues={":owner": {"S": owner}, ":now": {"N": str(now)}},
                )
            except ClientError as error:
                if cancelled_by(error) == {_CONDITION}:
                    return False
                raise
        return True

    def release_lease(self, model: str, owner: str) -> None:
        with asking(f"to give back the lease on {model}"):
            try:
                self._client.delete_item(
                    TableName=self._table,
                    Key=key(model, LEASE),
                    ConditionExpression="#o = :owner",
                    ExpressionAttributeNames={"#o": "owner"},
                    ExpressionAttributeValues={":owner": {"S": owner}},
                )
            except ClientError as error:
                if cancelled_by(error) != {_CONDITION}:
                    raise

    def _put(self, item: Item, condition: Mapping[str, Any]) -> Item:
        return {"Put": {"TableName": self._table, "Item": item, **condition}}


def _not_saved(model: str, error: ClientError) -> LadleError:
    reasons = cancelled_by(error)
    if reasons <= _RACES:
        what = f"another controller wrote {model}'s state first"
        return Conflict("LD501", what, "read it again")
    return Unavailable("LD502", f"{model}'s state was not stored: {sorted(reasons)}", "try again")


def _unchanged_since(generation: int) -> Mapping[str, Any]:
    if generation == 0:
        return {"ConditionExpression": "attribute_not_exists(pk)"}
    return {
        "ConditionExpression": "generation = :read",
        "ExpressionAttributeValues": {":read": {"N": str(generation)}},
    }


def _state_item(state: ReleaseState) -> Item:
    body = json.dumps(state.to_json(), separators=(",", ":"))
    return key(state.model, STATE) | {
        "body": {"S": body},
        "generation": {"N": str(state.generation)},
    }


def _row_attributes(record: NewRecord, at: float) -> Item:
    attributes: Item = {
        "kind": {"S": str(record.kind)},
        "text": {"S": record.text},
        "data": {"S": json.dumps(dict(record.data))},
        "at": {"N": str(at)},
    }
    if record.release is not None:
        attributes["release"] = {"N": str(record.release)}
    return attributes


def _moment(at: float) -> str:
    return f"AT#{round(at * 1e6):017d}"


def _log_item(row: Deployment) -> Item:
    return {
        "pk": {"S": f"{LOG}{row.model}"},
        "sk": {"S": f"{_moment(row.at)}#{row.sequence:012d}"},
        "body": {"S": json.dumps(row.to_json(), separators=(",", ":"))},
        "hash": {"S": row.hash},
    }


def _deployment(item: Mapping[str, Any]) -> Deployment:
    return Deployment.from_json(json.loads(item["body"]["S"]))


def _record(model: str, row: Mapping[str, Any]) -> Record:
    number = int(str(row["sk"]["S"]).removeprefix(ROW))
    return Record(
        id=f"{model}/{number}",
        at=float(row["at"]["N"]),
        kind=RecordKind(row["kind"]["S"]),
        release=int(row["release"]["N"]) if "release" in row else None,
        text=row["text"]["S"],
        data=json.loads(row["data"]["S"]),
    )
