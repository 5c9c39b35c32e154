"""``ladle cost``: what models cost a month, at the traffic that was counted or else is stated."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from ladle.actions.read_usage import read_usage
from ladle.cli.deployment import deployment_of
from ladle.cli.locks import locks_here
from ladle.cli.money import basis, cost_lines, elsewhere, line_rows, usd
from ladle.cli.output import answer, answer_json, say, table
from ladle.cli.plan import inspect
from ladle.cli.switches import AsJson, Environment
from ladle.config.schema import ModelConfig
from ladle.disk.clock import SystemClock
from ladle.errors import NeedsCredentials, Unavailable
from ladle.planning.cost import Cost, platform
from ladle.planning.cost import cost as bill_of
from ladle.planning.prices import Prices, prices
from ladle.planning.service_spec import ServiceSpec
from ladle.planning.usage import Usage, stated
from ladle.ports import Workspace
from ladle.project.repository import find_root
from ladle.project.services import named, read_configs, read_locked
from ladle.wiring import open_workspace


@dataclass(frozen=True, slots=True)
class _Bill:
    model: str
    cost: Cost
    deployed: bool | None  # whether what is committed is what was handed over; None: unknown


def cost(
    model: Annotated[str | None, typer.Argument(help="Line by line; none: all models.")] = None,
    environment: Environment = None,
    as_json: AsJson = False,
) -> None:
    """Say what models cost a month, idle, as they are used, and at worst. Asks for no bill."""
    root = find_root(Path.cwd())
    found = read_configs(root, environment)
    if model is not None:
        found = named(found, [model])
    to = deployment_of(root, found, environment)
    locks = locks_here(found, to)
    specs = [
        read_locked(package, config, to.cloud, inspect, root, environment, locks)
        for package, config in found
    ]
    known = prices()
    bills = list(_bills(specs, [config for _, config in found], _opened(to.url, root), known))
    if as_json:
        answer_json(_as_json(bills, known))
    elif model is not None:
        _show_one(bills[0], known)
    else:
        _show_all(bills, known)


def _opened(url: str, root: Path) -> Workspace | None:
    try:
        return open_workspace(url, root)
    except (Unavailable, NeedsCredentials) as error:
        say(f"nothing was counted, so traffic is what configs state: {error.finding.what}")
        return None


def _bills(
    specs: Sequence[ServiceSpec],
    configs: Sequence[ModelConfig],
    workspace: Workspace | None,
    known: Prices,
) -> Iterator[_Bill]:
    now = SystemClock().now()
    for spec, config in zip(specs, configs, strict=True):
        usage, handed_over = _counted(workspace, spec.model, now)
        bill = bill_of(spec, usage or stated(spec, config.traffic), known)
        same = None if workspace is None else handed_over == spec.release_digest
        yield _Bill(spec.model, bill, same)


def _counted(
    workspace: Workspace | None, model: str, now: float
) -> tuple[Usage | None, str | None]:
    if workspace is None:
        return None, None
    return read_usage(workspace.ledger, workspace.counters, model, now)


def _show_one(bill: _Bill, known: Prices) -> None:
    answer(f"{bill.model}{_unlike(bill)}")
    answer("\n".join(cost_lines(bill.cost, known)))
    answer(table(("FOR", "WHAT", "USD A MONTH"), line_rows(bill.cost.lines)))


def _show_all(bills: Sequence[_Bill], known: Prices) -> None:
    shared = sum(line.usd for line in platform(known))
    rows = [
        (b.model, *(usd(s.total) for s in (b.cost.idle, b.cost.expected, b.cost.worst_day)))
        for b in bills
    ]
    idle, month = (sum(getattr(b.cost, name).total for b in bills) for name in ("idle", "expected"))
    rows.append(("(shared by all)", usd(shared), usd(shared), ""))
    rows.append(("(together)", usd(idle + shared), usd(month + shared), ""))
    answer(table(("MODEL", "USD IDLE MONTH", "USD MONTH", "USD WORST DAY"), rows))
    for bill in bills:
        say(f"{bill.model}  {basis(bill.cost)}{_unlike(bill)}")
    say(f"list prices of {known.region}, {known.checked}, without free tier or tax")
    for row in dict.fromkeys(row for bill in bills for row in elsewhere(bill.cost)):
        say(row)


def _unlike(bill: _Bill) -> str:
    said = "; as committed, which is not what is deployed (ladle plan says what differs)"
    return said if bill.deployed is False else ""


def _as_json(bills: Sequence[_Bill], known: Prices) -> dict[str, Any]:
    return {
        "models": [{"name": b.model, "as_deployed": b.deployed, **b.cost.to_json()} for b in bills],
        "prices": {"region": known.region, "checked": known.checked},
        "shared_usd_a_month": round(sum(line.usd for line in platform(known)), 6),
    }
