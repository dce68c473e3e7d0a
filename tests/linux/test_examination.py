from __future__ import annotations

from pathlib import Path

import pytest

from koe.linux import service
from koe.linux.examination import examine
from tests.linux.screen import Screen


def test_a_whole_desktop(desk: Screen, runtime: Path) -> None:
    works, missing = examine(desk.environ | {"XDG_RUNTIME_DIR": str(runtime)})
    assert "fields of AT-SPI are filled and read back, texts are pasted into windows" in works
    assert [it for it in missing if "notification daemon" not in it] == [
        "koe serve does not run; start it: systemctl --user start koe, or: koe serve"
    ]


def test_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "key_program", lambda: None)
    works, missing = examine({})
    assert works == []
    for sentence in ("DISPLAY is not set", "no D-Bus", "koe-key was not built", "XDG_RUNTIME_DIR"):
        assert any(sentence in it for it in missing)
