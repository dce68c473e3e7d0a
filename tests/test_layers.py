"""Imports point down, and every library has one door (the project's architecture, as a test)."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).parent.parent / "koe"

# Lower ranks know nothing of higher ones. A name covers the modules below it.
RANKS = {
    "koe.errors": 0, "koe.text": 0, "koe.diagnostics": 0, "koe.registered": 0, "koe.endpoint": 0,
    "koe.library": 0,
    "koe.daemon_threads": 0, "koe.json_text": 0, "koe.patience": 0, "koe.files": 0, "koe.tokens": 0,
    "koe.proxies": 0, "koe.masking": 0, "koe.openssl": 0,
    "koe.http": 1,
    "koe.channels": 0, "koe.events": 1, "koe.loudness": 1, "koe.level": 1,
    "koe.session": 1, "koe.session_messages": 1, "koe.session_rules": 1, "koe.hearing": 1,
    "koe.stitching": 1, "koe.transcript": 1, "koe.prompts": 1,
    "koe.answers": 1, "koe.finishing": 1, "koe.resampling": 1, "koe.intake": 1,
    "koe.wav_header": 1, "koe.yamltext": 1,
    "koe.config": 2, "koe.asr": 2, "koe.llm": 2, "koe.audio": 2, "koe.microphone": 2,
    "koe.models": 2, "koe.journal": 2,
    "koe.config.people": 3, "koe.config.windows": 3,
    "koe.spool": 3, "koe.leg": 3, "koe.records": 3, "koe.runner": 3, "koe.core": 3,
    "koe.runtime": 4, "koe.dictation": 4, "koe.transcription": 4, "koe.bundle": 4, "koe.linux": 4,
    "koe.tui": 4, "koe.cli": 4, "koe.program": 4,
    "koe.boundary": 5,
    "koe": 0,
}  # fmt: skip

# Within rank 2 only config is common ground; a package may import itself.
COMMON_GROUND = "koe.config"

# Who may import what is not ours.
DOORS = {
    "sqlite3": {"koe.journal.database"},
    "yaml": {"koe.yamltext.parser"},
    "moonshine_voice": {"koe.asr.moonshine_package"},
    "websockets": {"koe.asr.transport"},
    "truststore": {"koe.asr.transport", "koe.http.fallback"},
    "sherpa_onnx": {"koe.asr.sherpa_onnx", "koe.asr.sherpa_offline"},
    "ctranslate2": {"koe.asr.whisper_model"},
    "opencc": {"koe.asr.chinese"},
    "httpx": {
        "koe.http.client",
        "koe.http.connections",
        "koe.http.failures",
        "koe.http.fallback",
        "koe.http.redirects",
        "koe.http.reqwest",
        "koe.http.routes",
    },
    "httpcore": {"koe.http.fallback"},
    "shtab": {"koe.cli.completion"},
    "tqdm": {"koe.cli.pull_report"},
    "textual": {
        "koe.tui.app",
        "koe.tui.browser",
        "koe.tui.dialogs",
        "koe.tui.dictation_pane",
        "koe.tui.history_pane",
        "koe.tui.settings_pane",
    },
    "rich": set[str](),
    "ada_url": {"koe.endpoint"},
    "soundfile": {"koe.audio"},
    "soxr": {"koe.resampling"},
    "numpy": {
        "koe.asr.spectrogram",
        "koe.asr.whisper_model",
        "koe.audio",
        "koe.channels",
        "koe.dictation",
        "koe.intake",
        "koe.resampling",
        "koe.transcription",
    },
    "sounddevice": {"koe.microphone"},
    "xcffib": {"koe.linux.clipboard", "koe.linux.hotkey", "koe.linux.x11"},
    "dbus_fast": {"koe.linux.bus"},
    "webrtcvad": {"koe.linux.voice"},
    "pyreqwest": {"koe.http.library"},
    "rapidfuzz": {"koe.answers.alignment", "koe.answers.sounds", "koe.cli.references"},
    "pypinyin": set[str](),
    "_koe_native": {
        "koe.boundary",
        "koe.boundary.entry",
        "koe.boundary.models",
        "koe.boundary.session_io",
        "koe.boundary.sessions",
        "koe.boundary.settings",
    },
    "cffi": set[str](),
}

# The pure ones: no loop, no clock, no files.
PURE = ("koe.events", "koe.channels", "koe.loudness", "koe.level", "koe.session", "koe.hearing",
        "koe.stitching", "koe.transcript", "koe.text", "koe.tokens",
        "koe.json_text", "koe.prompts", "koe.answers", "koe.llm.exchange", "koe.llm.openai_chat",
        "koe.llm.openai_responses", "koe.llm.anthropic_messages", "koe.llm.protocols",
        "koe.llm.correction", "koe.llm.refusals",
        "koe.masking", "koe.http.request", "koe.journal.format", "koe.journal.values",
        "koe.journal.events", "koe.journal.entries", "koe.journal.retention",
        "koe.answers.alignment", "koe.answers.clean", "koe.answers.differences",
        "koe.answers.excuses", "koe.answers.flaws", "koe.answers.framing", "koe.answers.guard",
        "koe.answers.heard", "koe.answers.lexicon", "koe.answers.meaning", "koe.answers.numbers",
        "koe.answers.numerals", "koe.session_messages",
        "koe.answers.reasoning", "koe.answers.repairs", "koe.answers.restarts",
        "koe.answers.sounds", "koe.answers.speech", "koe.answers.words", "koe.answers.wrapping",
        "koe.finishing", "koe.finishing.figures",
        "koe.finishing.fillers", "koe.finishing.ordinary",
        "koe.finishing.protected", "koe.finishing.punctuation", "koe.finishing.scripts",
        "koe.finishing.spacing", "koe.finishing.spoken_signs", "koe.finishing.term_index",
        "koe.finishing.term_words", "koe.finishing.terms", "koe.resampling", "koe.intake",
        "koe.wav_header", "koe.finishing.width", "koe.linux.delivery", "koe.linux.requests",
        "koe.linux.status", "koe.tui.presentation", "koe.yamltext.document", "koe.yamltext.edit",
        "koe.yamltext.lines", "koe.yamltext.loading", "koe.yamltext.outline", "koe.yamltext.parser",
        "koe.yamltext.places", "koe.yamltext.scalars", "koe.yamltext.slips",
        "koe.yamltext.tree")  # fmt: skip
IMPURE = {"asyncio", "time", "os", "pathlib", "threading", "io", "socket", "subprocess"}

MODULES = sorted(PACKAGE.rglob("*.py"))


def name_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def unit_of(module: str) -> str:
    return max((unit for unit in RANKS if f"{module}.".startswith(f"{unit}.")), key=len)


NAMES = {name_of(module) for module in MODULES}


@cache
def imports_of(path: Path) -> list[str]:
    imports = list[str]()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            imports.extend(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            module = node.module or ""
            for alias in node.names:
                submodule = f"{module}.{alias.name}"
                imports.append(submodule if submodule in NAMES else module)
    return imports


def imports() -> Iterator[tuple[str, str]]:
    """Each module with what it imports."""
    return ((name_of(path), imported) for path in MODULES for imported in imports_of(path))


# Each of these tests lists all modules that are wrong.


def test_imports_point_down() -> None:
    upward = set()
    for module, imported in imports():
        if not f"{imported}.".startswith("koe."):
            continue
        unit, importer = unit_of(imported), unit_of(module)
        if unit == importer or importer == "koe":  # which loads what a program asks it for
            continue
        is_beside = RANKS[importer] == RANKS[unit] == 2 and unit != COMMON_GROUND
        if RANKS[unit] > RANKS[importer] or is_beside:
            upward.add(f"{module} imports {imported}")
    assert upward == set()


def test_one_library_one_door() -> None:
    strangers = {
        f"{module} imports {library}"
        for module, imported in imports()
        if module not in DOORS.get(library := imported.partition(".")[0], {module})
    }
    assert strangers == set()


def test_pure_modules() -> None:
    found = {
        f"{module} imports {imported}"
        for module, imported in imports()
        if module in PURE and imported.partition(".")[0] in IMPURE
    }
    assert found == set()
    assert set(PURE) <= NAMES


def test_every_module_has_a_rank() -> None:
    """A new module must be placed: the fallback to the package itself is for its __init__."""
    assert [name for name in NAMES if name != "koe" and unit_of(name) == "koe"] == []


def test_modules_are_short() -> None:
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in MODULES}
    assert {name_of(path): length for path, length in lengths.items() if length > 400} == {}
