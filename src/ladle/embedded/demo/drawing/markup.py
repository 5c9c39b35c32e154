"""Text becomes markup only here, and every text is escaped on its way."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable

_NO_XML = re.compile("[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Markup(str):
    """A string that is well-formed markup already; any other string is text."""

    __slots__ = ()


Child = str | Markup | Iterable["Child"] | None


def tag(name: str, /, *children: Child, **attributes: str | float | None) -> Markup:
    """``tag("text", "a < b", x=1.5, cls="label")``; ``_`` in an attribute is written ``-``.

    An attribute that is None is left out. Always well-formed XML, which HTML parsers take as well.
    """
    pairs = "".join(
        f' {_attribute(key)}="{html.escape(_value(value), quote=True)}"'
        for key, value in attributes.items()
        if value is not None
    )
    inner = join(*children)
    if not inner and name in _CHILDLESS:
        return Markup(f"<{name}{pairs}/>")
    return Markup(f"<{name}{pairs}>{inner}</{name}>")


def join(*children: Child) -> Markup:
    return Markup("".join(_rendered(child) for child in children))


_CHILDLESS = frozenset(
    "br circle hr line link meta path rect polygon polyline use stop".split()  # noqa: SIM905
)


def _rendered(child: Child) -> str:
    if child is None:
        return ""
    if isinstance(child, Markup):
        return str(child)
    if isinstance(child, str):
        return html.escape(_printable(child), quote=False)
    return "".join(_rendered(c) for c in child)


def _printable(text: str) -> str:
    """XML has no place for most control characters; a reader has no use for them."""
    return _NO_XML.sub("\N{REPLACEMENT CHARACTER}", text)


def _attribute(key: str) -> str:
    return "class" if key == "cls" else key.replace("_", "-")


def _value(value: str | float) -> str:
    """Coordinates to a tenth of a pixel: finer cannot be seen and makes the page twice as long."""
    if isinstance(value, str):
        return _printable(value)
    return f"{value:.1f}".removesuffix(".0")
