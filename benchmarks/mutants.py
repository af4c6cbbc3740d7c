"""How many small changes of the core do the tests notice? `make mutants`.

Each mutant is the library with one operator, comparison, constant or condition changed, in a copy
of the package; the tests that mirror its room run against it, and the first failure kills it. A
sample is drawn from a seed. Survivors are printed: each is a test that is missing, or a change that
makes no difference to any result (speed, a message, an unreachable default).

    python benchmarks/mutants.py [--sample 60] [--seed 0] [--room metrics] [--line PATH:NUMBER]
"""

import argparse
import ast
import copy
import os
import random
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
# room -> the tests that are to notice: its own, and those of the whole engine
ROOMS = {
    "metrics": ["tests/metrics", "tests/evaluation", "tests/test_bad_input.py"],
    "similarity": ["tests/similarity", "tests/evaluation", "tests/test_bad_input.py"],
    "evaluation": ["tests/evaluation", "tests/test_bad_input.py", "tests/metrics"],
    "encodings": ["tests/encodings", "tests/evaluation", "tests/cli/test_evaluate.py"],
}
OPERATORS = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.FloorDiv, ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult, ast.Mod: ast.Mult, ast.LShift: ast.RShift, ast.RShift: ast.LShift,
    ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd, ast.BitXor: ast.BitAnd,
}  # fmt: skip
COMPARISONS = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq, ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip
TIMEOUT = 900  # seconds: a mutant that never ends is killed


@dataclass(frozen=True)
class Mutant:
    """One change: the file, its line, what was there and what is, and the whole source."""

    path: Path
    line: int
    change: str
    source: str


def changes(node: ast.AST):
    """(attribute or index, new value) of every change of one node."""
    if isinstance(node, ast.BinOp) and type(node.op) in OPERATORS:
        yield "op", OPERATORS[type(node.op)]()
    elif isinstance(node, ast.BoolOp):
        yield "op", ast.And() if isinstance(node.op, ast.Or) else ast.Or()
    elif isinstance(node, ast.Compare) and type(node.ops[0]) in COMPARISONS:
        yield "ops", [COMPARISONS[type(node.ops[0])](), *node.ops[1:]]
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not | ast.Invert):
        yield "op", ast.UAdd() if isinstance(node.op, ast.Invert) else ast.Not()
    elif isinstance(node, ast.Constant) and type(node.value) in (int, float):
        yield "value", node.value + 1
    elif isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield "value", not node.value


def mutants(path: Path):
    """Every mutant of a file: annotations and messages of errors are left alone."""
    tree = ast.parse(path.read_text())
    left_alone = set()
    for node in ast.walk(tree):
        parts = [getattr(node, "annotation", None), getattr(node, "returns", None)]
        parts += [node] if isinstance(node, ast.Raise | ast.JoinedStr) else []
        left_alone |= {id(inner) for part in parts if part for inner in ast.walk(part)}
    nodes = list(ast.walk(tree))
    for number, node in enumerate(nodes):
        if id(node) in left_alone or not hasattr(node, "lineno"):
            continue
        for attribute, value in changes(node):
            changed = copy.deepcopy(tree)
            target = list(ast.walk(changed))[number]
            setattr(target, attribute, value)
            before, after = ast.unparse(node), ast.unparse(target)
            if before != after:
                change = f"{before}  ->  {after}".replace("\n", " ")
                yield Mutant(path, node.lineno, change[:150], ast.unparse(changed))


def survives(mutant: Mutant, tests: list[str]) -> bool:
    """Whether the tests pass although the library is the mutant."""
    with tempfile.TemporaryDirectory() as name:
        copied = Path(name) / "fico_lib"
        shutil.copytree(ROOT / "fico_lib", copied, ignore=shutil.ignore_patterns("__pycache__"))
        (Path(name) / mutant.path.relative_to(ROOT)).write_text(mutant.source)
        # The copy comes first: with a safe path, Python does not put the current folder before it.
        environment = os.environ | {"PYTHONPATH": name, "PYTHONSAFEPATH": "1"}
        found = subprocess.run(
            [sys.executable, "-c", "import fico_lib; print(fico_lib.__file__)"],
            cwd=ROOT, env=environment, capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert found.stdout.startswith(name), "the tests would run against another copy"
        command = [sys.executable, "-m", "pytest", "-x", "-q", "-n", "0", *tests]
        try:
            done = subprocess.run(
                command, cwd=ROOT, env=environment, capture_output=True, timeout=TIMEOUT
            )
        except subprocess.TimeoutExpired:
            return False
        return done.returncode == 0


def main() -> None:
    """Draw, run, and print the score and the survivors."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sample", type=int, default=60)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--room", choices=[*ROOMS], default=None)
    parser.add_argument("--line", default=None, help="one line alone: fico_lib/.../file.py:12")
    asked = parser.parse_args()
    rooms = [asked.room] if asked.room else [*ROOMS]
    every = [
        (room, mutant)
        for room in rooms
        for path in sorted((ROOT / "fico_lib" / room).rglob("*.py"))
        for mutant in mutants(path)
    ]
    if asked.line:
        place, _, line = asked.line.rpartition(":")
        every = [(r, m) for r, m in every if m.path == ROOT / place and m.line == int(line)]
    chosen = random.Random(asked.seed).sample(every, min(asked.sample, len(every)))
    killed = 0
    for number, (room, mutant) in enumerate(chosen, 1):
        alive = survives(mutant, ROOMS[room])
        killed += not alive
        place = f"{mutant.path.relative_to(ROOT)}:{mutant.line}"
        print(f"{number}/{len(chosen)} {'SURVIVES' if alive else 'killed'} {place}: "
              f"{mutant.change}", flush=True)  # fmt: skip
    print(f"{killed} of {len(chosen)} killed ({100 * killed / max(1, len(chosen)):.0f} %), "
          f"of {len(every)} in {', '.join(rooms)}")  # fmt: skip


if __name__ == "__main__":
    main()
