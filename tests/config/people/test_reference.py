from __future__ import annotations

from koe.config.people.reference import PAGE, render


def test_the_page_is_what_the_declarations_say() -> None:
    remedy = "run: .venv/bin/python -m koe.config.people.reference"
    assert PAGE.read_text(encoding="utf-8") == render(), remedy


def test_a_row_of_every_kind() -> None:
    page = render()
    for row in (
        "asr.moonshine.update_interval_ms` | milliseconds | `500` | a whole number from 100 ",
        "asr.doubao.api_key` | text | empty | any | with the next recording | C |",
        "asr.doubao.headers` | texts by name | empty | a group of names and texts | ",
        "asr.doubao.language` | text | not set | any | with the next recording | C |",
        "asr.fallback` | names | empty | a list of engines (choose from: moonshine, ",
        "history.max_mb` | whole number | `500` | a whole number from 0 to 1000000, or unlimited; ",
        "asr.provider` | text | `moonshine` | any | with the next recording | B C |",
        ".<name>.endpoint_path` | text | empty | any; formerly `chat_completions_path` | ",
        "prompt_templates[].enabled` | flag | `true` | true or false (without quotes); ",
        "prompt_templates[].shortcut` | whole number | required | ",
    ):
        assert row in page
