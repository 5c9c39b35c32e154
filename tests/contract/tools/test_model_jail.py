"""Hostile and broken model files, made here: each is refused with its reason, and nothing is left."""

from __future__ import annotations

import os
import pickle
import platform
import random
from collections.abc import Callable
from pathlib import Path

import onnx
import pytest
from onnx import TensorProto, helper

from ladle.errors import LadleError
from ladle.experiments.manifest import Signature, TensorSpec
from ladle.tools.model_jail import ModelJail

FLOAT, INT64, BOOL = TensorProto.FLOAT, TensorProto.INT64, TensorProto.BOOL
INT32 = TensorProto.INT32


def model(
    nodes: list, initializers: list = (), functions: list = (), **kinds: int
) -> onnx.ModelProto:  # type: ignore[assignment,type-arg]
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", FLOAT, ["rows", 4])],
        [helper.make_tensor_value_info("y", kinds.get("y", FLOAT), None)],
        list(initializers),
    )
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("local", 1)]
    return helper.make_model(graph, opset_imports=opsets, functions=list(functions), ir_version=8)


def honest() -> onnx.ModelProto:
    weights = helper.make_tensor("w", FLOAT, [4, 2], [0.5] * 8)
    return model([helper.make_node("MatMul", ["x", "w"], ["y"])], [weights])


def doubling(levels: int = 24) -> onnx.ModelProto:
    """Each function calls the next one twice: 2^24 nodes in less than two kilobytes."""
    opset = [helper.make_opsetid("", 17), helper.make_opsetid("local", 1)]

    def function(n: int) -> onnx.FunctionProto:
        if n == levels:
            body = [helper.make_node("Neg", ["a"], ["b"])]
        else:
            body = [
                helper.make_node(f"f{n + 1}", ["a"], ["m"], domain="local"),
                helper.make_node(f"f{n + 1}", ["m"], ["b"], domain="local"),
            ]
        return helper.make_function("local", f"f{n}", ["a"], ["b"], body, opset)

    functions = [function(n) for n in range(levels + 1)]
    return model([helper.make_node("f0", ["x"], ["y"], domain="local")], functions=functions)


def recursive() -> onnx.ModelProto:
    opset = [helper.make_opsetid("", 17), helper.make_opsetid("local", 1)]
    call = helper.make_node("f", ["a"], ["b"], domain="local")
    function = helper.make_function("local", "f", ["a"], ["b"], [call], opset)
    return model([helper.make_node("f", ["x"], ["y"], domain="local")], functions=[function])


def loop(rounds: int) -> onnx.ModelProto:
    body = helper.make_graph(
        [
            helper.make_node("Identity", ["go"], ["go_on"]),
            helper.make_node("Neg", ["v"], ["v_next"]),
        ],
        "body",
        [
            helper.make_tensor_value_info("i", INT64, []),
            helper.make_tensor_value_info("go", BOOL, []),
            helper.make_tensor_value_info("v", FLOAT, None),
        ],
        [
            helper.make_tensor_value_info("go_on", BOOL, []),
            helper.make_tensor_value_info("v_next", FLOAT, None),
        ],
    )
    many = helper.make_tensor("m", INT64, [], [rounds])
    yes = helper.make_tensor("yes", BOOL, [], [True])
    return model([helper.make_node("Loop", ["m", "yes", "x"], ["y"], body=body)], [many, yes])


def open_loop() -> onnx.ModelProto:
    made = loop(3)
    made.graph.node[0].input[0] = ""
    return made


def sixteen_gigabytes() -> onnx.ModelProto:
    size = helper.make_tensor("s", INT64, [1], [1 << 32])
    return model(
        [
            helper.make_node("ConstantOfShape", ["s"], ["big"]),
            helper.make_node("ReduceSum", ["big"], ["total"]),
            helper.make_node("Mul", ["x", "total"], ["y"]),
        ],
        [size],
    )


def outside(location: str) -> onnx.ModelProto:
    made = honest()
    weights = made.graph.initializer[0]
    weights.ClearField("float_data")
    weights.data_location = TensorProto.EXTERNAL
    weights.external_data.add(key="location", value=location)
    return made


def outside_in_a_branch() -> onnx.ModelProto:
    """The same, hidden in a Constant of a subgraph."""
    tensor = outside("secret").graph.initializer[0]
    constant = helper.make_node("Constant", [], ["b"])
    constant.attribute.add(name="value", type=onnx.AttributeProto.TENSOR).t.CopyFrom(tensor)
    branch = helper.make_graph(
        [constant], "branch", [], [helper.make_tensor_value_info("b", FLOAT, None)]
    )
    yes = helper.make_tensor("yes", BOOL, [], [True])
    node = helper.make_node("If", ["yes"], ["y"], then_branch=branch, else_branch=branch)
    return model([node], [yes])


def division(**inputs: int) -> onnx.ModelProto:
    """y = a / b, whatever kinds they are of."""
    kinds = [helper.make_tensor_value_info(name, kind, [None]) for name, kind in inputs.items()]
    y = helper.make_tensor_value_info("y", inputs["a"], [None])
    graph = helper.make_graph([helper.make_node("Div", ["a", "b"], ["y"])], "g", kinds, [y])
    opset = [helper.make_opsetid("", 17)]
    return helper.make_model(graph, opset_imports=opset, ir_version=8)


def strange_operator() -> onnx.ModelProto:
    return model([helper.make_node("Exfiltrate", ["x"], ["y"], domain="evil.example")])


