"""An invocation's FunctionError, in the words of the line that Lambda's platform would have logged."""

from __future__ import annotations

from ladle.aws.functions import Invoked


def failure_line(invoked: Invoked, request_id: str) -> str:
    """The forms are Lambda's own; ``ladle.quality.platform_lines`` reads them on AWS too."""
    if "timed out" in invoked.error_message.lower():
        return f"{request_id} Task timed out: Status: timeout (seen by the embedded door)"
    if "import" in invoked.error_type.lower() or "import" in invoked.error_message.lower():
        return (
            f"INIT_REPORT RequestId: {request_id} Phase: invoke Status: error "
            "Error Type: Runtime.ImportModuleError"
        )
    return (
        f"RequestId: {request_id} Error: Runtime exited with error: "
        "signal: killed Runtime.ExitError"
    )
