"""On AWS a model's stack says where it answers, and each request is signed by who asks."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from ladle import names, sigv4
from ladle.errors import NotFound

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient

    from ladle.aws.session import AwsSession
    from ladle.ports import Clock

LABELS = "/feedback"


class ModelDoors:
    """Addresses and signatures for the models of one account and region."""

    def __init__(self, session: AwsSession, clock: Clock) -> None:
        self._session = session
        self._clock = clock
        self.address = cache(self._find)

    def sign(
        self, method: str, url: str, headers: Mapping[str, str], content: bytes
    ) -> Mapping[str, str]:
        """Credentials are asked for each time: those of a role end within hours."""
        service = "lambda" if ".lambda-url." in url else "execute-api"
        return sigv4.sign(
            method,
            url,
            headers,
            hashlib.sha256(content).hexdigest(),
            self._session.credentials,
            sigv4.Scope(self._session.region, service),
            self._clock.now(),
        )

    def _find(self, model: str, path: str) -> str:
        return find_address(self._session.cloudformation, model, path)


def find_address(cloudformation: CloudFormationClient, model: str, path: str = "") -> str:
    """The output ``Url`` of the model's stack, or for labels ``LabelsUrl``, where they have a door of
    their own. Raises NotFound LD430.
    """
    stack = names.model_stack(model)
    try:
        stacks = cloudformation.describe_stacks(StackName=stack)["Stacks"]
    except ClientError as error:
        if error.response["Error"]["Code"] != "ValidationError":
            raise
        stacks = []
    outputs = stacks[0].get("Outputs", ()) if stacks else ()
    named = {output["OutputKey"]: output["OutputValue"].rstrip("/") for output in outputs}
    wanted = "LabelsUrl" if path == LABELS and "LabelsUrl" in named else "Url"
    if wanted in named:
        return named[wanted]
    raise NotFound(
        "LD430",
        f"the stack {stack} names no address of {model}",
        f"deploy it: ladle deploy {model}",
    )
