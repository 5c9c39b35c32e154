"""Live traffic with a truth that is known late: batches in, labels for their rows some seconds later."""

from __future__ import annotations

import csv
import http.client
import json
import random
import threading
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ladle.ports import Clock

LABELLER = "labeller"  # the principal in the demo's monitor.labels.sources
PREDICTOR = "shop"


@dataclass(frozen=True, slots=True)
class Example:
    """A row that no experiment was trained on, and what is true of it."""

    features: tuple[float, ...]
    label: int


@dataclass(slots=True)
class Tally:
    """What was sent and answered; ``answers`` and ``right`` count rows by release."""

    requests: int = 0
    failures: int = 0
    labels: int = 0
    requests_by_release: Counter[int] = field(default_factory=Counter)
    answers: Counter[int] = field(default_factory=Counter)
    right: Counter[int] = field(default_factory=Counter)

    def accuracy(self, release: int) -> float | None:
        return self.right[release] / self.answers[release] if self.answers[release] else None


@dataclass(frozen=True, slots=True)
class Pace:
    """``requests_per_s`` of ``rows`` rows each; labels follow ``label_delay_s`` later."""

    requests_per_s: float = 7.0
    rows: int = 5
    label_delay_s: float = 4.0


def read_examples(path: Path, label_column: str = "label") -> list[Example]:
    with path.open(newline="") as file:
        return [
            Example(
                tuple(float(v) for k, v in row.items() if k != label_column), int(row[label_column])
            )
            for row in csv.DictReader(file)
        ]


class Traffic:
    """Two threads: one asks, one says later what was true. ``stop`` waits until all labels are out."""

    def __init__(
        self,
        door: str,
        model: str,
        examples: Sequence[Example],
        pace: Pace,
        clock: Clock,
        seed: int,
    ) -> None:
        self._address = door.removeprefix("http://")
        self._model = model
        self._examples = examples
        self._pace = pace
        self._clock = clock
        self._draws = random.Random(seed)
        self._due: deque[tuple[float, list[dict[str, Any]]]] = deque()
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(target=self._ask_on, daemon=True),
            threading.Thread(target=self._label_on, daemon=True),
        ]
        self.tally = Tally()
        self.last_error = ""

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Ends both; no error when they were never started."""
        self._stopping.set()
        for thread in self._threads:
            if thread.is_alive():
                thread.join(timeout=30)

    def _ask_on(self) -> None:
        while not self._stopping.is_set():
            began = self._clock.now()
            try:
                self._ask()
            except (OSError, http.client.HTTPException, ValueError, KeyError) as error:
                self.tally.failures += 1
                self.last_error = repr(error)
            wait = 1 / self._pace.requests_per_s - (self._clock.now() - began)
            self._stopping.wait(max(0.0, wait))

    def _ask(self) -> None:
        batch = self._draws.choices(self._examples, k=self._pace.rows)
        self.tally.requests += 1
        status, answer = self._post(
            "predict", {"inputs": [list(e.features) for e in batch]}, PREDICTOR
        )
        if status != 200:
            self.tally.failures += 1
            self.last_error = f"{status} {answer}"
            return
        release = int(answer["release"])
        said = [_label_of(p) for p in answer["predictions"]]
        self.tally.requests_by_release[release] += 1
        self.tally.answers[release] += len(batch)
        self.tally.right[release] += sum(s == e.label for s, e in zip(said, batch, strict=True))
        labels = [
            {"prediction_id": id_, "label": e.label}
            for id_, e in zip(answer["prediction_ids"], batch, strict=True)
        ]
        self._due.append((self._clock.now() + self._pace.label_delay_s, labels))

    def _label_on(self) -> None:
        while not (self._stopping.is_set() and not self._due):
            labels: list[dict[str, Any]] = []
            while self._due and (self._due[0][0] <= self._clock.now() or self._stopping.is_set()):
                labels += self._due.popleft()[1]
            if labels:
                self._send_labels(labels)
            self._clock.sleep(0.5)

    def _send_labels(self, labels: list[dict[str, Any]]) -> None:
        try:
            status, answer = self._post("feedback", labels, LABELLER)
        except (OSError, http.client.HTTPException, ValueError) as error:
            status, answer = 0, {"error": repr(error)}
        if status == 202:
            self.tally.labels += len(labels)
        else:
            self.last_error = f"labels: {status} {answer}"
            if not self._stopping.is_set():
                self._due.append((self._clock.now() + 1.0, labels))

    def _post(self, route: str, body: object, principal: str) -> tuple[int, Mapping[str, Any]]:
        connection = http.client.HTTPConnection(self._address, timeout=60)
        try:
            connection.request(
                "POST",
                f"/{self._model}/{route}",
                json.dumps(body),
                {"content-type": "application/json", "ladle-principal": principal},
            )
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read() or b"{}")
        finally:
            connection.close()


def _label_of(prediction: Any) -> int:
    return int(prediction["label"] if isinstance(prediction, Mapping) else prediction)
