"""A file that is laid below ``labels/<model>/`` of the store is the word of whoever laid it there."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, BinaryIO, Protocol
from urllib.parse import unquote_plus

from ladle import names
from ladle.actions.send_label_file import CallTaken, FileTaken, send_file
from ladle.actions.take_labels import Intake, check_source, policy_of, take_labels
from ladle.errors import Finding, LadleError, Unavailable
from ladle.ports import Clock, ReleaseLedger
from ladle.quality.new_label import NewLabel
from ladle.tools.label_files import read_labels

MAX_ROWS = 100_000  # what one call of the function takes in its time

_log = logging.getLogger(__name__)


class OpenFile(Protocol):
    def __call__(
        self, bucket: str, key: str, version: str | None
    ) -> AbstractContextManager[BinaryIO]: ...


@dataclass(frozen=True, slots=True)
class LaidFile:
    """``source`` is the unique id of the role or user who wrote it, for which AWS vouches."""

    model: str
    bucket: str
    key: str
    version: str | None
    source: str


@dataclass(frozen=True, slots=True)
class FileIntake:
    """The ports of labels that come by the file."""

    intake: Intake
    ledger: ReleaseLedger
    clock: Clock
    open: OpenFile


def laid_files(event: Mapping[str, Any]) -> Sequence[LaidFile]:
    """Of an event of S3; empty for any other event, and for objects that are no model's labels."""
    records = event.get("Records") or ()
    found = [_laid(record) for record in records if record.get("eventSource") == "aws:s3"]
    return [file for file in found if file is not None]


def take_files(ports: FileIntake, files: Sequence[LaidFile]) -> list[Mapping[str, Any]]:
    """What became of each is logged and returned. Raises Unavailable: then S3's event comes again."""
    results = [_take(ports, file) for file in files]
    for result in results:
        _log.warning(json.dumps(result))
    return results


def _laid(record: Mapping[str, Any]) -> LaidFile | None:
    s3 = record["s3"]
    key = unquote_plus(s3["object"]["key"])
    prefix, _, rest = key.partition("/")
    model, slash, name = rest.partition("/")
    if prefix != names.LABEL_FILES or not slash or not name or name.endswith("/"):
        return None
    writer = str(record.get("userIdentity", {}).get("principalId", ""))
    source = writer.removeprefix("AWS:").partition(":")[0]
    return LaidFile(model, s3["bucket"]["name"], key, s3["object"].get("versionId"), source)


def _take(ports: FileIntake, file: LaidFile) -> Mapping[str, Any]:
    taken, about = FileTaken(), {"labels": file.key, "source": file.source}
    try:
        policy = policy_of(ports.ledger.load(file.model))
        check_source(policy, file.model, file.source)

        def send(call: Sequence[NewLabel]) -> CallTaken:
            now = ports.clock.now()
            found = take_labels(ports.intake, file.model, policy, file.source, call, now)
            refused = [(id_, reason.code, reason.what) for id_, reason in found.refused]
            return CallTaken(
                found.accepted, found.corrected, found.repeated, found.waiting, refused
            )

        with ports.open(file.bucket, file.key, file.version) as content:
            send_file(_bounded(read_labels(file.key, content)), send, ports.clock, taken)
    except Unavailable:
        raise
    except LadleError as error:
        return {**about, **taken.to_json(), "code": error.code, "what": str(error)}
    return {**about, **taken.to_json()}


def _bounded(rows: Iterator[NewLabel | Finding]) -> Iterator[NewLabel | Finding]:
    for number, row in enumerate(rows):
        if number == MAX_ROWS:
            raise LadleError(
                "LD615",
                f"the file has more than {MAX_ROWS:,} labels; those count that came first",
                "lay it in several files, or send it by ladle feedback --file",
            )
        yield row
