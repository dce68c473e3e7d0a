from __future__ import annotations

import pytest

from koe.asr.chinese import punctuated, simplified


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("換一首歌", "换一首歌"),
        ("頭髮很乾燥，乾隆看著", "头发很干燥，乾隆看着"),
        ("顯著", "显著"),
        # Simplified already: nothing is guessed.
        ("显著 著作 编著", "显著 著作 编著"),
        ("Hello, 你好", "Hello, 你好"),
        ("", ""),
    ],
)
def test_simplified(text: str, expected: str) -> None:
    assert simplified(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("对,这是真的!", "对，这是真的！"),
        ("好 首先说一下 这个问题", "好，首先说一下，这个问题。"),
        ("你们知道吗", "你们知道吗？"),
        ("你好。", "你好。"),
        ("用 Kubernetes 部署, 然后重启", "用 Kubernetes 部署，然后重启。"),
        ("我用GitHub, 你呢?", "我用GitHub，你呢？"),
        ("他说“可以”, 走吧.", "他说“可以”，走吧。"),
        ("在3:30开会", "在3:30开会。"),
        ("版本是1.5", "版本是1.5"),
        ("看 koe.asr.chinese", "看 koe.asr.chinese"),
        ("见图:a.png", "见图:a.png"),
        ("", ""),
    ],
)
def test_punctuated(text: str, expected: str) -> None:
    assert punctuated(text) == expected
