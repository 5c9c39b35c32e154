"""Ladle beside DVC and beside the least that the work can cost: ``scripts/bench experiments [WORD…]``.

Only rows whose name holds one of the words are run. Everything happens in one temporary folder (name
another by TMPDIR) of at most 6 GB. Exits 1 when a bar is missed.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import adding
import sending
from peers import make_venv

ROWS = (*adding.ROWS, *sending.ROWS)


def main(words: list[str]) -> int:
    make_venv()
    missed = 0
    print(f"{'':36} {'CPU s':>8} {'wall s':>8} {'RSS MB':>8}")
    for row in ROWS:
        if words and not any(word in row.name for word in words):
            continue
        print(row.name, flush=True)
        with tempfile.TemporaryDirectory(prefix="ladle-bench-") as folder:
            result = row.measure(Path(folder))
        print("\n".join(result.lines()), flush=True)
        missed += sum(not bar.holds for bar in result.bars)
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
