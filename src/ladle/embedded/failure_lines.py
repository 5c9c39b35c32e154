"""An invocation's FunctionError, in the words of the line that Lambda's platform would have logged."""

from __future__ import annotations

from ladle.aws.functions import Invoked


def failure_line(invoked: Invoked, request_id: str) -> str | None:
    """A line in Lambda's form, or None where the emulator has written one itself (time-outs)."""
    if "timed out" in invoked.error_message.lower():
        return None
    if "init failed" in invoked.error_message.lower():
        return (
            f"INIT_REPORT RequestId: {request_id} Phase: invoke Status: error "
            "Error Type: Runtime.ImportModuleError"
        )
    return (
        f"RequestId: {request_id} Error: Runtime exited with error: "
        "signal: killed Runtime.ExitError"
    )
