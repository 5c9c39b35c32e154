"""What DVC 2 and 3 write into a repository, read as values; every mistake of a file at once.

Paths here are relative to the repository. YAML that hides something (tags, aliases, duplicate keys)
is refused, as in our own configs.
"""

from __future__ import annotations

import configparser
import json
import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from dataclasses import replace as changed
from graphlib import CycleError, TopologicalSorter
from typing import Any

from ladle.config.read_yaml import read_document
from ladle.errors import Finding, LadleError, ManyFindings, Place
from ladle.experiments.foreign import inner_path

_MD5 = re.compile(r"[0-9a-f]{32}")
FOLDER_END = ".dir"
_LARGEST_BYTES = 4 << 20


@dataclass(frozen=True, slots=True)
class Tracked:
    """A path that DVC keeps by its md5; a folder's is that of its list of files."""

    path: str
    md5: str
    is_folder: bool
    is_legacy: bool  # written by DVC 2: the md5 of a text is that of its Unix form

    @property
    def alias(self) -> str:
        return f"md5:{self.md5}{FOLDER_END if self.is_folder else ''}"


@dataclass(frozen=True, slots=True)
class Stage:
    """``params`` by name; those of other files than params.yaml as ``file:name``."""

    name: str
    commands: tuple[str, ...]
    params: Mapping[str, Any]
    deps: tuple[Tracked, ...]
    outs: tuple[Tracked, ...]


@dataclass(frozen=True, slots=True)
class DvcSettings:
    """``cache`` and the folders among the remotes, as written; ``elsewhere`` names other remotes."""

    cache: str | None
    folders: tuple[str, ...]
    elsewhere: Mapping[str, str]  # name -> kind of address


def read_yaml(content: bytes, file: str, by_hand: bool = False) -> Mapping[str, Any]:
    """Raises every mistake of the file as LD391. People may write aliases, which are not followed."""
    document = read_document(content, file, "a file of another tool", _LARGEST_BYTES)
    found = [f for f in document.findings if not (by_hand and f.code == "LD105")]
    if found:
        fix = "restore the file as it was written, for instance from Git"
        raise ManyFindings([changed(f, code="LD391", fix=fix) for f in found])
    check_text(document.data, file)
    return document.data


def check_text(value: object, file: str) -> None:
    """Raises LD391 for half a character, which no JSON of ours can hold."""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise _wrong(file, "half a character is escaped in it") from None


def read_tracked(content: bytes, file: str) -> tuple[Tracked, ...]:
    """The outs of a ``.dvc`` file."""
    data = read_yaml(content, file)
    folder = _below(posixpath.dirname(file), data.get("wdir", "."), Place(file))
    return _Rows(file, folder).all_of(data.get("outs"), "outs")


def read_lock(content: bytes, file: str, work_folders: Mapping[str, str]) -> tuple[Stage, ...]:
    """The stages of a dvc.lock, those that others need first; ``work_folders`` by stage name."""
    data = read_yaml(content, file)
    rows = data.get("stages", {}) if "schema" in data else data
    if not isinstance(rows, Mapping):
        raise _wrong(file, "stages is not a mapping of names to stages")
    found: list[Stage] = []
    findings: list[Finding] = []
    for name, row in rows.items():
        try:
            within = work_folders.get(name.partition("@")[0], ".")
            folder = _below(posixpath.dirname(file), within, Place(file))
            found.append(_stage(name, row, _Rows(file, folder)))
        except LadleError as error:
            findings += error.findings
    if findings:
        raise ManyFindings(findings)
    return _in_order(found, file)


def work_folders(pipeline: Mapping[str, Any]) -> Mapping[str, str]:
    """What dvc.yaml says of where each stage runs."""
    rows = _mapping(pipeline.get("stages"))
    bodies = {name: _mapping(_mapping(row).get("do", row)) for name, row in rows.items()}
    return {name: str(body["wdir"]) for name, body in bodies.items() if "wdir" in body}


def metric_files(pipeline: Mapping[str, Any], file: str) -> Iterator[str]:
    """Files that hold metrics, as far as dvc.yaml names them without a template."""
    folders, base = work_folders(pipeline), posixpath.dirname(file)
    rows = _mapping(pipeline.get("stages"))
    lists = [(".", pipeline.get("metrics"))]
    for name, row in rows.items():
        body = _mapping(_mapping(row).get("do", row))
        lists.append((folders.get(name, "."), body.get("metrics")))
    for folder, entries in lists:
        for entry in entries if isinstance(entries, list) else []:
            name = next(iter(entry), "") if isinstance(entry, Mapping) else entry
            if isinstance(name, str) and name and "${" not in name:
                yield _below(_below(base, folder, Place(file)), name, Place(file))


