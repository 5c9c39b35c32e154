"""What pydantic found becomes what a person can act on: code, place, what, why, mend."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from enum import Enum
from functools import cache
from typing import Any, Literal, get_args, get_origin

from ladle.config.document import Document, Path
from ladle.config.nearest import nearest
from ladle.config.schema import ModelConfig, Strict
from ladle.errors import Finding

_KINDS = {
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "string_type": "text",
    "tuple_type": "a list: [one, two]",
    "dict_type": "a mapping of keys to values",
    "model_type": "a mapping of keys to values",
}
_BOUNDS = {
    "greater_than": ("gt", "not above", "above"),
    "greater_than_equal": ("ge", "below", "at least"),
    "less_than": ("lt", "not below", "below"),
    "less_than_equal": ("le", "above", "at most"),
}
# Why a bound is where it is, for those that are not obvious.
_BOUND_REASONS = {
    ("compute", "memory_mb", "ge"): ", the least in which the serving runtime starts",
    ("compute", "memory_mb", "le"): ", Lambda's limit",
    ("compute", "timeout_s", "le"): ", Lambda's limit",
    ("rollout", "canary_percent", "le"): "; more than half is no trial",
    ("rollout", "holdback_percent", "le"): "; more than half is no promotion",
}
_PATTERNS = {
    "key": ("LD113", "is not a path in the output", "begin with $: $.label"),
    "vpc": ("LD113", "is not a VPC id", "write vpc-0a1b2c3d"),
    "account": ("LD113", "is not an AWS account", "write its twelve digits in quotes"),
    "region": ("LD113", "is not an AWS region", "write it as in eu-west-1"),
}
_NUMBER = re.compile(r"[-+]?[0-9]+(\.[0-9]+)?")
_VERSIONS = frozenset({"python", "runtime"})


def explain(error: Mapping[str, Any], document: Document) -> Finding:
    """One pydantic error as a finding at its place."""
    path, kind = tuple(error["loc"]), error["type"]
    if kind == "ladle":
        return _own(error, path, document)
    if kind == "extra_forbidden":
        return _unknown_key(path, document)
    if kind == "missing":
        return _missing(path, document)
    if kind in ("enum", "literal_error"):
        return _not_a_choice(path, document)
    if kind in _BOUNDS:
        return _out_of_bounds(error, path, document)
    if kind == "string_pattern_mismatch":
        code, what, fix = _PATTERNS[str(path[-1])]
        return document.on_value(path, code, f'{_name(path)} "{_raw(path, document)}" {what}', fix)
    if kind in _KINDS:
        return _wrong_kind(path, kind, document)
    what = f"{_name(path)} is not right: {error['msg'].lower()}"
    return document.on_value(path, "LD109", what, "see ladle schema for what it may be")


def _own(error: Mapping[str, Any], path: Path, document: Document) -> Finding:
    said = error["ctx"]
    what = f"{_name(path)} {_raw_shown(path, document)} {said['what']}"
    return document.on_value(path, said["code"], what, said["fix"])


def _unknown_key(path: Path, document: Document) -> Finding:
    key, parent = str(path[-1]), path[:-1]
    section = _section(parent)
    inside = f" in {_name(parent)}" if parent else ""
    known = _keys_of(section) if section else []
    elsewhere = [p for p in _all_paths() if p[-1] == key]
    if elsewhere and nearest(key, known) != key:
        where = ".".join(elsewhere[0])
        what = f'unknown key "{key}"{inside}; did you mean "{where}"?'
        return document.on_key(path, "LD106", what, f"write it as {where}")
    close = nearest(key, known)
    what = f'unknown key "{key}"{inside}'
    if close:
        return document.on_key(
            path, "LD106", f'{what}; did you mean "{close}"?', f"rename it to {close}"
        )
    return document.on_key(path, "LD106", what, f"remove it; known keys: {', '.join(known)}")


def _missing(path: Path, document: Document) -> Finding:
    key = str(path[-1])
    fixes = {
        "name": "write name: and what the model is called",
        "model": "write model: and a path, or pinned",
        "type": f"write type: {' | '.join(_choices(('type',)))}",
    }
    what = f'"{key}" is missing; three keys are needed: name, model, type'
    # Where a reader would have looked for it: beside the needed key before it.
    before = [k for k in ("name", "model", "type")[: ("name", "model", "type").index(key)]]
    beside = next((k for k in reversed(before) if (k,) in document.keys), None)
    return document.on_key((beside,) if beside else (), "LD110", what, fixes[key])


def _not_a_choice(path: Path, document: Document) -> Finding:
    value = document.raw.get(path, "")
    choices = _choices(path)
    if str(path[-1]) in _VERSIONS and path not in _texts(document):
        return _unquoted_version(path, value, choices, document)
    if path not in document.raw or value == "":
        what = f"{_name(path)} is empty or not one word"
        return document.on_value(path, "LD107", what, f"use {_or(choices)}")
    close = nearest(value, choices)
    what = f'{_name(path)} "{value}" is not known; use {_or(choices)}'
    fix = f"write {path[-1]}: {close or choices[0]}"
    return document.on_value(path, "LD107", f"{what} (did you mean {close}?)" if close else what, fix)


def _unquoted_version(path: Path, raw: str, choices: list[str], document: Document) -> Finding:
    value = _at(document.data, path)
    what = f'version {raw} reads as the number {value}; write "{raw}"'
    if raw not in choices:
        what += f", and it is none of {_or(choices)}"
    return document.on_value(path, "LD117", what, f'write {path[-1]}: "{choices[0]}"')


def _out_of_bounds(error: Mapping[str, Any], path: Path, document: Document) -> Finding:
    which, is_wrong, bound_words = _BOUNDS[error["type"]]
    bound = error["ctx"][which]
    bound = int(bound) if bound == int(bound) else bound
    reason = _BOUND_REASONS.get((*_without_environment(path), which), "")
    what = f"{_name(path)} {_raw(path, document)} is {is_wrong} {bound}{reason}"
    return document.on_value(path, "LD109", what, f"write a number {bound_words} {bound}")


def _wrong_kind(path: Path, kind: str, document: Document) -> Finding:
    wanted, value = _KINDS[kind], _at(document.data, path)
    name, raw = _name(path), _raw(path, document)
    if value is None:
        what = f"{name} is empty; it is {wanted}"
        return document.on_value(path, "LD108", what, "give it a value, or leave the key out")
    if isinstance(value, str) and "number" in wanted and _NUMBER.fullmatch(value):
        what = f'{name} is text ("{raw}"); remove the quotes'
        return document.on_value(path, "LD108", what, f"write {_last(path)}: {raw}")
    if wanted == "text" and isinstance(value, int | float):
        if path[-1] in _VERSIONS:
            return _unquoted_version(path, raw, _choices(path), document)
        what = f"{name} reads as {_kind_of(value)} ({raw}), and it is text; add quotes"
        return document.on_value(path, "LD108", what, f'write {_last(path)}: "{raw}"')
    what = f"{name} is {_kind_of(value)}, and it must be {wanted}"
    return document.on_value(path, "LD108", what, f"write {_last(path)} as {wanted}")


def _name(path: Path) -> str:
    return ".".join(str(p) for p in path)


def _last(path: Path) -> str:
    return "it" if isinstance(path[-1], int) else f"{path[-1]}"


def _raw(path: Path, document: Document) -> str:
    return document.raw.get(path, "")[:60]


def _raw_shown(path: Path, document: Document) -> str:
    return f'"{_raw(path, document)}"' if path in document.raw else "(not one word)"


def _texts(document: Document) -> set[Path]:
    return {p for p in document.raw if isinstance(_at(document.data, p), str)}


def _or(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def _kind_of(value: Any) -> str:
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, str):
        return "text"
    if isinstance(value, int | float):
        return "a number"
    return "a list" if isinstance(value, list) else "a mapping"


def _at(data: Any, path: Path) -> Any:
    for step in path:
        try:
            data = data[step]
        except (KeyError, IndexError, TypeError):
            return None
    return data


def _without_environment(path: Path) -> Path:
    return path[2:] if path[:1] == ("environments",) and len(path) > 2 else path


def _section(path: Path) -> type[Strict] | None:
    """The model that stands at ``path``, or None for a mapping of free keys."""
    section: type[Strict] | None = ModelConfig
    steps = list(path)
    while steps and section is not None:
        annotation = next(
            (f.annotation for n, f in section.model_fields.items() if (f.alias or n) == steps[0]), None
        )
        if get_origin(annotation) is dict and len(steps) > 1:
            steps.pop(0)
            annotation = get_args(annotation)[1]
        steps.pop(0)
        section = _as_section(annotation)
    return section


def _as_section(annotation: Any) -> type[Strict] | None:
    for part in (annotation, *get_args(annotation)):
        if isinstance(part, type) and issubclass(part, Strict):
            return part
    return None


def _keys_of(section: type[Strict]) -> list[str]:
    return [f.alias or name for name, f in section.model_fields.items()]


def _choices(path: Path) -> list[str]:
    section = _section(path[:-1])
    if section is None:  # the values of a free mapping: capture.classify
        return ["drop", "hash", "keep"]
    annotation = next(
        f.annotation for n, f in section.model_fields.items() if (f.alias or n) == path[-1]
    )
    for part in (annotation, *get_args(annotation)):
        if isinstance(part, type) and issubclass(part, Enum):
            return [str(member.value) for member in part]
        if get_origin(part) is Literal:
            return [str(choice) for choice in get_args(part)]
    return []


@cache
def _all_paths() -> tuple[tuple[str, ...], ...]:
    return tuple(_paths_below(ModelConfig, ()))


def _paths_below(section: type[Strict], path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    for name, field in section.model_fields.items():
        here = (*path, field.alias or name)
        yield here
        if below := _as_section(field.annotation):
            yield from _paths_below(below, here)
