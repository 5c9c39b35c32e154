"""What looks like a credential is overwritten before anything of an experiment is stored."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePath
from typing import Any

from ladle.config.leaks import is_secret_by_name, leaks_in, without

_FLAG = re.compile(r"--?([A-Za-z][\w-]*)(?:=(.*))?", re.DOTALL)
_INTERPRETER = re.compile(r"python[\d.]*|pypy[\d.]*")


def masked(content: bytes) -> bytes:
    """Logs and patches: credentials become as many asterisks, every other byte stays in its place."""
    text = content.decode("latin-1")
    secrets = frozenset(
        line[leak.start : leak.end] for line in text.splitlines() for leak in leaks_in(line)
    )
    return without(text, secrets).encode("latin-1") if secrets else content


def masked_value(name: str, value: Any) -> Any:
    """A parameter as it may be stored, at every depth."""
    if isinstance(value, str):
        return "***" if is_secret_by_name(name, value) else _masked_word(value)
    if isinstance(value, Mapping):
        return {str(k): masked_value(str(k), v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [masked_value(name, v) for v in value]
    return value


def portable_command(argv: Sequence[str], root: PurePath) -> tuple[str, ...]:
    """A command that means the same in another checkout: no credentials, no path of this machine."""
    return tuple(_words(argv, root))


def _words(argv: Sequence[str], root: PurePath) -> Iterator[str]:
    secret_next = ""
    for nth, word in enumerate(argv):
        flag = _FLAG.fullmatch(word)
        if secret_next and not flag:
            yield masked_value(secret_next, word)
        elif flag and flag[2] is not None:
            yield f"{word[: flag.start(2)]}{masked_value(flag[1], _relative(flag[2], root))}"
        else:
            yield _masked_word(_program(word) if nth == 0 else _relative(word, root))
        secret_next = flag[1] if flag and flag[2] is None else ""


def _program(word: str) -> str:
    """``/somewhere/bin/python3.11`` is ``python`` everywhere; its version is in the environment."""
    name = PurePath(word).name
    return "python" if _INTERPRETER.fullmatch(name) else name


def _relative(word: str, root: PurePath) -> str:
    path = PurePath(word)
    if path.is_absolute() and path.is_relative_to(root):
        return path.relative_to(root).as_posix()
    return word


def _masked_word(word: str) -> str:
    return without(word, frozenset(word[leak.start : leak.end] for leak in leaks_in(word)))
