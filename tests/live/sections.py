"""Which sections belong together, how long they take, and what they cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ladle.planning.prices import prices

REST_USD = 0.50  # requests, log lines, alarms, keys and secrets of an afternoon: cents


@dataclass(frozen=True, slots=True)
class Group:
    """``hours`` by the name of what is paid by the hour in ``prices.toml``."""

    sections: Sequence[str]
    minutes: int
    hours: Mapping[str, float] = field(default_factory=dict)

    @property
    def usd(self) -> float:
        return REST_USD + sum(prices().of(name, hours) for name, hours in self.hours.items())


GROUPS: Mapping[str, Group] = {
    "lambda": Group(("deploying", "traffic", "watching", "door", "images"), 150),
    "store": Group(("store",), 20),
    "sagemaker": Group(("sagemaker",), 180, {"machine_hour_ml.m5.large": 9}),
    "serverless": Group(("serverless",), 60),
    "async": Group(("async",), 90, {"machine_hour_ml.m5.large": 2}),
    "training": Group(("training",), 45, {"machine_hour_ml.m5.large": 1}),
    "ecs": Group(
        ("ecs",),
        120,
        {
            "fargate_vcpu_hour_x86_64": 8,
            "fargate_gb_hour_x86_64": 32,
            "balancer_hour": 2,
            "endpoint_hour": 40,
        },
    ),
    "moving": Group(
        ("moving",),
        180,
        {
            "fargate_vcpu_hour_x86_64": 2,
            "fargate_gb_hour_x86_64": 8,
            "balancer_hour": 2,
            "endpoint_hour": 20,
            "machine_hour_ml.m5.large": 2,
        },
    ),
    "prices": Group(("prices",), 1),
}
