"""The settings that follow from the answers of a user: finds the changes and makes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from koe.asr import LOCAL_ENGINES
from koe.cli.proposals import Proposal, language_settings
from koe.config.people.listing import Listing, Setting, list_settings
from koe.config.schema import Config
from koe.config.windows.access import with_text
from koe.endpoint import check_endpoint, is_local
from koe.errors import ConfigError, EndpointError
from koe.yamltext.edit import set_value

if TYPE_CHECKING:
    from koe.yamltext.document import Document
    from koe.yamltext.tree import Environment

Wanted = str | bool | list[str]
"""The value of a setting."""


def wanted_settings(
    config: Config, proposal: Proposal, languages: tuple[str, ...], *, may_leave: bool
) -> dict[str, Wanted]:
    """Return the values that settings must have, by key; other settings may have any value.

    If words may not leave the computer, services are removed from the fallback engines, and
    correction by a service is switched off.
    """
    group = f"asr.{proposal.engine}"
    wanted: dict[str, Wanted] = {"asr.provider": proposal.engine}
    if proposal.model:
        wanted[f"{group}.model"] = proposal.model
    if (language := _language(config, proposal, languages)) is not None:
        wanted[f"{group}.language"] = language
    if not may_leave:
        wanted["asr.fallback"] = [it for it in config.asr.fallback if it in LOCAL_ENGINES]
        if _is_corrected_elsewhere(config):
            wanted["llm.enabled"] = False
    return wanted


def settings_to_change(wanted: Mapping[str, Wanted], listing: Listing) -> dict[str, Setting]:
    """Return the settings without the wanted value, by key. API keys are always returned."""
    settings = {key: listing.find(key) for key in wanted}
    return {key: it for key, it in settings.items() if it and it.value != wanted[key]}


def with_settings(
    document: Document, wanted: Mapping[str, Wanted], environ: Environment
) -> Document:
    """Set the wanted values in a document; for `koe.config.store.Store.rewrite`.

    Raises:
        ConfigError: A value can't be set by its key.
    """
    for key in settings_to_change(wanted, list_settings(document, environ)):
        value = wanted[key]
        if isinstance(value, list):
            document = set_value(document, tuple(key.split(".")), [*value])
        else:
            text = str(value).lower() if isinstance(value, bool) else value
            document = with_text(document, key, text)
    for key, setting in settings_to_change(wanted, list_settings(document, environ)).items():
        if not setting.is_secret:
            reason = f"{key} can't be set by its key; set it with: koe config edit"
            raise ConfigError(document.path, reason)
    return document


def _language(config: Config, proposal: Proposal, languages: tuple[str, ...]) -> str | None:
    """The value for the language setting of an engine; None: no change, or no such setting."""
    default, present = language_settings(config.asr, proposal.engine)
    # With this value, the engine detects the language.
    unknown = "auto" if default == "auto" else ""
    if proposal.takes_language:
        return languages[0] if len(languages) == 1 else unknown
    is_other = present not in (None, "", default) and present.split("-")[0] not in languages
    return unknown if is_other else None


def _is_corrected_elsewhere(config: Config) -> bool:
    """Whether a language model on another computer corrects the texts."""
    profile = config.llm.correcting_profile
    if profile is None or profile.provider == "mlx" or profile.lacks_key:
        return False
    try:
        return not is_local(check_endpoint(profile.url, allow_private=profile.allow_plain_http))
    except EndpointError:
        return False  # nothing is sent to an invalid address
