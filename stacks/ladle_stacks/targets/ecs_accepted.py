"""What cdk-nag finds at a model on ECS, with the reason why it stays."""

from __future__ import annotations

from collections.abc import Iterator

from ladle.planning.service_spec import ServiceSpec
from ladle_stacks.doors.accepted import Row

_LINES = "the model's own log has a line for each request"
_INSIDE = "in the model's own network, from one security group to one other"
_BALANCER: tuple[Row, ...] = (
    ("AwsSolutions-ELB2", ("Balancer",), _LINES),
    ("NIST.800.53.R5-ELBLoggingEnabled", ("Balancer",), _LINES),
    ("NIST.800.53.R5-ALBWAFEnabled", ("Balancer",), "only the door's link reaches it"),
    (
        "NIST.800.53.R5-ELBDeletionProtectionEnabled",
        ("Balancer",),
        "it holds nothing: the next deploy makes it again",
    ),
    ("NIST.800.53.R5-ALBHttpToHttpsRedirection", ("Listener",), _INSIDE),
    ("NIST.800.53.R5-ELBv2ACMCertificateRequired", ("Listener",), _INSIDE),
    ("AwsSolutions-ECS4", ("Cluster",), "each of those metrics is paid for; Ladle has its own"),
)
_HANDS_OVER: Row = (
    "Serverless-LambdaStarPermissions",
    ("HandoffRole/Resource",),
    "task definitions, looking and sizing know no ARN",
)
_OWN_NETWORK: tuple[Row, ...] = (
    ("AwsSolutions-VPC7", ("Network",), "no route leads out of it, but to services of AWS"),
    (
        "NIST.800.53.R5-VPCFlowLogsEnabled",
        ("Network",),
        "no route leads out of it, but to services of AWS",
    ),
    (
        "NIST.800.53.R5-VPCDefaultSecurityGroupClosed",
        ("Network",),
        "nothing is in that group",
    ),
)
_MACHINES: tuple[Row, ...] = (
    ("AwsSolutions-AS3", ("Machines",), "they come and go with the tasks; releases are told of"),
)
# Both rules read the group's own launch template, and none below a mix of kinds.
_SPOT_MACHINES: tuple[Row, ...] = (
    ("AwsSolutions-EC26", ("Machines",), "the launch template encrypts every volume"),
    ("NIST.800.53.R5-EC2IMDSv2Enabled", ("Machines",), "the launch template asks for a token"),
)


def accepted(spec: ServiceSpec) -> Iterator[Row]:
    yield from _BALANCER
    if not spec.base:  # else its role has no such right: a policy beside it does
        yield _HANDS_OVER
    if not spec.network:
        yield from _OWN_NETWORK
    if spec.compute.gpu:
        yield from _MACHINES
        if spec.compute.spot:
            yield from _SPOT_MACHINES
