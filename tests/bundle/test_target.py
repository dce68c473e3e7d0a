"""Which systems bundles are made for."""

from __future__ import annotations

import pytest

from koe.bundle import linux, packages, target
from koe.errors import BundleError


def test_windows_and_this_system(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linux, "NATIVE", "linux-x86_64")
    assert target.find("windows-x86_64").name == "windows-x86_64"
    assert isinstance(target.find("linux-x86_64"), linux.Linux)
    with pytest.raises(BundleError, match="for linux-aarch64 can't be made on linux-x86_64"):
        target.find("linux-aarch64")
    with pytest.raises(BundleError, match="no bundles for darwin-arm64; there, use make install"):
        target.find("darwin-arm64")


@pytest.mark.parametrize("name", target.NAMES)
def test_each_has_a_lock(name: str) -> None:
    assert packages.lock_for(name).is_file()
