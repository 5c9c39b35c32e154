"""Every resource of a model's stack, before any template is made."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from ladle import names
from ladle.planning.moving import resources_of_the_move
from ladle.planning.resource import Resource
from ladle.planning.service_spec import ServiceSpec
from ladle.planning.targets import planning_of

# CloudFormation's type -> what people call one of it. A type without a word here is no resource.
CALLED: dict[str, str] = {
    "AWS::Lambda::Function": "function",
    "AWS::IAM::Role": "role",
    "AWS::IAM::Policy": "grant",
    "AWS::ApiGatewayV2::Api": "HTTP API",
    "AWS::ApiGatewayV2::Route": "route",
    "AWS::ApiGatewayV2::Integration": "integration",
    "AWS::ApiGatewayV2::Stage": "stage",
    "AWS::ApiGatewayV2::Authorizer": "token check",
    "AWS::ApiGatewayV2::DomainName": "domain",
    "AWS::ApiGatewayV2::ApiMapping": "domain mapping",
    "AWS::ApiGateway::RestApi": "REST API",
    "AWS::ApiGateway::Deployment": "deployment",
    "AWS::ApiGateway::Stage": "stage",
    "AWS::ApiGateway::ApiKey": "API key",
    "AWS::ApiGateway::UsagePlan": "usage plan",
    "AWS::ApiGateway::UsagePlanKey": "plan key",
    "AWS::Lambda::Url": "function URL",
    "AWS::KMS::Key": "key",
    "AWS::Lambda::Permission": "permission",
    "AWS::ECS::Cluster": "cluster",
    "AWS::ECS::ClusterCapacityProviderAssociations": "kind of capacity",
    "AWS::ECS::CapacityProvider": "capacity provider",
    "AWS::AutoScaling::AutoScalingGroup": "group of machines",
    "AWS::EC2::LaunchTemplate": "launch template",
    "AWS::IAM::InstanceProfile": "instance profile",
    "AWS::ElasticLoadBalancingV2::LoadBalancer": "internal load balancer",
    "AWS::ElasticLoadBalancingV2::Listener": "listener",
    "AWS::ElasticLoadBalancingV2::TargetGroup": "slot",
    "AWS::ApiGatewayV2::VpcLink": "VPC link",
    "AWS::EC2::VPC": "network",
    "AWS::EC2::Subnet": "subnet",
    "AWS::EC2::RouteTable": "route table",
    "AWS::EC2::SubnetRouteTableAssociation": "subnet route",
    "AWS::EC2::VPCEndpoint": "endpoint",
    "AWS::EC2::SecurityGroup": "security group",
    "AWS::EC2::SecurityGroupIngress": "ingress rule",
    "AWS::Logs::LogGroup": "log group",
    "AWS::Logs::SubscriptionFilter": "log subscription",
    "AWS::CloudWatch::Alarm": "alarm",
    "AWS::CloudWatch::Dashboard": "dashboard",
    "AWS::Budgets::Budget": "budget",
    "AWS::SNS::Subscription": "subscriber",
    "Custom::LadleBundle": "copied model",
    "Custom::LadleRelease": "hand-over",
}


def resources(spec: ServiceSpec) -> tuple[Resource, ...]:
    return (
        *planning_of(spec.target).resources(spec),
        *_handing_over(spec),
        *_watching(spec),
        *resources_of_the_move(spec),
    )


def counted(found: tuple[Resource, ...]) -> str:
    """As in ``29 resources: 3 functions, 4 roles, 1 HTTP API``."""
    counts = Counter(resource.type for resource in found)
    parts = [_count(counts[type_], word) for type_, word in CALLED.items() if counts[type_]]
    return f"{len(found)} resources: {', '.join(parts)}"


def _count(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def _handing_over(spec: ServiceSpec) -> Iterator[Resource]:
    for name in (names.bundle_function(spec.model), names.handoff_function(spec.model)):
        yield Resource("AWS::Lambda::Function", name)
        yield Resource("AWS::IAM::Role")
        yield Resource("AWS::Logs::LogGroup", f"/aws/lambda/{name}")
    yield Resource("Custom::LadleBundle")
    yield Resource("Custom::LadleRelease")
    yield Resource("AWS::IAM::Role", names.router_role(spec.model))
    if spec.base:
        yield Resource("AWS::IAM::Policy")


def _watching(spec: ServiceSpec) -> Iterator[Resource]:
    yield Resource("AWS::CloudWatch::Alarm", names.evidence_alarm(spec.model))
    yield from (Resource("AWS::SNS::Subscription", address) for address in spec.notify)
    if spec.dashboard:
        yield Resource("AWS::CloudWatch::Dashboard", names.function(spec.model))
    if spec.ceilings.monthly_usd is not None:
        yield Resource("AWS::Budgets::Budget")
    if spec.ceilings.idle_ttl_s is not None:
        yield Resource("AWS::CloudWatch::Alarm", names.idle_alarm(spec.model))
