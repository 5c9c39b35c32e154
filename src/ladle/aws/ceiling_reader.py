"""What AWS says of a model's ceilings: the spend of its budget, and whether its idle alarm rings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Protocol

from ladle import names
from ladle.aws.faults import asking
from ladle.ports import Spent

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient


class BudgetsClient(Protocol):
    """What of boto3's ``budgets`` is asked."""

    def get_paginator(self, operation_name: str, /) -> Any:
        """As boto3 has it."""
        ...


class AwsCeilingReader:
    """A budget is found by the tag that it counts, since AWS names it itself."""

    def __init__(self, budgets: BudgetsClient, cloudwatch: CloudWatchClient, account: str) -> None:
        self._budgets = budgets
        self._cloudwatch = cloudwatch
        self._account = account

    def spent(self, model: str) -> Spent | None:
        with asking(f"for the budget of {model}"):
            for budget in self._all():
                if names.budget_filter(model) in budget.get("CostFilters", {}).get(
                    "TagKeyValue", ()
                ):
                    spent = budget["CalculatedSpend"]["ActualSpend"]["Amount"]
                    return Spent(float(spent), float(budget["BudgetLimit"]["Amount"]))
        return None

    def idle_since(self, model: str) -> float | None:
        with asking(f"whether {model} is idle"):
            found = self._cloudwatch.describe_alarms(AlarmNames=[names.idle_alarm(model)])
        for alarm in found["MetricAlarms"]:
            if alarm["StateValue"] == "ALARM":
                began = alarm.get("StateTransitionedTimestamp", alarm["StateUpdatedTimestamp"])
                return began.timestamp()
        return None

    def _all(self) -> Iterator[Mapping[str, Any]]:
        pages = self._budgets.get_paginator("describe_budgets").paginate(AccountId=self._account)
        for page in pages:
            yield from page.get("Budgets", ())
