"""The signer makes what botocore's makes: for any request, to any service."""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import Any
from urllib.parse import quote

import pytest
from botocore import auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotoCredentials
from hypothesis import given
from hypothesis import strategies as st

from ladle.sigv4 import Credentials, Scope, sign

AT = 1_795_400_000.0
WORDS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12)


def botocore_headers(
    method: str, url: str, body: bytes, token: str | None, scope: Scope
) -> dict[str, str]:
    signer_class: Any = auth.S3SigV4Auth if scope.service == "s3" else auth.SigV4Auth
    signer = signer_class(
        BotoCredentials("AKIDEXAMPLE", "secret", token), scope.service, scope.region
    )
    request = AWSRequest(method=method, url=url, data=body, headers={"accept": "*/*"})
    request.context["timestamp"] = dt.datetime.fromtimestamp(AT, dt.UTC).strftime("%Y%m%dT%H%M%SZ")
    if scope.service == "s3":
        request.headers["X-Amz-Content-SHA256"] = signer.payload(request)
    request.headers["X-Amz-Date"] = request.context["timestamp"]
    if token:
        request.headers["X-Amz-Security-Token"] = token
    canonical = signer.canonical_request(request)
    signature = signer.signature(signer.string_to_sign(request, canonical), request)
    return {"signature": signature, "canonical": canonical}


@pytest.mark.parametrize("service", ["s3", "execute-api", "lambda"])
@given(
    segments=st.lists(WORDS, max_size=4),
    query=st.lists(st.tuples(WORDS, st.one_of(st.just(""), WORDS)), max_size=3),
    body=st.binary(max_size=40),
    token=st.one_of(st.none(), st.just("session/token==")),
    method=st.sampled_from(["GET", "POST"]),
)
def test_a_signature_is_the_one_that_botocore_makes(
    service: str,
    segments: list[str],
    query: list[tuple[str, str]],
    body: bytes,
    token: str | None,
    method: str,
) -> None:
    path = "/".join(quote(s, safe="-_.~") for s in segments if s not in {".", ".."})
    asked = "&".join(f"{quote(k, safe='')}={quote(v, safe='')}" for k, v in query)
    url = f"https://bucket.example.com/{path}" + (f"?{asked}" if asked else "")
    scope = Scope("eu-west-1", service)

    ours = sign(
        method,
        url,
        {"accept": "*/*"},
        hashlib.sha256(body).hexdigest(),
        Credentials("AKIDEXAMPLE", "secret", token),
        scope,
        AT,
    )

    theirs = botocore_headers(method, url, body, token, scope)
    assert ours["authorization"].endswith(f"Signature={theirs['signature']}"), theirs["canonical"]


def test_credentials_do_not_print_their_secret() -> None:
    assert "s3cr3t" not in repr(Credentials("AKID", "s3cr3t", "t0ken"))
    assert "t0ken" not in repr(Credentials("AKID", "s3cr3t", "t0ken"))