def read_folder(content: bytes, name: str) -> Mapping[str, str]:
    """A ``.dir`` list: relative path -> md5."""
    try:
        rows = json.loads(content)
        found = {inner_path(row["relpath"], Place(name)): _md5(row["md5"]) for row in rows}
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise _wrong(name, f"it is no list of files: {error}") from error
    folders = {parent for path in found for parent in with_parents(posixpath.dirname(path))}
    if len(found) != len(rows) or folders & found.keys():
        raise _wrong(name, "it names one path twice")
    return found


def read_settings(contents: Mapping[str, str]) -> DvcSettings:
    """``.dvc/config``, then ``.dvc/config.local``, whose settings win. Only places are read."""
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    for file, text in contents.items():
        try:
            parser.read_string(text, file)
        except configparser.Error as error:
            raise _wrong(file, " ".join(str(error).split())) from error
    folders, elsewhere = [], {}
    for section in parser.sections():
        name = re.fullmatch(r"""'?remote\s+"(.+)"'?""", section)
        url = parser[section].get("url", "") if name else ""
        if name and "://" in url:
            elsewhere[name[1]] = url.partition("://")[0]
        elif url:
            folders.append(url)
    cache = parser.get("cache", "dir", fallback=None)
    return DvcSettings(cache, tuple(folders), elsewhere)


class _Rows:
    """Reads lists of tracked paths of one file, which are relative to ``folder``."""

    def __init__(self, file: str, folder: str) -> None:
        self._file = file
        self._folder = folder

    def all_of(self, rows: object, what: str) -> tuple[Tracked, ...]:
        if rows is None:
            return ()
        if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
            raise _wrong(self._file, f"{what} is not a list of paths")
        found: list[Tracked | None] = []
        findings: list[Finding] = []
        for row in rows:
            try:
                found.append(self._one(row))
            except LadleError as error:
                findings += error.findings
            except ValueError as error:
                findings.append(_wrong(self._file, f"{row.get('path')}: {error}").finding)
        if findings:
            raise ManyFindings(findings)
        return tuple(f for f in found if f)

    def _one(self, row: Mapping[str, Any]) -> Tracked | None:
        written = row.get("path")
        if isinstance(written, str) and "://" in written:
            return None  # outside of DVC's keeping: it holds no bytes of it
        path = _below(self._folder, written, Place(self._file))
        text = str(row.get("md5", ""))
        is_legacy = row.get("hash") != "md5"
        md5 = _md5(text.removesuffix(FOLDER_END))
        return Tracked(path, md5, text.endswith(FOLDER_END), is_legacy)


def _stage(name: str, row: object, rows: _Rows) -> Stage:
    body = _mapping(row)
    command = body.get("cmd")
    commands = command if isinstance(command, list) else [command] if command else []
    params: dict[str, Any] = {}
    for file, values in _mapping(body.get("params")).items():
        for key, value in _mapping(values).items():
            params[key if file == "params.yaml" else f"{file}:{key}"] = value
    deps = rows.all_of([d for d in body.get("deps") or [] if _mapping(d).get("md5")], "deps")
    return Stage(
        name, tuple(map(str, commands)), params, deps, rows.all_of(body.get("outs"), "outs")
    )


def _in_order(stages: list[Stage], file: str) -> tuple[Stage, ...]:
    by_name = {stage.name: stage for stage in stages}
    makers = {out.path: stage.name for stage in stages for out in stage.outs}
    needs = {
        s.name: {makers[p] for d in s.deps for p in with_parents(d.path) if p in makers}
        for s in stages
    }
    try:
        return tuple(by_name[name] for name in TopologicalSorter(needs).static_order())
    except CycleError as error:
        raise _wrong(file, "its stages need each other in a circle") from error


def _below(folder: str, name: object, place: Place) -> str:
    """Joined and normalised; ``../`` is fine as long as it stays in the repository."""
    text = name if isinstance(name, str) else ""
    joined = posixpath.normpath(posixpath.join(folder, text)) if text else ""
    return "" if joined == "." else inner_path(joined or name, place)


def _md5(text: object) -> str:
    if not isinstance(text, str) or not _MD5.fullmatch(text):
        raise ValueError(f"{str(text)[:60]!r} is no md5")
    return text


def with_parents(path: str) -> Iterator[str]:
    """The path, and each folder above it."""
    while path:
        yield path
        path = posixpath.dirname(path)


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _wrong(file: str, why: str) -> LadleError:
    fix = "restore the file as it was written, for instance from Git"
    return LadleError("LD391", f"{why[:300]}", fix, Place(file))
