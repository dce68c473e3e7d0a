"""Modules as bytecode without their sources, which halves their size.

A file of bytecode, ``name.pyc``, takes the place of the source. It contains no time stamp, so
Python never rewrites it. It contains the relative path of the source, for tracebacks.
"""

from __future__ import annotations

import ast
import marshal
from collections.abc import Iterable
from importlib.util import MAGIC_NUMBER, source_hash
from pathlib import Path

# The bytecode contains a hash of its source, which Python does not check (PEP 552).
_UNCHECKED_HASH = (1).to_bytes(4, "little")

_WITH_DOCSTRINGS = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def compiled(source: bytes, name: str) -> bytes:
    """Compile a module for the running version of Python, without its docstrings.

    Args:
        source: The text of the module.
        name: The name of its file in tracebacks.
    """
    tree = ast.parse(source, name)
    for node in ast.walk(tree):
        if isinstance(node, _WITH_DOCSTRINGS) and ast.get_docstring(node, clean=False) is not None:
            node.body[0] = ast.copy_location(ast.Pass(), node.body[0])
    if tree.body and isinstance(tree.body[0], ast.Pass):
        del tree.body[0]  # only a docstring may precede an import from __future__
    code = compile(tree, name, "exec", dont_inherit=True)
    return MAGIC_NUMBER + _UNCHECKED_HASH + source_hash(source) + marshal.dumps(code)


def place(files: Iterable[tuple[Path, str]], target: Path) -> list[Path]:
    """Put files into a folder, modules as bytecode.

    Args:
        files: Each file, with its relative path in the folder.
        target: The folder.

    Returns:
        Their paths in the folder.
    """
    placed = []
    for path, name in files:
        content = path.read_bytes()
        copy = target / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        if copy.suffix == ".py":
            copy = copy.with_suffix(".pyc")
            content = compiled(content, name)
        copy.write_bytes(content)
        placed.append(copy)
    return placed
