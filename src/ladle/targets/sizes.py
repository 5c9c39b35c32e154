"""What serving takes is guessed from a model's size until somebody has measured it."""

from __future__ import annotations

# Measured on models of 90 to 102 MB that load with default options: 1.6 to 2.6 times their size
# above the runtime's own; rounded up, with a third more as headroom.
RUNTIME_MB, MB_PER_MODEL_MB, HEADROOM = 150.0, 3.0, 1.3
# What no model's answer escapes, then the weights' share of a vCPU.
LEAST_MS, MS_PER_MB = 3.0, 0.5


def peak_mb(model_bytes: int) -> float:
    """Memory that serving takes; ``ladle doctor`` measures it."""
    return (RUNTIME_MB + MB_PER_MODEL_MB * model_bytes / 1e6) * HEADROOM


def answer_ms(model_bytes: int) -> float:
    """Of a warm answer on one whole vCPU."""
    return LEAST_MS + MS_PER_MB * model_bytes / 1e6
