"""YAML text becomes a Document, or as much of one as could be read.

YAML 1.2 core scalars only: ``NO`` and ``on`` are texts. What YAML would hide is refused: duplicate
keys, tags, anchors, aliases, merge keys, several documents, nesting deeper than a config can be.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.reader import ReaderError

from ladle.config.document import Document, Path, Spot
from ladle.errors import Finding, Place

MAX_BYTES = 256 * 1024
MAX_DEPTH = 32

_WORDS: dict[str, Any] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INT = re.compile(r"[-+]?[0-9]{1,18}")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_LINE_END = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
_TAB_INDENT = re.compile(r"^[ ]*\t[ \t]*(?=\S)", re.MULTILINE)
# What a scanner reads on and on looking for an end is a mistake of where it began.
_BEGAN_WRONG = ("flow", "quoted scalar", "simple key")


class _Refused(Exception):
    """Reading this file cannot go on; the finding says why."""

    def __init__(self, finding: Finding) -> None:
        super().__init__()
        self.finding = finding


def read_document(
    content: bytes, file: str, kind: str = "a config", most_bytes: int = MAX_BYTES
) -> Document:
    """Never raises: what is wrong stands in ``findings``, and what could be read in ``data``."""
    blank = Document(file, ("",))
    if len(content) > most_bytes:
        what = f"the file has {len(content)} bytes; {kind} has at most {most_bytes}"
        blank.findings.append(blank.at(Spot(1, 1), "LD121", what, "keep data out of the config"))
        return blank
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        column = error.start - content.rfind(b"\n", 0, error.start)
        what = "the file is not UTF-8 text from here on"
        finding = Finding("LD121", what, "save it as UTF-8", Place(file, line, column))
        blank.findings.append(finding)
        return blank
    return _read_text(text, file)


def _read_text(text: str, file: str) -> Document:
    document = Document(file, tuple(_LINE_END.split(text)))
    try:
        _Reader(document, text).read()
    except _Refused as refused:
        if tabs := list(_TAB_INDENT.finditer(text)):
            return _read_past_tabs(text, document, tabs)
        document.findings.append(refused.finding)
    return document


def _read_past_tabs(text: str, document: Document, tabs: list[re.Match[str]]) -> Document:
    """Every tab is a mistake; read as two spaces, so that the other mistakes are found too."""
    without = _TAB_INDENT.sub(lambda m: m.group().replace("\t", "  "), text)
    again = Document(document.file, document.lines)
    for match in tabs:
        line = text.count("\n", 0, match.start()) + 1
        column = match.group().index("\t") + 1
        what = "indentation uses a tab here; YAML needs spaces"
        again.findings.append(again.at(Spot(line, column), "LD103", what, "indent by two spaces"))
    try:
        _Reader(again, without).read()
    except _Refused as refused:
        again.findings.append(refused.finding)
    return again


class _Reader:
    """Walks the parser's events once."""

    def __init__(self, document: Document, text: str) -> None:
        self.document = document
        self.text = text
        self.events: Iterator[Any] = YAML(typ="safe", pure=True).parse(text)
        self.long_quote: Spot | None = None

    def read(self) -> None:
        first = self._after(("StreamStartEvent", "DocumentStartEvent"))
        if type(first).__name__ == "StreamEndEvent":
            return
        if type(first).__name__ != "MappingStartEvent":
            self._refuse(
                _spot(first), "a config is a mapping of keys to values", "write name: my-model"
            )
        self.document.values[()] = _spot(first)
        self._fill_mapping(self.document.data, ())
        last = self._after(("DocumentEndEvent",))
        if type(last).__name__ == "DocumentStartEvent":
            self._refuse(_spot(last), "a second document begins here", "one file holds one model")

    def _next(self) -> Any:
        try:
            return next(self.events)
        except MarkedYAMLError as error:
            self._refuse(*_syntax_error(error, self.long_quote))
        except ReaderError as error:
            line = self.text.count("\n", 0, error.position) + 1
            column = error.position - self.text.rfind("\n", 0, error.position)
            self._refuse(Spot(line, column), "a control character stands here", "remove it")

    def _after(self, skipped: tuple[str, ...]) -> Any:
        event = self._next()
        while type(event).__name__ in skipped:
            event = self._next()
        return event

    def _refuse(self, spot: Spot, what: str, fix: str) -> Any:
        fix = fix or "mend the YAML here; everything below it could not be read"
        raise _Refused(self.document.at(spot, "LD101", what, fix))

    def _value(self, event: Any, path: Path, put: Callable[[Any], object]) -> None:
        """Containers are put before they are filled, so that a broken file leaves what was read."""
        kind = type(event).__name__
        spot = _spot(event)
        self.document.values[path] = spot
        if len(path) > MAX_DEPTH:
            what = f"this is nested deeper than {MAX_DEPTH} levels"
            raise _Refused(self.document.at(spot, "LD121", what, "a config has about four levels"))
        self._refuse_hidden(event, kind, spot)
        if kind == "MappingStartEvent":
            mapping: dict[str, Any] = {}
            put(mapping)
            self._fill_mapping(mapping, path)
        elif kind == "SequenceStartEvent":
            sequence: list[Any] = []
            put(sequence)
            self._fill_sequence(sequence, path)
        else:
            put(None if kind == "AliasEvent" else self._scalar(event, path))

    def _refuse_hidden(self, event: Any, kind: str, spot: Spot) -> None:
        document = self.document
        if kind == "AliasEvent":
            what = f"*{event.anchor} is an alias; a config says what it means where it stands"
            document.findings.append(document.at(spot, "LD105", what, "write the value out"))
        elif event.anchor is not None:
            what = f"&{event.anchor} is an anchor; a config says what it means where it stands"
            document.findings.append(document.at(spot, "LD105", what, f"remove &{event.anchor}"))
        if getattr(event, "tag", None) is not None:
            what = f"{_shown(event.tag)} is a tag; a config holds plain values only"
            document.findings.append(document.at(spot, "LD104", what, "remove the tag"))

    def _fill_mapping(self, found: dict[str, Any], path: Path) -> None:
        while type(event := self._next()).__name__ != "MappingEndEvent":
            spot = _spot(event)
            if type(event).__name__ != "ScalarEvent":
                self._refuse(spot, "a key is a plain word", "write key: value")
            key = str(event.value)
            self._refuse_hidden(event, "ScalarEvent", spot)
            here = (*path, key)
            if here in self.document.keys:
                self._swallow_duplicate(key, here, spot)
                continue
            self.document.keys[here] = spot
            if key == "<<":
                what = '"<<" merges another mapping in; a config says what it means where it stands'
                finding = self.document.at(spot, "LD105", what, "write the keys out")
                self.document.findings.append(finding)
                self._value(self._next(), here, put=lambda _: None)
            else:
                self._value(self._next(), here, put=partial(found.__setitem__, key))

    def _swallow_duplicate(self, key: str, here: Path, spot: Spot) -> None:
        first = self.document.keys[here].line
        what = f'"{key}" is written twice; first at line {first}. YAML would keep one silently'
        finding = self.document.at(spot, "LD102", what, "keep one of the two")
        self.document.findings.append(finding)
        shadow = Document(self.document.file, self.document.lines, findings=self.document.findings)
        self.document, document = shadow, self.document
        self._value(self._next(), here, put=lambda _: None)
        self.document = document

    def _fill_sequence(self, found: list[Any], path: Path) -> None:
        while type(event := self._next()).__name__ != "SequenceEndEvent":
            self._value(event, (*path, len(found)), put=found.append)

    def _scalar(self, event: Any, path: Path) -> Any:
        text = str(event.value)
        if any("\ud800" <= c <= "\udfff" for c in text):
            self._refuse(_spot(event), "half a character is escaped here", "write it whole")
        self.document.raw[path] = text
        if event.style is not None:  # quoted or a block: a text, whatever it looks like
            if event.style in "'\"" and event.end_mark.line > event.start_mark.line:
                self.long_quote = _spot(event)
            return text
        if text == "" and path in self.document.keys:
            self.document.values[path] = self.document.keys[path]
        return _plain(text)


