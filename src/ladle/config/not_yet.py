"""Keys that belong to a later issue are refused by name, never ignored."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ladle.catalog import ModelType
from ladle.config.checks import Mistake
from ladle.config.document import Path
from ladle.config.evidence import expects_labels
from ladle.config.schema import ModelConfig

# Key -> what is missing behind it. Any value but the default is refused.
KEYS: dict[Path, str] = {
    ("api",): "only realtime is built",
    ("compute", "instance_type"): "only lambda is built, and it has no machine types",
    ("compute", "spot"): "only lambda is built, and it has no spare capacity",
    ("compute", "min_instances"): "only lambda is built, and it scales from nothing",
    ("compute", "warm"): "provisioned instances are not kept through a canary yet",
    ("compute", "reserved"): "reserving concurrency is not built",
    ("door", "domain"): "own domains are not built",
    ("door", "cors"): "calls from web pages are not built",
    ("monitor", "segments"): "watching segments apart is not built",
    ("capture", "enabled"): "capturing requests is not built",
    ("network", "vpc"): "running in your network is not built",
    ("network", "subnets"): "running in your network is not built",
    ("network", "security_groups"): "running in your network is not built",
    ("secrets",): "reading secrets is not built",
    ("cost", "monthly_cap_usd"): "watching cost is not built",
    ("cost", "idle_ttl"): "watching cost is not built",
    ("cost", "action"): "watching cost is not built",
}
# Key -> the values that wait, where others of the key work.
VALUES: dict[Path, tuple[frozenset[str], str]] = {
    ("model_in",): (frozenset({"image"}), "models are read from the store, up to 250 MB"),
    ("target",): (
        frozenset({"sagemaker", "sagemaker-serverless", "sagemaker-async", "ecs"}),
        "only lambda is built",
    ),
    ("door", "auth"): (frozenset({"jwt", "api_key"}), "only iam and none are built"),
    ("door", "url"): (frozenset({"function"}), "only the HTTP API is built"),
}
FIX = "remove it; docs/errors.md lists what is not yet built"


def not_yet(config: ModelConfig) -> Iterator[Mistake]:
    plain = ModelConfig(name=config.name, model=config.model, type=config.type)
    for path, reason in KEYS.items():
        if (value := _at(config, path)) != _at(plain, path):
            what = f"{'.'.join(map(str, path))}{_shown(value)} is not yet built: {reason}"
            yield Mistake(path, "LD902", what, FIX, (path,))
    for path, (values, reason) in VALUES.items():
        if (value := str(_at(config, path))) in values:
            what = f"{path[-1]}: {value} is not yet built: {reason}"
            yield Mistake(path, "LD902", what, FIX, (path,))
    if config.type is ModelType.REGRESSION and expects_labels(config):
        path = ("monitor", "labels", "sources")
        what = (
            "judging a regression by its labels is not yet built: labels are compared for equality"
        )
        yield Mistake(path, "LD902", what, "write sources: []", (path, ("type",)))
    if "://" in config.model:
        what = "reading a model from an address is not yet built: only files and pinned are"
        yield Mistake(
            ("model",), "LD902", what, "record and pin it, or put the file here", (("model",),)
        )


def _shown(value: Any) -> str:
    return f": {value}" if isinstance(value, str) else ""


def _at(config: Any, path: Path) -> Any:
    for step in path:
        by_alias = {f.alias or n: n for n, f in type(config).model_fields.items()}
        config = getattr(config, by_alias[str(step)])
    return config
