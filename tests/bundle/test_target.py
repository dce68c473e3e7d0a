"""Which systems bundles are made for."""

from __future__ import annotations

import pytest

from koe.bundle import linux, packages, target
from koe.errors import BundleError


def test_other_systems_and_this_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linux, "NATIVE", "linux-x86_64")
    for name in ("windows-x86_64", "macos-arm64", "macos-x86_64"):
        assert target.find(name).name == name
    assert isinstance(target.find("linux-x86_64"), linux.Linux)
    with pytest.raises(BundleError, match="for linux-aarch64 can't be made on linux-x86_64"):
        target.find("linux-aarch64")
    with pytest.raises(BundleError, match="no bundles for freebsd14-amd64; name another"):
        target.find("freebsd14-amd64")


@pytest.mark.parametrize("name", target.NAMES)
def test_each_has_a_lock(name: str) -> None:
    assert packages.lock_for(name).is_file()
