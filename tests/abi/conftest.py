from __future__ import annotations

import pytest

from tests.abi import build


@pytest.fixture(scope="session", autouse=True)
def _libraries() -> None:
    build.build_libraries()
