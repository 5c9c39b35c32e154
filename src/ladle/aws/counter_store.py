"""Counters in DynamoDB: one transaction adds to the windows and marks the batch, or does nothing.

Each write leaves its time with the window, so that who reads again and again (``followed_counters``) can
ask for what changed.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from botocore.exceptions import ClientError

from ladle import names
from ladle.aws.faults import asking, code_of
from ladle.errors import Unavailable
from ladle.ports import Clock
from ladle.quality.counts import Counts, Window, WindowKey, column_of

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_NEVER = 2**37  # what belongs to no time stays
_ITEMS = 100  # of a transaction
_KEEP_S = 400 * 86400  # windows: as far back as `ladle why` is asked
_MARK_S = 100 * 86400  # marks: longer than a delivery or a label may be repeated
_TRIES = 8
_TALLY = "m_"  # before the name of what else is measured
_PLAIN = ("requests", "failed", "rejected", "labelled_micro", "wrong_micro")

Deltas = Mapping[WindowKey, Counts]


class AwsCounterStore:
    """The CounterStore of an ``aws:`` or ``embedded:`` workspace."""

    def __init__(
        self, client: DynamoDBClient, clock: Clock, table: str = names.COUNTERS_TABLE
    ) -> None:
        self._client = client
        self._clock = clock
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
        found: dict[float, Counts] = {}
        for part in self._parts(model, release, since):
            found[part.start] = found.get(part.start, Counts()) + part.counts
        return [Window(start, counts) for start, counts in sorted(found.items())]

    def _parts(
        self, model: str, release: int, since: float, written_since: float | None = None
    ) -> Iterator[WindowPart]:
        """Of the windows since ``since``, those that were written to since ``written_since``."""
        values = {":pk": {"S": f"C#{model}#{release}"}, ":since": {"S": _sort_key(since)}}
        asked: Any = {
            "TableName": self._table,
            "KeyConditionExpression": "pk = :pk AND sk >= :since",
            "ExpressionAttributeValues": values,
            "ConsistentRead": True,
        }
        if written_since is not None:
            values[":written"] = _number(written_since)
            asked["FilterExpression"] = "written >= :written OR attribute_not_exists(written)"
        with asking("for counters"):
            answers = list(self._client.get_paginator("query").paginate(**asked))
        for item in (item for answer in answers for item in answer["Items"]):
            yield WindowPart(item["sk"]["S"], _start(item), _counts(item))

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
        sums: dict[_Item, Counts] = {}
        for part in parts:
            for item, counts in part.deltas.items():
                sums[item] = sums.get(item, Counts()) + counts
        marks = [_mark(self._table, p, max(i.key.start for i in p.deltas)) for p in parts]
        now = self._clock.now()
        updates = [_update(self._table, item, counts, now) for item, counts in sums.items()]
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


class WindowPart(NamedTuple):
    """An item of the table: a window's plain counters, or those of a column of it."""

    key: str
    start: float
    counts: Counts


class _Item(NamedTuple):
    """Tallies of a column (``d.age.7``) are an item of their own, ``d.age``: one update names at most
    300 attributes.
    """

    key: WindowKey
    column: str


@dataclass(frozen=True, slots=True)
class _Part:
    """What of a batch fits into one transaction; nearly always all of it."""

    id: str
    number: int
    deltas: Mapping[_Item, Counts]


def _groups(batches: Mapping[str, Deltas]) -> Iterator[Sequence[_Part]]:
    """As few transactions as hold all marks and windows."""
    group: list[_Part] = []
    items: set[_Item] = set()
    for part in _parts(batches):
        if group and len(group) + 1 + len(items | part.deltas.keys()) > _ITEMS:
            yield group
            group, items = [], set()
        group.append(part)
        items |= part.deltas.keys()
    if group:
        yield group


def _parts(batches: Mapping[str, Deltas]) -> Iterator[_Part]:
    for id_, deltas in batches.items():
        items = dict(_items(deltas))
        keys = sorted(items, key=lambda i: (i.key.model, i.key.release, i.key.start, i.column))
        for number, first in enumerate(range(0, len(keys), _ITEMS - 1)):
            yield _Part(id_, number, {k: items[k] for k in keys[first : first + _ITEMS - 1]})


def _items(deltas: Deltas) -> Iterator[tuple[_Item, Counts]]:
    for key, counts in deltas.items():
        columns: dict[str, dict[str, int]] = {}
        for name, n in counts.tallies.items():
            columns.setdefault(column_of(name), {})[name] = n
        plain = counts._replace(tallies=columns.pop("", {}))
        if plain != Counts() or not columns:
            yield _Item(key, ""), plain
        for column, tallies in columns.items():
            yield _Item(key, column), Counts(tallies=tallies)


def _mark(table: str, part: _Part, at: float) -> Any:
    name = hashlib.sha256(f"{part.id}#{part.number}".encode()).hexdigest()
    expires = (at or _NEVER) + _MARK_S
    return {
        "Put": {
            "TableName": table,
            "Item": {"pk": {"S": f"B#{name}"}, "sk": {"S": "B"}, "expires": _number(expires)},
            "ConditionExpression": "attribute_not_exists(pk)",
        }
    }


def _update(table: str, item: _Item, counts: Counts, now: float) -> Any:
    key, at = item.key, _sort_key(item.key.start)
    amounts = {name: getattr(counts, name) for name in _PLAIN}
    amounts |= {f"l{bin_}": n for bin_, n in counts.latency.items()}
    amounts |= {_TALLY + name: n for name, n in counts.tallies.items()}
    adds = [(name, n) for name, n in amounts.items() if n]
    sets = "SET expires = :e, written = :w"
    adding = " ADD " + ", ".join(f"#{k} :{k}" for k in range(len(adds))) if adds else ""
    return {
        "Update": {
            "TableName": table,
            "Key": {
                "pk": {"S": f"C#{key.model}#{key.release}"},
                "sk": {"S": f"{at}#{item.column}" if item.column else at},
            },
            "UpdateExpression": sets + adding,
            "ExpressionAttributeValues": {
                ":e": _number((key.start or _NEVER) + _KEEP_S),
                ":w": _number(now),
                **{f":{k}": _number(n) for k, (_, n) in enumerate(adds)},
            },
            **(
                {"ExpressionAttributeNames": {f"#{k}": n for k, (n, _) in enumerate(adds)}}
                if adds
                else {}
            ),
        }
    }


def _start(item: Mapping[str, Any]) -> float:
    return int(item["sk"]["S"][2:17]) / 1000


def _counts(item: Mapping[str, Any]) -> Counts:
    plain = {name: int(item[name]["N"]) for name in _PLAIN if name in item}
    latency = {int(k[1:]): int(v["N"]) for k, v in item.items() if k[:1] == "l" and k[1:].isdigit()}
    tallies = {k[len(_TALLY) :]: int(v["N"]) for k, v in item.items() if k.startswith(_TALLY)}
    return Counts(**plain, latency=latency, tallies=tallies)


def _sort_key(start: float) -> str:
    return f"W#{round(max(0.0, start) * 1000):015d}"


def _number(value: float) -> dict[str, str]:
    return {"N": str(int(value))}
