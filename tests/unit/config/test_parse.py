"""What a config says, and that all of its mistakes are told in one run."""

from __future__ import annotations

import dataclasses

import pytest
from tests.unit.config.examples import BLOCK, THREE, WHOLE

from ladle.catalog import DoorAuth, ModelType, Target
from ladle.config.parse import parse
from ladle.config.schema import ModelConfig

TEN = """\
name: Fraud_Score
model: churn.pkl
type: clasification
target: lamda
compute:
  memory: 512
  timeout_s: "30"
  memory_mb: 99
  memory_mb: 100
door: {auth: none}
rollout:
  bake: 3
"""


def config_of(text: str) -> ModelConfig:
    reading = parse(text.encode(), "model.yaml")
    assert reading.config is not None, reading.findings
    return reading.config


def codes_of(text: str) -> list[str]:
    return [finding.code for finding in parse(text.encode(), "model.yaml").findings]


def test_a_file_with_ten_planted_mistakes_reports_ten_places_in_one_run() -> None:
    found = parse(TEN.encode(), "model.yaml").findings
    places = [(f.place.line, f.place.column, f.code) for f in found if f.place]
    assert places == [
        (1, 7, "LD113"),
        (2, 8, "LD116"),
        (3, 7, "LD107"),
        (4, 9, "LD107"),
        (6, 3, "LD106"),
        (7, 14, "LD108"),
        (8, 14, "LD109"),
        (9, 3, "LD102"),
        (10, 14, "LD118"),
        (12, 9, "LD111"),
    ]


def test_three_lines_are_a_valid_config() -> None:
    config = config_of(THREE)
    assert (config.name, config.model, config.type) == (
        "fraud",
        "model.onnx",
        ModelType.CLASSIFICATION,
    )
    assert config.target is Target.AUTO
    assert config.rollout.bake_s == 3600
    assert config.monitor.guards.failures is not None
    assert config.monitor.guards.failures.fine_below == pytest.approx(0.005)


def test_the_whole_interface_is_valid_and_says_the_defaults() -> None:
    whole, three = config_of(WHOLE), config_of(THREE)
    written = {"model", "transform", "requirements", "notify", "environments"}
    for name in ModelConfig.model_fields.keys() - written:
        assert getattr(whole, name) == getattr(three, name), name


def test_an_environment_lies_over_the_config_section_by_section() -> None:
    config = config_of(BLOCK)
    dev = config.in_environment("dev")
    assert dev.door.rate_per_s == 5
    assert dev.door.auth is DoorAuth.NONE
    assert dev.compute == config.compute
    assert config.door.rate_per_s == 50


def test_a_mistake_that_only_an_environment_makes_is_told_there() -> None:
    text = THREE + "environments:\n  open:\n    door: {auth: none}\n"
    [finding] = parse(text.encode(), "model.yaml").findings
    assert finding.code == "LD118"
    assert finding.place is not None
    assert (finding.place.line, finding.place.column) == (6, 18)


def test_an_environment_may_mend_nothing_of_the_config_itself() -> None:
    text = THREE + "door: {auth: none}\nenvironments:\n  shut:\n    door: {auth: iam}\n"
    assert codes_of(text) == ["LD118"]


def test_a_key_that_is_wrong_by_itself_is_not_blamed_twice() -> None:
    text = THREE + "traffic: {expected_per_day: lots}\nrollout: {min_requests: 100000}\n"
    assert codes_of(text) == ["LD108"]


def test_a_rollout_without_evidence_by_max_needs_a_written_end() -> None:
    slow = THREE + "traffic: {expected_per_day: 300}\n"
    assert codes_of(slow) == ["LD120"]
    assert codes_of(slow + "rollout: {on_inconclusive: hold}\n") == []
    assert codes_of(slow + "rollout: {strategy: all_at_once}\n") == []


@pytest.mark.parametrize("word", ["NO", "on", "yes", "0o7x", "1.2.3", "2026-11-23", "~x"])
def test_a_bare_word_stays_the_word(word: str) -> None:
    assert config_of(THREE + f"env: {{WORD: {word}}}\n").env == {"WORD": word}


@pytest.mark.parametrize("nested", ["compute: {gpu: '0'}", "rollout: {min_requests: 1.0}"])
def test_strictness_reaches_every_section(nested: str) -> None:
    assert codes_of(THREE + nested + "\n") == ["LD108"]


def test_an_escape_cannot_steer_the_terminal() -> None:
    found = parse((THREE + 'target: "\\e[31mlambda"\n').encode(), "model.yaml").findings
    assert [f.code for f in found] == ["LD107"]
    assert "\x1b" not in "".join(str(part) for f in found for part in dataclasses.astuple(f))


def test_a_mistake_below_the_break_of_a_file_is_not_called_missing() -> None:
    assert codes_of("name: fraud\ncolour: red\ntags: {\n") == ["LD106", "LD101"]


def test_every_tab_is_told_and_what_stands_beside_it_too() -> None:
    text = THREE + "compute:\n\tmemory_mb: 2048\n\tgpus: 0\n"
    assert codes_of(text) == ["LD103", "LD103", "LD106"]


def test_an_empty_file_lacks_its_three_keys() -> None:
    assert codes_of("") == ["LD110", "LD110", "LD110"]


@pytest.mark.parametrize("content", [b"x" * 300_000, b"[" * 5000, b"{a: " * 5000])
def test_a_bomb_is_refused(content: bytes) -> None:
    [finding] = parse(content, "model.yaml").findings
    assert finding.code in ("LD101", "LD121")
