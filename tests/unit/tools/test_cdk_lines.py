"""A failed deploy ends with the first failing resource's own reason, not with a traceback."""

from __future__ import annotations

from ladle.tools.cdk import CdkEvent, first_failure, parse_event

LINES = [
    "ladle-model-digits: deploying... [1/1]",
    "ladle-model-digits |  3/12 | 9:13:02 AM | CREATE_COMPLETE      | AWS::IAM::Role | Role (R1)",
    (
        "ladle-model-digits |  3/12 | 9:13:03 AM | CREATE_FAILED        | Custom::LadleRelease "
        "| Release (Release) LD260 the bundle is gone"
    ),
    "ladle-model-digits |  3/12 | 9:13:04 AM | ROLLBACK_IN_PROGRESS | AWS::CloudFormation::Stack",
    "ladle-model-digits |  3/12 | 9:13:05 AM | DELETE_FAILED        | AWS::IAM::Role | Role (R1)",
]


def test_an_event_line_names_stack_status_and_resource() -> None:
    assert parse_event(LINES[1]) == CdkEvent(
        "ladle-model-digits", "CREATE_COMPLETE", "AWS::IAM::Role | Role (R1)"
    )


def test_a_line_of_conversation_is_no_event() -> None:
    assert parse_event(LINES[0]) is None


def test_the_first_failing_resource_is_the_reason() -> None:
    assert "LD260 the bundle is gone" in first_failure(LINES)


def test_without_a_failing_resource_the_errors_are_the_reason() -> None:
    lines = ["synthesizing", "Error: connect ECONNREFUSED 127.0.0.1:4566", "bye"]
    assert first_failure(lines) == "Error: connect ECONNREFUSED 127.0.0.1:4566"


def test_a_silent_failure_says_that_it_was_silent() -> None:
    assert first_failure([]) == "it printed nothing"
