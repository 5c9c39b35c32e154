"""A model package is read whole: its config, and the files that the config names.

Files are looked at, never opened by what could run them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from ladle.catalog import BACKENDS
from ladle.config.checks import IN_S3, PICKLES, PINNED
from ladle.config.nearest import nearest
from ladle.config.parse import Reading, parse
from ladle.config.schema import ModelConfig
from ladle.errors import Finding, LadleError, Place
from ladle.planning.locking import moved
from ladle.planning.resolve import Cloud
from ladle.project.left_file import read_left
from ladle.project.pinned_lock import place_of, read_lock
from ladle.project.pinned_object_file import read_pinned_object
from ladle.project.repository import CONFIG, ModelPackage, read_pinned
from ladle.targets.lambda_function import STORE_MODEL_BYTES

LFS = b"version https://git-lfs.github.com/spec/"
PICKLE_STARTS = (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")
_LOOKED_AT = 160  # bytes: an LFS pointer is 130 long


def read_package(package: ModelPackage, shown_as: str) -> Reading:
    """Never raises for what the files hold; ``shown_as`` is what messages call the config."""
    try:
        content = package.config.read_bytes()
    except OSError as error:
        gone = Finding(
            "LD122",
            f"there is no config to read: {error.strerror or error}",
            f"name a folder with a {CONFIG}, or the file itself",
            Place(shown_as),
        )
        return parse(b"", shown_as).only(gone)
    reading = parse(content, shown_as)
    return reading.with_findings(_file_findings(reading, package))


def read_packages(
    shown: Iterable[tuple[ModelPackage, str]],
) -> Sequence[tuple[ModelPackage, Reading]]:
    """All of them, and what is wrong between them: each pair is a package and its shown name."""
    found = [(package, read_package(package, name)) for package, name in shown]
    first: dict[str, str] = {}
    for i, (package, reading) in enumerate(found):
        if reading.draft is None or not reading.is_sound(("name",)):
            continue
        name, file = reading.draft.name, reading.document.file
        if name in first and first[name] != file:
            what = f"{name} is also the name of the model in {first[name]}"
            twice = reading.document.on_value(
                ("name",), "LD124", what, "give each model its own name"
            )
            found[i] = (package, reading.with_findings([twice]))
        first.setdefault(name, file)
    return found


def _file_findings(reading: Reading, package: ModelPackage) -> Iterator[Finding]:
    draft = reading.draft
    if draft is None:
        return
    for key in ("transform", "requirements"):
        name = getattr(draft, key)
        if name is not None and reading.is_sound((key,)) and _is_inside(name):
            yield from _missing(reading, package, key, name)
    yield from _moved(reading, draft, package)
    if not reading.is_sound(("model",)):
        return
    if draft.model == PINNED:
        yield from _pinned(reading, package)
    elif draft.model.startswith(IN_S3):
        yield from _pinned_object(reading, package, draft.model)
    elif (
        "://" not in draft.model
        and _is_inside(draft.model)
        and not draft.model.lower().endswith(PICKLES)
    ):
        yield from _model_file(reading, package, draft.model)


def _moved(reading: Reading, draft: ModelConfig, package: ModelPackage) -> Iterator[Finding]:
    """Environments have locks of their own: what is deployed to one is compared then. So have embedded
    AWSs, and only their ledger knows whether it is of them.
    """
    place = place_of(Cloud.AWS, None)
    try:
        lock = read_lock(package, place)
    except LadleError as error:
        if draft.model != PINNED:  # else it is told of the pin
            yield _on_value(reading, "model", error)
        return
    if lock is None:
        return
    elsewhere = moved(draft, lock)
    if elsewhere is not None and reading.is_sound((elsewhere.key,)):
        yield _on_value(reading, elsewhere.key, elsewhere.refusal)
    try:
        if lock.leaves is not None:
            read_left(package, place, lock.leaves)
    except LadleError as error:
        yield _on_value(reading, "name", error)


def _on_value(reading: Reading, key: str, error: LadleError) -> Finding:
    found = error.finding
    return reading.document.on_value((key,), found.code, found.what, found.fix)


def _is_inside(name: str) -> bool:
    return not name.startswith(("/", "~")) and ".." not in name.split("/") and "\0" not in name


def _missing(reading: Reading, package: ModelPackage, key: str, name: str) -> Iterator[Finding]:
    if (package.folder / name).is_file():
        return
    files = (p for p in _files_of(package.folder) if p.suffix == Path(name).suffix)
    nearby = sorted(p.relative_to(package.folder).as_posix() for p in files)
    close = nearest(name, nearby) or next(iter(nearby), None)
    folder = Path(reading.document.file).parent.as_posix()
    what = f"{key} {name} not found (looked in {'this folder' if folder == '.' else folder})"
    fix = f"nearby: {close}" if close else "put the file there, or mend its path"
    yield reading.document.on_value((key,), "LD114", what, fix)


def _files_of(folder: Path, at_most: int = 500) -> Iterator[Path]:
    for i, path in enumerate(folder.rglob("*")):
        if i == at_most:
            return
        if path.is_file() and not path.name.startswith("."):
            yield path


def _model_file(reading: Reading, package: ModelPackage, name: str) -> Iterator[Finding]:
    document, path = reading.document, package.folder / name
    if not path.is_file():
        yield from _missing(reading, package, "model", name)
        return
    with path.open("rb") as stream:
        start = stream.read(_LOOKED_AT)
    size = path.stat().st_size
    if start.startswith(LFS):
        what = f"{name} is a {size}-byte LFS pointer, not a model"
        yield document.on_value(("model",), "LD115", what, "run git lfs pull")
    elif not start:
        what = f"{name} is empty"
        yield document.on_value(("model",), "LD114", what, "write the model again")
    elif start.startswith(PICKLE_STARTS):
        what = f"{name} is a pickle: it can run code when it is opened, so it is never deployed"
        fix = "export it where it is trained: ladle.to_onnx(model, rows)"
        yield document.on_value(("model",), "LD116", what, fix)
    elif path.suffix.lower().removeprefix(".") not in BACKENDS:
        known = ", ".join(f".{b}" for b in BACKENDS)
        what = f"serving {name} is not yet built: models end with {known}"
        yield document.on_value(("model",), "LD902", what, "export the model to ONNX")
    else:
        yield from _too_large(reading, name, size)


def _too_large(reading: Reading, name: str, size: int) -> Iterator[Finding]:
    if size > STORE_MODEL_BYTES:
        limit = STORE_MODEL_BYTES // 1000**2
        what = f"{name} has {size / 1000**2:,.0f} MB; models above {limit} MB are not yet built"
        fix = "export a smaller one: fewer trees, half precision, quantised weights"
        yield reading.document.on_value(("model",), "LD902", what, fix)


def _pinned_object(reading: Reading, package: ModelPackage, address: str) -> Iterator[Finding]:
    try:
        pinned = read_pinned_object(package.folder, address)
    except LadleError as error:
        said = error.finding
        yield reading.document.on_value(("model",), said.code, said.what, said.fix)
    else:
        yield from _too_large(reading, pinned.file_name, pinned.bytes)


def _pinned(reading: Reading, package: ModelPackage) -> Iterator[Finding]:
    document, draft = reading.document, reading.draft
    shown = (Path(document.file).parent / package.pinned.name).as_posix()
    try:
        pinned = read_pinned(package, shown)
    except LadleError as error:
        finding = error.finding
        code, what, fix = finding.code, finding.what, finding.fix
        yield document.on_value(("model",), code, what, fix)
        return
    manifest = pinned.manifest
    if draft is not None and reading.is_sound(("name",)) and manifest.model != draft.name:
        what = f"pinned.json holds an experiment of {manifest.model}, not of {draft.name}"
        yield document.on_value(("name",), "LD126", what, "pin one of this model's experiments")
    if manifest.artefact is None:
        what = f"the pinned experiment {manifest.id[:12]} made no model"
        yield document.on_value(("model",), "LD126", what, "pin one that did; see ladle log")
    else:
        yield from _too_large(reading, manifest.artefact.name, manifest.artefact.bytes)
