"""Labels are also counted by who gave them, so that a source that picks what it labels can be left out.

Told apart are the entries of ``labels.sources`` where there are several, each by a hash of its entry: a
list in another order reads the same counters. What belongs to none of them (labels from before the list
was so, and of entries beyond the first 16) is ``REST``, which is left out or kept like a source. Tallies
go into a label's outcome, so a correction takes them back from the source that gave the label.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache

from ladle.policy.rollout import RolloutPolicy
from ladle.quality import errors
from ladle.quality.counts import Counts
from ladle.quality.pairing import PairedWindow

MAX_SOURCES = 16
REST = ""
_LABELLED, _WRONG, _ERRORS = "l", "lw", "b"


def told_apart(policy: RolloutPolicy) -> tuple[str, ...]:
    """Empty where all labels have one source: nothing is counted twice then."""
    several = len(policy.label_sources) > 1
    return (*policy.label_sources[:MAX_SOURCES], REST) if several else ()


def tallies(
    source: str, labelled_micro: int, wrong_micro: int, measured: Mapping[str, int]
) -> Mapping[str, int]:
    """What one label adds to its source; errors are found among what else was ``measured``."""
    key = _key(source)
    found = {f"{_LABELLED}.{key}": labelled_micro}
    if wrong_micro:
        found[f"{_WRONG}.{key}"] = wrong_micro
    off = errors.histogram(Counts(tallies=measured))
    return found | {f"{_ERRORS}.{key}.{bin_}": n for bin_, n in off.items()}


def labels_of(source: str, counts: Counts, sources: Sequence[str]) -> Counts:
    """What the labels of one of ``sources`` have added, as far as guards read it."""
    if source == REST:
        named = [_named(s, counts) for s in sources if s != REST]
        return _less(_of_guards(counts), sum(named, Counts()))
    return _named(source, counts)


def without(
    out: Collection[str], windows: Sequence[PairedWindow], sources: Sequence[str]
) -> Sequence[PairedWindow]:
    """The same windows as if the sources that are ``out`` had given no label."""
    if not out:
        return windows
    return [
        w._replace(stable=_kept(out, w.stable, sources), candidate=_kept(out, w.candidate, sources))
        for w in windows
    ]


def _kept(out: Collection[str], counts: Counts, sources: Sequence[str]) -> Counts:
    if not counts.labelled_micro:
        return counts
    return _less(counts, sum((labels_of(s, counts, sources) for s in out), Counts()))


def _named(source: str, counts: Counts) -> Counts:
    key, found = _key(source), counts.tallies
    prefix = f"{_ERRORS}.{key}."
    return Counts(
        labelled_micro=found.get(f"{_LABELLED}.{key}", 0),
        wrong_micro=found.get(f"{_WRONG}.{key}", 0),
        tallies=errors.binned(
            {int(n[len(prefix) :]): found[n] for n in found if n.startswith(prefix)}
        ),
    )


def _of_guards(counts: Counts) -> Counts:
    return Counts(
        labelled_micro=counts.labelled_micro,
        wrong_micro=counts.wrong_micro,
        tallies=errors.binned(errors.histogram(counts)),
    )


def _less(counts: Counts, part: Counts) -> Counts:
    tallies = dict(counts.tallies)
    for name, n in part.tallies.items():
        tallies[name] = tallies.get(name, 0) - n
    return counts._replace(
        labelled_micro=counts.labelled_micro - part.labelled_micro,
        wrong_micro=counts.wrong_micro - part.wrong_micro,
        tallies=tallies,
    )


@lru_cache(64)
def _key(source: str) -> str:
    return hashlib.blake2b(source.encode(), digest_size=4).hexdigest()
