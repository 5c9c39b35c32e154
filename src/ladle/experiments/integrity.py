"""Whether a chain is whole: each manifest in its place, each place taken, the head where it was."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from ladle.experiments.chain import Chain, ChainLink
from ladle.experiments.manifest import RecordedExperiment


class Fault(StrEnum):
    ALTERED = "altered"
    MISSING = "missing"
    UNCHAINED = "unchained"  # swapped, or written past the chain
    MOVED_BACK = "moved back"


@dataclass(frozen=True, slots=True)
class Problem:
    """``subject`` is the digest of an object, or the id of an experiment, or a model's name.

    ``needed_by`` are experiments, as ids.
    """

    fault: Fault
    subject: str
    text: str
    needed_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Witness:
    """An experiment that was seen in a chain: it must be in its place for ever."""

    model: str
    id: str
    sequence: int


def check_chain(chain: Chain, witnesses: Sequence[Witness] = ()) -> tuple[Problem, ...]:
    """Every fault of one model's chain, in order."""
    return (
        *_links(chain),
        *_head(chain),
        *(p for w in witnesses if w.model == chain.model for p in _seen(chain, w)),
    )


def newest(chain: Chain) -> Witness | None:
    """What to remember of a chain that was found whole."""
    return Witness(chain.model, *chain.head) if chain.head else None


def _links(chain: Chain) -> Iterator[Problem]:
    before: ChainLink | None = None
    expected = 1
    for link in chain.links:
        for number in range(expected, link.sequence):
            text = f"{chain.model}: experiment number {number} is gone from the chain"
            yield Problem(Fault.MISSING, chain.model, text)
        yield from _link(chain.model, link, before, unknown_before=link.sequence > expected)
        expected, before = link.sequence + 1, link


def _link(
    model: str, link: ChainLink, before: ChainLink | None, unknown_before: bool
) -> Iterator[Problem]:
    number = f"{model}: experiment number {link.sequence}"
    if link.recorded is None:
        yield Problem(Fault.ALTERED, link.id or model, f"{number}: {link.why}")
        return
    manifest = link.recorded.manifest
    if manifest.model != model:
        text = f"{number} is {manifest.id[:12]}, which is of {manifest.model}"
        yield Problem(Fault.UNCHAINED, manifest.id, text)
    previous = before.id if before else None
    if not unknown_before and previous not in ("", manifest.previous):
        text = (
            f"{number} ({manifest.id[:12]}) follows {_short(manifest.previous)}, "
            f"but before it stands {_short(previous)}: one of them was swapped"
        )
        yield Problem(Fault.UNCHAINED, manifest.id, text)


def _head(chain: Chain) -> Iterator[Problem]:
    last = chain.links[-1] if chain.links else None
    stands = (last.id, last.sequence) if last else None
    if last is not None and not last.id:
        return  # told already: it cannot be read
    if chain.head != stands:
        says = f"number {chain.head[1]} ({chain.head[0][:12]})" if chain.head else "none"
        is_ = f"number {last.sequence} ({last.id[:12]})" if last else "none"
        text = f"{chain.model}: the head names {says}, the newest in the chain is {is_}"
        yield Problem(Fault.MOVED_BACK, chain.model, text)


def _seen(chain: Chain, witness: Witness) -> Iterator[Problem]:
    link = next((i for i in chain.links if i.sequence == witness.sequence), None)
    if link is not None and link.id in ("", witness.id):
        return
    stands = f"{link.id[:12]} stands there" if link else "nobody stands there"
    text = (
        f"{chain.model}: this machine saw experiment {witness.id[:12]} as number "
        f"{witness.sequence}; now {stands}"
    )
    yield Problem(Fault.MOVED_BACK, witness.id, text)


def expected_objects(recorded: RecordedExperiment) -> tuple[str, ...]:
    """Digests of the objects that stand by themselves; its packs are named by its layout."""
    if recorded.layout is None:
        return tuple(map(str, recorded.manifest.digests))
    return (*recorded.manifest.objects, recorded.layout)


def _short(experiment_id: str | None) -> str:
    return experiment_id[:12] if experiment_id else "nothing"
