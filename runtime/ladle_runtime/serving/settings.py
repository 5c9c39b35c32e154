"""A serving process is told everything by its environment; ``docs/formats.md`` lists the names.

This is the one place that knows those names. The entries hand ``os.environ`` in.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from ladle.catalog import Tracing, Treatment
from ladle.errors import LadleError

if TYPE_CHECKING:
    from ladle.sigv4 import Credentials

RUNTIME: Final = "1"  # the serving line that `runtime:` of a config names
MAX_BODY_BYTES: Final = (
    6 * 1024 * 1024
)  # what Lambda takes; the same everywhere, so nothing differs


@dataclass(frozen=True, slots=True)
class Bundle:
    """The release's model in S3, by exact version; ``endpoint`` is the embedded AWS, else None."""

    bucket: str
    key: str
    version: str
    sha256: str
    region: str
    endpoint: str | None
    credentials: Credentials


@dataclass(frozen=True, slots=True)
class Secrets:
    """Name of a variable -> reference of its value; ``endpoint`` is the embedded AWS, else None."""

    references: Mapping[str, str]
    region: str
    endpoint: str | None
    credentials: Credentials


@dataclass(frozen=True, slots=True)
class Settings:
    """``model_at`` is a bundle, or a path inside a container or on a laptop; ``model_sha256`` is what
    the content at that path must hash to, where somebody released it.
    """

    model: str
    release: int
    release_digest: str
    model_at: Bundle | str
    model_sha256: str | None
    type: str
    backend: str
    key: str
    window_s: float
    threads: int
    transform: str | None
    code_folder: str
    scratch: str
    log_key: bytes = field(repr=False)
    secrets: Secrets | None = None
    segments: tuple[str, ...] = ()
    traced: bool = False  # by spans of its own
    capture: Mapping[str, Treatment] = field(default_factory=dict)  # by field

    @classmethod
    def from_environment(cls, env: Mapping[str, str]) -> Settings:
        """Raises LadleError LD422 for what is missing or malformed."""
        try:
            return cls._read(env)
        except (KeyError, ValueError, TypeError) as error:
            raise LadleError(
                "LD422",
                f"the environment of the serving process is incomplete: {error!r}",
                "deploy the model again with the Ladle that made its stack",
            ) from error

    @classmethod
    def _read(cls, env: Mapping[str, str]) -> Settings:
        spec: dict[str, Any] = json.loads(env["LADLE_SPEC"])
        return cls(
            model=env["LADLE_MODEL"],
            release=_release(env),
            release_digest=env.get("LADLE_RELEASE_DIGEST", ""),
            model_at=env.get("LADLE_MODEL_FILE") or _bundle(env),
            model_sha256=env.get("LADLE_BUNDLE_SHA256"),
            type=spec["type"],
            backend=spec["backend"],
            key=spec["key"],
            window_s=float(spec["window_s"]),
            threads=int(spec["threads"]),
            transform=spec.get("transform"),
            code_folder=env.get("LAMBDA_TASK_ROOT", "."),
            scratch=env.get("TMPDIR") or "/tmp",  # noqa: S108 - a folder of our own is made in it
            segments=tuple(spec.get("segments", ())),
            traced=spec.get("tracing") == Tracing.OTLP,
            capture={name: Treatment(word) for name, word in spec.get("capture", {}).items()},
            log_key=bytes.fromhex(env.get("LADLE_LOG_KEY", "")),
            secrets=_secrets(env) if "LADLE_SECRETS" in env else None,
        )


def _release(env: Mapping[str, str]) -> int:
    """Lambda counts the versions of a function, which began where the model's first ``LADLE_BASE``
    releases ran. ``$LATEST``, and a process that nobody deployed, are release 0: nothing that was released.
    """
    version, told = env.get("AWS_LAMBDA_FUNCTION_VERSION"), env.get("LADLE_RELEASE", "")
    if version:
        return int(version) + int(env.get("LADLE_BASE", 0)) if version.isdigit() else 0
    return int(told) if told.isdigit() else 0


def _bundle(env: Mapping[str, str]) -> Bundle:
    return Bundle(
        bucket=env["LADLE_BUNDLE_BUCKET"],
        key=env["LADLE_BUNDLE_KEY"],
        version=env["LADLE_BUNDLE_VERSION"],
        sha256=env["LADLE_BUNDLE_SHA256"],
        region=_region(env),
        endpoint=env.get("AWS_ENDPOINT_URL_S3") or env.get("AWS_ENDPOINT_URL"),
        credentials=credentials_of(env),
    )


def _secrets(env: Mapping[str, str]) -> Secrets:
    references = json.loads(env["LADLE_SECRETS"])
    return Secrets(references, _region(env), env.get("AWS_ENDPOINT_URL"), credentials_of(env))


def _region(env: Mapping[str, str]) -> str:
    return env.get("AWS_REGION") or env["AWS_DEFAULT_REGION"]


def credentials_of(env: Mapping[str, str]) -> Credentials:
    from ladle.sigv4 import Credentials  # it brings urllib, which a model in a file does not need

    return Credentials(
        env["AWS_ACCESS_KEY_ID"], env["AWS_SECRET_ACCESS_KEY"], env.get("AWS_SESSION_TOKEN")
    )
