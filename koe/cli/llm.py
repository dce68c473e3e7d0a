"""``koe llm``: whether a language model answers, and which ones a server has."""

from __future__ import annotations

import argparse
import asyncio
import os
import time
from dataclasses import dataclass

from koe.cli import Exit, print_error, print_json, print_line
from koe.cli.usage import add_config_option, add_json_option, add_subcommands
from koe.config.llm import LlmProfile
from koe.config.prompts import load_prompts
from koe.config.store import Snapshot, Store, config_directory
from koe.errors import ConfigError, LlmError, LlmStatusError
from koe.llm.service import Answer, Question, ask_by

_SUMMARIES = {
    "test": "have a model correct a sample sentence, and print how long it took",
    "models": "list the models that the server offers, one per line",
}

_EPILOGS = {
    "test": """\
Whether correction is on (llm.enabled) does not matter. Keys are never shown.

exit status: 1 if there was no answer, else 0

with --json, one object on stdout: {"ok": BOOLEAN, "profile": TEXT, "model": TEXT,
"seconds": NUMBER, "message": TEXT}, where the message says what went wrong
""",
    "models": """\
exit status: 1 if the server did not say, else 0

with --json, one object on stdout: {"ok": BOOLEAN, "profile": TEXT, "models": [TEXT, ...],
"message": TEXT}, where the message says what went wrong
""",
}


@dataclass(frozen=True, slots=True)
class LlmTarget:
    """Whom to ask, and by which settings.

    Attributes:
        store: The files.
        snapshot: The settings.
        name: The id of the profile.
        profile: The profile.
    """

    store: Store
    snapshot: Snapshot
    name: str
    profile: LlmProfile

    def ask(self, question: Question[Answer]) -> Answer:
        """Ask, over a connection of its own.

        Raises:
            LlmError: As the question.
        """
        prompts, problems = load_prompts(self.store, self.snapshot.config.llm)
        for problem in (*self.snapshot.problems, *problems):
            print_error(f"warning: {problem}")
        return asyncio.run(ask_by(self.snapshot, prompts, question))

    def explain(self, error: LlmError) -> str:
        """What went wrong, and whether the profile lacks a key."""
        is_refused = isinstance(error, LlmStatusError) and error.status in (401, 403)
        if is_refused and not self.profile.api_key:
            return f"{error}; the profile {self.name!r} has no api_key"
        return str(error)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    add_config_option(parser)
    parser.epilog = "koe llm ACTION --help says more about an action."
    for action in add_subcommands(parser, "action", _SUMMARIES, _EPILOGS).values():
        add_target_arguments(action)


def add_target_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what `find_target` goes by, and how to tell the result."""
    parser.add_argument(
        "--profile",
        metavar="ID",
        help="use this profile of llm.profiles, instead of the active one",
    )
    add_json_option(parser)
    add_config_option(parser)


def find_target(arguments: argparse.Namespace) -> LlmTarget:
    """Read the settings and choose a profile. Missing files are created.

    Raises:
        ConfigError: The settings can't be read, or there is no such profile.
    """
    store = Store(arguments.config or config_directory(os.environ), os.environ)
    store.create_missing_files()
    snapshot = store.load()
    llm = snapshot.config.llm
    name = llm.active_profile if arguments.profile is None else arguments.profile
    if name not in llm.profiles:
        known = ", ".join(llm.profiles) or "none"
        reason = f"llm.profiles has no {name!r}, only: {known}"
        raise ConfigError(str(store.config_path), reason)
    return LlmTarget(store, snapshot, name, llm.profiles[name])


def run(arguments: argparse.Namespace) -> int:
    """Do what was asked for; return the exit status."""
    target = find_target(arguments)
    return (_test if arguments.action == "test" else _list_models)(target, arguments.json)


def _test(target: LlmTarget, as_json: bool) -> int:
    began = time.monotonic()
    message = ""
    try:
        target.ask(
            lambda service, snapshot, prompts: service.test(snapshot, target.profile, prompts)
        )
    except LlmError as exc:
        message = target.explain(exc)
    seconds = time.monotonic() - began
    model = target.profile.model
    if as_json:
        print_json(
            {
                "ok": not message,
                "profile": target.name,
                "model": model,
                "seconds": round(seconds, 3),
                "message": message,
            }
        )
    elif message:
        print_error(message)
    else:
        print_line(f"{target.name}: {model} answered in {seconds:.1f} s")
        if not target.snapshot.config.llm.enabled:
            print_error("note: llm.enabled is false, so no dictation is corrected")
    return Exit.ERROR if message else Exit.OK


def _list_models(target: LlmTarget, as_json: bool) -> int:
    message = ""
    models: list[str] = []
    try:
        models = target.ask(
            lambda service, _snapshot, _prompts: service.list_models(target.profile)
        )
    except LlmError as exc:
        message = target.explain(exc)
    if as_json:
        print_json(
            {"ok": not message, "profile": target.name, "models": models, "message": message}
        )
    elif message:
        print_error(message)
    elif models:
        print_line("\n".join(models))
    else:
        print_error("note: the server lists no models")
    return Exit.ERROR if message else Exit.OK
