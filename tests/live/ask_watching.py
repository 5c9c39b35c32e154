"""Whether what is printed is counted, what is counted rings, and what rings wakes the controller."""

from __future__ import annotations

from tests.live.ask_deploying import first
from tests.live.ask_traffic import fails, trial
from tests.live.checks import asked, by_hand
from tests.live.place import Place

from ladle import names
from ladle.policy.statuses import ReleaseStatus
from ladle.quality.counts import total

CALLS = 200
CONTROLLER_LOG = f"/aws/lambda/{names.CONTROLLER_FUNCTION}"
WAYS = {"times_out.py": "a time-out", "runs_out_of_memory.py": "an exit"}


@asked("watching.delivery", here=True)
def every_line_is_counted(place: Place) -> str:
    name = place.once(first)

    def counted() -> int:
        return total(place.workspace.counters.read(name, 1, since=0.0)).requests

    before, asked_at = counted(), place.clock.now()
    answered = sum(place.deal(name, CALLS).values())
    place.until("each request is counted", lambda: counted() - before >= answered)
    assert counted() - before == answered, "more were counted than were asked"
    return f"{answered} of {answered} within {place.clock.now() - asked_at:.0f} s"


@asked("watching.alarm", here=True)
def the_alarm_reaches_the_controller(place: Place) -> str:
    name = place.once(trial)
    before = len(place.logged(CONTROLLER_LOG, ""))
    place.session.cloudwatch.set_alarm_state(
        AlarmName=names.evidence_alarm(name), StateValue="ALARM", StateReason="scripts/live"
    )
    began = place.clock.now()
    place.until("the controller logs", lambda: len(place.logged(CONTROLLER_LOG, "")) > before, 300)
    return f"the controller ran {place.clock.now() - began:.0f} s later"


@asked("watching.dimensions")
def the_dimensions_are_lambdas(place: Place) -> str:
    function = names.function(place.once(trial))

    def found() -> list[str]:
        listed = place.session.cloudwatch.list_metrics(
            Namespace="AWS/Lambda",
            MetricName="Errors",
            Dimensions=[{"Name": "FunctionName", "Value": function}],
        )
        sets = [{d["Name"]: d["Value"] for d in m["Dimensions"]} for m in listed["Metrics"]]
        wanted = {"FunctionName", "Resource", "ExecutedVersion"}
        return [d["ExecutedVersion"] for d in sets if d.keys() == wanted]

    versions = place.until("a metric with these dimensions is listed", found)
    return f"FunctionName, Resource and ExecutedVersion, of versions {sorted(versions)}"


@asked("watching.failure-lines", here=True)
def failures_are_counted(place: Place) -> str:
    names_ = {transform: place.proven(transform[:4] + "-out") for transform in WAYS}
    for transform, name in names_.items():
        place.tried(name, transform=transform, compute="{timeout_s: 1}")
    with place.traffic(*names_.values()):
        for name in names_.values():
            place.wait(name, lambda s: s.statuses.get(2) is ReleaseStatus.ROLLED_BACK)
    said = []
    for transform, name in names_.items():
        counts = total(place.workspace.counters.read(name, 2, since=0.0))
        assert counts.failed == counts.requests > 0, f"{WAYS[transform]}: {counts}"
        said.append(f"{WAYS[transform]}: {counts.failed} of {counts.requests} counted as failed")
    return "; ".join(said)


@asked("watching.logs", here=True)
def the_request_is_found(place: Place) -> str:
    name = place.once(first)
    _, answer = place.ask(name)
    began = place.clock.now()
    words = ("logs", name, "--since", "10m", "--request", answer["prediction_id"])
    place.until("its line is found", lambda: place.shop.ladle_json(*words)["lines"], 300)
    return f"its line {place.clock.now() - began:.0f} s after the answer"


@asked("watching.captured", here=True)
def captured_rows_come_back(place: Place) -> str:
    """So many that they fill one line and begin another."""
    name = place.proven("kept", capture="{enabled: true, classify: {x: keep}}")
    _, answer = place.ask(name, rows=400)
    words = ("logs", name, "--captured", "--request", answer["prediction_ids"][0])

    def rows() -> int:
        return len(place.shop.ladle_json(*words)["rows"])

    place.until("all of its rows are found", lambda: rows() == 400, 300)
    return "400 rows in lines of 15 KB"


@asked("watching.stream", here=True)
def the_stream_names_its_version(place: Place) -> str:
    group = names.log_group(place.once(first))
    found = place.session.logs.describe_log_streams(logGroupName=group)["logStreams"]
    streams = [stream["logStreamName"] for stream in found]
    assert streams, "no stream"
    named = "[1]" if place.embedded else f"/{names.function(place.once(first))}[1]"
    assert all(named in stream for stream in streams), streams
    return streams[0]


@asked("watching.wakes")
def only_messages_wake_it(place: Place) -> str:
    """Its own writes of the ledger must not; the rule wakes it once a minute in any case."""
    name = place.once(fails)
    began = place.clock.now()
    place.shop.ladle("pause", name, "--yes")
    place.clock.sleep(180.0)
    place.shop.ladle("resume", name, "--yes")
    runs = place.session.logs.filter_log_events(
        logGroupName=CONTROLLER_LOG,
        filterPattern='"REPORT RequestId"',
        startTime=int(began * 1000),
    )["events"]
    assert len(runs) <= 6, f"{len(runs)} runs in three minutes"
    return f"{len(runs)} runs in three minutes with two messages"


@asked("watching.trace")
def a_trace_goes_through(place: Place) -> str:
    name = place.proven("traced", tracing="xray")
    began = place.clock.now()
    place.deal(name, 50)
    xray = place.client("xray")

    def traces() -> list[str]:
        found = xray.get_trace_summaries(StartTime=began - 60, EndTime=place.clock.now())
        return [trace["Id"] for trace in found["TraceSummaries"]]

    ids = place.until("a trace is there", traces, 600)
    return f"{len(ids)} traces, {ids[0]}"


@asked("watching.expiry")
def rows_expire(place: Place) -> str:
    for table in (names.PREDICTIONS_TABLE, names.COUNTERS_TABLE):
        found = place.session.dynamodb.describe_time_to_live(TableName=table)
        told = found["TimeToLiveDescription"]
        assert told["TimeToLiveStatus"] in ("ENABLED", "ENABLING"), f"{table}: {told}"
        assert told["AttributeName"] == "expires", f"{table}: {told}"
    return "both tables drop what has expired"


by_hand(
    {
        "watching.dashboard": "needs eyes",
        "watching.budget": "the payer of the account must activate the tag, and a day must pass",
        "watching.idle": "needs a mailbox, and an hour",
        "watching.stop": "needs two hours without a request",
        "watching.spans": "needs a collector that the account reaches",
        "watching.spans-signed": "needs Transaction Search, which is the whole account's",
        "watching.drift-lines": "needs an hour of a model with a reference of its training",
        "watching.drift-columns": "needs a model of 60 inputs with a reference of its training",
    }
)
