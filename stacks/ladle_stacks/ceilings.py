"""Whoever is named by ``notify`` hears when a model costs more than it may, or serves nobody."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import aws_cdk as cdk
from aws_cdk import aws_budgets as budgets
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_elasticloadbalancingv2 as elb
from constructs import Construct

from ladle import names
from ladle.catalog import DoorKind, Target
from ladle.planning import between
from ladle.planning.service_spec import ServiceSpec
from ladle_stacks import arns
from ladle_stacks.home import home_of

HOUR_S = 3600
_TOLD_AT = (("ACTUAL", 80), ("ACTUAL", 100), ("FORECASTED", 100))  # percent of the cap


def ceilings(scope: Construct, spec: ServiceSpec, *, billed: bool) -> None:
    """Both only tell; what is stopped for them is the controller's to stop. The embedded AWS, which knows no
    budgets, sends no bill either.
    """
    if billed and spec.ceilings.monthly_usd is not None:
        _budget(scope, spec, spec.ceilings.monthly_usd)
    if spec.ceilings.idle_ttl_s is not None:
        _idle_alarm(scope, spec, spec.ceilings.idle_ttl_s)


def _budget(scope: Construct, spec: ServiceSpec, usd: float) -> None:
    """AWS names it itself: a budget that is replaced never meets its own name."""
    budgets.CfnBudget(
        scope,
        "Budget",
        budget=budgets.CfnBudget.BudgetDataProperty(
            budget_type="COST",
            time_unit="MONTHLY",
            budget_limit=budgets.CfnBudget.SpendProperty(amount=usd, unit="USD"),
            cost_filters={"TagKeyValue": [names.budget_filter(spec.model)]},
        ),
        notifications_with_subscribers=list(_told(spec)),
    )


def _told(
    spec: ServiceSpec,
) -> Iterator[budgets.CfnBudget.NotificationWithSubscribersProperty]:
    mails = [a.removeprefix("mailto:") for a in spec.notify if a.startswith("mailto:")]
    for kind, percent in _TOLD_AT:
        yield budgets.CfnBudget.NotificationWithSubscribersProperty(
            notification=budgets.CfnBudget.NotificationProperty(
                notification_type=kind,
                comparison_operator="GREATER_THAN",
                threshold=percent,
                threshold_type="PERCENTAGE",
            ),
            subscribers=[
                budgets.CfnBudget.SubscriberProperty(subscription_type="EMAIL", address=mail)
                for mail in mails
            ],
        )


@dataclass(frozen=True, slots=True)
class _Asked:
    """The count of requests that AWS keeps by itself, under one dimension."""

    namespace: str
    metric: str
    by: str
    whose: str


def _asked(scope: Construct, spec: ServiceSpec) -> _Asked:
    of_the_door = _Asked("AWS/ApiGateway", "Count", "ApiName", names.function(spec.model))
    if spec.left is None and between.stands(spec):
        function = names.invoking_function(spec.model)
        return _Asked("AWS/Lambda", "Invocations", "FunctionName", function)
    if spec.left is not None:  # either home answers, both behind one door
        if spec.door.kind is DoorKind.REST_API:
            return of_the_door
        return _Asked("AWS/ApiGateway", "Count", "ApiId", cdk.Fn.ref("Door"))
    if spec.target is Target.LAMBDA:
        function = names.function(spec.model, spec.base)
        return _Asked("AWS/Lambda", "Invocations", "FunctionName", function)
    balancer = home_of(scope, spec).node.try_find_child("Balancer")
    if isinstance(balancer, elb.CfnLoadBalancer):  # which counts no health check
        whose = balancer.attr_load_balancer_full_name
        return _Asked("AWS/ApplicationELB", "RequestCount", "LoadBalancer", whose)
    return of_the_door


def _idle_alarm(scope: Construct, spec: ServiceSpec, idle_s: float) -> None:
    """What nobody calls has no metric at all, so silence is what rings."""
    asked = _asked(scope, spec)
    hours = round(idle_s / HOUR_S)
    cloudwatch.CfnAlarm(
        scope,
        "IdleAlarm",
        alarm_name=names.idle_alarm(spec.model),
        alarm_description=f"Ladle: nobody has asked {spec.model} for {hours} hours",
        namespace=asked.namespace,
        metric_name=asked.metric,
        dimensions=[cloudwatch.CfnAlarm.DimensionProperty(name=asked.by, value=asked.whose)],
        statistic="Sum",
        comparison_operator="LessThanThreshold",
        threshold=1,
        period=HOUR_S,
        evaluation_periods=hours,
        datapoints_to_alarm=hours,
        treat_missing_data="breaching",
        alarm_actions=[arns.topic()],
    )
