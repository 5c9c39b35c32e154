"""Accuracy changed, or did not: what the labels say of it, and who is to blame, if anybody is."""

from __future__ import annotations

from collections.abc import Iterator

from ladle.releases.effects import RecordKind
from ladle.why.alongside import alongside
from ladle.why.change import WORTH_FINDING, Change, QualityReport
from ladle.why.changepoint import FALSE_ALARM
from ladle.why.explanation import Sentence, Topic
from ladle.why.facts import Facts, served_ref
from ladle.why.focus import Focus
from ladle.why.mix import Mix
from ladle.why.season import DAY_S
from ladle.why.series import Tally
from ladle.why.shapes import Form
from ladle.why.telling import differs, say
from ladle.why.words import count, listed, moment, percent, plural

_WORTH_TELLING = 0.02  # of belief


def to_blame(facts: Facts, found: Focus) -> Iterator[Sentence]:
    report, change = facts.the_change
    cited = (found.row.id, *_served(facts, found, change))
    sure = _belief(change.causes.by_release[found.release or 0])
    text = f"the deployment of release {found.release} is to blame ({sure}): {what_changed(change)}"
    yield say(Topic.CONCLUSION, text, *cited)
    if found.release is not None:
        yield _beside(report, found.release, cited)
    yield from _shown(facts, report, change, cited)
    yield from differs(facts, found)
    stable, against = facts.state.stable, found.against
    good = {r.number for r in facts.state.good}
    if stable is not None and stable.number == found.release and against in good:
        text = f"it still serves; to go back: ladle rollback {facts.subject.model} --to {against}"
        yield say(Topic.NOW, text, found.row.id)


def outside(facts: Facts, found: Focus) -> Iterator[Sentence]:
    report, change = facts.the_change
    cited = _served(facts, found, change)
    sure = _belief(change.causes.step + change.causes.ramp)
    yield say(Topic.CONCLUSION, f"not a deployment ({sure}): {what_changed(change)}", *cited)
    yield from _shown(facts, report, change, cited)


def unclear(facts: Facts, found: Focus) -> Iterator[Sentence]:
    report, change = facts.the_change
    cited = _served(facts, found, change)
    text = f"cannot tell yet whether a deployment is to blame: {what_changed(change)}"
    yield say(Topic.CONCLUSION, text, *cited)
    if change.causes.likeliest is not None:
        yield _beside(report, change.causes.likeliest, cited)
    yield from _shown(facts, report, change, cited)
    yield say(Topic.NOW, _would_help(report, change), *cited)


def labels_say(facts: Facts, found: Focus) -> Iterator[Sentence]:
    """Beside a conclusion that history alone bears."""
    report = facts.quality
    if report is None or report.smallest is None:
        return
    what = "error" if report.series.numeric else "accuracy"
    since, labels = moment(report.series.start), plural(report.series.labelled, "label")
    if report.change is not None:
        cited = _served(facts, found, report.change)
        yield say(Topic.EVIDENCE, what_changed(report.change), *cited)
        yield from _shown(facts, report, report.change, cited)
    elif report.needs is None:
        text = (
            f"{what}: no change stands out in {labels} since {since}; a lasting one of "
            f"{points(report.smallest)} would be found nine times in ten"
        )
        yield say(Topic.EVIDENCE, text, found.row.id)
    else:
        text = (
            f"{what}: cannot tell yet whether it changed, from {labels} since {since}; about "
            f"{plural(report.needs, 'more label')} until a lasting change of "
            f"{points(WORTH_FINDING)} is found nine times in ten"
        )
        yield say(Topic.EVIDENCE, text, found.row.id)


def _served(facts: Facts, found: Focus, change: Change) -> tuple[str, ...]:
    """The rows of the deploy log that say what served before the change and after it, and when the
    release in question began to.
    """
    before = [row for row in facts.served if row.at <= change.earliest]
    during = [row for row in facts.served if change.earliest < row.at <= change.latest]
    suspect = change.causes.likeliest
    began = [r for r in facts.served if any(s.number == suspect for s in r.served)]
    rows = {row.sequence: row for row in [*began[:1], *before[-1:], *during]}
    return tuple(served_ref(rows[n]) for n in sorted(rows)) or (found.row.id,)


def what_changed(change: Change) -> str:
    """Size, shape and time, as half a sentence."""
    verb = "fell" if change.worse else "rose"
    text = f"accuracy {verb} by {points(abs(change.effect))}"
    if change.numeric:
        verb = "rose" if change.worse else "fell"
        text = f"the error {verb} by {points(abs(change.effect))} of its scale"
    if change.form is Form.RAMP:
        return f"{text} little by little from {moment(change.began)} to {moment(change.ended)}"
    return f"{text} at about {moment(change.began)}"


