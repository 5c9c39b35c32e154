"""The alias ``live`` of a model's function: read with its revision, written by compare-and-set."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from ladle import names
from ladle.aws.faults import asking, code_of
from ladle.aws.function_home import FunctionHome
from ladle.aws.functions import Functions, Invoked
from ladle.aws.lambda_function_warmth import Warmth
from ladle.aws.retiring import retire
from ladle.catalog import Target
from ladle.errors import Conflict, LadleError, NotFound, Unavailable
from ladle.policy.traffic import ObservedTraffic, Traffic

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

_LOG = logging.getLogger(__name__)
_LATER = {"ResourceConflictException", "TooManyRequestsException", "ServiceException"}
_NO_SUCH_VERSION = {"ResourceNotFoundException", "InvalidParameterValueException"}
# The question of a load balancer: answered without a prediction, 200 once the model is loaded.
_PROBE: dict[str, Any] = {
    "version": "2.0",
    "routeKey": "$default",
    "rawPath": "/v2/health/ready",
    "rawQueryString": "",
    "headers": {"host": "probe"},
    "requestContext": {
        "http": {
            "method": "GET",
            "path": "/v2/health/ready",
            "protocol": "HTTP/1.1",
            "sourceIp": "127.0.0.1",
            "userAgent": "ladle-controller",
        },
        "requestId": "probe",
        "stage": "$default",
    },
    "isBase64Encoded": False,
}


class LambdaAliasRouter:
    """The TrafficRouter of a home on ``lambda``; ``client_of`` gives the client that a model's role
    may use, since each model's traffic has its own.
    """

    def __init__(self, client_of: Callable[[str], LambdaClient], base: int = 0) -> None:
        self._client_of = client_of
        self._home = FunctionHome(base)

    def read(self, model: str) -> ObservedTraffic | None:
        with asking(f"for the alias of {model}"):
            try:
                alias = self._client_of(model).get_alias(
                    FunctionName=self._home.function(model), Name=names.ALIAS
                )
            except ClientError as error:
                if code_of(error) == "ResourceNotFoundException":
                    return None
                if code_of(error) in _LATER:
                    raise _later(error) from error
                raise
        weights = alias.get("RoutingConfig", {}).get("AdditionalVersionWeights", {})
        return ObservedTraffic(
            self._traffic(alias["FunctionVersion"], weights), alias["RevisionId"]
        )

    def write(self, model: str, traffic: Traffic, expected_revision: str) -> None:
        # An absent map would leave the old weights: the empty one clears them.
        home, canary = self._home, traffic.canary
        weights = {} if canary is None else {home.version(canary): traffic.canary_weight}
        with asking(f"to move the traffic of {model}"):
            try:
                self._client_of(model).update_alias(
                    FunctionName=home.function(model),
                    Name=names.ALIAS,
                    FunctionVersion=home.version(traffic.main),
                    RoutingConfig={"AdditionalVersionWeights": weights},
                    RevisionId=expected_revision,
                )
            except ClientError as error:
                refusal = _refusal(model, traffic, error)
                if refusal is None:
                    raise
                raise refusal from error

    def can_start(self, model: str, release: int) -> bool:
        try:
            answer = Functions(self._client_of(model)).invoke(
                self._home.function(model), _PROBE, self._home.version(release)
            )
        except NotFound:
            return False
        return answer.error is None and _status(answer) == 200

    def is_ready(self, model: str, release: int) -> bool:
        """It starts when it is asked: one that does not answer then never will."""
        if not self.can_start(model, release):
            what = f"release {release} of {model} does not answer a probe"
            raise NotFound("LD505", what, f"ladle logs {model} shows what it said")
        return True

    def settle(self, model: str, traffic: Traffic) -> None:
        """Warm instances go where the traffic has gone. Where they do not, requests start cold and
        the next write tries again: that is no reason to stop a rollback.
        """
        releases = {traffic.main} | ({traffic.canary} if traffic.canary is not None else set())
        try:
            with asking(f"to keep {model} warm"):
                Warmth(self._client_of(model), self._home.base).follow(model, releases)
        except LadleError as error:
            _LOG.warning(json.dumps({"model": model, "code": error.code, "what": str(error)}))

    def switch(self, model: str, on: bool) -> None:
        """Off: Lambda keeps no instance for it, and whoever asks is turned away."""
        client, function = self._client_of(model), self._home.function(model)
        with asking(f"to {'start' if on else 'stop'} {model}"):
            try:
                if on:
                    client.delete_function_concurrency(FunctionName=function)
                else:
                    client.put_function_concurrency(
                        FunctionName=function, ReservedConcurrentExecutions=0
                    )
            except ClientError as error:
                if code_of(error) in _LATER:
                    raise _later(error) from error
                if code_of(error) != "ResourceNotFoundException":  # taken down meanwhile
                    raise

    def switched(self, model: str, on: bool) -> bool:
        """Whether it is held at no instance, or is not, as it should be."""
        with asking(f"whether {model} is stopped"):
            try:
                found = self._client_of(model).get_function_concurrency(
                    FunctionName=self._home.function(model)
                )
            except ClientError as error:
                if code_of(error) in _LATER:
                    raise _later(error) from error
                if code_of(error) != "ResourceNotFoundException":
                    raise
                return True  # taken down meanwhile
        return (found.get("ReservedConcurrentExecutions") != 0) is on

    def delete(self, model: str, release: int) -> None:
        retire(self._client_of(model), Target.LAMBDA, model, release, self._home.base)

    def _traffic(self, version: str, weights: dict[str, float]) -> Traffic:
        """While Lambda moves traffic it may show a weight of 0, or one for the main version itself."""
        main = self._home.release(version)
        for other, weight in weights.items():
            if weight > 0 and other != version:
                return Traffic(main, self._home.release(other), weight)
        return Traffic(main)


def _refusal(model: str, traffic: Traffic, error: ClientError) -> LadleError | None:
    code = code_of(error)
    if code == "PreconditionFailedException":
        return Conflict("LD503", f"the alias of {model} changed since it was read", "read it again")
    if code in _NO_SUCH_VERSION:
        message = error.response.get("Error", {}).get("Message", code)
        return NotFound("LD505", f"Lambda refuses {traffic}: {message}", "ladle history shows why")
    return _later(error) if code in _LATER else None


def _later(error: ClientError) -> Unavailable:
    return Unavailable("LD504", f"Lambda asks to try later: {code_of(error)}", "try again")


def _status(answer: Invoked) -> int | None:
    payload = answer.payload
    return payload.get("statusCode") if isinstance(payload, dict) else None
