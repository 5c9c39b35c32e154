"""CloudWatch takes spans at one address of each region, and wants to know by a signature whose they are.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch-OTLPEndpoint.html
"""

from __future__ import annotations

import re

SERVICE = "xray"
_ADDRESS = re.compile(r"https://xray\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?(?::443)?(?:/.*)?")


def region_of(address: str) -> str | None:
    """None where spans go to anybody else."""
    found = _ADDRESS.fullmatch(address)
    return found[1] if found else None
