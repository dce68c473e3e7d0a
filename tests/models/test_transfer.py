"""One file, from a real server that breaks off, lies and changes its mind."""

from __future__ import annotations

import errno
import os
import re
import sys
from dataclasses import replace
from pathlib import Path

import pytest

import koe.models.transfer
from koe.errors import DownloadError, IntegrityError, ModelError, ModelPathError
from koe.models.download import TimeLimits
from koe.models.part import PartFile
from koe.models.transfer import Progress, Retry
from tests.models.downloading import QUICK, WEIGHTS, download, serve_model
from tests.models.making import make_model, model_file, names_in, without_checksum, write_file
from tests.servers.files import FileServer, Lie

HALF = len(WEIGHTS) // 2


@pytest.fixture
def model(server: FileServer, tmp_path: Path) -> Path:
    """A model with one file that is not there yet."""
    return serve_model(server, tmp_path / "m", a__bin=WEIGHTS)


def bytes_in(reported: list[Progress | Retry]) -> list[int]:
    return [notice.bytes_there for notice in reported if isinstance(notice, Progress)]


def retries_in(reported: list[Progress | Retry]) -> list[str]:
    return [str(notice.error) for notice in reported if isinstance(notice, Retry)]


def test_a_file_comes_whole(model: Path) -> None:
    reported = download(model.parent, "m")
    assert (model / "a.bin").read_bytes() == WEIGHTS
    assert names_in(model) == [".koe-checksum.json", "a.bin"]
    assert reported[-1] == Progress(0, 1, "a.bin", len(WEIGHTS), len(WEIGHTS))
    assert bytes_in(reported) == sorted(bytes_in(reported))
    assert len(reported) > 1


def test_no_request_identifies_the_user(server: FileServer, model: Path) -> None:
    download(model.parent, "m")
    (headers,) = server.requests["/a.bin"]
    assert {name.lower(): value for name, value in headers.items()} == {
        "host": server.url("").removeprefix("https://"),
        "user-agent": "koe/1.0",
        "accept": "*/*",
        "accept-encoding": "identity",
    }


def test_a_file_that_is_there_is_not_fetched(server: FileServer, model: Path) -> None:
    write_file(model / "a.bin", WEIGHTS)
    reported = download(model.parent, "m")
    assert reported == [Progress(0, 1, "a.bin", len(WEIGHTS), len(WEIGHTS), already_exists=True)]
    assert not server.requests["/a.bin"]


def test_a_file_of_the_right_size_and_the_wrong_content_is_replaced(model: Path) -> None:
    write_file(model / "a.bin", bytes(len(WEIGHTS)))
    download(model.parent, "m")
    assert (model / "a.bin").read_bytes() == WEIGHTS


def test_a_file_of_the_wrong_size_stays_until_it_is_replaced(
    server: FileServer, model: Path
) -> None:
    write_file(model / "a.bin", b"old")
    server.lies["/a.bin"] += [Lie(status=404)]
    with pytest.raises(DownloadError):
        download(model.parent, "m")
    assert (model / "a.bin").read_bytes() == b"old"
    download(model.parent, "m")
    assert (model / "a.bin").read_bytes() == WEIGHTS


def test_a_directory_in_the_place_of_a_file(model: Path) -> None:
    (model / "a.bin").mkdir()
    with pytest.raises(
        DownloadError, match=r"a\.bin exists and is not a regular file; remove or rename"
    ):
        download(model.parent, "m")


# --- going on where it stopped -------------------------------------------------------------


@pytest.mark.parametrize("how", ["reset", "close"])
def test_a_connection_that_breaks_is_taken_up_again(
    server: FileServer, model: Path, how: str
) -> None:
    server.lies["/a.bin"] += [Lie(ends_after=HALF, how=how), Lie(ends_after=1000, how=how)]
    reported = download(model.parent, "m")
    assert (model / "a.bin").read_bytes() == WEIGHTS
    first, second, third = server.ranges("/a.bin")
    assert first is None
    # A reset may overtake what was sent before it.
    assert second is None or int(second.removeprefix("bytes=").removesuffix("-")) <= HALF
    assert third is not None
    if how == "close":
        assert (second, third) == (f"bytes={HALF}-", f"bytes={HALF + 1000}-")
    assert len(retries_in(reported)) == 2
    assert "config error: download a.bin: the connection to localhost:" in retries_in(reported)[0]


