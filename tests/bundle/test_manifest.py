"""The list of a bundle. That the library reads it as it is written: tests/abi/test_bundle.py."""

from __future__ import annotations

from pathlib import Path

from koe import __version__
from koe.bundle import manifest


def test_everything_is_listed_but_the_list(tmp_path: Path) -> None:
    (tmp_path / "lib" / "听 写").mkdir(parents=True)
    (tmp_path / "lib" / "听 写" / "a").write_bytes(b"1234")
    manifest.write(tmp_path)
    manifest.write(tmp_path)  # and is the same then
    assert (tmp_path / manifest.NAME).read_bytes().decode() == (
        f"koe-core {__version__}\n- lib\n- lib/听 写\n4 lib/听 写/a\nend\n"
    )
