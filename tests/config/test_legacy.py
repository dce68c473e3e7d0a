"""What is taken for a file of an older release; `test_migrate` has the whole files."""

from __future__ import annotations

import pytest

from koe.config.legacy import is_outdated
from koe.yamltext.loading import compose

HOTKEY = "hotkey: {trigger_key: fn}\n"


@pytest.mark.parametrize("text", ["", "# c", "text", "- a", "hotkey:", "hotkey: fn", HOTKEY])
def test_current(text: str) -> None:
    assert not is_outdated(compose(text, "p", {}))


@pytest.mark.parametrize(
    "text",
    [
        "a: 1",
        "hotkey: {}",
        "hotkey: {trigger_key: 122}",
        "hotkey: {trigger_key: [a]}",
        f"{HOTKEY}asr: {{enable_punc: true}}",
        f"{HOTKEY}llm: {{base_url: x}}",
        f"{HOTKEY}prompt_templates: [1, 2, 3, 4, 5]",
    ],
)
def test_outdated(text: str) -> None:
    assert is_outdated(compose(text, "p", {}))