def test_a_stalled_answer_is_given_up(server: FileServer, model: Path) -> None:
    server.lies["/a.bin"] += [Lie(ends_after=HALF, how="stall")]
    reported = download(model.parent, "m", patience=replace(QUICK, idle=0.2))
    (said,) = retries_in(reported)
    assert re.fullmatch(
        r"config error: download a\.bin: localhost:\d+ does not answer in time", said
    )
    assert server.ranges("/a.bin") == [None, f"bytes={HALF}-"]
    assert (model / "a.bin").read_bytes() == WEIGHTS


def test_patience_ends(server: FileServer, model: Path) -> None:
    server.lies["/a.bin"] += [Lie(ends_after=1000, how="close")] * 4
    with pytest.raises(DownloadError, match=r"the connection to localhost:\d+ broke"):
        download(model.parent, "m")
    assert len(server.requests["/a.bin"]) == 1 + len(QUICK.pauses)
    # What came is kept for the next download.
    assert (model / "a.bin.part").read_bytes() == WEIGHTS[:4000]


def test_patience_lasts_while_something_comes(
    server: FileServer, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(koe.models.transfer, "_LEAST_PROGRESS_BYTES", 1000)
    server.lies["/a.bin"] += [Lie(ends_after=1000, how="close")] * 9
    reported = download(model.parent, "m", patience=TimeLimits(pauses=(0.0,)))
    assert len(retries_in(reported)) == 9
    assert (model / "a.bin").read_bytes() == WEIGHTS


def test_the_same_again_and_again_is_no_progress(server: FileServer, model: Path) -> None:
    """A server without ranges that always breaks off is not asked for ever."""
    server.lies["/a.bin"] += [Lie(ignores_range=True, ends_after=HALF, how="close")] * 9
    with pytest.raises(DownloadError):
        download(model.parent, "m")
    assert len(server.requests["/a.bin"]) == 1 + len(QUICK.pauses)


def test_what_an_earlier_download_left_is_used(server: FileServer, model: Path) -> None:
    write_file(model / "a.bin.part", WEIGHTS[:HALF])
    reported = download(model.parent, "m")
    assert server.ranges("/a.bin") == [f"bytes={HALF}-"]
    assert bytes_in(reported)[0] == HALF
    assert (model / "a.bin").read_bytes() == WEIGHTS


def test_a_server_without_ranges(server: FileServer, model: Path) -> None:
    write_file(model / "a.bin.part", WEIGHTS[:HALF])
    server.lies["/a.bin"] += [Lie(ignores_range=True)]
    reported = download(model.parent, "m")
    assert bytes_in(reported)[0] < HALF
    assert (model / "a.bin").read_bytes() == WEIGHTS


@pytest.mark.parametrize(
    "says", ["", "bytes 0-9/10", f"bytes {HALF + 1}-{len(WEIGHTS) - 1}/{len(WEIGHTS)}", "half"]
)
def test_another_range_than_was_asked_for(server: FileServer, model: Path, says: str) -> None:
    write_file(model / "a.bin.part", WEIGHTS[:HALF])
    server.lies["/a.bin"] += [Lie(headers={"Content-Range": says})]
    reported = download(model.parent, "m")
    assert "sends another part than the one from byte" in retries_in(reported)[0]
    assert server.ranges("/a.bin") == [f"bytes={HALF}-", None]
    assert (model / "a.bin").read_bytes() == WEIGHTS


def test_a_part_that_is_complete_needs_no_server(server: FileServer, model: Path) -> None:
    """The upstream asks for what comes after the end, and is refused ever after."""
    write_file(model / "a.bin.part", WEIGHTS)
    reported = download(model.parent, "m")
    assert not server.requests["/a.bin"]
    assert reported == [Progress(0, 1, "a.bin", len(WEIGHTS), len(WEIGHTS))]
    assert names_in(model) == [".koe-checksum.json", "a.bin"]


def test_a_complete_part_with_the_wrong_content(server: FileServer, model: Path) -> None:
    write_file(model / "a.bin.part", bytes(len(WEIGHTS)))
    reported = download(model.parent, "m")
    assert retries_in(reported)[0].startswith("config error: sha256 mismatch for a.bin: expected ")
    assert server.ranges("/a.bin") == [None]
    assert (model / "a.bin").read_bytes() == WEIGHTS


def test_a_part_that_is_too_long(server: FileServer, model: Path) -> None:
    write_file(model / "a.bin.part", WEIGHTS + b"more")
    download(model.parent, "m")
    assert server.ranges("/a.bin") == [None]
    assert (model / "a.bin").read_bytes() == WEIGHTS


def test_a_complete_part_of_unknown_size(server: FileServer, tmp_path: Path) -> None:
    server.files["/a.bin"] = WEIGHTS
    file = replace(model_file("a.bin", WEIGHTS, server.url("/a.bin")), size_bytes=0)
    model = make_model(tmp_path / "m", file)
    write_file(model / "a.bin.part", WEIGHTS)
    download(tmp_path, "m")
    assert server.ranges("/a.bin") == [f"bytes={len(WEIGHTS)}-"]  # answered with 416
    assert (model / "a.bin").read_bytes() == WEIGHTS


def test_a_part_beyond_the_end(server: FileServer, tmp_path: Path) -> None:
    server.files["/a.bin"] = b"short"
    file = replace(model_file("a.bin", b"short", server.url("/a.bin")), size_bytes=0)
    model = make_model(tmp_path / "m", file)
    write_file(model / "a.bin.part", WEIGHTS)
    reported = download(tmp_path, "m")
    assert "has nothing beyond the part that is here already" in retries_in(reported)[0]
    assert (model / "a.bin").read_bytes() == b"short"


def test_a_part_of_another_version(server: FileServer, model: Path) -> None:
    """Half of one version and half of another are found out, and all is fetched anew."""
    write_file(model / "a.bin.part", bytes(HALF))
    reported = download(model.parent, "m")
    assert retries_in(reported)[0].startswith("config error: sha256 mismatch for a.bin: expected ")
    assert server.ranges("/a.bin") == [f"bytes={HALF}-", None]
    assert (model / "a.bin").read_bytes() == WEIGHTS


def test_a_file_that_changes_while_it_comes(server: FileServer, model: Path) -> None:
    """It is not what the manifest says any more, and the validator says so."""
    server.etags["/a.bin"] = '"one"'
    server.lies["/a.bin"] += [Lie(ends_after=HALF, how="close")]

    def change(notice: Progress | Retry) -> None:
        if isinstance(notice, Retry):
            server.files["/a.bin"] = bytes(len(WEIGHTS))
            server.etags["/a.bin"] = '"two"'

    with pytest.raises(IntegrityError, match=r"sha256 mismatch for a\.bin"):
        download(model.parent, "m", change)
    assert [headers["If-Range"] for headers in server.requests["/a.bin"]] == [None, '"one"']
    assert names_in(model) == []


@pytest.mark.parametrize("etag", [None, 'W/"weak"', '"strong"'])
def test_a_file_without_checksum_is_resumed_only_in_its_own_version(
    server: FileServer, tmp_path: Path, etag: str | None
) -> None:
    server.files["/a.bin"] = WEIGHTS
    if etag is not None:
        server.etags["/a.bin"] = etag
    file = without_checksum(model_file("a.bin", WEIGHTS, server.url("/a.bin")))
    model = make_model(tmp_path / "m", file)
    write_file(model / "a.bin.part", bytes(HALF))
    server.lies["/a.bin"] += [Lie(ends_after=HALF, how="close")]
    download(tmp_path, "m")
    assert (model / "a.bin").read_bytes() == WEIGHTS
    resumed = f"bytes={HALF}-" if etag == '"strong"' else None
    assert server.ranges("/a.bin") == [None, resumed]


def test_a_complete_part_that_cannot_be_checked(server: FileServer, tmp_path: Path) -> None:
    server.files["/a.bin"] = WEIGHTS
    file = without_checksum(model_file("a.bin", WEIGHTS, server.url("/a.bin")))
    model = make_model(tmp_path / "m", file)
    write_file(model / "a.bin.part", bytes(len(WEIGHTS)))
    download(tmp_path, "m")
    assert (model / "a.bin").read_bytes() == WEIGHTS


# --- what is not what the manifest says ----------------------------------------------------


def test_the_wrong_content(server: FileServer, model: Path) -> None:
    server.files["/a.bin"] = bytes(len(WEIGHTS))
    with pytest.raises(IntegrityError) as raised:
        download(model.parent, "m")
    wanted = model_file("", WEIGHTS).sha256
    found = model_file("", bytes(len(WEIGHTS))).sha256
    assert str(raised.value) == (
        f"config error: sha256 mismatch for a.bin: expected {wanted}, got {found}"
    )
    assert len(server.requests["/a.bin"]) == 1
    assert names_in(model) == []


@pytest.mark.parametrize("length", [10, len(WEIGHTS) + 10])
def test_the_wrong_size_is_found_before_the_first_byte(
    server: FileServer, model: Path, length: int
) -> None:
    server.files["/a.bin"] = bytes(length)
    with pytest.raises(IntegrityError) as raised:
        download(model.parent, "m")
    assert str(raised.value) == (
        f"config error: size mismatch for a.bin: expected {len(WEIGHTS)}, got {length}"
    )
    assert names_in(model) == []


def test_another_size_costs_no_part(server: FileServer, model: Path) -> None:
    write_file(model / "a.bin.part", WEIGHTS[:HALF])
    server.files["/a.bin"] = WEIGHTS + b"more"
    with pytest.raises(IntegrityError, match="size mismatch"):
        download(model.parent, "m")
    assert (model / "a.bin.part").read_bytes() == WEIGHTS[:HALF]
    assert len(server.requests["/a.bin"]) == 1  # it will not be another one the next time


@pytest.mark.parametrize("lie", [Lie(chunked=True), Lie(without_length=True)])
def test_a_server_that_does_not_tell_the_size(server: FileServer, model: Path, lie: Lie) -> None:
    server.lies["/a.bin"] += [lie]
    download(model.parent, "m")
    assert (model / "a.bin").read_bytes() == WEIGHTS


@pytest.mark.parametrize("lie", [Lie(chunked=True), Lie(without_length=True)])
def test_more_than_the_manifest_says(server: FileServer, model: Path, lie: Lie) -> None:
    server.lies["/a.bin"] += [replace(lie, content=WEIGHTS + b"more")]
    with pytest.raises(DownloadError) as raised:
        download(model.parent, "m")
    said = str(raised.value)
    assert said.startswith("config error: download a.bin: received ")
    assert said.endswith(f" bytes, exceeds limit of {len(WEIGHTS)} bytes")
    assert names_in(model) == []


def test_less_than_the_manifest_says(server: FileServer, model: Path) -> None:
    server.lies["/a.bin"] += [Lie(without_length=True, ends_after=HALF, how="close")]
    reported = download(model.parent, "m")
    # An end without the good-bye of encryption is no end.
    assert "broke in the middle of the reply" in retries_in(reported)[0]
    assert (model / "a.bin").read_bytes() == WEIGHTS


def test_a_limit_where_no_size_is_known(
    server: FileServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(koe.models.transfer, "_LIMIT_OF_UNKNOWN", 1000)
    server.files["/a.bin"] = WEIGHTS
    file = replace(model_file("a.bin", WEIGHTS, server.url("/a.bin")), size_bytes=0)
    make_model(tmp_path / "m", file)
    with pytest.raises(DownloadError, match="exceeds limit of 1000 bytes"):
        download(tmp_path, "m")


def test_an_empty_file(server: FileServer, tmp_path: Path) -> None:
    reported = download(serve_model(server, tmp_path / "m", empty=b"").parent, "m")
    assert (tmp_path / "m" / "empty").read_bytes() == b""
    assert reported == []


def test_nothing_is_known_of_a_file(server: FileServer, tmp_path: Path) -> None:
    server.files["/a.bin"] = WEIGHTS
    file = replace(model_file("a.bin", WEIGHTS, server.url("/a.bin")), size_bytes=0, sha256="")
    make_model(tmp_path / "m", file)
    download(tmp_path, "m")
    assert (tmp_path / "m" / "a.bin").read_bytes() == WEIGHTS
    assert names_in(tmp_path / "m") == ["a.bin"]  # there is no checksum to remember


def test_sub_directories_are_made(server: FileServer, tmp_path: Path) -> None:
    server.files["/x"] = b"{}"
    model = make_model(tmp_path / "m", model_file("sub/dir/x", b"{}", server.url("/x")))
    download(tmp_path, "m")
    assert names_in(model) == [".koe-checksum.json", "sub/dir/x"]


# --- what others have put there ------------------------------------------------------------


@pytest.mark.parametrize("name", ["a.bin", "a.bin.part"])
def test_links_are_refused(model: Path, tmp_path: Path, name: str) -> None:
    victim = write_file(tmp_path / "victim", b"precious")
    (model / name).symlink_to(victim)
    with pytest.raises(ModelPathError, match=rf"refusing to operate on .*{name}: .* is a symlink"):
        download(model.parent, "m")
    assert victim.read_bytes() == b"precious"


def test_a_link_that_appears_meanwhile_is_refused(server: FileServer, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    server.files["/x"] = WEIGHTS
    model = make_model(tmp_path / "m", model_file("sub/x.bin", WEIGHTS, server.url("/x")))

    def swap(notice: Progress | Retry) -> None:
        if (model / "sub").is_symlink():
            return
        (model / "sub").rename(model / "moved")
        (model / "sub").symlink_to(outside)

    with pytest.raises(ModelPathError, match="is a symlink"):
        download(tmp_path, "m", swap)
    assert list(outside.iterdir()) == []


def test_a_pipe_in_the_place_of_a_part(model: Path) -> None:
    if sys.platform == "win32":
        pytest.skip("Windows has no pipes in directories")
    os.mkfifo(model / "a.bin.part")
    with pytest.raises(ModelPathError, match="is not a regular file"):
        download(model.parent, "m")


# --- disks ---------------------------------------------------------------------------------


def test_a_write_that_fails(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    append = PartFile.append

    def append_to_a_full_disk(part: PartFile, data: bytes) -> None:
        if part.length:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        append(part, data)

    with monkeypatch.context() as patch:
        patch.setattr(PartFile, "append", append_to_a_full_disk)
        with pytest.raises(DownloadError) as raised:
            download(model.parent, "m")
    assert str(raised.value) == (
        f"config error: download a.bin: {model} cannot be written: No space left on device; "
        "free some space and try again: the download continues where it stopped"
    )
    assert 0 < (model / "a.bin.part").stat().st_size < len(WEIGHTS)
    download(model.parent, "m")
    assert (model / "a.bin").read_bytes() == WEIGHTS


def test_a_directory_that_cannot_be_written(server: FileServer, tmp_path: Path) -> None:
    server.files["/x"] = b"{}"
    model = make_model(tmp_path / "m", model_file("sub/x", b"{}", server.url("/x")))
    write_file(model / "sub", b"not a directory")
    with pytest.raises(
        ModelError, match=r"sub cannot be written: |sub exists and is not a regular file"
    ):
        download(tmp_path, "m")