HOSTILE: dict[str, tuple[str, Callable[[], onnx.ModelProto]]] = {
    "functions that double 24 times": ("LD324", doubling),
    "a function that calls itself": ("LD324", recursive),
    "a loop of 2^62 rounds": ("LD324", lambda: loop(1 << 62)),
    "a loop without a number of rounds": ("LD324", open_loop),
    "a tensor of 16 GiB": ("LD327", sixteen_gigabytes),
    "weights above its folder": ("LD323", lambda: outside("../secret")),
    "weights at an absolute path": ("LD323", lambda: outside("/etc/passwd")),
    "weights in a hard link beside it": ("LD323", lambda: outside("link")),
    "weights outside, in a branch": ("LD323", outside_in_a_branch),
    "an operator of nobody": ("LD325", strange_operator),
}
if platform.machine() in {"x86_64", "AMD64"}:  # no other processor ends a process for it
    HOSTILE |= {
        "a division that ends the process": ("LD327", lambda: division(a=INT32, b=INT32)),
        "the same the other way round": ("LD327", lambda: division(b=INT32, a=INT32)),
    }
BROKEN = {
    "nothing": ("LD320", b""),
    "text": ("LD320", b"name: fraud\n" * 100),
    "random bytes": ("LD320", random.Random(1).randbytes(5000)),
    "half a model": ("LD320", honest().SerializeToString()[:-20]),
    "a pickle": ("LD321", pickle.dumps({"weights": [1, 2]})),
    "an LFS pointer": (
        "LD322",
        b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 9\n",
    ),
    "a zip archive": ("LD329", b"PK\x03\x04" + bytes(100)),
}


@pytest.fixture
def jail() -> ModelJail:
    return ModelJail()


def refusal(jail: ModelJail, path: Path) -> str:
    with pytest.raises(LadleError) as caught:
        jail.inspect(path)
    assert caught.value.finding.fix
    assert path.name in caught.value.finding.what
    return caught.value.code


def outcome(jail: ModelJail, path: Path) -> str:
    try:
        return jail.inspect(path).format
    except LadleError as error:
        return error.code


def children() -> set[str]:
    """Processes that this one started and has not buried."""
    return set(Path(f"/proc/self/task/{os.getpid()}/children").read_text().split())


def test_an_honest_model_tells_its_signature(jail: ModelJail, tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(honest().SerializeToString())
    facts = jail.inspect(path)
    assert (facts.format, facts.opset) == ("onnx", 17)
    assert facts.signature == Signature(
        (TensorSpec("x", "float", (None, 4)),), (TensorSpec("y", "float", (None, 2)),)
    )


def test_a_loop_of_a_few_rounds_is_no_bomb(jail: ModelJail, tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(loop(10).SerializeToString())
    assert jail.inspect(path).signature.inputs[0].name == "x"


def test_a_division_of_floats_is_as_good_as_any(jail: ModelJail, tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(division(a=FLOAT, b=FLOAT).SerializeToString())
    assert [spec.name for spec in jail.inspect(path).signature.inputs] == ["a", "b"]


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_model_is_refused(jail: ModelJail, tmp_path: Path, what: str) -> None:
    code, make = HOSTILE[what]
    path = tmp_path / "model.onnx"
    path.write_bytes(make().SerializeToString())
    secret = tmp_path / "secret"
    secret.write_bytes(bytes(32))
    os.link(secret, tmp_path / "link")
    before = children()
    assert refusal(jail, path) == code
    assert children() == before


def test_the_bombs_are_as_small_as_we_say() -> None:
    assert doubling().ByteSize() < 2000
    assert loop(1 << 62).ByteSize() < 300


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_file_is_refused(jail: ModelJail, tmp_path: Path, what: str) -> None:
    code, content = BROKEN[what]
    path = tmp_path / "model.onnx"
    path.write_bytes(content)
    assert refusal(jail, path) == code


def test_what_a_file_makes_its_reader_print_is_not_taken_for_an_answer(
    jail: ModelJail, tmp_path: Path
) -> None:
    """onnxruntime prints to stdout when an error holds what is no text."""
    path = tmp_path / "model.onnx"
    path.write_bytes(honest().SerializeToString().replace(b"MatMul", b"MatM\xd3l"))
    assert refusal(jail, path) == "LD326"


def test_a_pickle_is_never_opened(jail: ModelJail, tmp_path: Path) -> None:
    class Bomb:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return (os.mkdir, (str(tmp_path / "opened"),))

    path = tmp_path / "model.onnx"
    path.write_bytes(pickle.dumps(Bomb()))
    assert refusal(jail, path) == "LD321"
    assert not (tmp_path / "opened").exists()


def test_what_is_not_a_plain_file_is_refused(jail: ModelJail, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert refusal(jail, tmp_path / "pipe") == "LD320"
    assert refusal(jail, tmp_path) == "LD320"


def test_a_file_that_is_not_there_is_not_found(jail: ModelJail, tmp_path: Path) -> None:
    assert refusal(jail, tmp_path / "gone.onnx") == "LD305"


def test_a_reader_that_takes_too_long_is_killed(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(loop(3_000_000).SerializeToString())  # some seconds, within what is allowed
    before = children()
    assert refusal(ModelJail(seconds=0.2), path) == "LD327"
    assert children() == before


@pytest.mark.parametrize("seed", range(8))
def test_a_mutated_model_is_read_or_refused_and_nothing_else(
    jail: ModelJail, tmp_path: Path, seed: int
) -> None:
    content = bytearray(honest().SerializeToString())
    chance = random.Random(seed)
    for _ in range(chance.randint(1, 6)):
        content[chance.randrange(len(content))] = chance.randrange(256)
    path = tmp_path / "model.onnx"
    path.write_bytes(content)
    assert outcome(jail, path) in {"onnx", "LD320", "LD323", "LD324", "LD325", "LD326", "LD327"}
