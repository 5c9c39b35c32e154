"""Counters in DynamoDB: one transaction adds to the windows and marks the batch, or does nothing."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from ladle import names
from ladle.aws.faults import asking, code_of
from ladle.errors import Unavailable
from ladle.quality.counts import Counts, Window, WindowKey

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_ITEMS = 100  # of a transaction
_KEEP_S = 400 * 86400  # windows: as far back as `ladle why` is asked
_MARK_S = 100 * 86400  # marks: longer than a delivery or a label may be repeated
_TRIES = 8
_TALLY = "m_"  # before the name of what else is measured
_PLAIN = ("requests", "failed", "rejected", "labelled_micro", "wrong_micro")

Deltas = Mapping[WindowKey, Counts]


class AwsCounterStore:
    """The CounterStore of an ``aws:`` or ``embedded:`` workspace."""

    def __init__(self, client: DynamoDBClient, table: str = names.COUNTERS_TABLE) -> None:
        self._client = client
        self._table = table

    def add(self, batches: Mapping[str, Deltas]) -> frozenset[str]:
        added = [part.id for group in _groups(batches) for part in self._add(group)]
        return frozenset(added)

    def was_added(self, batch_id: str, now: float) -> bool:
        """Only of batches that fit into one transaction. A mark without windows gives one up."""
        mark = _mark(self._table, _Part(batch_id, 0, {}), now)["Put"]
        mark["Item"]["given_up"] = {"BOOL": True}
        with asking("whether labels were counted"):
            try:
                self._client.put_item(**mark, ReturnValuesOnConditionCheckFailure="ALL_OLD")
            except ClientError as error:
                if code_of(error) != "ConditionalCheckFailedException":
                    raise
                found: Any = error.response.get("Item", {})
                return "given_up" not in found
        return False

    def read(self, model: str, release: int, since: float) -> Sequence[Window]:
        pages = self._client.get_paginator("query")
        with asking("for counters"):
            answers = list(
                pages.paginate(
                    TableName=self._table,
                    KeyConditionExpression="pk = :pk AND sk >= :since",
                    ExpressionAttributeValues={
                        ":pk": {"S": f"C#{model}#{release}"},
                        ":since": {"S": _sort_key(since)},
                    },
                    ConsistentRead=True,
                )
            )
        return [_window(item) for answer in answers for item in answer["Items"]]

    def _add(self, parts: Sequence[_Part]) -> Sequence[_Part]:
        """Parts that were added before are left out, and the rest is tried again."""
        for attempt in range(_TRIES):
            if not parts:
                return ()
            refused = self._transact(parts)
            if refused is None:
                return parts
            left = [part for i, part in enumerate(parts) if i not in refused]
            if len(left) == len(parts):  # no mark was there: another writer was at a window
                time.sleep(0.02 * 2**attempt)
            parts = left
        raise Unavailable("LD610", "too many writers count in the same window", "try again")

    def _transact(self, parts: Sequence[_Part]) -> frozenset[int] | None:
        """None when all was added, else the positions of the parts that had been added before."""
        sums: dict[WindowKey, Counts] = {}
        for part in parts:
            for key, counts in part.deltas.items():
                sums[key] = sums.get(key, Counts()) + counts
        marks = [_mark(self._table, part, max(k.start for k in part.deltas)) for part in parts]
        updates = [_update(self._table, key, counts) for key, counts in sums.items()]
        with asking("to count"):
            try:
                self._client.transact_write_items(TransactItems=[*marks, *updates])
            except ClientError as error:
                if code_of(error) != "TransactionCanceledException":
                    raise
                reasons: Sequence[Any] = error.response.get("CancellationReasons", ())
                codes = [reason.get("Code") for reason in reasons]
                return frozenset(i for i, c in enumerate(codes) if c == "ConditionalCheckFailed")
        return None


@dataclass(frozen=True, slots=True)
class _Part:
    """What of a batch fits into one transaction; nearly always all of it."""

    id: str
    number: int
    deltas: Deltas


def _groups(batches: Mapping[str, Deltas]) -> Iterator[Sequence[_Part]]:
    """As few transactions as hold all marks and windows."""
    group: list[_Part] = []
    windows: set[WindowKey] = set()
    for part in _parts(batches):
        if group and len(group) + 1 + len(windows | part.deltas.keys()) > _ITEMS:
            yield group
            group, windows = [], set()
        group.append(part)
        windows |= part.deltas.keys()
    if group:
        yield group


def _parts(batches: Mapping[str, Deltas]) -> Iterator[_Part]:
    for id_, deltas in batches.items():
        keys = sorted(deltas, key=lambda k: (k.model, k.release, k.start))
        for number, first in enumerate(range(0, len(keys), _ITEMS - 1)):
            yield _Part(id_, number, {k: deltas[k] for k in keys[first : first + _ITEMS - 1]})


def _mark(table: str, part: _Part, at: float) -> Any:
    name = hashlib.sha256(f"{part.id}#{part.number}".encode()).hexdigest()
    expires = at + _MARK_S
    return {
        "Put": {
            "TableName": table,
            "Item": {"pk": {"S": f"B#{name}"}, "sk": {"S": "B"}, "expires": _number(expires)},
            "ConditionExpression": "attribute_not_exists(pk)",
        }
    }


def _update(table: str, key: WindowKey, counts: Counts) -> Any:
    amounts = {name: getattr(counts, name) for name in _PLAIN}
    amounts |= {f"l{bin_}": n for bin_, n in counts.latency.items()}
    amounts |= {_TALLY + name: n for name, n in counts.tallies.items()}
    adds = [(name, n) for name, n in amounts.items() if n]
    sets = "SET expires = :e"
    adding = " ADD " + ", ".join(f"#{k} :{k}" for k in range(len(adds))) if adds else ""
    return {
        "Update": {
            "TableName": table,
            "Key": {"pk": {"S": f"C#{key.model}#{key.release}"}, "sk": {"S": _sort_key(key.start)}},
            "UpdateExpression": sets + adding,
            "ExpressionAttributeValues": {
                ":e": _number(key.start + _KEEP_S),
                **{f":{k}": _number(n) for k, (_, n) in enumerate(adds)},
            },
            **(
                {"ExpressionAttributeNames": {f"#{k}": n for k, (n, _) in enumerate(adds)}}
                if adds
                else {}
            ),
        }
    }


def _window(item: Mapping[str, Any]) -> Window:
    plain = {name: int(item[name]["N"]) for name in _PLAIN if name in item}
    latency = {int(k[1:]): int(v["N"]) for k, v in item.items() if k[:1] == "l" and k[1:].isdigit()}
    tallies = {k[len(_TALLY) :]: int(v["N"]) for k, v in item.items() if k.startswith(_TALLY)}
    counts = Counts(**plain, latency=latency, tallies=tallies)
    return Window(int(item["sk"]["S"][2:]) / 1000, counts)


def _sort_key(start: float) -> str:
    return f"W#{round(max(0.0, start) * 1000):015d}"


def _number(value: float) -> dict[str, str]:
    return {"N": str(int(value))}
