"""What the rest of a stack may know of a door that was opened."""

from __future__ import annotations

from dataclasses import dataclass

import aws_cdk as cdk


@dataclass(frozen=True, slots=True)
class Opened:
    """``stage`` is what a domain can lead to; ``waiting`` needs the thing behind the door and does not
    refer to it; ``labels_url`` is there when labels have an address of their own.
    """

    url: str
    stage: cdk.CfnResource | None
    waiting: tuple[cdk.CfnResource, ...] = ()
    labels_url: str | None = None
