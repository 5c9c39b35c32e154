"""What a model takes and gives, as its file states it; all that serving reads of an experiment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

MISSING_KEY: Final = "ladle.missing"  # of an ONNX file's metadata: a JSON list of input names
_FLOATS: Final = frozenset(["float", "double", "float16"])


@dataclass(frozen=True, slots=True)
class TensorSpec:
    """One input or output: ``dtype`` in ONNX's words (float, int64, string), None = any size.

    ``missing``: the model takes NaN for a value that is not known.
    """

    name: str
    dtype: str
    shape: tuple[int | None, ...]
    missing: bool = False

    def __post_init__(self) -> None:
        if self.missing and self.dtype not in _FLOATS:
            raise ValueError(f"{self.name} is of type {self.dtype}, which has no missing values")

    def to_json(self) -> dict[str, Any]:
        """Says ``missing`` only where it is so: other signatures keep their digests."""
        said = {"name": self.name, "dtype": self.dtype, "shape": self.shape}
        return {**said, "missing": True} if self.missing else said

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        missing = bool(data.get("missing"))
        return cls(data["name"], data["dtype"], tuple(data["shape"]), missing)


@dataclass(frozen=True, slots=True)
class Signature:
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]

    def to_json(self) -> dict[str, Any]:
        return {
            "inputs": tuple(spec.to_json() for spec in self.inputs),
            "outputs": tuple(spec.to_json() for spec in self.outputs),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Signature:
        inputs, outputs = (map(TensorSpec.from_json, data[side]) for side in ("inputs", "outputs"))
        return cls(tuple(inputs), tuple(outputs))
