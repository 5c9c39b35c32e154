"""Predicted rows in DynamoDB, under their request; they expire with the time in which labels count."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from ladle import names
from ladle.aws.faults import asking
from ladle.quality.labels import PredictionRows
from ladle.quality.outcomes import covers

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class AwsPredictionLog:
    """The PredictionLog of an ``aws:`` or ``embedded:`` workspace."""

    def __init__(self, client: DynamoDBClient, table: str = names.PREDICTIONS_TABLE) -> None:
        self._client = client
        self._table = table

    def add(self, rows: PredictionRows, expires_at: float) -> None:
        with asking("to keep predictions"):
            self._client.put_item(
                TableName=self._table,
                Item={
                    "pk": {"S": request_key(rows.model, rows.request_id)},
                    "sk": {"S": f"ROWS#{rows.first_row:06d}"},
                    "release": {"N": str(rows.release)},
                    "window_start": {"N": repr(rows.window_start)},
                    "total_rows": {"N": str(rows.total_rows)},
                    "outcomes": {"S": json.dumps(rows.outcomes)},
                    "expires": {"N": str(int(expires_at))},
                },
            )

    def find(self, model: str, request_id: str, row: int) -> PredictionRows | None:
        with asking("for a prediction"):
            answer = self._client.query(
                TableName=self._table,
                KeyConditionExpression="pk = :pk AND sk BETWEEN :first AND :row",
                ExpressionAttributeValues={
                    ":pk": {"S": request_key(model, request_id)},
                    ":first": {"S": "ROWS#000000"},
                    ":row": {"S": f"ROWS#{row:06d}"},
                },
                ScanIndexForward=False,
                Limit=1,
                ConsistentRead=True,
            )
        for item in answer["Items"]:
            rows = PredictionRows(
                model=model,
                request_id=request_id,
                release=int(item["release"]["N"]),
                window_start=float(item["window_start"]["N"]),
                total_rows=int(item["total_rows"]["N"]),
                first_row=int(item["sk"]["S"][5:]),
                outcomes=tuple(json.loads(item["outcomes"]["S"])),
            )
            return rows if covers(rows, row) else None
        return None


def request_key(model: str, request_id: str) -> str:
    """What holds a request's rows and their labels together."""
    return f"P#{model}#{request_id}"
