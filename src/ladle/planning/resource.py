"""A resource is what CloudFormation calls it, with its name where that is known before a deploy."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Resource:
    """``name`` as AWS will know it, where it is known before the deploy."""

    type: str
    name: str | None = None

    def to_json(self) -> dict[str, str | None]:
        return {"type": self.type, "name": self.name}
