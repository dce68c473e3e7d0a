"""The marks of a file of an older release: recognised here, changed by `koe.config.migrate`.

This module is separate from the migration, because every load checks the file, but hardly any file
has to be changed.
"""

from __future__ import annotations

from koe.config.engines import AsrConfig
from koe.config.hotkeys import canonical
from koe.yamltext.tree import Mapping, Node, Scalar, Sequence

assert AsrConfig.flat
FLAT_ASR_KEYS = tuple(AsrConfig.flat.generations)
"""Settings of Doubao that were directly in ``asr`` until v1.0.8 (spec config §8.2)."""

NESTED_ASR_KEYS = AsrConfig.flat.unless
"""If ``asr`` has one of these keys, it is in its present form."""

FLAT_LLM_KEYS = ("provider", "base_url", "api_key", "model")
"""Settings of a profile that were directly in ``llm`` until v1.0.14 (spec config §8.6)."""

NESTED_LLM_KEYS = frozenset({"profiles", "active_profile"})
"""If ``llm`` has one of these keys, it is in its present form."""

TEMPLATE_COUNT = 5
"""The number of prompt templates of builds before v1.0.15 (spec config §8.3)."""


def is_outdated(root: Node | None) -> bool:
    """Whether a file may need a migration; the migration checks it in detail."""
    if not isinstance(root, Mapping):
        return False
    sections = _by_key(root)
    asr, llm, templates = (sections.get(key) for key in ("asr", "llm", "prompt_templates"))
    return (
        _has_flat(asr, FLAT_ASR_KEYS, NESTED_ASR_KEYS)
        or _has_flat(llm, FLAT_LLM_KEYS, NESTED_LLM_KEYS)
        or (isinstance(templates, Sequence) and len(templates.items) == TEMPLATE_COUNT)
        or "hotkey" not in sections
        or _has_other_spelling(sections["hotkey"])
    )


def _by_key(section: Mapping) -> dict[str, Node]:
    return {key.written: value for key, value in section.pairs() if isinstance(key, Scalar)}


def _has_flat(section: Node | None, flat: tuple[str, ...], nested: frozenset[str]) -> bool:
    if not isinstance(section, Mapping):
        return False
    keys = _by_key(section).keys()
    return not keys & nested and not keys.isdisjoint(flat)


def _has_other_spelling(hotkey: Node) -> bool:
    if not isinstance(hotkey, Mapping):
        return False
    trigger = _by_key(hotkey).get("trigger_key")
    if not isinstance(trigger, Scalar):
        return True
    # A key code is stored in quotes; a plain word of digits lacks them.
    is_number = trigger.is_plain and trigger.written.isdigit()
    return is_number or canonical(trigger.written) != trigger.written
