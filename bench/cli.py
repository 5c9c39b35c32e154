"""How long the commands of the inner loop take, beside the least that any such command could.

Prints medians of whole processes in seconds, and ratios. The floor of ``check`` is a Python that
imports pydantic and ruamel.yaml and lets ruamel load the same files, without checking anything.
"""

from __future__ import annotations

import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import ladle

MODELS = 100
RUNS = 9
LADLE = Path(sys.executable).with_name("ladle")
MODEL = Path(ladle.__file__).parent / "cli/template/model_packages/NAME/model.onnx"
IMPORTS = "import pydantic, ruamel.yaml"
LOADING = f"""{IMPORTS}
from pathlib import Path
for path in Path().glob("model_packages/*/model.yaml"):
    ruamel.yaml.YAML().load(path)
"""


def write_models(root: Path) -> None:
    for number in range(MODELS):
        package = root / "model_packages" / f"model-{number}"
        package.mkdir(parents=True)
        text = f"name: model-{number}\nmodel: model.onnx\ntype: classification\n"
        (package / "model.yaml").write_text(text)
        shutil.copyfile(MODEL, package / "model.onnx")


def seconds(command: list[str], root: Path) -> float:
    """The median of whole runs, after one that warms the caches."""
    taken = []
    for _ in range(RUNS + 1):
        begun = time.perf_counter()
        subprocess.run(command, cwd=root, check=True, capture_output=True)
        taken.append(time.perf_counter() - begun)
    return statistics.median(taken[1:])


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        write_models(root)
        bare = seconds([sys.executable, "-c", "pass"], root)
        imports = seconds([sys.executable, "-c", IMPORTS], root)
        loading = seconds([sys.executable, "-c", LOADING], root)
        check = seconds([str(LADLE), "check"], root)
        help_ = seconds([str(LADLE), "--help"], root)
        (root / "pyproject.toml").write_text('[tool.ladle]\nworkspace = "dir:store"\n')
        plan = seconds([str(LADLE), "plan"], root)
        for package in list((root / "model_packages").iterdir())[1:]:
            shutil.rmtree(package)
        plan_one = seconds([str(LADLE), "plan"], root)
    print(f"python -c pass                        {bare:6.3f} s")
    print(f"import pydantic, ruamel.yaml          {imports:6.3f} s")
    print(f"  and ruamel loads {MODELS} configs        {loading:6.3f} s")
    print(f"ladle check of {MODELS} configs            {check:6.3f} s  (bar 0.5)")
    print(f"ladle --help                          {help_:6.3f} s  (bar 0.3)")
    print(f"ladle plan of {MODELS} models              {plan:6.3f} s")
    print(f"ladle plan of one model               {plan_one:6.3f} s  (bar 2.0)")
    print(f"check / imports alone                 {check / imports:6.2f}")
    print(f"check / imports and loading           {check / loading:6.2f}")
    print(f"help / python -c pass                 {help_ / bare:6.2f}")


if __name__ == "__main__":
    main()
