"""The first release of digits, as a deploy leaves it in the ledger."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ladle.config.parse import parse
from ladle.planning.resolve import rollout_policy
from ladle.releases.state import Release

DIGEST = "sha256:" + "a" * 64
UNKNOWN = {"release_digest": DIGEST, "model_digest": DIGEST}


def first_release(here: Path, planned: dict[str, Any]) -> Release:
    """``planned`` is what a plan says of the model."""
    config = parse((here / "model_packages/digits/model.yaml").read_bytes(), "").config
    assert config is not None
    return Release(
        number=1,
        release_digest=planned["release_digest"],
        model_digest=planned["model_digest"],
        experiment_id=None,
        requested_at=1.0,
        policy=rollout_policy(config),
    )
