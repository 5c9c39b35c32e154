"""``ladle pause MODEL``: the controller changes no traffic until somebody says resume."""

from __future__ import annotations

from ladle.cli.asking import tell_controller, workspace_here
from ladle.cli.switches import AsJson, ModelName, Reason
from ladle.releases.events import Ask


def pause(
    model: ModelName,
    reason: Reason = "",
    as_json: AsJson = False,
) -> None:
    """Stop the controller from changing a model's traffic: no promotion, and no rollback either."""
    tell_controller(workspace_here(), model, Ask.PAUSE, reason, as_json=as_json)
