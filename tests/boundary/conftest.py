from __future__ import annotations

from pathlib import Path

import pytest

from tests.abi import build


@pytest.fixture(scope="session")
def library() -> Path:
    """The library of the last generation."""
    build.build_libraries()
    return build.library_file(3)
