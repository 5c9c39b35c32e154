"""A Lambda alias by Lambda's own rules: it refuses what AWS refuses, however lax an emulator is."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

from ladle.errors import Conflict, NotFound
from ladle.policy.traffic import ObservedTraffic, Traffic


@dataclass(frozen=True, slots=True)
class Alias:
    """``writes`` counts, and makes the revision."""

    traffic: Traffic
    writes: int = 1

    @property
    def revision(self) -> str:
        return f"revision-{self.writes}"

    def observed(self) -> ObservedTraffic:
        return ObservedTraffic(self.traffic, self.revision)


def written(
    model: str,
    alias: Alias | None,
    traffic: Traffic,
    expected_revision: str,
    versions: AbstractSet[int],
) -> Alias:
    """The alias after an UpdateAlias. :class:`Traffic` itself refuses weights out of range."""
    if alias is None:
        raise NotFound("LD505", f"{model} has no alias", "deploy it: ladle deploy")
    if expected_revision != alias.revision:
        raise Conflict("LD503", f"the alias of {model} changed since it was read", "read it again")
    missing = set(traffic.weights) - versions
    if missing:
        what = f"{model} has no version {', '.join(map(str, sorted(missing)))}"
        raise NotFound("LD505", what, "ladle history shows why")
    return replace(alias, traffic=traffic, writes=alias.writes + 1)
