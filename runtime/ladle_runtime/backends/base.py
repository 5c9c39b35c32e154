"""A backend turns a model's bytes into something that can be run; this is all that serving knows.

A new one is a row in ``ladle.catalog.BACKENDS`` and a module here that has ``load``;
``tests/contract/test_backends.py`` runs over every row.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from mmap import mmap
    from pathlib import Path

    from ladle.experiments.signature import Signature


class Backend(Protocol):
    """One loaded model. ``run`` may be called by several threads at once."""

    @property
    def signature(self) -> Signature:
        """As the model itself states it; what a package claims is compared with this."""

    @property
    def reference(self) -> str | None:
        """What the model's file says of the rows it was trained on; see ``ladle.quality.reference``."""

    @property
    def graph(self) -> str:
        """``optimised`` where a form of the model runs that was made of it before, else ``original``."""

    def run(self, inputs: Mapping[str, Any]) -> Mapping[str, Any]:
        """Inputs are numpy arrays, typed and bounded by the signature. Outputs by name, in order:
        numpy arrays, or lists of arrays or mappings where the format knows sequences.

        Raises ValueError when these values are what the model cannot take (an index out of its
        vocabulary); anything else raised is a failure of the model.
        """


class BackendModule(Protocol):
    """What the module itself offers."""

    def load(
        self,
        content: bytes | mmap,
        threads: int,
        file: Path | None = None,
        code_folder: str = ".",
        sha256: str | None = None,
    ) -> Backend:
        """From these very bytes. ``file`` holds them too where they may be mapped: nobody else can
        write it, and it may be gone as soon as this returns; what is mapped then stays.
        ``code_folder`` holds the package's own code, for a format that is code, and what was made of
        a model before; ``sha256`` is what ``content`` was released as, where that was checked.

        Raises LadleError LD424 for bytes that are no model, or one that cannot be served.
        """
