"""Converts files of older releases to the present format, without loss.

`STEPS` only grows: a step may get a file of any age, and must change neither a file that it does
not concern nor its own result. It keeps unknown keys, comments and ``${NAME}``. Each has a folder
in ``tests/config/migrations``.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from typing import TYPE_CHECKING

from koe.config.hotkeys import canonical
from koe.config.legacy import (
    FLAT_ASR_KEYS,
    FLAT_LLM_KEYS,
    NESTED_ASR_KEYS,
    NESTED_LLM_KEYS,
    TEMPLATE_COUNT,
)
from koe.config.llm import BUILT_IN_PROFILES, LlmConfig
from koe.errors import ConfigError
from koe.yamltext.document import MAPPING, SCALAR, SEQUENCE, Document, Part
from koe.yamltext.edit import KeyPath, find, keys_at, move, set_value
from koe.yamltext.scalars import resolve

if TYPE_CHECKING:
    from koe.yamltext.scalars import YamlValue


Step = Callable[[Document], Document]


def migrate(document: Document) -> Document:
    """Apply all steps.

    Raises:
        ConfigError: One step is not possible. No step is applied then, because a file that is
            half in the present form could hide settings in the old form.
    """
    return _take(STEPS, document)


def keep_other_settings(document: Document, path: KeyPath) -> Document:
    """Apply the steps that prevent a value at ``path`` from hiding other settings.

    A value in the present form hides settings in an older form. The first profile in the file hides
    the built-in profiles, because it replaces them all.

    Raises:
        ConfigError: As `migrate`.
    """
    if path[:1] == ("asr",) and not NESTED_ASR_KEYS.isdisjoint(path[1:2]):
        return _take((nest_flat_asr,), document)
    if path[:1] == ("llm",) and not NESTED_LLM_KEYS.isdisjoint(path[1:2]):
        if "profiles" in keys_at(document, ("llm",)):
            return document
        document = _take((nest_flat_llm,), document)
        if path[1] == "profiles":
            document = _take((nest_flat_profile,), document)
        if path[1] == "profiles" or "profiles" in keys_at(document, ("llm",)):
            document = _take((write_profiles,), document)
    return document


def _take(steps: tuple[Step, ...], document: Document) -> Document:
    for step in steps:
        try:
            document = step(document)
        except ConfigError as exc:
            what = step.__name__.replace("_", " ")
            reason = f"this file of an older release can't be converted ({what}): {exc.reason}"
            raise ConfigError(exc.path, reason) from exc
    return document


def nest_flat_asr(document: Document) -> Document:
    """Move the settings of Doubao, which were directly in ``asr`` until v1.0.8 (spec config §8.2).

    ``provider`` is set to ``doubao``, because the default is a different engine now.
    """
    keys = keys_at(document, ("asr",))
    if keys & NESTED_ASR_KEYS or keys.isdisjoint(FLAT_ASR_KEYS):
        return document
    document = set_value(document, ("asr", "provider"), "doubao")
    for key in FLAT_ASR_KEYS:
        document = move(document, ("asr", key), ("asr", "doubao", key))
    return document


# Fields of the profile that a flat file stands for, in file order, with their values if the file
# does not set them (spec config §4.4). None: the field is not written.
_PROFILE_DEFAULTS: dict[str, dict[str, str | None]] = {
    "openai": {
        "name": "OpenAI Chat Completions",
        "provider": "openai",
        "api_protocol": "openai_chat",
        "base_url": "https://api.openai.com/v1",
        "api_key": "",
        "model": "gpt-5.4-nano",
        "endpoint_path": "/chat/completions",
        "max_token_parameter": "max_completion_tokens",
        "no_reasoning_control": "none",
        "mlx": None,
    },
    "apfel": {
        "name": "APFEL",
        "provider": "apfel",
        "api_protocol": "openai_chat",
        "base_url": "http://127.0.0.1:11434/v1",
        "api_key": "",
        "model": "apple-foundationmodel",
        "endpoint_path": "/chat/completions",
        "max_token_parameter": "max_tokens",
        "no_reasoning_control": "none",
        "mlx": None,
    },
    "mlx": {
        "name": "MLX (Apple Silicon)",
        "provider": "mlx",
        "api_protocol": "openai_chat",
        "base_url": "",
        "api_key": "",
        "model": "",
        "endpoint_path": "",
        "max_token_parameter": "max_tokens",
        "no_reasoning_control": "none",
        "mlx": None,
    },
}


def nest_flat_llm(document: Document) -> Document:
    """Move the settings of a model, which were in ``llm`` until v1.0.14 (spec config §8.6).

    They become the profile of their provider, and this profile becomes the active one.
    """
    keys = keys_at(document, ("llm",))
    if keys & NESTED_LLM_KEYS or keys.isdisjoint(FLAT_LLM_KEYS):
        return document
    provider = find(document, ("llm", "provider"))
    name = provider.text if provider and provider.text in _PROFILE_DEFAULTS else "openai"
    document = set_value(document, ("llm", "active_profile"), name)
    return _nest_profile(document, name, keys)


def _nest_profile(document: Document, name: str, keys: set[str]) -> Document:
    """Move these keys of ``llm`` to a profile, and write defaults for the missing ones."""
    for key, default in _PROFILE_DEFAULTS[name].items():
        new = ("llm", "profiles", name, key)
        if key in keys:
            document = move(document, ("llm", key), new)
        elif default is not None:
            document = set_value(document, new, default)
    return document


def nest_flat_profile(document: Document) -> Document:
    """Move flat settings beside ``active_profile``, which are read as the profile ``openai``.

    New users' files have this form. This is not one of `STEPS`, because shells of the first
    generations edit these files themselves.
    """
    assert LlmConfig.flat
    flat = keys_at(document, ("llm",)) & LlmConfig.flat.generations.keys()
    return _nest_profile(document, "openai", flat) if flat else document


def write_profiles(document: Document) -> Document:
    """Write the built-in profiles that the file does not have."""
    present = keys_at(document, ("llm", "profiles"))
    for name, profile in BUILT_IN_PROFILES.items():
        if name not in present:
            fields = {profile.declared[it].key: value for it, value in vars(profile).items()}
            document = set_value(document, ("llm", "profiles", name), fields)
    return document


# Name, and SHA-256 of the UTF-8 prompt, in order of the shortcuts (spec config §8.3).
_TEMPLATES = (
    ("翻译英文", "fb2a797d0b065fdf2f3ae7aafe569f62c81a3f2e8fd342cb91bb561014dd9952"),
    ("繁体中文", "1b597eb131fcf8180a93a401c1a96bb8a980176033b8cfb60154fbc73e10c539"),
    ("推文风格", "e3ec2437839bf301d5520f29a75c8fa9e9f9914c1009083c155066d4c2c2434a"),
    ("小红书", "bbe9e5f28eb7414c372d593ff48a3396e841fabdbea7bda3db5ec6868d682549"),
    ("优化技术名词", "71b6246501d6f5cb699c7bece640fb14a8a1a4655a7af1a07df1152c8ed442a7"),
)


def replace_untouched_templates(document: Document) -> Document:
    """Keep only the first of the five templates of early builds, if all of them are unchanged.

    Source: spec config §8.3.
    """
    templates = find(document, ("prompt_templates",))
    if templates is None or templates.kind != SEQUENCE or len(templates.items) != TEMPLATE_COUNT:
        return document
    found = [_untouched(item.resolved) for item in templates.items]
    if found != [(*it, shortcut) for shortcut, it in enumerate(_TEMPLATES, start=1)]:
        return document
    first: dict[str, YamlValue] = {
        key.text: resolve(value) for key, value in templates.items[0].resolved.pairs()
    }
    return set_value(document, ("prompt_templates",), [first])


def _untouched(template: Part) -> tuple[object, ...] | None:
    """Name, digest of the prompt, and shortcut; None if the template has anything else."""
    if template.kind != MAPPING or any(it.kind != SCALAR for it in template.items):
        return None
    fields = {key.text: resolve(value) for key, value in template.pairs()}
    prompt = fields.pop("system_prompt", None)
    name, shortcut = fields.pop("name", None), fields.pop("shortcut", None)
    if not isinstance(prompt, str) or fields.pop("enabled", True) is not True:
        return None
    if fields.pop("system_prompt_path", None) is not None or fields:
        return None
    return name, sha256(prompt.encode()).hexdigest(), shortcut


def spell_trigger_key(document: Document) -> Document:
    """Write the trigger key, as text in its canonical spelling (spec config §8.4).

    Shells that read the file themselves accept no other form. Names of another platform and
    references to the environment stay.
    """
    hotkey = find(document, ("hotkey",))
    if document.root is None or (hotkey and hotkey.kind != MAPPING):
        return document
    trigger = find(document, ("hotkey", "trigger_key"))
    value = resolve(trigger) if trigger and trigger.kind == SCALAR else None
    is_name = isinstance(value, int | str) and not isinstance(value, bool)
    name = canonical(str(value)) if is_name else "fn"
    return document if name == value else set_value(document, ("hotkey", "trigger_key"), name)


STEPS: tuple[Step, ...] = (
    nest_flat_asr,
    nest_flat_llm,
    replace_untouched_templates,
    spell_trigger_key,
)
"""The steps in their order."""
