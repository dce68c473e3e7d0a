"""``llm``: whether a text is corrected, and by which model (spec config §4.2, spec llm §2.4)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Self
from urllib.parse import parse_qsl

from koe.config.fields import (
    choice,
    consent,
    flag,
    group,
    milliseconds,
    number,
    secret_texts,
    switch,
    table,
    target,
    text,
    whole_number,
)
from koe.config.sections import ALL, AT_ONCE, ONLY_C, FlatKeys, Section
from koe.config.strays import alternatives
from koe.text import pasted, pasted_key

_DEFAULT_PATHS = {
    "openai_chat": "/chat/completions",
    "openai_responses": "/responses",
    "anthropic_messages": "/messages",
}

# Providers with one protocol only, regardless of ``api_protocol`` (spec llm §2.4).
_PROTOCOLS = {"anthropic": "anthropic_messages", "apfel": "openai_chat"}

SUPPORTED_PROVIDERS = ("openai", "anthropic", "apfel")
"""The values of a profile's ``provider``, in the order in which they are offered."""

# Providers on this computer, which need no key.
_KEYLESS = frozenset({"apfel", "mlx"})


# The built-in addresses of services that require a key.
_KEYED_SERVICES = frozenset({"https://api.openai.com/v1", "https://api.anthropic.com/v1"})


# Parameters of a query that are not secret.
_PUBLIC_QUERY = frozenset({"api-version"})


class MlxModel(Section):
    """A model on this computer; ``model`` is a path below ``models``."""

    model: str = text("mlx/Qwen3-0.6B-4bit")


class LlmProfile(Section):
    """One way to reach a model.

    Attributes:
        name: The name for people; empty: the ID is shown.
        provider: ``openai``, ``anthropic``, ``apfel`` or ``mlx``; anything else is treated
            as ``openai``.
        api_key: Empty sends no key.
        endpoint_path: Added to ``base_url``; empty for the protocol's own.
        max_token_parameter: The parameter that limits the length of the answer.
        no_reasoning_control: The parameter that switches the reasoning of the model off.
        mlx: For provider ``mlx`` only.
        headers: Additional headers, which replace those of the same name; they may contain secrets.
        allow_plain_http: Whether a server at an address of a private network is asked unencrypted.
    """

    name: str = text("")
    provider: str = text("openai")
    api_protocol: str = choice("openai_chat", "openai_responses", "anthropic_messages")
    base_url: str = target("")
    api_key: str = text("", is_secret=True)
    model: str = text("")
    endpoint_path: str = text("", alias="chat_completions_path")
    max_token_parameter: str = choice("max_completion_tokens", "max_tokens")
    no_reasoning_control: str = choice("reasoning_effort", "thinking", "none")
    mlx: MlxModel = group(MlxModel())
    headers: Mapping[str, str] = secret_texts()
    allow_plain_http: bool = flag(False)

    @property
    def protocol(self) -> str:
        """The protocol: one of the values of ``api_protocol``."""
        return _PROTOCOLS.get(self.provider, self.api_protocol)

    @property
    def path(self) -> str:
        """Path of the endpoint, as configured or the default of the protocol; never empty."""
        return self.endpoint_path.strip() or _DEFAULT_PATHS[self.protocol]

    @property
    def key(self) -> str:
        """The key without characters that were copied with it; empty for none."""
        return pasted_key(self.api_key)

    @property
    def secrets(self) -> tuple[str, ...]:
        """The secrets, which must be masked in messages."""
        words = [word for value in self.headers.values() for word in value.split()]
        query = parse_qsl(pasted(self.base_url).partition("?")[2])
        words += [value for name, value in query if name not in _PUBLIC_QUERY]
        return tuple(filter(None, (self.key, *words)))

    @property
    def exposure(self) -> str:
        """A warning about what others in the network can read; empty if they can read nothing."""
        from koe.endpoint import host_of, is_private  # its import takes milliseconds

        if not (self.allow_plain_http and self.base.startswith("http:") and is_private(self.base)):
            return ""
        return (
            f"the key and all texts are sent unencrypted to {host_of(self.base)}, because the "
            "profile has allow_plain_http; to encrypt them, use an https address"
        )

    @property
    def model_name(self) -> str:
        """The model's name without characters that were copied with it."""
        return pasted(self.model)

    @property
    def base(self) -> str:
        """The address to which paths are added.

        If ``base_url`` is the address of the endpoint, the path of the endpoint is removed from it.
        """
        base = pasted(self.base_url).partition("?")[0].rstrip("/")
        for path in (self.path.partition("?")[0], _DEFAULT_PATHS["openai_chat"]):
            base = base.removesuffix(f"/{path.strip('/')}").rstrip("/")
        return base

    def address(self, path: str) -> str:
        """Return the address of a path at the server, which may be invalid.

        Args:
            path: The path below the base; a query of the base is added.
        """
        query = pasted(self.base_url).partition("?")[2]
        mark = "&" if "?" in path else "?"
        return f"{self.base}/{path.lstrip('/')}" + (f"{mark}{query}" if query else "")

    @property
    def url(self) -> str:
        """The address of the endpoint, which may be invalid."""
        return self.address(self.path)

    @property
    def lacks_key(self) -> bool:
        """Whether the profile lacks a key that its service requires."""
        return not self.key and not self.headers and self.base in _KEYED_SERVICES

    @property
    def is_ready(self) -> bool:
        """Whether the profile has all that a request needs (spec llm §2.5)."""
        if self.provider == "mlx":
            return bool(self.mlx.model)
        return bool(self.base_url and self.model)


