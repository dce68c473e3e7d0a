"""Configurations whose language models are the fake service's."""

from __future__ import annotations

import json
from pathlib import Path

from tests.servers.llm import KEY

Json = dict[str, object]


def lab(url: str, model: str, **changes: object) -> Json:
    """A profile."""
    return {
        "base_url": url,
        "api_key": KEY,
        "model": model,
        "max_token_parameter": "max_tokens",
    } | (changes)


def configure(directory: Path, profile: Json, **more: object) -> None:
    """Write a configuration with this profile as the active one, ``lab``."""
    llm = {"active_profile": "lab", "profiles": {"lab": profile}}
    directory.mkdir(exist_ok=True)
    text = json.dumps({"llm": llm, **more}, ensure_ascii=False)
    (directory / "config.yaml").write_text(text, encoding="utf-8")
