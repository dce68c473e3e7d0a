from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.servers.llm import Running, serving


@pytest.fixture
def fake() -> Iterator[Running]:
    """A service of language models."""
    with serving() as running:
        yield running


@pytest.fixture
def url(fake: Running) -> str:
    """The address of the service, as written in a profile."""
    return fake.url
