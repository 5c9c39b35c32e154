"""Where the running embedded AWS can be found: ``.ladle/embedded/state.json`` of a repository."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

FILE = Path(".ladle") / "embedded" / "state.json"
SCHEMA = 1


@dataclass(frozen=True, slots=True)
class EmbeddedState:
    """``endpoint`` takes AWS calls, ``door`` the requests to models; both on loopback."""

    endpoint: str
    door: str
    account: str
    region: str
    pids: Mapping[str, int]
    started_at: float
    schema: int = SCHEMA


def save(root: Path, state: EmbeddedState) -> None:
    """Written whole or not at all."""
    path = root / FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".tmp")
    draft.write_text(json.dumps(asdict(state), indent=2) + "\n")
    os.replace(draft, path)


def load(root: Path) -> EmbeddedState | None:
    """None when nothing was started here, or its file is no longer readable."""
    try:
        return EmbeddedState(**json.loads((root / FILE).read_text()))
    except (OSError, ValueError, TypeError):
        return None


def find(start: Path) -> tuple[Path, EmbeddedState] | None:
    """The nearest state at or above ``start``, with the folder that holds it."""
    for folder in (start, *start.parents):
        state = load(folder)
        if state is not None:
            return folder, state
    return None


def forget(root: Path) -> None:
    (root / FILE).unlink(missing_ok=True)


def aws_environment(state: EmbeddedState, root: Path) -> Mapping[str, str]:
    """Variables under which the CDK CLI and the SDKs speak to the emulator and to nothing else.

    The CDK CLI remembers which account a key belongs to: each emulator gets a ``CDK_HOME``.
    """
    return {
        "AWS_ENDPOINT_URL": state.endpoint,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": state.region,
        "AWS_DEFAULT_REGION": state.region,
        "AWS_EC2_METADATA_DISABLED": "true",
        "CDK_HOME": str(root / ".ladle" / "embedded" / "cdk"),
        "CDK_DEFAULT_ACCOUNT": state.account,
        "CDK_DEFAULT_REGION": state.region,
    }
