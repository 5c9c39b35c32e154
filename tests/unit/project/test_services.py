"""A repository's packages, read together."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.planning.specs import SIGNATURE

from ladle.errors import LadleError, ManyFindings, NotFound
from ladle.experiments.manifest import Signature
from ladle.planning.resolve import Cloud
from ladle.project.repository import find_root, packages
from ladle.project.services import read_configs, read_services, workspace_of

MODEL = b"\x08\x09 stands for a model; it is never opened here"


def package(root: Path, folder: str, more: str = "", name: str | None = None) -> Path:
    path = root / "model_packages" / folder
    path.mkdir(parents=True)
    text = f"name: {name or folder}\nmodel: model.onnx\ntype: classification\n{more}"
    (path / "model.yaml").write_text(text)
    (path / "model.onnx").write_bytes(MODEL)
    return path


def signature(_: Path) -> Signature:
    return SIGNATURE


def code_of(refused: pytest.ExceptionInfo[LadleError]) -> list[str]:
    return [finding.code for finding in refused.value.findings]


def test_the_root_is_the_nearest_folder_with_packages(tmp_path: Path) -> None:
    deep = package(tmp_path, "fraud")
    assert find_root(deep) == tmp_path
    assert [p.folder for p in packages(tmp_path)] == [deep]


def test_outside_of_any_repository_it_says_how_to_start_one(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="holds model_packages/") as refused:
        find_root(tmp_path)
    assert code_of(refused) == ["LD131"]


def test_a_model_given_by_path_becomes_a_spec_with_its_own_digest(tmp_path: Path) -> None:
    package(tmp_path, "fraud")
    [spec] = read_services(tmp_path, Cloud.EMBEDDED, signature)
    assert spec.model == "fraud"
    assert spec.source.bytes == len(MODEL)
    assert spec.experiment_id is None
    assert spec.signature == SIGNATURE


def test_one_wrong_config_refuses_them_all_with_every_mistake(tmp_path: Path) -> None:
    package(tmp_path, "churn", "target: lamda\n")
    package(tmp_path, "fraud", "colour: red\n")
    with pytest.raises(ManyFindings) as refused:
        read_configs(tmp_path)
    assert code_of(refused) == ["LD107", "LD106"]
    files = [f.place.file for f in refused.value.findings if f.place]
    assert files == ["model_packages/churn/model.yaml", "model_packages/fraud/model.yaml"]


def test_two_models_cannot_share_a_name(tmp_path: Path) -> None:
    package(tmp_path, "fraud")
    package(tmp_path, "fraud-copy", name="fraud")
    with pytest.raises(
        ManyFindings, match=r"also the name of the model in .*fraud/model\.yaml"
    ) as refused:
        read_configs(tmp_path)
    assert code_of(refused) == ["LD124"]


def test_an_unknown_model_is_answered_with_the_nearest(tmp_path: Path) -> None:
    package(tmp_path, "fraud")
    with pytest.raises(NotFound, match='did you mean "fraud"') as refused:
        read_services(tmp_path, Cloud.AWS, signature, only=["fruad"])
    assert code_of(refused) == ["LD132"]


def test_an_unknown_environment_is_answered_with_the_nearest(tmp_path: Path) -> None:
    package(tmp_path, "fraud", "environments: {prod: {}}\n")
    with pytest.raises(NotFound, match='did you mean "prod"') as refused:
        read_configs(tmp_path, "prd")
    assert code_of(refused) == ["LD133"]


def test_a_model_that_does_not_name_the_environment_is_the_same_in_it(tmp_path: Path) -> None:
    package(tmp_path, "churn", "environments: {prod: {door: {rate_per_s: 5}}}\n")
    package(tmp_path, "fraud")
    rates = [config.door.rate_per_s for _, config in read_configs(tmp_path, "prod")]
    assert rates == [5, 50]


PLACE = 'environments: {{prod: {{account: "{account}", region: eu-west-1}}}}\n'


def test_an_environments_account_is_where_it_is_deployed(tmp_path: Path) -> None:
    package(tmp_path, "fraud", PLACE.format(account="1" * 12))
    package(tmp_path, "churn")
    configs = [config for _, config in read_configs(tmp_path, "prod")]
    assert workspace_of(configs, "prod") == f"aws://{'1' * 12}/eu-west-1"
    assert workspace_of(configs, None) is None


def test_one_deploy_goes_to_one_account(tmp_path: Path) -> None:
    for name, digit in (("fraud", "1"), ("churn", "2")):
        package(tmp_path, name, PLACE.format(account=digit * 12))
    configs = [config for _, config in read_configs(tmp_path, "prod")]
    with pytest.raises(LadleError, match="several places") as refused:
        workspace_of(configs, "prod")
    assert code_of(refused) == ["LD134"]


CODE = b"""
from steps import score
INPUTS = [{"name": "x", "dtype": "float", "shape": [None, 3]}]
OUTPUTS = [{"name": "y", "dtype": "float", "shape": [None]}]
FILES = ["weights.npy"]
def predict(inputs):
    return {"y": score(inputs["x"])}
"""


def test_a_model_that_is_code_is_a_release_of_all_that_it_needs(tmp_path: Path) -> None:
    folder = package(tmp_path, "fraud")
    config = (folder / "model.yaml").read_text()
    (folder / "model.yaml").write_text(config.replace("model.onnx", "predict.py"))
    needed = {"predict.py": CODE, "steps.py": b"score = sum\n", "weights.npy": b"1"}
    for name, content in {**needed, "notes.txt": b"1"}.items():
        (folder / name).write_bytes(content)

    def release() -> str:
        [spec] = read_services(tmp_path, Cloud.EMBEDDED, signature)
        return spec.release_digest

    first = release()
    (folder / "notes.txt").write_bytes(b"2")
    assert release() == first
    seen = {first}
    for name, content in needed.items():
        (folder / name).write_bytes(content + b"\n# changed\n")
        seen.add(release())
    assert len(seen) == 1 + len(needed)
    (folder / "weights.npy").unlink()
    with pytest.raises(NotFound) as refused:
        release()
    assert code_of(refused) == ["LD338"]
