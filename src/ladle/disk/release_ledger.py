"""The controller's memory on a folder: state, rows and messages done change in one step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ladle.disk.release_book import ReleaseBooks
from ladle.errors import Conflict
from ladle.releases.deploy_log import Deployment, log_changes
from ladle.releases.effects import NewRecord, Record, RecordKind
from ladle.releases.state import ReleaseState


class DiskReleaseLedger:
    """The ReleaseLedger of a ``dir:`` workspace."""

    def __init__(self, root: Path) -> None:
        self._books = ReleaseBooks(root)

    def load(self, model: str) -> ReleaseState:
        state = self._books.read(model)["state"]
        return ReleaseState.from_json(state) if state else ReleaseState(model)

    def save(
        self,
        state: ReleaseState,
        records: Sequence[NewRecord],
        at: float,
        done: Sequence[str] = (),
    ) -> ReleaseState:
        logged, deployments = log_changes(state, records, at)
        stored = replace(logged, generation=state.generation + 1, rows=state.rows + len(records))
        with self._books.change(state.model) as book:
            if (book["state"] or {"generation": 0})["generation"] != state.generation:
                what = f"another controller wrote {state.model}'s state first"
                raise Conflict("LD501", what, "read it again")
            book["state"] = stored.to_json()
            book["rows"] += [
                {
                    "at": at,
                    "kind": r.kind,
                    "release": r.release,
                    "text": r.text,
                    "data": dict(r.data),
                }
                for r in records
            ]
            book["log"] += [d.to_json() for d in deployments]
            for message in done:
                book["inbox"].pop(message, None)
            book["done"] += done
        return stored

    def records(self, model: str, since: float = 0.0) -> Sequence[Record]:
        rows = enumerate(self._books.read(model)["rows"], 1)
        return [
            Record(
                f"{model}/{n}", r["at"], RecordKind(r["kind"]), r["release"], r["text"], r["data"]
            )
            for n, r in rows
            if r["at"] >= since
        ]

    def served(self, model: str, at: float) -> Deployment | None:
        return next((d for d in reversed(self.deployments(model)) if d.at <= at), None)

    def deployments(self, model: str) -> Sequence[Deployment]:
        return [Deployment.from_json(row) for row in self._books.read(model)["log"]]

    def models(self) -> Sequence[str]:
        return self._books.models()

    def acquire_lease(self, model: str, owner: str, now: float, seconds: float) -> bool:
        with self._books.change(model) as book:
            lease = book["lease"]
            if lease and lease["owner"] != owner and lease["until"] >= now:
                return False
            book["lease"] = {"owner": owner, "until": now + seconds}
        return True

    def release_lease(self, model: str, owner: str) -> None:
        with self._books.change(model) as book:
            if book["lease"] and book["lease"]["owner"] == owner:
                book["lease"] = None
