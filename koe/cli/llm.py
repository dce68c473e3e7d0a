"""``koe llm``: test a language model, and list the models of a server."""

from __future__ import annotations

import argparse
import asyncio
import os
import time
from contextlib import suppress
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
This works even if llm.enabled is false. API keys are never shown.

exit status: 1 if there was no answer, else 0

with --json, one object on stdout: {"ok": BOOLEAN, "profile": TEXT, "model": TEXT,
"seconds": NUMBER, "message": TEXT}, where the message says what went wrong
""",
    "models": """\
exit status: 1 if the server did not list its models, else 0

with --json, one object on stdout: {"ok": BOOLEAN, "profile": TEXT, "models": [TEXT, ...],
"message": TEXT}, where the message says what went wrong
""",
}


@dataclass(frozen=True, slots=True)
class LlmTarget:
    """The language model to ask, and the settings to use.

    Attributes:
        store: The configuration folder.
        snapshot: The settings.
        name: The ID of the profile.
        profile: The profile, which names the server and the model.
    """

    store: Store
    snapshot: Snapshot
    name: str
    profile: LlmProfile

    def ask(self, question: Question[Answer]) -> Answer:
        """Ask a question over a new connection.

        Raises:
            LlmError: The question raised it.
        """
        prompts, problems = load_prompts(self.store, self.snapshot.config.llm)
        for problem in (*self.snapshot.problems, *problems):
            print_error(f"warning: {problem}")
        return asyncio.run(ask_by(self.snapshot, prompts, question))

    def explain(self, error: LlmError) -> str:
        """Describe an error; if the server refused a request without a key, say how to set one."""
        is_refused = isinstance(error, LlmStatusError) and error.status in (401, 403)
        if is_refused and not self.profile.api_key:
            remedy = f"koe config set llm.profiles.{self.name}.api_key -"
            return f"{error}; the profile {self.name!r} has no api_key; to set it: {remedy}"
        return str(error)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    add_config_option(parser)
    parser.epilog = "koe llm ACTION --help describes an action."
    for action in add_subcommands(parser, "action", _SUMMARIES, _EPILOGS).values():
        add_target_arguments(action)


def add_target_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options that `find_target` uses, and ``--json``."""
    parser.add_argument(
        "--profile",
        metavar="ID",
        help="use this profile of llm.profiles, instead of the active one",
    )
    add_json_option(parser)
    add_config_option(parser)


def find_target(arguments: argparse.Namespace) -> LlmTarget:
    """Read the settings and find the profile. Missing files are created, if that is possible.

    Raises:
        ConfigError: The settings can't be read, or the profile does not exist.
    """
    store = Store(arguments.config or config_directory(os.environ), os.environ)
    with suppress(ConfigError):  # store.load raises an error if a file that it needs is missing
        store.create_missing_files()
    snapshot = store.load()
    llm = snapshot.config.llm
    name = llm.active_profile if arguments.profile is None else arguments.profile
    if name not in llm.profiles:
        known = ", ".join(llm.profiles) or "none"
        reason = f"llm.profiles has no {name!r}; choose from: {known}"
        raise ConfigError(str(store.config_path), reason)
    return LlmTarget(store, snapshot, name, llm.profiles[name])


def run(arguments: argparse.Namespace) -> int:
    """Run the action; return the exit status."""
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
            remedy = "koe config set llm.enabled true"
            print_error(f"note: correction is off; to have dictations corrected: {remedy}")
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