_OPENAI = LlmProfile(
    name="OpenAI Chat Completions",
    base_url="https://api.openai.com/v1",
    model="gpt-5.4-nano",
    endpoint_path="/chat/completions",
    no_reasoning_control="none",
)

BUILT_IN_PROFILES: Mapping[str, LlmProfile] = MappingProxyType({
    "openai": _OPENAI,
    "openai-responses": _OPENAI.replace(
        name="OpenAI Responses",
        api_protocol="openai_responses",
        endpoint_path="/responses",
    ),
    "anthropic": LlmProfile(
        name="Anthropic Messages",
        provider="anthropic",
        api_protocol="anthropic_messages",
        base_url="https://api.anthropic.com/v1",
        endpoint_path="/messages",
        max_token_parameter="max_tokens",
        no_reasoning_control="none",
    ),
    "apfel": LlmProfile(
        name="APFEL",
        provider="apfel",
        base_url="http://127.0.0.1:11434/v1",
        model="apple-foundationmodel",
        endpoint_path="/chat/completions",
        max_token_parameter="max_tokens",
        no_reasoning_control="none",
    ),
    "mlx": LlmProfile(
        name="MLX (Apple Silicon)",
        provider="mlx",
        max_token_parameter="max_tokens",
        no_reasoning_control="none",
    ),
})  # fmt: skip
"""The profiles of a file without ``llm.profiles`` (spec config §4.4)."""

# Before profiles were introduced, ``llm`` itself described one model (spec config §§5, 8.6).
_FLAT_PROFILE = FlatKeys(
    {
        "base_url": "A B",
        "api_key": "A B",
        "model": "A B",
        "max_token_parameter": "B",
        "no_reasoning_control": "between B and C",
        "provider": "between B and C",
        "mlx": "between B and C",
    },
    reads_as="llm.profiles.openai",
    unless=frozenset({"profiles"}),
    defaults=_OPENAI,
    note="Without a key nothing is corrected, except by providers `apfel` and `mlx`.",
)


class LlmConfig(Section, generations=ALL, flat=_FLAT_PROFILE):
    """Whether a text is corrected, and by which model.

    Attributes:
        enabled: The main switch.
        active_profile: The ID of the profile that corrects; without such a profile nothing is
            corrected.
        profiles: By ID. The group in the file, even an empty one, replaces the built-in profiles.
        timeout: Seconds for a whole request.
        dictionary_max_candidates: Terms of the dictionary that a request may contain; 0 for all.
        system_prompt_path: Absolute or relative to the configuration directory.
        user_prompt_path: As ``system_prompt_path``.
    """

    enabled: bool = consent(True)
    prompt_templates_enabled: bool = switch(False, generations=ONLY_C, effect=AT_ONCE)
    auto_paste_processed_text: bool = flag(True, generations=ONLY_C, effect=AT_ONCE)
    active_profile: str = target("openai", generations=ONLY_C)
    profiles: Mapping[str, LlmProfile] = table(BUILT_IN_PROFILES, of=LlmProfile())
    temperature: float = number(0, low=0, high=2)
    top_p: float = number(1, low=0, high=1)
    timeout: float = milliseconds(8000)
    max_output_tokens: int = whole_number(1024)
    dictionary_max_candidates: int = whole_number(0)
    system_prompt_path: str = text("system_prompt.txt")
    user_prompt_path: str = text("user_prompt.txt")

    @property
    def correcting_profile(self) -> LlmProfile | None:
        """The profile that corrects; None if nothing is corrected (spec config §4.4)."""
        profile = self.profiles.get(self.active_profile)
        return profile if self.enabled and profile is not None and profile.is_ready else None

    @property
    def shortfall(self) -> str:
        """Why the active profile can't correct, as a predicate of its name; "" if it can."""
        profile = self.profiles.get(self.active_profile)
        if profile is None:
            others = alternatives(self.active_profile, self.profiles)
            return f"is not one of llm.profiles{others}"
        if profile.is_ready:
            return ""
        needs = "mlx.model" if profile.provider == "mlx" else "a base_url and a model"
        return f"needs {needs} in llm.profiles"

    @property
    def obstacle(self) -> str:
        """Why nothing is corrected although correction is on, as a clause; empty: no reason."""
        if not self.enabled:
            return ""
        reason = self.shortfall
        # A missing key is reported only if the file sets llm.enabled; without this setting, users
        # do not expect a correction.
        profile = self.correcting_profile
        if profile is not None and profile.lacks_key and self.is_set("enabled"):
            reason = "needs an api_key"
        return reason and f"the profile {self.active_profile!r} {reason}"

    def completed(self, profile: LlmProfile) -> LlmProfile:
        """Add the settings that no settings window shows, as saved for the profile's address."""
        saved = next((it for it in self.profiles.values() if it.url == profile.url), LlmProfile())
        return profile.replace(headers=saved.headers, allow_plain_http=saved.allow_plain_http)

    def with_flat(self, settings: Section) -> Self:
        """Read a model from before there were profiles as the profile ``openai``.

        Correction needed a key then, and generation B wrote ``enabled: true`` without a key for new
        users. For them it is off here, too, instead of failing each time.
        """
        assert isinstance(settings, LlmProfile)
        is_meant = bool(settings.api_key) or settings.provider in _KEYLESS
        return self.replace(
            enabled=self.enabled and (is_meant or self.active_profile != "openai"),
            profiles={**BUILT_IN_PROFILES, "openai": settings},
        )
