"""What a sealed prediction id costs, beside the id that the table form has and the lines it saves.

    scripts/bench prediction_id [ROUNDS]

CPU time of one thread. The table form writes a row line for each request; the sealed form does not.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable

from ladle.quality.lines import RequestLine, RequestOutcome, format_request, format_rows
from ladle.quality.sealed_id import Sealer, seal_key, unseal

CALLS = 5_000
KEY = bytes(range(32))
AT = 1_789_999_983.25


def main(rounds: int) -> None:
    sealer = Sealer(seal_key(KEY), 7, 60.0)
    line = RequestLine("iris", 7, "x" * 22, AT, RequestOutcome.OK, 200, 3.0, 1, False, 60.0)
    drawn, ten = os.urandom(8), list(range(10))
    (id_,) = sealer.seal([2], AT, drawn)
    keys = [seal_key(KEY)]
    cases: dict[str, Callable[[], object]] = {
        "seal, one row": lambda: sealer.seal([2], AT, drawn),
        "seal, one row with a text": lambda: sealer.seal(["setosa"], AT, drawn),
        "seal, ten rows": lambda: sealer.seal(ten, AT, drawn),
        "open": lambda: unseal("iris", id_, keys),
        "random bytes and their text": lambda: urlsafe_b64encode(os.urandom(18)),
        "table form: a row line": lambda: list(format_rows(line, [2], KEY)),
        "either form: the request line": lambda: format_request(line, KEY),
    }
    print(f"microseconds of CPU, median of {rounds} rounds of {CALLS:,} calls")
    for name, call in cases.items():
        print(f"  {name:32}{statistics.median(_us(call) for _ in range(rounds)):8.2f}")


def _us(call: Callable[[], object]) -> float:
    begun = time.process_time()
    for _ in range(CALLS):
        call()
    return (time.process_time() - begun) / CALLS * 1e6


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 15)
