"""``koe doctor``: what is installed and configured, and what is wrong. It changes nothing."""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path

from koe import __version__
from koe.asr import ENGINES, LOCAL_ENGINES, fault_of
from koe.cli import Exit, print_json, print_line
from koe.cli.history_table import when
from koe.cli.languages import language_names, system_language
from koe.cli.proposals import heard_by
from koe.cli.tui import INSTALL
from koe.cli.usage import add_config_option, add_json_option
from koe.config.llm import LlmConfig
from koe.config.schema import UNREADABLE, AsrConfig, Config, HistoryConfig, LinuxConfig
from koe.config.store import CONFIG_NAME, LOG_NAME, MODELS_NAME, Store, config_directory
from koe.diagnostics import harmless
from koe.errors import AudioError, ConfigError, HistoryError
from koe.files.read import is_missing
from koe.files.regular import open_regular
from koe.journal.folder import journal_directory
from koe.journal.history import History
from koe.microphone import describe_microphone
from koe.proxies import read_proxies

_EPILOG = """\
exit status: 1 if something that dictation needs fails, else 0

with --json, one object on stdout: {"ok": BOOLEAN, "findings":
[{"level": "ok" | "warn" | "fail", "topic": TEXT, "message": TEXT}, ...]}
"""


# Of interrupted dictations, only so many are named.
_MOST_NAMED = 3

# Of the log, only so many lines are shown, and only so many bytes are read for them.
_MOST_LINES = 5
_MOST_BYTES = 16_384

# Less than this is free on a disk that is nearly full: an hour of a recording takes 115 MB.
_NEARLY_FULL_BYTES = 50_000_000

# The engine that knows one language only.
_ENGLISH = "moonshine"


