"""What pydantic found becomes what a person can act on: code, place, what, why, mend."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ladle.config.document import Document, Path
from ladle.config.nearest import nearest
from ladle.config.shape import all_paths, choices_at, keys_of, section_at
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
_BOUND_REASONS: dict[tuple[str | int, ...], str] = {
    ("compute", "memory_mb", "ge"): ", the least in which the serving runtime starts",
    ("compute", "memory_mb", "le"): ", Lambda's limit",
    ("compute", "timeout_s", "le"): ", Lambda's limit",
    ("rollout", "canary_percent", "le"): "; more than half is no trial",
    ("rollout", "holdback_percent", "le"): "; more than half is no promotion",
}
_PATTERNS = {
    "vpc": ("LD113", "is not a VPC id", "write vpc-0a1b2c3d"),
    "issuer": ("LD113", "is not an issuer", "write its address: https://login.example.com/"),
    "domain": ("LD113", "is not a domain name", "write it as in models.example.com"),
    "certificate": ("LD113", "is not a certificate", "write its ARN: arn:aws:acm:…"),
    "account": ("LD113", "is not an AWS account", "write its twelve digits in quotes"),
    "region": ("LD113", "is not an AWS region", "write it as in eu-west-1"),
}
NEEDED = ("name", "model", "type")
_FIRST_KEYS = ("name", "model", "model_in", "type")
_NUMBER = re.compile(r"[-+]?[0-9]+(\.[0-9]+)?")
_YES, _NO = frozenset({"yes", "y", "on"}), frozenset({"no", "n", "off"})
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
    if parent[:1] == ("environments",) and len(parent) == 2 and (key,) in all_paths():
        what = f'"{key}" cannot differ between environments'
        return document.on_key(path, "LD106", what, f"remove it; {key} stands at the top")
    section = section_at(parent)
    known = keys_of(section) if section else []
    elsewhere = next((".".join(p) for p in all_paths() if p[-1] == key), None)
    meant = elsewhere or nearest(key, known)
    what = f'unknown key "{key}"' + (f" in {_name(parent)}" if parent else "")
    if meant is None:
        return document.on_key(path, "LD106", what, f"remove it; known keys: {', '.join(known)}")
    return document.on_key(
        path, "LD106", f'{what}; did you mean "{meant}"?', f"write it as {meant}"
    )


def _missing(path: Path, document: Document) -> Finding:
    key = str(path[-1])
    fixes = {
        "name": "write name: and what the model is called",
        "model": "write model: and a path, or pinned",
        "type": f"write type: {' | '.join(choices_at(('type',)))}",
    }
    what = f'"{key}" is missing; three keys are needed: {", ".join(NEEDED)}'
    # Where a reader would have looked for it: beside the needed key before it.
    before = _FIRST_KEYS[: _FIRST_KEYS.index(key)]
    beside = next((k for k in reversed(before) if (k,) in document.keys), None)
    return document.on_key((beside,) if beside else (), "LD110", what, fixes[key])


def _not_a_choice(path: Path, document: Document) -> Finding:
    value = document.raw.get(path, "")
    choices = choices_at(path)
    if str(path[-1]) in _VERSIONS and path not in _texts(document):
        return _unquoted_version(path, value, choices, document)
    if path not in document.raw or value == "":
        what = f"{_name(path)} is empty or not one word"
        return document.on_value(path, "LD107", what, f"use {_or(choices)}")
    close = nearest(value, choices)
    what = f'{_name(path)} "{value}" is not known; use {_or(choices)}'
    fix = f"write {path[-1]}: {close or choices[0]}"
    return document.on_value(
        path, "LD107", f"{what} (did you mean {close}?)" if close else what, fix
    )


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
            return _unquoted_version(path, raw, choices_at(path), document)
        what = f"{name} reads as {_kind_of(value)} ({raw}), and it is text; add quotes"
        return document.on_value(path, "LD108", what, f'write {_last(path)}: "{raw}"')
    if kind == "bool_type" and raw.lower() in _YES | _NO:
        fix = f"write {_last(path)}: {'true' if raw.lower() in _YES else 'false'}"
        what = f'{name} "{raw}" is text in YAML 1.2; write true or false'
        return document.on_value(path, "LD108", what, fix)
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
