"""What a hand-off touches on AWS, in memory and by AWS's own rules: it refuses what Lambda refuses."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ladle import digest, names
from ladle.digest import Digest
from ladle.errors import Conflict, LadleError, NotFound
from ladle.ports import StoredCopy


@dataclass(slots=True)
class FakeFunctionVersions:
    """One Lambda function per model, of the home with this base. ``deploy`` is what CloudFormation does
    before the hand-off.
    """

    base: int = 0
    deployed: dict[str, tuple[str, str]] = field(default_factory=dict)
    published: dict[str, dict[int, tuple[str, str]]] = field(default_factory=dict)
    aliases: dict[str, int] = field(default_factory=dict)
    broken: set[int] = field(default_factory=set)
    warm: dict[str, dict[int, int]] = field(default_factory=dict)
    _newest: dict[str, int] = field(default_factory=dict)

    def deploy(self, model: str, release_hex: str, code_sha256: str = "code") -> None:
        self.deployed[model] = (release_hex, code_sha256)

    def find(self, model: str, release_hex: str) -> int | None:
        versions = self.published.get(model, {})
        return max((n for n, (d, _) in versions.items() if d == release_hex), default=None)

    def publish(self, model: str, release_hex: str, serving: Mapping[str, Any], newest: int) -> int:
        deployed, code_sha256 = self.deployed[model], serving.get("CodeSha256")
        if deployed[0] != release_hex or code_sha256 not in (None, deployed[1]):
            raise LadleError("LD221", f"{model} holds another release", "deploy again")
        versions, newest = self.published.setdefault(model, {}), self._newest.get(model, self.base)
        if versions.get(newest) == deployed:  # Lambda publishes only what changed
            return newest
        self._newest[model] = newest + 1  # a number is never used twice
        versions[newest + 1] = deployed
        return newest + 1

    def wait_until_active(self, model: str, release: int) -> None:
        if release in self.broken or release not in self.published.get(model, {}):
            raise LadleError("LD222", f"release {release} of {model} cannot start", "see why")

    def keep_warm(self, model: str, release: int, serving: Mapping[str, Any]) -> None:
        instances, releases = int(serving.get("Warm", 0)), {release} | self.with_traffic(model)
        self.warm[model] = dict.fromkeys(releases, instances) if instances else {}

    def open_if_absent(
        self, model: str, release: int, serving: Mapping[str, Any]
    ) -> Mapping[str, str]:
        if release not in self.published.get(model, {}):
            raise NotFound("LD505", f"{model} has no version {release}", "publish it")
        self.aliases.setdefault(model, release)
        function = names.function(model, self.base)
        return {"AliasArn": f"arn:aws:lambda:eu-west-1:111122223333:function:{function}:live"}

    def digest_of(self, model: str, release: int) -> str | None:
        version = self.published.get(model, {}).get(release)
        return version[0] if version else None

    def digests(self, model: str) -> frozenset[str]:
        return frozenset(digest for digest, _ in self.published.get(model, {}).values())

    def with_traffic(self, model: str) -> frozenset[int]:
        return frozenset({self.aliases[model]}) if model in self.aliases else frozenset()

    def delete(self, model: str, release: int) -> None:
        if release in self.with_traffic(model):
            raise Conflict("LD223", f"the alias of {model} names {release}", "move it first")
        self.published.get(model, {}).pop(release, None)

    def delete_all(self, model: str) -> None:
        """They go with the function."""


@dataclass(slots=True)
class FakeReleaseAlarms:
    """``alarms``: (model, release) -> the topic that it rings."""

    alarms: dict[tuple[str, int], str] = field(default_factory=dict)

    def ensure(self, model: str, release: int, topic_arn: str) -> None:
        self.alarms[model, release] = topic_arn

    def delete(self, model: str, release: int) -> None:
        self.alarms.pop((model, release), None)

    def delete_all(self, model: str, but: Collection[int] = ()) -> None:
        self.alarms = {k: v for k, v in self.alarms.items() if k[0] != model or k[1] in but}


@dataclass(slots=True)
class FakeStackReader:
    rolling_back: bool = False

    def is_rolling_back(self, stack_id: str) -> bool:
        return self.rolling_back and bool(stack_id)


@dataclass(slots=True)
class FakeBundleStore:
    """``objects`` may be read from; ``copies`` are what was written, by key."""

    objects: dict[tuple[str | None, str, str | None], bytes] = field(default_factory=dict)
    copies: dict[str, StoredCopy] = field(default_factory=dict)
    writes: int = 0

    def find(self, key: str) -> StoredCopy | None:
        return self.copies.get(key)

    def fetch(self, bucket: str | None, key: str, version_id: str | None, to: Path) -> Digest:
        content = self.objects.get((bucket, key, version_id))
        if content is None:
            raise NotFound("LD226", f"there is no {key}", "record it again")
        to.write_bytes(content)
        return digest.of_bytes(content)

    def put_if_absent(self, key: str, content: Path, digest: Digest) -> StoredCopy:
        if key not in self.copies:
            self.writes += 1
            self.copies[key] = StoredCopy(f"version-{self.writes}", digest.hex)
        return self.copies[key]

    def delete(self, prefix: str) -> None:
        self.copies = {k: v for k, v in self.copies.items() if not k.startswith(prefix)}
