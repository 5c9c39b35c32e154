"""Evidence against a candidate adds up over windows; its rate of false alarms holds at any look.

Each guard bets by ``event_share``, which see for the argument. The guards share the promised
false-rollback rate: the rollout's e-value is their mean weighted by ``policy.alpha_share``, and a
rollout ends when its running maximum reaches 1/alpha. A mean of e-processes is an e-process, so the
rate holds for the whole rollout. WORSE is the guard that carried the mean over the limit, and every
guard whose own share would have; none of them without the mean.

NOT WORSE needs the reverse bet, or a bound on the candidate's own rate, to stand now: it may lapse.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from operator import attrgetter

from ladle.policy.rollout import RolloutPolicy
from ladle.policy.verdicts import Evidence, GuardVerdict, Verdict
from ladle.quality.counts import MICRO, Window
from ladle.quality.event_share import log_mean_exp
from ladle.quality.pairing import align, without_gaps
from ladle.quality.rate_bound import earned_under
from ladle.quality.sources import told_apart
from ladle.quality.tally import Peak, Stake, Tally, stakes_of
from ladle.quality.track import Track


def judge(
    stable: Sequence[Window],
    candidate: Sequence[Window],
    policy: RolloutPolicy,
    since: float,
    releases: tuple[int, int],
) -> Evidence:
    """Judges two releases that served side by side since ``since`` (UTC epoch seconds).

    ``releases`` are the numbers of the stable one and the candidate. Windows of the stable release
    from before ``since`` only help to say what is slow.
    """
    stable = sorted(stable, key=attrgetter("start"))
    stakes = stakes_of(policy, stable, since)
    windows = align(
        [w for w in stable if w.start >= since], [w for w in candidate if w.start >= since]
    )
    tally = Tally(stakes, told_apart(policy))
    tally.follow(0, without_gaps(windows))
    return concluded(tally, stakes, policy, since, releases)


def concluded(
    tally: Tally,
    stakes: Sequence[Stake],
    policy: RolloutPolicy,
    since: float,
    releases: tuple[int, int],
) -> Evidence:
    """What the windows of a tally say."""
    decides = tally.labels_decide
    usable = [s.read is not None and (decides or not s.of_labels) for s in stakes]
    peak = tally.peak()
    worse = _carriers(tally, stakes, usable, peak, policy.log_e_limit)
    return Evidence(
        stable_release=releases[0],
        candidate_release=releases[1],
        since=since,
        candidate_requests=tally.requests,
        candidate_labels=tally.labelled_micro // MICRO,
        log_e=peak.log_e,
        log_e_limit=policy.log_e_limit,
        guards=tuple(
            _verdict(stake, track, k in worse, usable[k], policy.log_e_limit)
            for k, (stake, track) in enumerate(zip(stakes, tally.tracks, strict=True))
        ),
        left_out=tuple(sorted(tally.left_out)),
    )


def _carriers(
    tally: Tally, stakes: Sequence[Stake], usable: Sequence[bool], peak: Peak, limit: float
) -> set[int]:
    """The guards that are worse: whose share alone would have done it, and who carried the peak."""
    if peak.log_e < limit or not peak.each:
        return set()
    able = [k for k in range(len(stakes)) if usable[k]]
    alone = {k for k in able if stakes[k].log_share + tally.tracks[k].highest >= limit}
    return alone | {max(able, key=lambda k: stakes[k].log_share + peak.each[k])}


def _verdict(stake: Stake, track: Track, worse: bool, usable: bool, limit: float) -> GuardVerdict:
    seen, log_es = track.seen(), _reverse(stake, track)
    verdict = Verdict.INCONCLUSIVE
    if worse:
        verdict = Verdict.WORSE
    elif usable and seen.two_sided and max(log_es) >= limit:
        verdict = Verdict.NOT_WORSE
    return GuardVerdict(
        guard=stake.guard.name,
        verdict=verdict,
        log_e=track.highest,
        stable=seen.stable,
        candidate=seen.candidate,
        alive=seen.two_sided,
        needs=_needs(stake, track, limit) if verdict is Verdict.INCONCLUSIVE else None,
    )


def _reverse(stake: Stake, track: Track) -> tuple[float, ...]:
    """Evidence that the candidate is fine: beside the stable release, and by itself."""
    better = track.better.log_e(-1)
    if stake.guard.fine_below is None:
        return (better,)
    return better, log_mean_exp(earned_under(stake.guard.fine_below, track.seen().candidate))


def _needs(stake: Stake, track: Track, limit: float) -> int | None:
    """Candidate's requests still wanted if all goes on as it did, by the nearest verdict."""
    played = [track.worse.after(-1), track.better.after(-1)]
    exposed = track.seen().candidate
    if stake.guard.fine_below is not None:
        played.append(list(earned_under(stake.guard.fine_below, exposed)))
    wanted = [_wanted(nats, limit, exposed.exposed) for nats in played]
    return min((n for n in wanted if n is not None), default=None)


def _wanted(nats: Sequence[float], limit: float, exposed: float) -> int | None:
    best = max(nats, default=0.0)
    if best <= 0 or exposed <= 0:
        return None
    return max(1, math.ceil(exposed * (limit + math.log(len(nats))) / best - exposed))
