"""The files with the prompts, read when a text is corrected or rewritten."""

from __future__ import annotations

from koe.config.llm import LlmConfig
from koe.config.reader import Problem
from koe.config.schema import PromptTemplate
from koe.config.store import DEFAULTS, Store
from koe.errors import ConfigError
from koe.prompts import HEARD, Prompts
from koe.text import trim


def load_prompts(store: Store, settings: LlmConfig) -> tuple[Prompts, tuple[Problem, ...]]:
    """Read both files; the built-in text replaces an unusable file (spec llm §5.1).

    Args:
        store: The directory to which the paths of the files are relative.
        settings: The paths of the files.

    Returns:
        The prompts, and what is wrong with the files.
    """
    built_in = built_in_prompts()
    system, wrong_system = _read(store, settings.system_prompt_path, "llm.system_prompt_path")
    user, wrong_user = _read(store, settings.user_prompt_path, "llm.user_prompt_path")
    if user and HEARD not in user:
        said = f"{HEARD} is missing, so the model does not get the dictated text; add {HEARD}"
        path = str(store.directory / settings.user_prompt_path)
        wrong_user = (Problem(path, None, "llm.user_prompt_path", said),)
    return Prompts(system or built_in.system, user or built_in.user), wrong_system + wrong_user


def built_in_prompts() -> Prompts:
    """The prompts in the default files."""
    names = LlmConfig()
    return Prompts(_built_in(names.system_prompt_path), _built_in(names.user_prompt_path))


def prompt_of(template: PromptTemplate, store: Store) -> str | None:
    """The instruction of a template: its own, else that of its file; None if it has none."""
    if template.system_prompt and template.system_prompt.strip():
        return template.system_prompt.strip()
    if not template.system_prompt_path:
        return None
    try:
        return store.read_text(template.system_prompt_path).strip() or None
    except ConfigError:
        return None


def _built_in(name: str) -> str:
    return trim((DEFAULTS / name).read_text(encoding="utf-8"))


def _read(store: Store, name: str, key: str) -> tuple[str, tuple[Problem, ...]]:
    """The text of a file, and what is wrong with it; the text is empty then."""
    try:
        text = trim(store.read_text(name))
        reason = "the file is empty"
    except ConfigError as exc:
        text, reason = "", exc.reason
    if text:
        return text, ()
    message = f"{reason}; using the built-in prompt"
    return "", (Problem(str(store.directory / name), None, key, message),)
