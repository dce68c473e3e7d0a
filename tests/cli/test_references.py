from __future__ import annotations

from pathlib import Path

import pytest

from koe.cli.references import Score, find_recordings, score
from koe.errors import AudioError


def test_where_references_are(tmp_path: Path) -> None:
    (tmp_path / "zh").mkdir()
    for name in ("a.wav", "zh/b.FLAC", "c.wav", "d.mp3"):
        (tmp_path / name).touch()
    (tmp_path / "references.tsv").write_text("\ufeffzh/b\t 换一首歌\n\n", encoding="utf-8")
    (tmp_path / "a.txt").write_text("hello\n")
    (tmp_path / "d.txt").write_text("never read")
    found = find_recordings(tmp_path)
    assert [(it.name, it.said) for it in found] == [("a", "hello"), ("zh/b", "换一首歌")]
    assert [it.path.name for it in found] == ["a.wav", "b.FLAC"]


def test_a_folder_without_any(tmp_path: Path) -> None:
    (tmp_path / "a.wav").touch()
    with pytest.raises(AudioError, match=r"no recordings with references; put a \.txt"):
        find_recordings(tmp_path)
    with pytest.raises(AudioError, match="is not a folder"):
        find_recordings(tmp_path / "a.wav")


@pytest.mark.parametrize(
    ("content", "reported"),
    [(b"a hello", "line 1 has no tab"), (b"a\t\xff", "can't be read as UTF-8")],
)
def test_a_damaged_table(content: bytes, reported: str, tmp_path: Path) -> None:
    (tmp_path / "references.tsv").write_bytes(content)
    with pytest.raises(AudioError, match=reported):
        find_recordings(tmp_path)


@pytest.mark.parametrize(
    ("said", "text", "wrong", "words"),
    [
        ("it was the best", "It was the best.", 0, 4),
        ("it was the best", "it is best", 2, 4),
        ("mister dashwood had ten", "Mr. Dashwood had 10", 0, 5),
        ("cold hearted", "cold-hearted", 0, 2),
        ("换一首歌", "换一首个。", 1, 4),
        ("换一首 rock 歌", "换一首Rock歌", 0, 5),
        ("hello", "", 1, 1),
        ("hello", "well hello there", 2, 1),
    ],
)
def test_what_is_wrong(said: str, text: str, wrong: int, words: int) -> None:
    assert score(said, text) == Score(wrong, words)


def test_rates() -> None:
    assert (Score(1, 4) + Score(0, 4)).rate == 0.125
    assert (Score(0, 0).rate, Score(2, 0).rate) == (0.0, 1.0)