class Severity(StrEnum):
    """How serious a finding is."""

    OK = "ok"
    WARN = "warn"  # something does not work, and dictation does
    FAIL = "fail"  # dictation does not work, or not as configured


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report."""

    level: Severity
    topic: str
    message: str


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    add_json_option(parser)
    add_config_option(parser)
    parser.epilog = _EPILOG


def run(arguments: argparse.Namespace) -> int:
    """Examine and tell; return the exit status."""
    findings = list(examine(arguments.config or config_directory(os.environ)))
    healthy = all(finding.level is not Severity.FAIL for finding in findings)
    if arguments.json:
        report = {"ok": healthy, "findings": [asdict(finding) for finding in findings]}
        print_json(report)
    else:
        for finding in findings:
            print_line(f"{finding.level:<4}  {finding.topic:<10}  {finding.message}")
    return Exit.OK if healthy else Exit.ERROR


def examine(directory: Path) -> Iterator[Finding]:
    """Look at everything that dictation needs.

    Args:
        directory: The configuration's folder, which need not exist.
    """
    python = f"Python {platform.python_version()}"
    yield Finding(Severity.OK, "koe", f"{__version__}, {python}, {platform.platform()}")
    config, findings = _examine_config(directory)
    yield from findings
    asr = config.asr.with_models_in(directory / MODELS_NAME)
    yield _examine_engine(asr)
    yield from _examine_language(config.asr)
    yield from _examine_fallback(asr)
    yield from _examine_correction(config.llm)
    yield _examine_http()
    yield from _examine_proxies()
    yield from _examine_history(directory, config.history)
    yield _examine_microphone()
    yield from _examine_desktop(config.linux)
    yield from _examine_log(directory)


def _examine_config(directory: Path) -> tuple[Config, list[Finding]]:
    """Return the settings in force, and what is to say about the files."""
    path = directory / CONFIG_NAME
    if is_missing(path):
        message = f"{path} does not exist; the first dictation creates it with the defaults"
        # What the file will say: correction is off there too.
        config = UNREADABLE.replace(history=HistoryConfig())
        return config, [Finding(Severity.OK, "config", message)]
    try:
        snapshot = Store(directory, os.environ).load()
    except ConfigError as exc:
        message = f"{exc}; until then the defaults are used"
        return UNREADABLE, [Finding(Severity.FAIL, "config", message)]
    problems = [Finding(Severity.WARN, "config", str(problem)) for problem in snapshot.problems]
    count = len(snapshot.terms)
    dictionary = directory / snapshot.config.dictionary.path
    message = f"{dictionary}: {count} term{'' if count == 1 else 's'}"
    return snapshot.config, [
        Finding(Severity.OK, "config", str(path)),
        *problems,
        Finding(Severity.OK, "dictionary", message),
    ]


def _examine_engine(config: AsrConfig) -> Finding:
    name = config.provider
    if fault := fault_of(name, config):
        return Finding(Severity.FAIL, "engine", f"{name}: {fault}")
    return Finding(Severity.OK, "engine", f"{name}: ready; koe engines lists the others")


def _examine_language(config: AsrConfig) -> Iterator[Finding]:
    """Whether the engine hears what the system speaks; nothing is said if it does."""
    language, heard = system_language(os.environ), heard_by(config)
    if language is None or not heard or language in heard:
        return
    present = language_names((language,))
    only = f"hears {language_names(heard)} only"
    limits = only if len(heard) == 1 else f"does not hear {present}"
    message = f"{config.provider} {limits}, and the language of this system is {present}"
    yield Finding(Severity.WARN, "language", f"{message}; koe setup proposes another engine")


def _examine_fallback(config: AsrConfig) -> Iterator[Finding]:
    if config.fallback:
        for name in config.fallback:
            if name == config.provider:
                message = f"{name} is asr.provider itself, so it is no help"
                yield Finding(Severity.WARN, "fallback", message)
            elif fault := fault_of(name, config):
                yield Finding(Severity.WARN, "fallback", f"{name}: {fault}")
        yield Finding(Severity.OK, "fallback", ", then ".join(map(_with_limits, config.fallback)))
        return
    if config.provider not in ENGINES or config.provider in LOCAL_ENGINES:
        return
    others = sorted(set(ENGINES) - {config.provider}, key=_usefulness)
    ready = next((name for name in others if fault_of(name, config) is None), None)
    lost = f"no engine takes over when {config.provider} fails"
    if ready is None:
        message = f"{lost}, and no other engine is ready: koe engines"
    else:
        offer = f"to use {_with_limits(ready)} then, run: koe config set asr.fallback {ready}"
        message = f"{lost}; {offer}"
    yield Finding(Severity.OK, "fallback", message)


def _usefulness(engine: str) -> tuple[bool, bool, str]:
    """Sort what works without a network first, and what knows a single language last."""
    return engine == _ENGLISH, engine not in LOCAL_ENGINES, engine


def _with_limits(engine: str) -> str:
    return f"{engine} (hears English only)" if engine == _ENGLISH else engine


def _examine_correction(llm: LlmConfig) -> Iterator[Finding]:
    profile = llm.correcting_profile
    if llm.obstacle:
        yield Finding(Severity.WARN, "correction", f"{llm.obstacle}; nothing is corrected")
    elif profile is None:
        yield Finding(Severity.OK, "correction", "off")
    else:
        message = f"by the profile {llm.active_profile!r}; koe llm test tries it"
        yield Finding(Severity.OK, "correction", message)
        if profile.exposure:
            yield Finding(Severity.WARN, "correction", profile.exposure)


def _examine_http() -> Finding:
    """Which library sends."""
    # It takes a tenth of a second, and hardly any command needs it.
    from koe.http.routes import LIBRARY

    return Finding(Severity.OK, "http", LIBRARY)


def _examine_proxies() -> Iterator[Finding]:
    """What is wrong with the settings of proxies; nothing is said of good ones."""
    for sentence in read_proxies().problems():
        yield Finding(Severity.WARN, "proxy", sentence)


def _examine_history(directory: Path, settings: HistoryConfig) -> Iterator[Finding]:
    try:
        survey = History(directory, settings).survey()
    except HistoryError as exc:
        yield Finding(Severity.WARN, "history", f"{exc}; dictation works without it")
        return
    journal = journal_directory(directory)
    count, megabytes = len(survey.entries), survey.audio_bytes / 1e6
    has = f"{count} {'entry' if count == 1 else 'entries'}, {megabytes:.1f} MB in {journal}"
    yield Finding(Severity.OK, "history", f"{has}; {_retention(settings)}")
    yield from _examine_disk(journal)
    if settings.audio != "nothing" and settings.audio_days is None and settings.max_mb is None:
        message = "recordings pile up: neither history.audio_days nor history.max_mb limits them"
        yield Finding(Severity.WARN, "history", message)
    for entry in survey.interrupted[:_MOST_NAMED]:
        what = f"a dictation of {when(entry)}, {entry.seconds:.0f} s long, was interrupted"
        remedy = f"koe history retry {entry.id}"
        yield Finding(Severity.WARN, "history", f"{what}; to recognise it: {remedy}")
    if (more := len(survey.interrupted) - _MOST_NAMED) > 0:
        yield Finding(Severity.WARN, "history", f"{more} more were interrupted: koe history")
    for sentence in survey.skipped:
        yield Finding(Severity.WARN, "history", f"left alone: {sentence}")


def _examine_disk(journal: Path) -> Iterator[Finding]:
    """Whether the journal can be written, which need not exist yet."""
    folder = next(it for it in (journal, *journal.parents) if it.exists())
    if not os.access(folder, os.W_OK | os.X_OK):
        message = (
            f"{folder} cannot be written, so nothing is kept; dictation works without it; make the "
            "folder writable for your user"
        )
        yield Finding(Severity.WARN, "history", message)
    elif (free := shutil.disk_usage(folder).free) < _NEARLY_FULL_BYTES:
        message = (
            f"the disk of {folder} has only {free / 1e6:.1f} MB left, and on a full one nothing is "
            "kept; make room on it"
        )
        yield Finding(Severity.WARN, "history", message)


def _retention(settings: HistoryConfig) -> str:
    """What is kept, as a clause."""
    recordings = {
        "nothing": "no recordings are kept",
        "failed": "recordings without a whole text are kept",
        "all": "all recordings are kept",
    }[settings.audio]
    if settings.audio != "nothing":
        days = "without end" if settings.audio_days is None else f"for {settings.audio_days} days"
        size = "" if settings.max_mb is None else f", {settings.max_mb} MB at most"
        recordings += f" {days}{size}"
    if not settings.text:
        return recordings
    days = "without end" if settings.text_days is None else f"for {settings.text_days} days"
    return f"{recordings}; texts are kept {days}"


def _examine_microphone() -> Finding:
    try:
        microphone = describe_microphone()
    except AudioError as exc:
        return Finding(
            Severity.WARN, "microphone", f"{exc}; recordings can be dictated without one"
        )
    return Finding(Severity.OK, "microphone", f"{microphone.device}, {microphone.portaudio}")


def _examine_desktop(settings: LinuxConfig) -> Iterator[Finding]:
    """What koe serve needs, where there is a desktop that it could serve."""
    if sys.platform != "linux" or not {"DISPLAY", "WAYLAND_DISPLAY"} & os.environ.keys():
        return
    from koe.linux.examination import examine as examine_desktop  # takes packages of its own

    works, missing = examine_desktop(os.environ, settings)
    yield from (Finding(Severity.OK, "desktop", sentence) for sentence in works)
    yield from (Finding(Severity.WARN, "desktop", sentence) for sentence in missing)
    has_tui = find_spec("textual") is not None
    offer = "ready" if has_tui else f"not installed; to have it: {INSTALL}"
    yield Finding(Severity.OK, "desktop", f"koe tui: {offer}")


def _examine_log(directory: Path) -> Iterator[Finding]:
    """The end of koe.log. What is in it may be mended by now, so it is no fault."""
    path = directory / LOG_NAME
    try:
        descriptor = open_regular(path)
        if descriptor is None:
            yield Finding(Severity.WARN, "log", f"{path} is no regular file, so nothing is logged")
            return
        with os.fdopen(descriptor, "rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - _MOST_BYTES))
            text = file.read().decode("utf-8", "replace")
    except FileNotFoundError:
        return
    except OSError as exc:
        yield Finding(Severity.WARN, "log", f"{path} can't be read: {exc.strerror}")
        return
    yield Finding(Severity.OK, "log", f"{path}, the log of the library in shells; its last lines:")
    for line in text.splitlines()[-_MOST_LINES:]:
        yield Finding(Severity.OK, "log", harmless(line))
