"""Words, switches and paths of a command line are read without pydantic, which costs more than they do.

Typer builds a pydantic adapter for each parameter before its first value, even for none. Here an adapter
is built when a value needs one: a number, say.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

from typer._coercion import RuntimeParam, build_runtime_param
from typer._param_types import coerce_cli_path


class _PlainParam(RuntimeParam):
    """What has its type already is as it should be; a path is checked as its parameter asks."""

    def _coerce_value(self, value: Any, param: Any, ctx: Any) -> Any:
        kind, values = self.annotation, [value]
        if param.type_descriptor.is_list:
            (kind,), values = get_args(kind), value
        if kind is Path:
            info = self.parameter_info
            paths = [Path(word) for word in values]
            read = [coerce_cli_path(p, info, path_type=Path, param=param, ctx=ctx) for p in paths]
        elif all(type(word) is kind for word in values):
            read = list(values)
        else:
            return build_runtime_param(param.type_descriptor)._coerce_value(value, param, ctx)
        return read if param.type_descriptor.is_list else read[0]


def read_plainly(command: Any, ctx: Any) -> Any:
    """``command``; of a group, each of its commands too. ``ctx`` knows the names of the help option."""
    for inner in getattr(command, "commands", {}).values():
        read_plainly(inner, ctx)
    for param in command.get_params(ctx):
        found = param.type_descriptor
        if found.parameter_info.parser is None:
            param._runtime_param = _PlainParam(found.parameter_info, found.annotation)
    return command
