"""Requests that a served model must survive, made from what its own OpenAPI document promises.

Some fit the schema, most are one or a few steps away from it, some are noise. The same seed makes the
same requests. Every text that is made up carries ``MARK``: no refusal may repeat it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

from ladle.actions.schema_values import value

MARK: Final = "victim-4711"
_JSON: Final = "application/json"
_TOO_BUSY: Final = 503
_TOO_LARGE: Final = "@too-large@"  # becomes 1e400, which no writer of JSON would write
_HUGE_BYTES: Final = (1_000_000, 6_000_000, 7_000_000)  # the last one is more than anything takes

# What stands in the place of a value. The last ones are no JSON, and sent all the same.
_WRONG: Final[Sequence[Any]] = (
    *(None, True, False, "", MARK, "1", [], {}, [[]], [None], {MARK: 1}, {"": {}}),
    *(0, -1, 1.5, -0.0, 1e-320, 1e308, -1e308, 3.5e38, 65520, 2**31, 2**63, 2**64, -(2**63) - 1),
    *(
        [0, 2**62, 2**62],
        [2**40, 2**40],
        [1] * 40,
        10**400,
        "\ud800",
        "\x00" + MARK,
        "NaN",
        _TOO_LARGE,
    ),
    *(float("nan"), float("inf"), float("-inf")),
)
_SHAPES: Final = (
    "",
    "0",
    "-1",
    "1",
    "1,4",
    "2,2",
    "9999999999",
    "1," * 20,
    "1;4",
    MARK,
    "1,4,",
    "0" + ",999999999" * 7,
)
_HEADER_KINDS: Final = ("", "text/plain", "application/json; charset=utf-7", f"x/{MARK}", "*/*")


@dataclass(frozen=True, slots=True)
class HostileRequest:
    """A POST, unless ``method`` says otherwise."""

    path: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=lambda: {"content-type": _JSON})
    method: str = "POST"


def hostile_requests(
    openapi: Mapping[str, Any], seed: int, large: float = 0.05
) -> Iterator[HostileRequest]:
    """Without end. ``large``: how many in a hundred are megabytes long."""
    random = Random(seed)
    operations = [
        (path, methods["post"]["requestBody"]["content"])
        for path, methods in openapi["paths"].items()
        if "requestBody" in methods.get("post", {})
    ]
    while True:
        path, content = random.choice(operations)
        make = random.choices(_MAKERS, (*_WEIGHTS, large))[0]
        yield make(path, content, random)


def fault_of(status: int, body: bytes) -> str | None:
    """What is wrong with the answer to any of them, in words; None for an answer or a refusal."""
    if status < 400:
        return None if 200 <= status < 300 else f"answers {status}"
    if MARK.encode() in body:
        return "repeats what was sent"
    try:
        code = str(json.loads(body)["code"])
    except (ValueError, TypeError, KeyError):
        return f"answers {status} without a code"
    if status >= 500 and status != _TOO_BUSY:
        return f"answers {status} {code}"
    return None


Content = Mapping[str, Mapping[str, Any]]


def _fitting(path: str, content: Content, random: Random) -> HostileRequest:
    return HostileRequest(path, _encoded(_body(content, random)))


def _mutated(path: str, content: Content, random: Random) -> HostileRequest:
    """One to three places of a body hold what they should not."""
    body = json.loads(json.dumps(_body(content, random)))
    for _ in range(random.randint(1, 3)):
        body = _with_fault(body, random)
    return HostileRequest(path, _encoded(body))


def _cut(path: str, content: Content, random: Random) -> HostileRequest:
    """Text that was JSON: broken off, with bytes that are no text, or with something twice."""
    body = bytearray(_encoded(_body(content, random)))
    at = random.randrange(len(body))
    match random.randrange(4):
        case 0:
            del body[at:]
        case 1:
            body[at] = random.randrange(256)
        case 2:
            body[at:at] = body[at : at + 20]
        case _:
            body[at:at] = MARK.encode()
    return HostileRequest(path, bytes(body))


def _other_format(path: str, content: Content, random: Random) -> HostileRequest:
    """Bytes that lie about what they are, and headers that lie about the bytes."""
    kinds = (*content, *_HEADER_KINDS)
    headers = {"content-type": random.choice(kinds), "accept": random.choice(kinds)}
    if random.random() < 0.6:
        headers["ladle-shape"] = random.choice(_SHAPES)
    if random.random() < 0.3:
        headers["ladle-output"] = random.choice(("", MARK, "label"))
    body = random.choice(_BODIES)(_encoded(_body(content, random)), random)
    if random.random() < 0.5:
        sizes = (0, 1, len(body) // 2, len(body), len(body) + 1, -1, 10**12)
        headers["inference-header-content-length"] = str(random.choice(sizes))
    return HostileRequest(path, body, headers)


def _elsewhere(path: str, content: Content, random: Random) -> HostileRequest:
    """A route that is not there, or a method that this one does not take."""
    other = random.choice(
        (f"/{MARK}", f"{path}/{MARK}", "/v2/models/x/infer", "//", path + "/", path)
    )
    method = random.choice(("GET", "PUT", "DELETE", "POST", "OPTIONS"))
    return HostileRequest(other, _encoded(_body(content, random)), method=method)


def _deep(path: str, content: Content, random: Random) -> HostileRequest:
    depth = random.choice((8, 9, 33, 500, 1023, 1025, 20_000))
    start, end = random.choice(((b"[", b"]"), (b'{"x":', b"}"), (b"[", b"")))
    inner = start * depth + b"1" + end * depth
    body = random.choice((b'{"inputs": %b}', b'{"inputs": {"x": %b}}', b"%b")) % inner
    return HostileRequest(path, body, {"content-type": random.choice((_JSON, *content))})


def _huge(path: str, content: Content, random: Random) -> HostileRequest:
    piece = random.choice((b"[1],", b"1,", b'"a",', b"[],", b"{},", b" "))
    headers = {"content-type": random.choice((_JSON, *content))}
    body = b'{"inputs": [' + piece * (random.choice(_HUGE_BYTES) // len(piece))
    return HostileRequest(path, body, headers)


_MAKERS: Final[Sequence[Callable[[str, Content, Random], HostileRequest]]] = (
    _fitting,
    _mutated,
    _cut,
    _other_format,
    _elsewhere,
    _deep,
    _huge,
)
_WEIGHTS: Final = (20, 45, 12, 17, 2, 4)  # in a hundred, of all but the last


def _body(content: Content, random: Random) -> Any:
    of_json = content[_JSON]
    if "example" in of_json and random.random() < 0.6:
        return of_json["example"]
    return value(of_json["schema"], random)


def _with_fault(body: Any, random: Random) -> Any:
    """Changed in place somewhere; a body that is no container is replaced."""
    place: Any = body
    if not isinstance(place, dict | list) or not place:
        return _wrong(random)
    while True:
        key = (
            random.choice(list(place)) if isinstance(place, dict) else random.randrange(len(place))
        )
        inner = place[key]
        if isinstance(inner, dict | list) and inner and random.random() < 0.7:
            place = inner
            continue
        _spoil(place, key, random)
        return body


def _spoil(place: Any, key: Any, random: Random) -> None:
    kind = random.randrange(6)
    if kind == 0:
        del place[key]
    elif kind == 1 and isinstance(place, list):
        place.insert(key, deepcopy(place[key]))
    elif kind == 1:
        place[MARK] = deepcopy(place[key])
    else:
        place[key] = _wrong(random)


def _wrong(random: Random) -> Any:
    """A copy, since a second fault may be made inside of it."""
    return deepcopy(random.choice(_WRONG))


def _encoded(body: Any) -> bytes:
    text = json.dumps(body).replace(f'"{_TOO_LARGE}"', "1e400")
    return text.encode()


def _npy(_: bytes, random: Random) -> bytes:
    dtype = random.choice(
        ("<f4", "<f8", "|O", "<U3", "|b1", ">i8", "<c8", "<f4'); import os", "|V0")
    )
    shape = random.choice(("(1, 4)", "(4,)", "()", "(-1,)", "(99999999999,)", "(0,)", "((1,),)"))
    head = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    size = random.choice((len(head), 0, 65535))
    start = b"\x93NUMPY\x01\x00" + size.to_bytes(2, "little")
    return start + head + random.randbytes(random.choice((0, 4, 16, 17)))


def _csv(_: bytes, random: Random) -> bytes:
    cells = ("1", "", "nan", "1e400", MARK, '"', "١", "-0", " 1 ", "1_0", "0x1", "\ufeff1", "\x00")
    rows = [",".join(random.choices(cells, k=random.randint(1, 5))) for _ in range(3)]
    return random.choice(("\n", "\r", "\r\n")).join(rows).encode()


def _noise(_: bytes, random: Random) -> bytes:
    return random.randbytes(random.choice((0, 1, 4, 16, 64, 300)))


def _with_tail(body: bytes, random: Random) -> bytes:
    return body + random.randbytes(random.choice((1, 4, 16)))


_BODIES: Final[Sequence[Callable[[bytes, Random], bytes]]] = (
    _npy,
    _csv,
    _noise,
    _with_tail,
    lambda body, _: body,
)