def _plain(text: str) -> Any:
    """A bare scalar as YAML 1.2's core schema reads it; what is no finite number stays a text."""
    if text in _WORDS:
        return _WORDS[text]
    if _INT.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text) and math.isfinite(float(text)):
        return float(text)
    return text


def _spot(event: Any) -> Spot:
    return Spot(event.start_mark.line + 1, event.start_mark.column + 1)


def _shown(tag: Any) -> str:
    return str(tag).replace("tag:yaml.org,2002:", "!!")


def _syntax_error(error: MarkedYAMLError, long_quote: Spot | None) -> tuple[Spot, str, str]:
    spot = _blamed(error)
    if long_quote is not None and long_quote.line < spot.line:
        return long_quote, "this quotation mark has no partner on its line", "close the quotation"
    reason = " ".join(f"{error.context or ''}, {error.problem}".strip(", ").split())
    return spot, f"this is not YAML: {reason}", ""


def _blamed(error: MarkedYAMLError) -> Spot:
    """Where the mistake was made, which is not always where the reader noticed it."""
    began, noticed, context = error.context_mark, error.problem_mark, str(error.context or "")
    mark = noticed or began
    if began and any(word in context for word in _BEGAN_WRONG):
        mark = began
    elif began and noticed and "block" in context and began.column % 2 > noticed.column % 2:
        mark = began  # of two lines that should be even, the one that is indented by an odd number
    return Spot(mark.line + 1, mark.column + 1) if mark else Spot(1, 1)
