"""Messages for the controller on a folder; each id is taken in once, however often it is posted."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ladle.disk.release_book import ReleaseBooks
from ladle.ports import Delivered, Message
from ladle.releases.messages import message_from_json, message_to_json


class DiskReleaseInbox:
    """The ReleaseInbox of a ``dir:`` workspace."""

    def __init__(self, root: Path) -> None:
        self._books = ReleaseBooks(root)

    def post(self, model: str, message_id: str, message: Message, at: float) -> None:
        with self._books.change(model) as book:
            if message_id not in book["done"]:
                body = {"at": at, "body": message_to_json(message)}
                book["inbox"].setdefault(message_id, body)

    def pending(self, model: str) -> Sequence[Delivered]:
        inbox = self._books.read(model)["inbox"]
        delivered = [
            Delivered(id_, item["at"], message_from_json(item["body"]))
            for id_, item in inbox.items()
        ]
        return sorted(delivered, key=lambda d: (d.at, d.id))
