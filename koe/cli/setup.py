"""``koe setup``: choose an engine for the languages of a user, and configure it."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from koe.asr import ENGINES, LOCAL_ENGINES, fault_of
from koe.cli import Exit, print_error, print_line
from koe.cli.dictate import dictate, listen
from koe.cli.languages import language_names, read_languages, system_language
from koe.cli.model_line import size
from koe.cli.new_settings import Wanted, settings_to_change, wanted_settings, with_settings
from koe.cli.proposals import Proposal, has_proposal, propose
from koe.cli.questions import ask, ask_yes_or_no, can_ask
from koe.cli.report import DictationProgress, Report, TextReport, run_session
from koe.cli.setting import read_settings, read_value
from koe.cli.usage import add_config_option
from koe.config.schema import Config
from koe.config.store import CONFIG_NAME, Store, config_directory
from koe.dictation import open_core
from koe.errors import AudioError, InputError
from koe.events import Mode
from koe.microphone import Microphone, describe_microphone
from koe.models import paths, verification
from koe.models.catalogue import install_manifests, shipped_manifests
from koe.models.verification import Status

# The length of the trial, in seconds.
TRIAL_SECONDS = 5.0

_EPILOG = """\
koe setup asks which languages you speak and whether your words may leave this computer. It proposes
an engine, downloads its model, changes the settings, and lets you try it out. A script gives the
answers as arguments. Ctrl-C leaves the settings either unchanged or complete; the next run
continues the download.

exit status:
  0    done
  1    an error, described on stderr, or you refused the proposal; unless the error was in the
       trial, the settings are unchanged
  2    wrong usage
  3    set up, but no speech was recognised in the trial
  130  interrupted with Ctrl-C
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument(
        "--languages",
        metavar="LIST",
        help="your languages: codes or English names, as in zh,en",
    )
    parser.add_argument(
        "--words-may-leave", choices=["yes", "no"],
        help="whether your speech may be sent to a service on the internet",
    )  # fmt: skip
    parser.add_argument(
        "--engine", metavar="NAME", choices=ENGINES, help="propose only this engine"
    )
    parser.add_argument(
        "--yes", action="store_true", help="accept the best proposal without asking"
    )
    parser.add_argument("--no-trial", action="store_true", help="skip the trial at the end")
    add_config_option(parser)
    parser.epilog = _EPILOG


def run(arguments: argparse.Namespace) -> int:
    """Set up; return the exit status.

    Raises:
        InputError: An answer is missing or can't be used, or no engine fits.
        ConfigError: The settings can't be read or changed.
        ManifestError: The models folder can't be written.
    """
    directory = arguments.config or config_directory(os.environ)
    before = read_settings(directory)[1].config
    try:
        is_done = _set_up(directory, arguments)
    except KeyboardInterrupt:
        is_old = read_settings(directory)[1].config == before
        outcome = "the settings are unchanged" if is_old else "the settings are changed"
        sys.stderr.write("\n" * can_ask())  # ends the line of the open question
        print_error(f"interrupted; {outcome}")
        return Exit.INTERRUPTED
    if not is_done:
        print_error("the settings are unchanged")
        return Exit.ERROR
    return Exit.OK if arguments.no_trial else _try_out(directory)


def _set_up(directory: Path, arguments: argparse.Namespace) -> bool:
    """Do everything before the trial; return whether the settings were changed."""
    has_answers = None not in (arguments.languages, arguments.words_may_leave)
    if not (has_answers or can_ask()):
        raise InputError(
            "koe setup asks questions, but stdin is not a terminal; answer with arguments, as in: "
            "koe setup --languages zh,en --words-may-leave no"
        )
    config = read_settings(directory)[1].config
    languages = _languages(arguments.languages)
    may_leave = _may_leave(arguments.words_may_leave)
    models = paths.models_directory(directory)
    fitting = propose(languages, may_leave=may_leave, config=config.asr, models=models)
    proposal = _choose(fitting, languages, arguments, may_leave=may_leave)
    if proposal.obstacle:
        raise InputError(f"{proposal.engine}: {proposal.obstacle}; then run koe setup again")
    wanted = wanted_settings(config, proposal, languages, may_leave=may_leave)
    wanted |= _api_key(proposal, config, directory)
    is_new = _print_plan(proposal, wanted, directory)
    is_asked = is_new and can_ask() and not arguments.yes
    if is_asked and not ask_yes_or_no("Go ahead?", default=True):
        return False
    if proposal.model and not _install_model(models, proposal.model):
        return False
    store = Store(directory, os.environ)
    store.create_missing_files()
    store.rewrite(lambda document: with_settings(document, wanted, os.environ))
    print_line(f"{language_names(languages)}: {proposal.engine} is set up")
    return True


def _languages(given: str | None) -> tuple[str, ...]:
    if given is not None:
        if not (languages := read_languages(given)):
            raise InputError("--languages is empty; name a language, as in: --languages zh,en")
        return languages
    default = system_language(os.environ) or "en"
    return ask("Which languages do you speak? Codes or English names", default, _at_least_one)


def _at_least_one(text: str) -> tuple[str, ...]:
    if languages := read_languages(text):
        return languages
    raise InputError("name at least one language, such as: en")


def _may_leave(given: str | None) -> bool:
    if given is not None:
        return given == "yes"
    return ask_yes_or_no("May a service on the internet recognise your speech?", default=False)


