"""``llm.profiles``, as settings windows read, write and test them (spec abi §§7.6, 7.8)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from koe.config.llm import LlmProfile
from koe.config.migrate import keep_other_settings
from koe.config.windows.records import References, dump, from_record, parse, to_record
from koe.errors import ConfigError
from koe.yamltext.document import Document
from koe.yamltext.edit import find, keys_at, remove, set_value

if TYPE_CHECKING:
    from koe.config.store import Store
    from koe.config.windows.records import Json
    from koe.yamltext.edit import KeyPath
    from koe.yamltext.scalars import YamlValue

_PROFILES = ("llm", "profiles")
_ACTIVE = ("llm", "active_profile")

# Keys that a profile for a test must have.
_REQUIRED = frozenset({
    "name", "provider", "base_url", "api_key", "model", "max_token_parameter",
    "no_reasoning_control", "mlx",
})  # fmt: skip


def profiles_json(store: Store) -> str:
    """The profiles on disk, with ``${NAME}`` substituted, as JSON sorted by id.

    If the configuration can't be loaded, there are no profiles, and ``error`` has the reason.
    """
    try:
        llm = store.load().config.llm
    except ConfigError as exc:
        return dump({"active_profile": "openai", "error": str(exc), "profiles": {}})
    profiles: Json = {name: to_record(it) for name, it in sorted(llm.profiles.items())}
    return dump({"active_profile": llm.active_profile, "profiles": profiles})


def save_profiles(store: Store, text: str) -> None:
    """Replace the profiles and the choice of the active one.

    A value from the environment that was not changed stays a reference. Comments stay, and so
    do keys that are not settings of a profile. It is not checked that the active profile exists.

    Args:
        store: The file to change.
        text: The JSON of `profiles_json`; defaults of `LlmProfile` may be left out.

    Raises:
        ConfigError: The JSON is invalid, or the file can't be changed; the file is unchanged.
    """
    path = str(store.config_path)
    try:
        active, profiles = _parse(text)
    except ValueError as exc:
        raise ConfigError(path, f"llm.profiles can't be saved: {exc}") from exc

    def change(document: Document) -> Document:
        references = References(store.values(document))
        document = keep_other_settings(document, _PROFILES)
        chosen = references.restore(active, _ACTIVE)
        restored = {name: _restored(references, name, it) for name, it in profiles.items()}
        try:
            return _replace(set_value(document, _ACTIVE, chosen), restored)
        except ValueError as exc:
            raise ConfigError(path, f"llm.profiles can't be saved: {exc}") from exc

    store.rewrite(change)


def parse_profile(text: str) -> LlmProfile:
    """Read a profile that is tested before it is saved.

    Raises:
        ValueError: Something is missing or has a wrong type; the message says what.
    """
    record = parse(text)
    profile = from_record(record, LlmProfile(), "the profile", _REQUIRED)
    if not isinstance(record, dict) or not isinstance(record.get("id"), str):
        raise ValueError("the profile has no id")
    return profile if profile.name else profile.replace(name=record["id"])


def _parse(text: str) -> tuple[str, dict[str, dict[str, YamlValue]]]:
    payload = parse(text)
    if not isinstance(payload, dict):
        raise ValueError("the payload must be an object")
    active, profiles = payload.get("active_profile"), payload.get("profiles")
    if not isinstance(active, str):
        raise ValueError("active_profile must be a text")
    if not isinstance(profiles, dict):
        raise ValueError("profiles must be an object")
    return active, {
        name: to_record(from_record(profile, LlmProfile(), f"profile {name}"))
        for name, profile in sorted(profiles.items())
    }


def _restored(
    references: References, name: str, profile: dict[str, YamlValue]
) -> dict[str, YamlValue]:
    restored = references.restore(profile, (*_PROFILES, name))
    assert isinstance(restored, dict)
    # The file may have this setting under its former key.
    former = references.restore(profile["endpoint_path"], (*_PROFILES, name, _FORMER_PATH))
    return restored if former == profile["endpoint_path"] else {**restored, "endpoint_path": former}


_FORMER_PATH = "chat_completions_path"


def _replace(document: Document, profiles: dict[str, dict[str, YamlValue]]) -> Document:
    old = find(document, _PROFILES)
    names = keys_at(document, _PROFILES)
    if old is None or names.isdisjoint(profiles):
        return set_value(document, _PROFILES, dict(profiles))
    for name in names - profiles.keys():
        document = remove(document, (*_PROFILES, name))
    for name, profile in profiles.items():
        document = _update(document, (*_PROFILES, name), profile)
    return document


def _update(document: Document, path: KeyPath, record: dict[str, YamlValue]) -> Document:
    """Set each field of the record separately, so that comments and other keys stay."""
    keys = keys_at(document, path)
    if not keys:
        return set_value(document, path, record)
    if _FORMER_PATH in keys:
        document = remove(document, (*path, _FORMER_PATH))
    for key, value in record.items():
        if isinstance(value, dict):
            document = _update(document, (*path, key), value)
        else:
            document = set_value(document, (*path, key), value)
    return document
