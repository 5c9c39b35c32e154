"""Two stories that most tests look at: a bad model that is rolled back, and a better one after it."""

from __future__ import annotations

import random

from tests.unit.why.play import BEGAN, FLIPPED, Play, experiment

from ladle.embedded.demo.page_facts import EvidencePoint, PageFacts, ReleaseFacts
from ladle.policy.verdicts import Evidence
from ladle.quality.counts import MICRO, Counts, Window, total
from ladle.releases.events import EvidenceRead
from ladle.why.fates import fates


def first_release() -> Play:
    """Release 1 has proved itself."""
    play = Play()
    play.now += 14
    play.hand_over(1, experiment(1, 0, 0.967))
    play.serve(42, {1: 0.03}, seed=1)
    prove(play)
    return play


def prove(play: Play) -> None:
    """A first release has no rival: it is only counted."""
    number = play.state.the_stable.number
    seen = total(play.windows[number])
    limit = play.state.the_stable.policy.log_e_limit
    evidence = Evidence(
        number, number, play.state.evidence_since, seen.requests, seen.labelled, 0.0, limit, ()
    )
    play.hear(EvidenceRead(evidence))


def rolled_back() -> Play:
    """Release 2, trained on flipped labels, is worse: its accuracy guard takes it back."""
    play = first_release()
    play.now += 6
    play.hand_over(2, experiment(2, FLIPPED, 0.884, after=play.experiments[1]))
    play.serve(200, {1: 0.03, 2: 0.3}, seed=2)
    return play


def promoted() -> Play:
    """Release 2 was refused when it was pinned again; release 3 is better and takes over."""
    play = rolled_back()
    play.serve(16, {1: 0.03, 2: 0.3}, seed=3)
    play.hand_over(1, play.experiments[1])
    play.now += 4
    play.hand_over(2, play.experiments[2])
    play.serve(10, {1: 0.03, 2: 0.3}, seed=4)
    play.hand_over(3, experiment(3, 0, 0.981, depth=9, after=play.experiments[2]))
    play.serve(160, {1: 0.03, 3: 0.02}, seed=5)
    return play


def slipped_through(days_after: int = 7, tried: float = 0.06) -> Play:
    """Release 2 is as good as the other while it is tried, and worse from the first day on."""
    play = first_release()
    days(play, 10, {1: 0.05}, seed=11)
    play.hand_over(2, experiment(2, FLIPPED, 0.96, after=play.experiments[1]))
    play.serve(200, {1: 0.05, 2: tried}, seed=12)
    days(play, days_after, {2: 0.1}, seed=13)
    return play


def days(play: Play, count: int, wrong: dict[int, float], seed: int, labels: int = 100) -> None:
    """Hours with ``labels`` predictions each, all of them labelled in the end."""
    draws = random.Random(seed)
    for _ in range(24 * count):
        play.now += 3600
        for number, rate in wrong.items():
            bad = sum(draws.random() < rate for _ in range(labels))
            counts = Counts(labels, 0, 0, labels * MICRO, bad * MICRO)
            play.windows.setdefault(number, []).append(Window(play.now // 60 * 60, counts))


def page_facts(play: Play) -> PageFacts:
    windows = {n: tuple(w) for n, w in play.windows.items()}
    return PageFacts(
        model=play.state.model,
        began=BEGAN,
        ended=play.now,
        window_s=2.0,
        releases=tuple(
            ReleaseFacts(
                f.release, f.status, play.experiments.get(f.release), windows.get(f.release, ())
            )
            for f in fates(play.records, play.state)
        ),
        records=tuple(play.records),
        evidence=tuple(EvidencePoint(*point) for point in play.looked),
        log_e_limit=play.state.the_stable.policy.log_e_limit,
        explanation=rolled_back().why(compared=(1, 2)),
    )