def _choose(
    fitting: list[Proposal],
    languages: tuple[str, ...],
    arguments: argparse.Namespace,
    *,
    may_leave: bool,
) -> Proposal:
    """Let the user choose a proposal, or take the best one.

    Raises:
        InputError: No proposal fits.
    """
    if arguments.engine:
        fitting = [it for it in fitting if it.engine == arguments.engine]
    if not fitting:
        raise InputError(_refusal(arguments.engine, languages, may_leave=may_leave))
    if len(fitting) == 1 or arguments.yes or not can_ask():
        return fitting[0]
    print_line(f"These engines recognise {language_names(languages)}:")
    for number, proposal in enumerate(fitting, 1):
        print_line(f"  {number}  {_described(proposal)}")

    def chosen(text: str) -> Proposal:
        if text.isdecimal() and 1 <= int(text) <= len(fitting):
            return fitting[int(text) - 1]
        raise InputError(f"write a number from 1 to {len(fitting)}")

    return ask("Which one?", "1", chosen)


def _refusal(engine: str | None, languages: tuple[str, ...], *, may_leave: bool) -> str:
    """Why no engine, or not the named one, can be proposed, and what to do."""
    if engine and not has_proposal(engine):
        return f"koe setup can't set up {engine}; try: koe config set asr.provider {engine}"
    if engine and engine not in LOCAL_ENGINES and not may_leave:
        return f"{engine} is a service; allow services with --words-may-leave yes, or name another"
    names = language_names(languages) + " together" * (len(languages) > 1)
    fewer = ["name fewer languages"] * (len(languages) > 1)
    if engine:
        return f"{engine} does not recognise {names}; {' or '.join(['omit --engine', *fewer])}"
    if may_leave:
        return f"no engine recognises {names}; {' or '.join(fewer) or 'name another language'}"
    remedy = " or ".join(["allow services with --words-may-leave yes", *fewer])
    return f"no engine on this computer recognises {names}; {remedy}"


def _described(proposal: Proposal) -> str:
    if proposal.is_service:
        return f"{proposal.engine}: a service that gets your speech and needs an API key"
    model = ""
    if proposal.model:
        megabytes = size(shipped_manifests()[proposal.model].total_bytes)
        model = f" with {proposal.model.rpartition('/')[2]}, {megabytes}"
    lack = f"; {proposal.obstacle}" if proposal.obstacle else ""
    return f"{proposal.engine}{model}: on this computer{lack}"


def _api_key(proposal: Proposal, config: Config, directory: Path) -> dict[str, Wanted]:
    """Ask for the API key of a service if it is missing; return it by the name of its setting.

    Raises:
        InputError: The key is missing, and the user can't be asked or gives none.
    """
    fault = fault_of(proposal.engine, config.asr) if proposal.is_service else None
    if fault is None:
        return {}
    if not can_ask():
        raise InputError(f"{proposal.engine}: {fault}; then run koe setup again")
    key = f"asr.{proposal.engine}.api_key"
    value = read_value(directory / CONFIG_NAME, key).strip()
    if not value:
        remedy = "get one, and run koe setup again"
        raise InputError(f"{proposal.engine} needs an API key, so nothing was changed; {remedy}")
    return {key: value}


def _print_plan(proposal: Proposal, wanted: Mapping[str, Wanted], directory: Path) -> bool:
    """Print what will be done; return whether there is anything to do."""
    if proposal.model:
        print_line(
            f"Model: {proposal.model}, {size(shipped_manifests()[proposal.model].total_bytes)}"
        )
    document, listing = read_settings(directory)
    changes = settings_to_change(wanted, listing)
    if not changes:
        print_line("Settings: no changes are needed")
        return bool(proposal.model)
    print_line(f"Settings that change in {document.path}:")
    for key, setting in changes.items():
        value = wanted[key]
        shown = "the key that you typed" if setting.is_secret else _shown(value)
        print_line(f"  {key}: {shown} (now: {setting.shown})")
    return True


def _shown(value: Wanted) -> str:
    if isinstance(value, list):
        return f"[{', '.join(value)}]"
    return str(value).lower() if isinstance(value, bool) else value or '""'


def _install_model(models: Path, model: str) -> bool:
    """Download a model unless it is installed; return whether it is installed now."""
    install_manifests(models)
    if verification.model_status(models, model, verification.VerifyMode.NORMAL) is Status.INSTALLED:
        return True
    # Imported here: they load the HTTP library.
    from koe.cli.pull_report import BarsReport
    from koe.cli.pulling import pull_model

    return pull_model(models, model, BarsReport(sys.stderr))


def _try_out(directory: Path) -> int:
    """Make a short dictation, if there are a terminal and a microphone; return the exit status."""
    if not can_ask():
        print_error("no trial, because stdin is not a terminal; to try it: koe dictate --mic")
        return Exit.OK
    try:
        describe_microphone()
    except AudioError as exc:
        print_error(f"no trial: {exc}")
        return Exit.OK
    report = TextReport(DictationProgress())
    return run_session(report, _dictate_trial(report, directory))


async def _dictate_trial(report: Report, directory: Path) -> None:
    async with open_core(directory) as core, Microphone() as microphone:
        asyncio.get_running_loop().call_later(TRIAL_SECONDS, microphone.stop)
        print_error(f"say something now, for up to {TRIAL_SECONDS:.0f} seconds")
        await dictate(core.begin(Mode.TOGGLE), listen(microphone), report)
