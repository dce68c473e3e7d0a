"""``koe correct``: have a language model correct or rewrite a text."""

from __future__ import annotations

import argparse
import sys
import time

from koe.cli import Exit, print_error, print_json, print_line
from koe.cli.llm import LlmTarget, add_target_arguments, find_target
from koe.config.prompts import prompt_of
from koe.errors import ConfigError, InputError, LlmError
from koe.llm.correction import Outcome
from koe.text import trim

_EPILOG = """\
The text is corrected like a dictation, with your prompts and your dictionary, even if llm.enabled
is false. With --template, it is rewritten by that template instead.

If the model can't be asked, does not answer, or its answer is not usable as a correction, the text
is printed unchanged, and stderr says why.

exit status: 1 if the model could not be asked or did not answer, else 0

with --json, one object on stdout: {"ok": BOOLEAN, "text": TEXT, "corrected": BOOLEAN,
"profile": TEXT or null, "model": TEXT or null, "seconds": NUMBER, "message": TEXT}; the message
says why the text is unchanged, and the model is null if the settings could not be used
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("text", metavar="TEXT", help="the text to correct; - reads it from stdin")
    parser.add_argument(
        "--template",
        metavar="NAME|N",
        help="rewrite by this template of prompt_templates: its name, or the digit of its shortcut",
    )
    add_target_arguments(parser)
    parser.epilog = _EPILOG


def run(arguments: argparse.Namespace) -> int:
    """Correct; return the exit status."""
    text = _read_stdin() if arguments.text == "-" else arguments.text
    if not trim(text):
        raise InputError('the text is empty; give one, as in: koe correct "helo world"')
    target, wanted, began = None, arguments.template, time.monotonic()
    try:
        target = find_target(arguments)
        instruction = None if wanted is None else _find_instruction(target, wanted)
        began = time.monotonic()
        correction, is_good = _correct(target, text, instruction), True
    except (ConfigError, LlmError) as exc:
        reason = target.explain(exc) if target and isinstance(exc, LlmError) else str(exc)
        correction, is_good = Outcome(text, reason), False
    if arguments.json:
        print_json(
            {
                "ok": is_good,
                "text": correction.text,
                "corrected": correction.is_applied,
                "profile": target.name if target else arguments.profile,
                "model": target.profile.model if target else None,
                "seconds": round(time.monotonic() - began, 3),
                "message": correction.remark,
            }
        )
    else:
        if correction.remark:
            print_error(correction.remark)
        print_line(correction.text)
    return Exit.OK if is_good else Exit.ERROR


def _correct(target: LlmTarget, text: str, instruction: str | None) -> Outcome:
    profile = target.profile
    if instruction is None:
        return target.ask(
            lambda service, snapshot, prompts: service.correct(snapshot, profile, prompts, text)
        )
    return target.ask(
        lambda service, snapshot, prompts: service.rewrite(
            snapshot, prompts, text, instruction, profile
        )
    )


def _find_instruction(target: LlmTarget, wanted: str) -> str:
    """The prompt of a template.

    Raises:
        ConfigError: There is no such template, or it has no prompt.
    """
    templates = target.snapshot.config.prompt_templates
    path = str(target.store.config_path)
    found = next((it for it in templates if it.name == wanted), None) or next(
        (it for it in templates if str(it.shortcut) == wanted), None
    )
    if found is None:
        known = ", ".join(f"{it.shortcut} {it.name}" for it in templates) or "none"
        raise ConfigError(path, f"prompt_templates has no {wanted!r}; choose from: {known}")
    instruction = prompt_of(found, target.store)
    if instruction is None:
        reason = f"the template {wanted!r} has no usable prompt; write one into its system_prompt"
        raise ConfigError(path, reason)
    return instruction


def _read_stdin() -> str:
    """All of stdin, without the newline that a terminal or echo adds.

    Raises:
        InputError: The process has no stdin, or the text is not UTF-8.
    """
    if sys.stdin is None:
        raise InputError("stdin is closed; give the text as an argument")
    try:
        return sys.stdin.read().removesuffix("\n")
    except UnicodeDecodeError as exc:
        raise InputError("the text on stdin is not UTF-8; convert it first") from exc
