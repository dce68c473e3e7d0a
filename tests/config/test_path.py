"""The modules that one setting passes, from the file to the settings in force."""

from __future__ import annotations

import os
from pathlib import Path

from koe.config.settings import Settings
from koe.config.store import Store
from tests.tracing import end_trace, trace_modules

# docs/architecture.md describes them. Trimming terms of the dictionary, and checking whether the
# text can be corrected, are other matters.
PATH = {
    "config.settings", "config.store", "config.schema", "config.reader", "config.sections",
    "files.read", "yamltext.loading", "yamltext.lines", "yamltext.tree",
}  # fmt: skip
ASIDE = {"text", "config.llm"}


def test_modules_of_a_setting(tmp_path: Path) -> None:
    """The usual one: a file that has changed, without a mistake."""
    settings = Settings(Store(tmp_path, {}))
    file = tmp_path / "config.yaml"
    file.write_text("asr:\n  fallback: [whisper]\n", encoding="utf-8")
    os.utime(file, (1, 1))  # so that it does not seem to be written at this moment
    passed = trace_modules()
    try:
        settings.refresh()
    finally:
        end_trace()
    assert settings.current.config.asr.fallback == ("whisper",)
    assert passed - ASIDE == PATH