def _beside(report: QualityReport, release: int, cited: tuple[str, ...]) -> Sentence:
    """Both at the same time: what no season and no outside cause can make differ."""
    pair = report.side_by_side(release)
    if pair is None:
        text = f"release {release} never had labels beside another release"
    else:
        own, others = (f"{count(t.wrong)} of {plural(t.labelled, 'label')}" for t in pair)
        rates = [percent(t.wrong / t.labelled) for t in pair]
        verb = "lost the scale's worth" if report.series.numeric else "was wrong"
        text = (
            f"side by side, release {release} {verb} in {own} ({rates[0]}), the others "
            f"in {others} ({rates[1]})"
        )
    return say(Topic.EVIDENCE, text, *cited)


def _shown(
    facts: Facts, report: QualityReport, change: Change, cited: tuple[str, ...]
) -> Iterator[Sentence]:
    text = (
        f"by the time of the prediction, {_before_and_after(change)}; with hours and weekdays taken out z = {abs(change.z):.1f}, "
        f"limit {report.limit:.1f}, which a series without a change crosses in at most "
        f"{percent(FALSE_ALARM)} of cases"
    )
    yield say(Topic.EVIDENCE, text, *cited)
    if change.latest > change.earliest:
        text = f"{moment(change.earliest)} and {moment(change.latest)}"
        yield say(Topic.EVIDENCE, f"the change began between {text} (95 %)", *cited)
    yield say(Topic.EVIDENCE, f"likeliest causes: {beliefs(change)}", *cited)
    for text in alongside(report.series, change):
        yield say(Topic.EVIDENCE, f"at the same time, {text}", *cited)
    for mix in facts.mixes:
        yield say(Topic.EVIDENCE, mixed(mix, change.numeric), *cited)
    for text in drifted(facts, change):
        yield say(Topic.EVIDENCE, text, *cited)
    for row in facts.records:
        if row.kind is RecordKind.POLICY and change.earliest <= row.at <= change.latest:
            yield say(Topic.EVIDENCE, f"at {moment(row.at)}: {row.text}", row.id)
    if report.series.ripe_until < facts.now and facts.subject.at is None:
        text = f"predictions after {moment(report.series.ripe_until)} still wait for labels"
        yield say(Topic.EVIDENCE, f"{text} and are left out", *cited)


def mixed(mix: Mix, numeric: bool) -> str:
    """Who asked against how they were answered; what is above zero made accuracy fall."""
    of = " of its scale" if numeric else ""
    shares = f"from {percent(mix.share_before)} to {percent(mix.share_after)}"
    return (
        f"by {mix.field}, {_loss(mix.by_mix, of)} by another mix of callers (most of all {mix.moved}, "
        f"{shares} of the labels), {_loss(mix.within, of)} within the segments"
    )


def _loss(rate: float, of: str) -> str:
    return f"{points(abs(rate))}{of} were {'lost' if rate >= 0 else 'won'}"


def drifted(facts: Facts, change: Change) -> Iterator[str]:
    """What began to differ from training within a day of the change; that it is the cause is not said."""
    for onset in facts.drifted:
        if change.earliest - DAY_S <= onset.since <= change.latest + DAY_S:
            yield (
                f"since {moment(onset.since)} {onset.drift.column} of release {onset.release} differs "
                f"from its training: {percent(onset.drift.distance)} of {plural(onset.drift.rows, 'row')} "
                f"lie elsewhere (drift decides nothing)"
            )


def _would_help(report: QualityReport, change: Change) -> str:
    series = report.series
    first, last = (
        int((t - series.start) // series.bin_s) for t in (change.earliest, change.latest)
    )
    near = series.between(first, last + 1)
    missing = near.requests - near.labelled
    between = f"between {moment(change.earliest)} and {moment(change.latest)}"
    if missing >= 1:
        return f"labels of the {plural(missing, 'prediction')} {between} that have none would tell"
    return f"every prediction {between} has its label: only serving both releases again would tell"


def beliefs(change: Change) -> str:
    """Every cause that is worth telling, the likeliest first."""
    named = [(share, f"release {number}") for number, share in change.causes.by_release.items()]
    named.append((change.causes.step, "something outside at once"))
    named.append((change.causes.ramp, "something outside little by little"))
    told = [(s, name) for s, name in sorted(named, reverse=True) if s >= _WORTH_TELLING]
    return listed([f"{name} ({_belief(share)})" for share, name in told])


def _belief(share: float) -> str:
    return "over 99 %" if share > 0.99 else f"{100 * share:.0f} %"


def _before_and_after(change: Change) -> str:
    if not change.numeric:
        return f"{_rate(change.before)} were right before and {_rate(change.after)} after"
    lost = [
        percent(t.wrong / t.labelled) if t.labelled else "none"
        for t in (change.before, change.after)
    ]
    labels = plural(change.before.labelled + change.after.labelled, "label")
    return f"the mean error of {labels} was {lost[0]} of its scale before and {lost[1]} after"


def _rate(tally: Tally) -> str:
    right = percent(1 - tally.wrong / tally.labelled) if tally.labelled else "none"
    return f"{right} of {plural(tally.labelled, 'label')}"


def points(rate: float) -> str:
    """A difference of rates."""
    return f"{100 * rate:.2g} points"
