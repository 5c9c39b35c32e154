"""``ladle promote MODEL``: the next step of a rollout at once, on a person's word."""

from __future__ import annotations

from ladle.cli.asking import tell_controller, workspace_here
from ladle.cli.confirm import confirm
from ladle.cli.switches import AsJson, ModelName, Reason, Yes
from ladle.releases.events import Ask


def promote(
    model: ModelName,
    reason: Reason = "",
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Accept what is being tried: a canary becomes main, a holdback or a first release is proven."""
    confirm(f"Promote the candidate of {model}, whatever the evidence says?", yes)
    tell_controller(workspace_here(), model, Ask.PROMOTE, reason, as_json=as_json)
