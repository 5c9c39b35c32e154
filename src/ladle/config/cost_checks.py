"""A ceiling needs somebody who hears of it, and an alarm that AWS can keep."""

from __future__ import annotations

from collections.abc import Iterator

from ladle.catalog import CostAction
from ladle.config.amounts import written
from ladle.config.document import Path
from ladle.config.mistake import Mistake
from ladle.config.schema import ModelConfig

HOUR_S, LONGEST_IDLE_H = 3600, 168  # what a CloudWatch alarm can look back over


def stopping(config: ModelConfig) -> Iterator[Mistake]:
    path: Path = ("cost", "action")
    if config.cost.action is CostAction.STOP and not config.cost.production_stop_acknowledged_by:
        what = "action: stop takes a model down when its budget is spent"
        fix = "add production_stop_acknowledged_by: with the address of who answers for it"
        reads: tuple[Path, ...] = (path, ("cost", "production_stop_acknowledged_by"))
        yield Mistake(path, "LD118", what, fix, reads)
    ceilings: tuple[Path, ...] = (("cost", "monthly_cap_usd"), ("cost", "idle_ttl"))
    if config.cost.action is CostAction.STOP and not has_ceiling(config):
        what = "action: stop has nothing to stop for: no budget and no idle time is set"
        fix = "add monthly_cap_usd or idle_ttl, or remove action"
        yield Mistake(path, "LD123", what, fix, (path, *ceilings))


def has_ceiling(config: ModelConfig) -> bool:
    return config.cost.monthly_cap_usd is not None or config.cost.idle_ttl_s is not None


def heard_of(config: ModelConfig) -> Iterator[Mistake]:
    """AWS Budgets writes to mail addresses; the idle alarm is told like a rollback."""
    mails = any(address.startswith("mailto:") for address in config.notify)
    path: Path = ("cost", "monthly_cap_usd")
    if config.cost.monthly_cap_usd is not None and not mails:
        what = "nobody would hear that the budget is spent: notify names no mail address"
        fix = "add notify: [mailto:team@example.com]"
        yield Mistake(path, "LD145", what, fix, (path, ("notify",)))
    path = ("cost", "idle_ttl")
    if config.cost.idle_ttl_s is not None and not config.notify:
        what = "nobody would hear that the model is idle: notify is empty"
        fix = "add notify: [mailto:team@example.com]"
        yield Mistake(path, "LD145", what, fix, (path, ("notify",)))


def idle_span(config: ModelConfig) -> Iterator[Mistake]:
    path: Path = ("cost", "idle_ttl")
    hours = (config.cost.idle_ttl_s or HOUR_S) / HOUR_S
    if hours != int(hours) or not 1 <= hours <= LONGEST_IDLE_H:
        span = written(config.cost.idle_ttl_s or 0)
        what = f"idle_ttl {span} is not a span of whole hours up to 7d, which an alarm can watch"
        yield Mistake(path, "LD109", what, "write idle_ttl: 24h, or up to 7d", (path,))
