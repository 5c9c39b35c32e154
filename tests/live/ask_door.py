"""Who is let in, who is not, and what passes through a door unchanged."""

from __future__ import annotations

import io
import json

import numpy as np
from tests.live.ask_deploying import first
from tests.live.ask_traffic import dealt
from tests.live.checks import asked, by_hand
from tests.live.place import Place

from ladle import names
from ladle.quality.counts import total

BODY = b'{"inputs": [[0.0, 0.5]]}'
JSON = "application/json"
BURST = 400
LABELLED = "{window: 60s, guards: {latency: null}, labels: {sources: [%s]}}"


def npy() -> bytes:
    """One row, as numpy saves it: bytes that are no text."""
    file = io.BytesIO()
    np.save(file, np.array([[0.0, 0.5]], dtype=np.float32))
    return file.getvalue()


def caller_of(place: Place) -> str:
    """The unique id of who runs this, as IAM tells it to a function."""
    who: str = place.session.sts.get_caller_identity()["UserId"]
    return who.partition(":")[0]


def labelled(place: Place) -> str:
    """A model that takes labels from whoever runs this."""
    return place.proven("labelled", monitor=LABELLED % caller_of(place))


@asked("door.signed")
def only_who_signs_is_answered(place: Place) -> str:
    name = place.once(first)
    unsigned, _ = place.send(name, "/predict", BODY, JSON, signed=False)
    signed, _ = place.send(name, "/predict", BODY, JSON)
    assert (unsigned, signed) == (403, 200)
    return f"{unsigned} without a signature, {signed} with one"


@asked("door.own-labels")
def nobody_labels_unasked(place: Place) -> str:
    name = place.once(first)
    _, answer = place.ask(name)
    label = json.dumps({"prediction_id": answer["prediction_id"], "label": 1}).encode()
    status, body = place.send(name, "/feedback", label, JSON)
    assert status in (403, 422), f"{status} {body[:200]!r}"
    assert b"LD6" in body, body[:200]
    return f"{status} {json.loads(body).get('code', body[:120].decode())}"


@asked("door.label-files")
def a_file_counts_once(place: Place) -> str:
    name = place.once(labelled)
    ids = place.ask(name, rows=2)[1]["prediction_ids"]
    text = "prediction_id,label\n" + "".join(f"{id_},1\n" for id_ in ids)
    key = f"{names.LABEL_FILES}/{name}/monday.csv"
    place.session.s3.put_object(Bucket=place.bucket, Key=key, Body=text.encode())

    def counted() -> int:
        return total(place.workspace.counters.read(name, 1, since=0.0)).labelled_micro

    place.until("both labels are counted", lambda: counted() == 1_000_000, 300)
    return f"two labels of {caller_of(place)} counted as one request"


@asked("door.rotation")
def older_ids_still_count(place: Place) -> str:
    name = place.once(labelled)
    _, answer = place.ask(name)
    secrets = place.session.secrets
    secrets.put_secret_value(SecretId=names.MASTER_SECRET, SecretString="r" * 64)
    place.session.lambda_.update_function_configuration(  # so that new instances start
        FunctionName=names.INTAKE_FUNCTION, Description="scripts/live: after a rotation"
    )
    place.clock.sleep(30.0)
    label = json.dumps({"prediction_id": answer["prediction_id"], "label": 1}).encode()
    status, body = place.send(name, "/feedback", label, JSON)
    assert status == 202, f"{status} {body[:200]!r}"
    return "an id sealed before the rotation was taken with 202"


@asked("door.throttle")
def a_burst_is_throttled(place: Place) -> str:
    name = place.proven("throttled", door="{rate_per_s: 1}")
    statuses = [place.ask(name)[0] for _ in range(BURST // 10)]
    assert 429 in statuses, f"{len(statuses)} calls in a row, none was refused"
    return f"{statuses.count(429)} of {len(statuses)} calls in a row got 429 at 1 a second"


def with_a_key(place: Place) -> tuple[str, str]:
    """A model whose door asks for a key, and the key."""
    name = place.proven("keyed", door="{auth: api_key}")
    found = place.client("apigateway").get_api_keys(includeValues=True)["items"]
    return name, next(key["value"] for key in found if name in key["name"])


@asked("door.api-key")
def only_who_has_the_key_is_answered(place: Place) -> str:
    name, _ = place.once(with_a_key)
    without, _ = place.send(name, "/predict", BODY, JSON, signed=False)
    labels, _ = place.send(name, "/feedback", b"{}", JSON, signed=False)
    assert (without, labels) == (403, 403)
    return "403 without the key; 403 for unsigned labels"


@asked("door.rest-bodies")
def binary_bodies_pass(place: Place) -> str:
    name, key = place.once(with_a_key)
    answer = place.send(name, "/predict", npy(), "application/x-npy", False, {"x-api-key": key})
    assert answer[0] == 200, answer
    return f"an .npy body of {len(npy())} bytes was answered with 200"


@asked("door.function-url")
def a_url_deals_like_its_alias(place: Place) -> str:
    door = {"door": "{url: function}", "compute": "{timeout_s: 5, reserved: 5}"}
    return dealt(place, place.tried(place.proven("url", **door), **door))


@asked("door.signed-fetch")
def the_model_is_fetched_signed(place: Place) -> str:
    name = place.once(first)
    lines = place.logged(names.log_group(name), "LD42")
    assert not lines, lines[0]
    assert place.ask(name)[0] == 200
    return "a cold start has read its model; no LD42x in its log"


by_hand(
    {
        "door.tokens": "needs an issuer of tokens",
        "door.pages": "needs a browser and two origins",
        "door.domain": "needs a domain and its certificate",
    }
)
