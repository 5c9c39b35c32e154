"""A network is named whole: where, on which subnets, behind which security groups."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ladle.config.document import Path
from ladle.config.mistake import Mistake
from ladle.config.schema import ModelConfig

_SHAPES = {
    "subnets": ("a subnet", re.compile(r"subnet-[0-9a-f]+"), "subnet-0a1b2c3d"),
    "security_groups": ("a security group", re.compile(r"sg-[0-9a-f]+"), "sg-0a1b2c3d"),
}


def whole_network(config: ModelConfig) -> Iterator[Mistake]:
    network = config.network
    said = {key: bool(getattr(network, key)) for key in ("vpc", "subnets", "security_groups")}
    if any(said.values()) and not all(said.values()):
        missing = " and ".join(f"network.{key}" for key, has in said.items() if not has)
        wrote: Path = ("network", next(key for key, has in said.items() if has))
        what = f"a network is its vpc, subnets and security_groups, and {missing} is missing"
        reads = tuple(("network", key) for key in said)
        yield Mistake(wrote, "LD143", what, f"add {missing}", reads, on_key=True)


def network_ids(config: ModelConfig) -> Iterator[Mistake]:
    for key, (called, shape, example) in _SHAPES.items():
        for number, id_ in enumerate(getattr(config.network, key)):
            if not shape.fullmatch(id_):
                path: Path = ("network", key, number)
                what = f'"{id_[:60]}" is not {called}'
                yield Mistake(path, "LD113", what, f"write {example}", (("network", key),))
