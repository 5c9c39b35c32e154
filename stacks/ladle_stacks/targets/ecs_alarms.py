"""A slot half of whose requests fail rings by itself, even when our own pipeline is dead."""

from __future__ import annotations

from collections.abc import Mapping

from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_elasticloadbalancingv2 as elb
from constructs import Construct

from ladle import names
from ladle.planning.service_spec import ServiceSpec
from ladle_stacks import arns

LEAST_REQUESTS = 20  # of a minute, below which half of them is no sign
PERIOD_S = 60


def slot_alarms(
    scope: Construct,
    spec: ServiceSpec,
    balancer: elb.CfnLoadBalancer,
    slots: Mapping[str, elb.CfnTargetGroup],
) -> None:
    for name, slot in slots.items():
        dimensions = [
            cloudwatch.CfnAlarm.DimensionProperty(
                name="TargetGroup", value=slot.attr_target_group_full_name
            ),
            cloudwatch.CfnAlarm.DimensionProperty(
                name="LoadBalancer", value=balancer.attr_load_balancer_full_name
            ),
        ]
        cloudwatch.CfnAlarm(
            scope,
            f"Slot{name.upper()}Alarm",
            alarm_name=names.slot_alarm(spec.model, name),
            alarm_description=f"Half of the requests in slot {name} of {spec.model} fail",
            metrics=[
                _counted("requests", "RequestCount", dimensions),
                _counted("failures", "HTTPCode_Target_5XX_Count", dimensions),
                cloudwatch.CfnAlarm.MetricDataQueryProperty(
                    id="share",
                    expression=f"IF(requests >= {LEAST_REQUESTS}, FILL(failures, 0) / requests, 0)",
                    return_data=True,
                ),
            ],
            comparison_operator="GreaterThanOrEqualToThreshold",
            threshold=0.5,
            evaluation_periods=1,
            datapoints_to_alarm=1,
            treat_missing_data="notBreaching",
            alarm_actions=[arns.topic()],
        )


def _counted(
    id_: str, metric: str, dimensions: list[cloudwatch.CfnAlarm.DimensionProperty]
) -> cloudwatch.CfnAlarm.MetricDataQueryProperty:
    alarm = cloudwatch.CfnAlarm
    return alarm.MetricDataQueryProperty(
        id=id_,
        return_data=False,
        metric_stat=alarm.MetricStatProperty(
            metric=alarm.MetricProperty(
                namespace="AWS/ApplicationELB", metric_name=metric, dimensions=dimensions
            ),
            period=PERIOD_S,
            stat="Sum",
        ),
    )
