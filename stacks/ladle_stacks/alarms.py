"""The alarm that wakes the controller when the evidence against a candidate is enough."""

from __future__ import annotations

from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from ladle import names
from ladle.planning.service_spec import ServiceSpec
from ladle_stacks import arns


def evidence_alarm(scope: Construct, spec: ServiceSpec) -> cloudwatch.CfnAlarm:
    """One point is enough, since the evidence is valid at any look; silence is no alarm."""
    return cloudwatch.CfnAlarm(
        scope,
        "EvidenceAlarm",
        alarm_name=names.evidence_alarm(spec.model),
        alarm_description=(
            f"Ladle: a candidate of {spec.model} is worse, wrongly so in at most "
            f"{spec.policy.false_rollback_rate:g} of all rollouts"
        ),
        namespace=names.METRIC_NAMESPACE,
        metric_name=names.EVIDENCE_METRIC,
        dimensions=[cloudwatch.CfnAlarm.DimensionProperty(name="Model", value=spec.model)],
        statistic="Maximum",
        comparison_operator="GreaterThanOrEqualToThreshold",
        threshold=round(spec.policy.log_e_limit, 6),
        period=60,
        evaluation_periods=1,
        datapoints_to_alarm=1,
        treat_missing_data="notBreaching",
        alarm_actions=[arns.topic()],
    )
