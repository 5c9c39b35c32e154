"""The messages of the inbox as JSON; ``kind`` says which."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from ladle.releases.events import Ask, CandidateReady, CandidateWithdrawn, PersonAsked
from ladle.releases.state import Release

Message = CandidateReady | CandidateWithdrawn | PersonAsked


def message_to_json(message: Message) -> dict[str, Any]:
    return {"kind": type(message).__name__, **asdict(message)}


def message_from_json(data: Mapping[str, Any]) -> Message:
    values = {key: value for key, value in data.items() if key != "kind"}
    match data["kind"]:
        case "CandidateReady":
            return CandidateReady(Release.from_json(values["release"]))
        case "CandidateWithdrawn":
            return CandidateWithdrawn(**values)
        case _:
            return PersonAsked(**{**values, "ask": Ask(values["ask"])})
