"""A prediction that is made later: its request lies in the store, SageMaker is told, and its answer comes to lie there.

Each job has a record that says where its answer will be: nothing is guessed from a name. All of it
is forgotten by a rule of the bucket.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from ladle import names
from ladle.aws.faults import asking, code_of
from ladle.aws.inference_request import Request
from ladle.errors import LadleError, NotFound, Unavailable

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from ladle.ports import Clock

LARGE_BYTES: Final = 4 * 1024 * 1024  # what a function cannot hand out itself
LINK_S: Final = 300
_ID: Final = re.compile(r"([0-9a-f]{8})-[A-Za-z0-9_-]{22}")
_ABSENT: Final = frozenset({"NoSuchKey", "404", "NotFound"})


@dataclass(frozen=True, slots=True)
class Waits:
    """Not answered yet."""


@dataclass(frozen=True, slots=True)
class Answered:
    """``link`` is where an answer is that is too large for ``content``."""

    content_type: str
    content: bytes
    link: str | None = None


@dataclass(frozen=True, slots=True)
class Failed:
    """``why`` in SageMaker's words."""

    why: str


Outcome = Waits | Answered | Failed


class AsyncJobs:
    """Of one model; ``runtime`` is boto3's client of ``sagemaker-runtime``, which has no stubs here."""

    def __init__(self, s3: S3Client, runtime: Any, bucket: str, model: str, clock: Clock) -> None:
        self._s3 = s3
        self._runtime = runtime
        self._bucket = bucket
        self._model = model
        self._clock = clock

    def ask(self, release: int, request: Request, timeout_s: int) -> str:
        """Returns the job's id. The request lies in the store before SageMaker hears of it."""
        id_ = f"{int(self._clock.now()):08x}-{secrets.token_urlsafe(16)}"
        sent = self._key("in", id_)
        with asking(f"to keep a request of {self._model}"):
            self._s3.put_object(Bucket=self._bucket, Key=sent, Body=request.content)
        told = self._tell(release, request, f"s3://{self._bucket}/{sent}", id_, timeout_s)
        record = {
            "release": release,
            "answer": _key_of(told["OutputLocation"]),
            "failure": _key_of(told["FailureLocation"]),
            "until": self._clock.now() + names.ANSWERS_WAIT_S + timeout_s,
        }
        with asking(f"to keep a job of {self._model}"):
            self._s3.put_object(
                Bucket=self._bucket, Key=self._key("asked", id_), Body=json.dumps(record).encode()
            )
        return id_

    def outcome(self, id_: str) -> Outcome:
        """Raises NotFound LD445 for an id that was never given out, LD446 for one that is forgotten."""
        record = self._record(id_)
        if (answer := self._answer(str(record["answer"]))) is not None:
            return answer
        failure = self._read(str(record["failure"]))
        if failure is not None:
            return Failed(failure["Body"].read(LARGE_BYTES).decode("utf-8", "replace"))
        if self._clock.now() > float(record["until"]):
            return Failed(
                "SageMaker gave it up: it waited too long for a machine, or took too long"
            )
        return Waits()

    def _tell(
        self, release: int, request: Request, location: str, id_: str, timeout_s: int
    ) -> Mapping[str, Any]:
        try:
            answer: Mapping[str, Any] = self._runtime.invoke_endpoint_async(
                EndpointName=names.release_endpoint(self._model, release),
                InputLocation=location,
                InferenceId=id_,
                RequestTTLSeconds=names.ANSWERS_WAIT_S,
                InvocationTimeoutSeconds=timeout_s,
                **request.headers,
            )
        except ClientError as error:
            what = f"release {release} of {self._model} takes no request: {code_of(error)}"
            raise Unavailable("LD447", what, "try again") from error
        return answer

    def _record(self, id_: str) -> Mapping[str, Any]:
        named = _ID.fullmatch(id_)
        found = self._read(self._key("asked", id_)) if named else None
        if found is not None:
            record: Mapping[str, Any] = json.loads(found["Body"].read())
            return record
        if named and self._clock.now() - int(named[1], 16) > names.ANSWERS_KEPT_DAYS * 86_400:
            what = (
                f"{id_} is older than {names.ANSWERS_KEPT_DAYS} days, and its answer is forgotten"
            )
            raise NotFound("LD446", what, "ask again")
        raise NotFound("LD445", f"{self._model} was never asked {id_[:40]}", "check the id")

    def _answer(self, key: str) -> Answered | None:
        found = self._read(key)
        if found is None:
            return None
        if found["ContentLength"] <= LARGE_BYTES:
            return Answered(found["ContentType"], found["Body"].read())
        link = self._s3.generate_presigned_url(
            "get_object", Params={"Bucket": self._bucket, "Key": key}, ExpiresIn=LINK_S
        )
        return Answered(found["ContentType"], b"", link)

    def _read(self, key: str) -> Any:
        with asking(f"for what {self._model} was asked"):
            try:
                return self._s3.get_object(Bucket=self._bucket, Key=key)
            except ClientError as error:
                if code_of(error) in _ABSENT:
                    return None
                raise

    def _key(self, folder: str, id_: str) -> str:
        return f"{names.ASYNC}/{self._model}/{folder}/{id_}"


def _key_of(location: str) -> str:
    """``async/fraud/out/…`` in ``s3://bucket/async/fraud/out/…``."""
    _, _, key = location.removeprefix("s3://").partition("/")
    if not key:
        raise LadleError(
            "LD447", f"SageMaker answers into {location}, which is no place", "try again"
        )
    return key
