"""What serves on SageMaker cannot be stopped and started again."""

from __future__ import annotations

from ladle.errors import LadleError


class AlwaysOn:
    def switch(self, model: str, on: bool) -> None:
        raise LadleError(
            "LD519",
            f"what serves {model} cannot be stopped, only deleted",
            f"ladle destroy {model} takes it down; write cost.action: notify",
        )

    def switched(self, model: str, on: bool) -> bool:
        """What cannot be switched is as it should be."""
        return True
