"""What docs/extending.md calls complete is complete, and what is missing is named."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest
from tests.contract.test_backends import DOUBLERS
from tests.docs.pages import text_of

from ladle.aws.native_errors import NATIVE_ERRORS
from ladle.aws.traffic import ROUTERS
from ladle.aws.versions import VERSIONS
from ladle.catalog import BACKENDS, TARGET_MODULES
from ladle.config.schema import Guards
from ladle.policy.rollout import ALPHA_SHARES, GuardName
from ladle.quality.tally import FROZEN, READERS
from ladle.releases.rollback import QUARANTINE_SCOPES
from ladle.why.numbers import COUNTED, WORSE_WORDS

# Each file that a row of the catalogue wants, and what it must offer.
OF_A_BACKEND = {"runtime/ladle_runtime/backends/{}.py": ["load"]}
OF_A_TARGET = {
    "src/ladle/targets/{}.py": ["refusals", "reason"],
    "src/ladle/planning/targets/{}.py": [
        "resources",
        "log_group",
        "serving_grants",
        "publishing_grants",
        "routing_grants",
        "serving_costs",
        "most_per_s",
        "limits",
    ],
    "stacks/ladle_stacks/targets/{}.py": ["serve"],
}
TABLES_OF_TARGETS = {
    "`src/ladle/aws/versions/__init__.py` (`VERSIONS`)": VERSIONS,
    "`src/ladle/aws/traffic/__init__.py` (`ROUTERS`)": ROUTERS,
    "`src/ladle/aws/native_errors.py` (`NATIVE_ERRORS`)": NATIVE_ERRORS,
}
# Where every guard has a row, by the page's words.
GUARD_TABLES: dict[str, Mapping[GuardName, object]] = {
    "`ALPHA_SHARES`": ALPHA_SHARES,
    "`quality/tally.py` (`READERS`, `FROZEN`)": {**READERS, **FROZEN},
    "`releases/rollback.py` (`QUARANTINE_SCOPES`)": QUARANTINE_SCOPES,
    "`why/numbers.py` (`COUNTED`, `WORSE_WORDS`)": {
        name: words for name, words in COUNTED.items() if name in WORSE_WORDS
    },
    "`config/schema.py`": {GuardName(name): field for name, field in Guards.model_fields.items()},
}


def missing(
    modules: Mapping[str, str], wanted: Mapping[str, Sequence[str]], root: Path
) -> Iterator[str]:
    for row, module in modules.items():
        for pattern, offers in wanted.items():
            name = pattern.format(module)
            if not (root / name).exists():
                yield f"{row} lacks {name}"
                continue
            text = (root / name).read_text(encoding="utf-8")
            made = (
                f"\ndef {o}(" in text or f'"{o}"' in text.partition("__all__")[2] for o in offers
            )
            yield from (
                f"{row}: {name} lacks {o}"
                for o, is_there in zip(offers, made, strict=True)
                if not is_there
            )


def test_every_backend_has_its_file_and_a_model_for_its_contract_suite(root: Path) -> None:
    assert list(missing(BACKENDS, OF_A_BACKEND, root)) == []
    assert DOUBLERS.keys() == BACKENDS.keys()


def test_every_target_has_its_files(root: Path) -> None:
    assert list(missing(TARGET_MODULES, OF_A_TARGET, root)) == []


@pytest.mark.parametrize("table", TABLES_OF_TARGETS)
def test_every_target_has_its_adapters(root: Path, table: str) -> None:
    assert set(TARGET_MODULES) - TABLES_OF_TARGETS[table].keys() == set()
    assert table in text_of(root / "docs/extending.md")


def test_a_new_row_is_told_which_files_it_lacks(root: Path) -> None:
    assert list(missing({"tree": "forest"}, OF_A_BACKEND, root)) == [
        "tree lacks runtime/ladle_runtime/backends/forest.py"
    ]
    assert list(missing({"ecs": "choose"}, OF_A_TARGET, root)) == [
        "ecs: src/ladle/targets/choose.py lacks refusals",
        "ecs: src/ladle/targets/choose.py lacks reason",
        "ecs lacks src/ladle/planning/targets/choose.py",
        "ecs lacks stacks/ladle_stacks/targets/choose.py",
    ]


@pytest.mark.parametrize("table", GUARD_TABLES)
def test_every_guard_has_its_row(root: Path, table: str) -> None:
    assert set(GuardName) - GUARD_TABLES[table].keys() == set()
    assert table in text_of(root / "docs/extending.md")
