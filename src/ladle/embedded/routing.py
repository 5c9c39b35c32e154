"""Which release gets the next request: drawn by the alias's own weights, as Lambda draws.

The emulator stores weights and never routes by them, so the embedded front door does.
"""

from __future__ import annotations

from ladle.policy.traffic import Traffic


def choose(traffic: Traffic, draw: float) -> int:
    """The release for a uniform ``draw`` in [0, 1)."""
    if traffic.canary is not None and draw < traffic.canary_weight:
        return traffic.canary
    return traffic.main
