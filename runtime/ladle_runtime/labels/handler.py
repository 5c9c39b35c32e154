"""Takes late labels: ``POST /feedback`` of every model's door, a direct invoke, or a file in S3."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, BinaryIO

from ladle.actions.sealed_predictions import SealedPredictions
from ladle.actions.take_labels import Intake, Taken, policy_of, take_labels
from ladle.aws.counter_store import AwsCounterStore
from ladle.aws.label_objects import open_object
from ladle.aws.label_store import AwsLabelStore
from ladle.aws.master_key import MasterKey
from ladle.aws.prediction_log import AwsPredictionLog
from ladle.aws.release_ledger import AwsReleaseLedger
from ladle.aws.session import AwsSession
from ladle.disk.clock import SystemClock
from ladle.errors import LadleError, Unavailable
from ladle.ports import Clock, ReleaseLedger
from ladle.quality.line_keys import line_key
from ladle.quality.sealed_id import seal_key
from ladle_runtime.labels.files import FileIntake, laid_files, take_files
from ladle_runtime.labels.sent import read

_STATUS = {
    "LD601": 403,
    "LD602": 422,
    "LD603": 409,
    "LD604": 404,
    "LD605": 422,
    "LD606": 413,
    "LD607": 422,
    "LD608": 410,
}
_TITLE = {
    403: "labels from this caller do not count",
    404: "no such model",
    409: "the label cannot be corrected again",
    410: "the prediction is too old",
    413: "too many labels",
    422: "this is no label",
    500: "the intake failed",
    503: "try again",
}


@dataclass(frozen=True, slots=True)
class LabelIntake:
    """The ports of the label intake."""

    intake: Intake
    ledger: ReleaseLedger
    clock: Clock


def handle(event: Mapping[str, Any], _context: object) -> Mapping[str, Any]:
    """An answer in the form of payload format 2.0, also to a direct invoke. S3 waits for none."""
    if files := laid_files(event):
        return {"files": take_files(_file_ports(), files)}
    return answer(_ports(), event)


def answer(ports: LabelIntake, event: Mapping[str, Any]) -> Mapping[str, Any]:
    """202 when every label is kept or was known; what was refused is listed with its reason."""
    try:
        sent = read(event)
        policy = policy_of(ports.ledger.load(sent.model))
        now = ports.clock.now()
        taken = take_labels(ports.intake, sent.model, policy, sent.source, sent.labels, now)
    except Unavailable as error:
        return _problem(error, 503, {"retry-after": "1"})
    except LadleError as error:
        return _problem(error, _STATUS.get(error.code, 500))
    if taken.refused and len(sent.labels) == 1:
        code = taken.refused[0][1].code
        return _problem(LadleError(code, *_words(taken)), _STATUS[code])
    return _json(202, "application/json", _body(taken))


def _body(taken: Taken) -> Mapping[str, Any]:
    return {
        "accepted": taken.accepted,
        "corrected": taken.corrected,
        "repeated": taken.repeated,
        "waiting": taken.waiting,
        "refused": [
            {"prediction_id": id_, "code": finding.code, "detail": finding.what}
            for id_, finding in taken.refused
        ],
    }


def _words(taken: Taken) -> tuple[str, str]:
    finding = taken.refused[0][1]
    return finding.what, finding.fix


def _problem(
    error: LadleError, status: int, headers: Mapping[str, str] | None = None
) -> Mapping[str, Any]:
    body = {
        "type": f"urn:ladle:error:{error.code}",
        "title": _TITLE[status],
        "status": status,
        "detail": f"{error.finding.what}; {error.finding.fix}",
        "code": error.code,
    }
    return _json(status, "application/problem+json", body, headers)


def _json(
    status: int,
    content_type: str,
    body: Mapping[str, Any],
    headers: Mapping[str, str] | None = None,
) -> Mapping[str, Any]:
    return {
        "statusCode": status,
        "headers": {"content-type": content_type, **(headers or {})},
        "body": json.dumps(body),
        "isBase64Encoded": False,
    }


@cache
def _file_ports() -> FileIntake:
    aws, ports = AwsSession(), _ports()

    def open_file(bucket: str, key: str, version: str | None) -> BinaryIO:
        return open_object(aws.s3, aws.account, bucket, key, version)

    return FileIntake(ports.intake, ports.ledger, ports.clock, open_file)


@cache
def _ports() -> LabelIntake:
    aws = AwsSession()
    masters = MasterKey(aws.secrets).read_all()

    def keys_of(model: str) -> Sequence[bytes]:
        return [seal_key(line_key(master, model)) for master in masters]

    return LabelIntake(
        Intake(
            AwsCounterStore(aws.dynamodb, SystemClock()),
            SealedPredictions(AwsPredictionLog(aws.dynamodb), keys_of),
            AwsLabelStore(aws.dynamodb),
        ),
        AwsReleaseLedger(aws.dynamodb),
        SystemClock(),
    )
