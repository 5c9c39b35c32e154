"""What serving takes: as ``ladle test --measure`` found it, else guessed from the model's size."""

from __future__ import annotations

from dataclasses import dataclass

# Measured on models of 90 to 102 MB that load with default options: 1.6 to 2.6 times their size
# above the runtime's own; rounded up.
RUNTIME_MB, MB_PER_MODEL_MB = 150.0, 3.0
HEADROOM = 1.3  # on top of a guess and of a measurement: requests of tomorrow may be larger
# What no model's answer escapes, then the weights' share of a vCPU.
LEAST_MS, MS_PER_MB = 3.0, 0.5


@dataclass(frozen=True, slots=True)
class Measured:
    """Of ``requests`` answers of a model, one after the other; ``peak_mb`` is None where the system
    did not tell.
    """

    model_digest: str
    peak_mb: float | None
    p50_ms: float
    p99_ms: float
    requests: int


@dataclass(frozen=True, slots=True)
class Size:
    """Of a model of so many ``bytes``. ``measured`` is of this very model, or None."""

    bytes: int
    measured: Measured | None = None

    @property
    def peak_mb(self) -> float:
        """Memory that serving takes, with headroom."""
        if self.measured is not None and self.measured.peak_mb is not None:
            return self.measured.peak_mb * HEADROOM
        return (RUNTIME_MB + MB_PER_MODEL_MB * self.bytes / 1e6) * HEADROOM

    @property
    def answer_ms(self) -> float:
        """Of a warm answer on one whole vCPU; half of them are quicker."""
        if self.measured is not None:
            return self.measured.p50_ms
        return LEAST_MS + MS_PER_MB * self.bytes / 1e6

    @property
    def known(self) -> str:
        return "guessed from the model's size" if self.measured is None else "measured"


def size_of(model_bytes: int, model_digest: str, measured: Measured | None) -> Size:
    """What was measured of another model says nothing of this one."""
    fits = measured is not None and measured.model_digest == model_digest
    return Size(model_bytes, measured if fits else None)
