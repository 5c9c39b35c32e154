"""Labels in DynamoDB, beside the rows they are about; each moves by compare-and-set."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from ladle import names
from ladle.aws.faults import asking, code_of
from ladle.aws.prediction_log import request_key
from ladle.errors import Unavailable
from ladle.quality.acceptance import Counting, StoredLabel, accept
from ladle.quality.labels import AcceptedLabel, Label, LabelOutcome

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_TRIES = 8


class AwsLabelStore:
    """The LabelStore of an ``aws:`` or ``embedded:`` workspace."""

    def __init__(self, client: DynamoDBClient, table: str = names.PREDICTIONS_TABLE) -> None:
        self._client = client
        self._table = table

    def accept(
        self,
        model: str,
        label: Label,
        outcome: LabelOutcome | None,
        expires_at: float,
        by: Counting,
    ) -> AcceptedLabel:
        """Most labels are the first of their prediction: so that is tried before anything is read."""
        body: str | None = None
        for _ in range(_TRIES):
            wanted = accept(StoredLabel.from_json(body) if body else None, label, outcome, by)
            if wanted.write is None:
                return wanted.accepted
            found = self._put(model, label, wanted.write, body, expires_at)
            if found is None:
                return wanted.accepted
            body = found
        raise Unavailable("LD611", "too many writers correct the same label", "try again")

    def given(self, model: str, request_id: str) -> Sequence[Label]:
        pages = self._client.get_paginator("query")
        with asking("for labels"):
            answers = list(
                pages.paginate(
                    TableName=self._table,
                    KeyConditionExpression="pk = :pk AND begins_with(sk, :label)",
                    ExpressionAttributeValues={
                        ":pk": {"S": request_key(model, request_id)},
                        ":label": {"S": "LABEL#"},
                    },
                    ConsistentRead=True,
                )
            )
        return [StoredLabel.from_json(i["body"]["S"]).label for a in answers for i in a["Items"]]

    def _put(
        self, model: str, label: Label, new: StoredLabel, before: str | None, expires_at: float
    ) -> str | None:
        """None when it was written, else the body that somebody else wrote first."""
        condition: Any = {"ConditionExpression": "attribute_not_exists(pk)"}
        if before is not None:
            condition = {
                "ConditionExpression": "body = :before",
                "ExpressionAttributeValues": {":before": {"S": before}},
            }
        with asking("to keep a label"):
            try:
                self._client.put_item(
                    TableName=self._table,
                    Item={
                        "pk": {"S": request_key(model, label.request_id)},
                        "sk": {"S": f"LABEL#{label.row:06d}"},
                        "body": {"S": new.to_json()},
                        "expires": {"N": str(int(expires_at))},
                    },
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                    **condition,
                )
            except ClientError as error:
                if code_of(error) != "ConditionalCheckFailedException":
                    raise
                found: Any = error.response.get("Item", {})
                return str(found["body"]["S"])
        return None
