"""A model's graph as onnxruntime rewrites it at each load, made once when the model is recorded.

Its weights stay in the model's own file, the truth: each is a place there, and no file is named. It
holds for one onnxruntime on one kind of processor; anywhere else the model is loaded as it is
(``docs/decisions/0009-weights-are-mapped.md``).
"""

from __future__ import annotations

import zlib
from binascii import Error as Base64Error
from binascii import a2b_base64
from dataclasses import dataclass
from typing import Final

LEAST_BYTES: Final = 1 << 20  # a smaller model is not mapped, and is quick to load
MOST_CHARACTERS: Final = 1 << 16  # in a manifest
_MOST_BYTES: Final = 1 << 22


@dataclass(frozen=True, slots=True)
class OptimisedGraph:
    """``graph`` is ONNX, deflated, in base64. ``rows`` were answered by the model and by it, and no
    number differed by more than ``tolerance``.
    """

    onnxruntime: str
    machine: str  # x86_64, aarch64
    rows: int
    tolerance: float
    graph: str

    def file_name(self, model_sha256: str) -> str:
        return file_name(model_sha256, self.onnxruntime, self.machine)

    def content(self) -> bytes:
        """Raises ValueError for what is none."""
        unpacking = zlib.decompressobj()
        try:
            found = unpacking.decompress(a2b_base64(self.graph), _MOST_BYTES)
        except (zlib.error, Base64Error) as error:
            raise ValueError("the optimised graph cannot be unpacked") from error
        if not unpacking.eof:
            raise ValueError("the optimised graph is cut off, or too large")
        return found


def file_name(model_sha256: str, onnxruntime: str, machine: str) -> str:
    """Beside the code that serves; where one of the three differs, no file has the name."""
    return f"graph-{model_sha256[:16]}-{onnxruntime}-{machine}.onnx"
