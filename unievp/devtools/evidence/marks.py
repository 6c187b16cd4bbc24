"""The `proves` marks of all test files, read from their source: nothing is imported or run."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

ROOMS = ("unievp", "cpo", "tariffs", "chargers", "payments", "tickets", "ocpi", "simulator", "e2e")
_MARK = "proves"

# Requirement id → the test files that prove it, relative to the checkout.
Proofs = Mapping[str, frozenset[str]]


class UnreadableMarkError(Exception):
    """A `proves` mark whose ids are not literal strings."""


def read_marks(base_dir: Path) -> Proofs:
    """Every id named by a mark on a test, a parameter of one, a class or a `pytestmark`."""
    proofs: defaultdict[str, set[str]] = defaultdict(set)
    for path in test_files(base_dir):
        source = path.read_text(encoding="utf-8")
        if _MARK not in source:
            continue
        name = path.relative_to(base_dir).as_posix()
        for requirement in _ids(ast.parse(source), name):
            proofs[requirement].add(name)
    return {requirement: frozenset(names) for requirement, names in proofs.items()}


def test_files(base_dir: Path) -> Iterator[Path]:
    for room in ROOMS:
        yield from sorted((base_dir / room).rglob("test_*.py"))


def _ids(tree: ast.AST, name: str) -> Iterator[str]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not _is_mark(node.func):
            continue
        for argument in node.args:
            if not (isinstance(argument, ast.Constant) and isinstance(argument.value, str)):
                message = f"{name}:{node.lineno}: proves() takes literal ids only"
                raise UnreadableMarkError(message)
            yield argument.value


def _is_mark(function: ast.expr) -> bool:
    """Whether it is `…mark.proves`: `pytest.mark.proves`, or `mark.proves`."""
    if not isinstance(function, ast.Attribute) or function.attr != _MARK:
        return False
    owner = function.value
    return (isinstance(owner, ast.Attribute) and owner.attr == "mark") or (
        isinstance(owner, ast.Name) and owner.id == "mark"
    )
