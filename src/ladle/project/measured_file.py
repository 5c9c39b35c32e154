"""``measured.json`` of a package holds what ``ladle test --measure`` found; it is committed."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Final

from ladle.errors import LadleError, Place
from ladle.targets.sizes import Measured

MEASURED: Final = "measured.json"


def read_measured(folder: Path) -> Measured | None:
    """None where nobody has measured. Raises LD261 for what cannot be read."""
    path = folder / MEASURED
    try:
        return Measured(**json.loads(path.read_bytes()))
    except FileNotFoundError:
        return None
    except (ValueError, TypeError) as error:
        raise LadleError(
            "LD261",
            f"{MEASURED} cannot be read: {error}",
            f"write it anew: ladle test {folder.name} --measure; or delete it",
            Place(str(path)),
        ) from error


def write_measured(folder: Path, measured: Measured) -> Path:
    path = folder / MEASURED
    path.write_text(json.dumps(asdict(measured), indent=2) + "\n", encoding="utf-8")
    return path
