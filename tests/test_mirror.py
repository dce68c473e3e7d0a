"""Every module has its test file, in the same place."""

from pathlib import Path

PROJECT = Path(__file__).parent.parent

# Packages and data that only hold others together.
WITHOUT_CODE = {
    "koe/__init__.py", "koe/answers/__init__.py", "koe/boundary/__init__.py",
    "koe/bundle/__init__.py", "koe/config/__init__.py", "koe/config/people/__init__.py",
    "koe/config/windows/__init__.py", "koe/files/__init__.py",
    "koe/http/__init__.py", "koe/journal/__init__.py",
    "koe/linux/__init__.py", "koe/llm/__init__.py", "koe/models/__init__.py",
    "koe/cli/__main__.py", "koe/tui/__init__.py", "koe/yamltext/__init__.py",
}  # fmt: skip

MODULES = [
    path.relative_to(PROJECT)
    for path in sorted((PROJECT / "koe").rglob("*.py"))
    if path.relative_to(PROJECT).as_posix() not in WITHOUT_CODE
]


def test_mirror() -> None:
    """Lists the modules that lack one."""
    lacking = []
    for module in MODULES:
        below = module.relative_to("koe")
        name = below.parent.name if below.name == "__init__.py" else below.stem
        if not (PROJECT / "tests" / below.parent / f"test_{name}.py").exists():
            lacking.append(str(module))
    assert lacking == []
