"""A folder that another tool built gives its one ONNX file, or the reason why Ladle cannot serve it.

SageMaker's ModelBuilder (sagemaker 3) leaves such a folder, its ``model_path``: for Triton it exports
PyTorch and TensorFlow models to ``model_repository/model/1/model.onnx``; for every other server it
pickles model and schema into ``code/serve.pkl``, which only code that is trusted may open.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ladle.errors import LadleError

PICKLED = "code/serve.pkl"
_MOST_NAMED = 4
_FIX = "name the file itself: ladle init NAME --from FOLDER/model.onnx"


@dataclass(frozen=True, slots=True)
class BuiltModel:
    """``left`` are the other files of the folder, which are not brought."""

    file: Path
    left: tuple[str, ...]


def model_in(folder: Path) -> BuiltModel:
    """Nothing is opened. Raises LD398."""
    files = _files(folder)
    models = [path for path in files if path.suffix == ".onnx"]
    if len(models) == 1:
        left = (path.relative_to(folder).as_posix() for path in files if path != models[0])
        return BuiltModel(models[0], tuple(left))
    held = [path.relative_to(folder).as_posix() for path in files]
    if PICKLED in held and not models:
        why = (
            f"a ModelBuilder pickled its model into {PICKLED}, which can run code when it is opened"
        )
        fix = "build it with model_server=ModelServer.TRITON, which writes ONNX; or export it yourself"
    else:
        why = f"it has {len(models)} ONNX files; it holds {', '.join(held[:_MOST_NAMED]) or 'nothing'}"
        fix = _FIX
    raise LadleError("LD398", f"{folder}: {why}", fix)


def _files(folder: Path) -> list[Path]:
    try:
        return sorted(p for p in folder.rglob("*") if p.is_file() and not p.is_symlink())
    except OSError as error:  # folders in folders, until their name is too long to be looked at
        raise LadleError("LD398", f"{folder}: not all of it can be read", _FIX) from error
