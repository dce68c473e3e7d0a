"""Settings windows from a host that is Python; all else about them is in tests/abi/windows.c."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.abi import build
from tests.boundary.host import run_host

pytestmark = [
    pytest.mark.abi,
    pytest.mark.skipif(bool(build.SANITIZE), reason="a sanitizer must be loaded first"),
]

HOST = """
import ctypes, json, sys

library = ctypes.CDLL(sys.argv[1])

def ask(function, *arguments):
    function.restype = ctypes.c_void_p
    pointer = function(*arguments)
    text = ctypes.string_at(pointer).decode()
    library.sp_core_free_string(ctypes.c_void_p(pointer))
    return text

assert library.sp_core_create(None) == 0
templates = json.loads(ask(library.sp_core_get_prompt_templates_json))
assert len(templates) == 1 and templates[0]["shortcut"] == 1
templates[0]["name"] = "mine"
assert library.sp_core_set_prompt_templates_json(json.dumps(templates).encode()) == 0
assert json.loads(ask(library.sp_core_get_prompt_templates_json)) == templates

profiles = json.loads(ask(library.sp_llm_profiles_json))
profiles["active_profile"] = "anthropic"
assert library.sp_llm_save_profiles_json(json.dumps(profiles).encode()) == 0
assert json.loads(ask(library.sp_llm_profiles_json)) == profiles
assert ask(library.sp_config_resolved_trigger_key) == "fn"
print(ask(library.sp_core_supported_local_providers))
library.sp_core_destroy()
"""


def test_what_a_window_does(library: Path, tmp_path: Path) -> None:
    result = run_host(HOST, library, tmp_path)

    assert result.stdout == '["moonshine","sherpa-onnx","whisper"]\n', result.stderr
    text = (tmp_path / "home" / ".koe" / "config.yaml").read_text("utf-8")
    assert "# Speech recognition" in text  # the comments of the default file
    assert "active_profile: anthropic" in text
