from __future__ import annotations

import asyncio
import hashlib
import os
from pathlib import Path

import pytest

from koe.errors import ModelPathError
from koe.models import storage
from koe.models.part import PartFile


def sha256_of(part: PartFile) -> str:
    return asyncio.run(part.sha256())


def test_it_grows_and_is_published(tmp_path: Path) -> None:
    path = tmp_path / "sub" / "a.part"
    with PartFile(path) as part:
        part.append(b"abc")
        part.append(b"def")
        assert part.length == 6
        assert sha256_of(part) == hashlib.sha256(b"abcdef").hexdigest()
        asyncio.run(part.publish(tmp_path / "a"))
    assert (tmp_path / "a").read_bytes() == b"abcdef"
    assert not path.exists()


def test_what_was_there_is_part_of_the_checksum(tmp_path: Path) -> None:
    path = tmp_path / "a.part"
    begun = os.urandom(2 * storage.BLOCK_BYTES + 5)
    path.write_bytes(begun)
    with PartFile(path) as part:
        assert part.length == len(begun)
        part.append(b"end")  # before anything was read
        assert sha256_of(part) == hashlib.sha256(begun + b"end").hexdigest()
        part.append(b"!")
        assert sha256_of(part) == hashlib.sha256(begun + b"end!").hexdigest()
    assert path.read_bytes() == begun + b"end!"


def test_beginning_again(tmp_path: Path) -> None:
    (tmp_path / "a.part").write_bytes(b"old and longer")
    with PartFile(tmp_path / "a.part") as part:
        part.clear()
        part.append(b"new")
        assert sha256_of(part) == hashlib.sha256(b"new").hexdigest()
    assert (tmp_path / "a.part").read_bytes() == b"new"


def test_a_file_with_another_name_is_not_written_to(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_bytes(b"letters")
    (tmp_path / "a.part").hardlink_to(precious)
    with PartFile(tmp_path / "a.part") as part:
        assert part.length == 0
        part.append(b"new")
        asyncio.run(part.publish(tmp_path / "a"))
    assert (tmp_path / "a").read_bytes() == b"new"
    assert precious.read_bytes() == b"letters"


def test_an_empty_one_is_not_left_behind(tmp_path: Path) -> None:
    with PartFile(tmp_path / "a.part") as part:
        part.append(b"x")
        part.clear()
    assert list(tmp_path.iterdir()) == []


def test_an_empty_file_is_published(tmp_path: Path) -> None:
    with PartFile(tmp_path / "a.part") as part:
        asyncio.run(part.publish(tmp_path / "a"))
    assert (tmp_path / "a").read_bytes() == b""


def test_no_descriptor_is_left_open(tmp_path: Path) -> None:
    def free() -> list[int]:
        """The next ones that the system gives, which are the lowest."""
        descriptors = [os.open(__file__, os.O_RDONLY) for _ in range(10)]
        for descriptor in descriptors:
            os.close(descriptor)
        return descriptors

    before = free()
    with PartFile(tmp_path / "a.part") as part:
        part.append(b"abc")
    assert free() == before
    with PartFile(tmp_path / "a.part") as part:
        asyncio.run(part.publish(tmp_path / "a"))
    assert free() == before


def test_another_program_makes_it_shorter(tmp_path: Path) -> None:
    (tmp_path / "a.part").write_bytes(b"abc")
    with PartFile(tmp_path / "a.part") as part:
        os.truncate(tmp_path / "a.part", 1)
        with pytest.raises(OSError, match="another program has made the file shorter"):
            sha256_of(part)


@pytest.mark.parametrize("kind", ["link", "directory"])
def test_only_regular_files(tmp_path: Path, kind: str) -> None:
    (tmp_path / "victim").write_bytes(b"precious")
    if kind == "link":
        (tmp_path / "a.part").symlink_to(tmp_path / "victim")
    else:
        (tmp_path / "a.part").mkdir()
    with pytest.raises(ModelPathError, match="is not a regular file"):
        PartFile(tmp_path / "a.part")
    assert (tmp_path / "victim").read_bytes() == b"precious"


def test_cancelled_while_the_disk_is_slow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not awaited, and the part stays."""

    async def cancel() -> None:
        loop = asyncio.get_running_loop()
        syncing, may_sync = asyncio.Event(), asyncio.Event()

        def sync(descriptor: int) -> None:
            loop.call_soon_threadsafe(syncing.set)
            asyncio.run_coroutine_threadsafe(may_sync.wait(), loop).result()

        monkeypatch.setattr(os, "fsync", sync)
        with PartFile(tmp_path / "a.part") as part:
            part.append(b"abc")
            publishing = asyncio.create_task(part.publish(tmp_path / "a"))
            await syncing.wait()
            publishing.cancel()
            with pytest.raises(asyncio.CancelledError):
                await publishing
        may_sync.set()

    asyncio.run(cancel())
    assert [path.name for path in tmp_path.iterdir()] == ["a.part"]
