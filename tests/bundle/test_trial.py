"""A bundle that does not work is noticed where it was made."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from koe.bundle import trial
from koe.errors import BundleError

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="has other folders")


@pytest.fixture
def runtime(tmp_path: Path) -> Path:
    """Without a standard library: it has what Python has loaded at its start, and no more."""
    (tmp_path / "lib" / "python3.99" / "site-packages" / "koe").mkdir(parents=True)
    return tmp_path


def test_a_module_that_is_missing(runtime: Path) -> None:
    with pytest.raises(BundleError, match="the bundle is incomplete: ModuleNotFoundError"):
        trial.import_everything(runtime, ())


def test_a_bundle_that_no_program_can_be_linked_to(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="a shell can't start the bundle's library: "):
        trial.start_shell(tmp_path / "bundle", tmp_path)
