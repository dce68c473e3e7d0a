"""``koe doctor``: show what is installed and configured, and what is wrong; changes nothing."""

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
from koe.cli.proposals import languages_of_engine
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
ok: it works; warn: dictation works, but something else does not; fail: dictation does not work, or
not as configured.

exit status: 1 if a line begins with fail, else 0

with --json, one object on stdout: {"ok": BOOLEAN, "findings":
[{"level": "ok" | "warn" | "fail", "topic": TEXT, "message": TEXT}, ...]}
"""


# The largest number of interrupted dictations that are listed.
_MOST_NAMED = 3

# The last lines of the log that are shown, and the bytes at its end that are read for them.
_MOST_LINES = 5
_MOST_BYTES = 16_384

# A disk with less free space counts as nearly full. An hour of a recording takes 115 MB.
_NEARLY_FULL_BYTES = 50_000_000

# The only engine that recognises a single language.
_ENGLISH = "moonshine"


class Severity(StrEnum):
    """How serious a finding is."""

    OK = "ok"
    WARN = "warn"  # something does not work, but dictation does
    FAIL = "fail"  # dictation does not work, or not as configured


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report."""

    level: Severity
    topic: str
    message: str


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    add_json_option(parser)
    add_config_option(parser)
    parser.epilog = _EPILOG


def run(arguments: argparse.Namespace) -> int:
    """Examine and print the findings; return the exit status."""
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
    """Examine everything that dictation needs.

    Args:
        directory: The configuration folder, which need not exist.
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
    """Return the settings in use, and the findings about their files."""
    path = directory / CONFIG_NAME
    if is_missing(path):
        message = f"{path} does not exist; the first dictation creates it with the defaults"
        # The settings of the file that will be created, in which correction is off, too.
        config = UNREADABLE.replace(history=HistoryConfig())
        return config, [Finding(Severity.OK, "config", message)]
    try:
        snapshot = Store(directory, os.environ).load()
    except ConfigError as exc:
        message = f"{exc}; until this is corrected, the defaults are used"
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
    """Warn if the engine does not recognise the language of the system."""
    language, heard = system_language(os.environ), languages_of_engine(config)
    if language is None or not heard or language in heard:
        return
    present = language_names((language,))
    only = f"recognises {language_names(heard)} only"
    limits = only if len(heard) == 1 else f"does not recognise {present}"
    message = f"{config.provider} {limits}, and the language of this system is {present}"
    yield Finding(Severity.WARN, "language", f"{message}; koe setup proposes another engine")


def _examine_fallback(config: AsrConfig) -> Iterator[Finding]:
    if config.fallback:
        for name in config.fallback:
            if name == config.provider:
                message = f"{name} is asr.provider itself and can't take over; name another engine"
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
        message = f"{lost}, and no other engine is ready; koe engines says what each needs"
    else:
        offer = f"to let {_with_limits(ready)} take over, run: koe config set asr.fallback {ready}"
        message = f"{lost}; {offer}"
    yield Finding(Severity.OK, "fallback", message)


def _usefulness(engine: str) -> tuple[bool, bool, str]:
    """A sort key: engines on this device first, and the one with a single language last."""
    return engine == _ENGLISH, engine not in LOCAL_ENGINES, engine


def _with_limits(engine: str) -> str:
    return f"{engine} (recognises English only)" if engine == _ENGLISH else engine


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
    """Name the HTTP library."""
    # Imported here: it takes a tenth of a second, and few commands need it.
    from koe.http.routes import LIBRARY

    return Finding(Severity.OK, "http", LIBRARY)


def _examine_proxies() -> Iterator[Finding]:
    """Warn about unusable proxy settings of the environment."""
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
        message = "recordings are never removed; set history.audio_days or history.max_mb"
        yield Finding(Severity.WARN, "history", message)
    for entry in survey.interrupted[:_MOST_NAMED]:
        what = f"a dictation of {entry.seconds:.0f} s was interrupted on {when(entry)}"
        remedy = f"koe history retry {entry.id}"
        yield Finding(Severity.WARN, "history", f"{what}; to recognise it: {remedy}")
    if (more := len(survey.interrupted) - _MOST_NAMED) > 0:
        message = f"{more} more were interrupted; to list them: koe history"
        yield Finding(Severity.WARN, "history", message)
    for sentence in survey.skipped:
        yield Finding(Severity.WARN, "history", f"skipped: {sentence}")


def _examine_disk(journal: Path) -> Iterator[Finding]:
    """Warn if the journal can't be written. It need not exist yet."""
    folder = next(it for it in (journal, *journal.parents) if it.exists())
    if not os.access(folder, os.W_OK | os.X_OK):
        message = (
            f"{folder} is not writable, so the history keeps nothing; dictation works without it; "
            "make the folder writable for your user"
        )
        yield Finding(Severity.WARN, "history", message)
    elif (free := shutil.disk_usage(folder).free) < _NEARLY_FULL_BYTES:
        message = (
            f"the disk of {folder} has only {free / 1e6:.1f} MB left, and a full disk keeps no "
            "dictation; free some space"
        )
        yield Finding(Severity.WARN, "history", message)


def _retention(settings: HistoryConfig) -> str:
    """What the history keeps, as a clause."""
    recordings = {
        "nothing": "no recordings are kept",
        "failed": "recordings without a complete text are kept",
        "all": "all recordings are kept",
    }[settings.audio]
    if settings.audio != "nothing":
        days = "forever" if settings.audio_days is None else f"for {settings.audio_days} days"
        size = "" if settings.max_mb is None else f", {settings.max_mb} MB at most"
        recordings += f" {days}{size}"
    if not settings.text:
        return recordings
    days = "forever" if settings.text_days is None else f"for {settings.text_days} days"
    return f"{recordings}; texts are kept {days}"


def _examine_microphone() -> Finding:
    try:
        microphone = describe_microphone()
    except AudioError as exc:
        return Finding(Severity.WARN, "microphone", f"{exc}; koe dictate FILE works without one")
    return Finding(Severity.OK, "microphone", f"{microphone.device}, {microphone.portaudio}")


def _examine_desktop(settings: LinuxConfig) -> Iterator[Finding]:
    """Examine what koe serve needs, if this is a Linux desktop."""
    if sys.platform != "linux" or not {"DISPLAY", "WAYLAND_DISPLAY"} & os.environ.keys():
        return
    # Imported here: it needs packages that only koe serve uses.
    from koe.linux.examination import examine as examine_desktop

    works, missing = examine_desktop(os.environ, settings)
    yield from (Finding(Severity.OK, "desktop", sentence) for sentence in works)
    yield from (Finding(Severity.WARN, "desktop", sentence) for sentence in missing)
    has_tui = find_spec("textual") is not None
    offer = "ready" if has_tui else f"not installed; to install it: {INSTALL}"
    yield Finding(Severity.OK, "desktop", f"koe tui: {offer}")


def _examine_log(directory: Path) -> Iterator[Finding]:
    """Show the end of koe.log. Its problems may be solved by now, so they are not warnings."""
    path = directory / LOG_NAME
    try:
        descriptor = open_regular(path)
        if descriptor is None:
            message = f"{path} is not a regular file, so nothing is logged; remove it"
            yield Finding(Severity.WARN, "log", message)
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
