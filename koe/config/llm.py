"""``llm``: whether and by which model a text is corrected (spec config §4.2, spec llm §2.4)."""

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
from koe.text import pasted, pasted_key

_DEFAULT_PATHS = {
    "openai_chat": "/chat/completions",
    "openai_responses": "/responses",
    "anthropic_messages": "/messages",
}

# Providers that speak one protocol only, whatever ``api_protocol`` says (spec llm §2.4).
_PROTOCOLS = {"anthropic": "anthropic_messages", "apfel": "openai_chat"}

SUPPORTED_PROVIDERS = ("openai", "anthropic", "apfel")
"""What a profile's ``provider`` may be in this build, in the order in which it is offered."""

# Providers on this computer, which ask for no key.
_KEYLESS = frozenset({"apfel", "mlx"})


# The built-in addresses at which nothing is to be had without a key.
_KEYED_SERVICES = frozenset({"https://api.openai.com/v1", "https://api.anthropic.com/v1"})


# Parts of a query that are no keys.
_PUBLIC_QUERY = frozenset({"api-version"})


class MlxModel(Section):
    """A model on this computer; ``model`` is a path below ``models``."""

    model: str = text("mlx/Qwen3-0.6B-4bit")


class LlmProfile(Section):
    """One way to reach a model.

    Attributes:
        name: For people; empty when the id is name enough.
        provider: ``openai``, ``anthropic``, ``apfel`` or ``mlx``; anything else is treated
            as ``openai``.
        api_key: Empty sends no key.
        endpoint_path: Added to ``base_url``; empty for the protocol's own.
        max_token_parameter: What the server calls the limit.
        no_reasoning_control: The parameter that keeps the server from thinking first.
        mlx: For provider ``mlx`` only.
        headers: Sent too, or in the place of those of the same name; they may hold keys.
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
        """The protocol that is spoken: one of the words of ``api_protocol``."""
        return _PROTOCOLS.get(self.provider, self.api_protocol)

    @property
    def path(self) -> str:
        """Path of the endpoint, as configured or the protocol's own; never empty."""
        return self.endpoint_path.strip() or _DEFAULT_PATHS[self.protocol]

    @property
    def key(self) -> str:
        """The key without what was copied with it; empty for none."""
        return pasted_key(self.api_key)

    @property
    def secrets(self) -> tuple[str, ...]:
        """What no message may show, each a text of its own."""
        words = [word for value in self.headers.values() for word in value.split()]
        query = parse_qsl(pasted(self.base_url).partition("?")[2])
        words += [value for name, value in query if name not in _PUBLIC_QUERY]
        return tuple(filter(None, (self.key, *words)))

    @property
    def exposure(self) -> str:
        """What others in the network can read, as a sentence; empty when it is nothing."""
        from koe.endpoint import host_of, is_private  # costs milliseconds

        if not (self.allow_plain_http and self.base.startswith("http:") and is_private(self.base)):
            return ""
        return (
            f"the key and all that is said go unencrypted to {host_of(self.base)}, because the "
            "profile has allow_plain_http"
        )

    @property
    def model_name(self) -> str:
        """The model without what was copied with its name."""
        return pasted(self.model)

    @property
    def base(self) -> str:
        """The address that paths are added to, also where that of the endpoint was copied."""
        base = pasted(self.base_url).partition("?")[0].rstrip("/")
        for path in (self.path.partition("?")[0], _DEFAULT_PATHS["openai_chat"]):
            base = base.removesuffix(f"/{path.strip('/')}").rstrip("/")
        return base

    def address(self, path: str) -> str:
        """Return the address of something at the server; it may be no valid one.

        Args:
            path: Where it is, below the base; a query of the base is added.
        """
        query = pasted(self.base_url).partition("?")[2]
        mark = "&" if "?" in path else "?"
        return f"{self.base}/{path.lstrip('/')}" + (f"{mark}{query}" if query else "")

    @property
    def url(self) -> str:
        """Address of the endpoint; it may be no valid one."""
        return self.address(self.path)

    @property
    def lacks_key(self) -> bool:
        """Whether it lacks the key that its service requires."""
        return not self.key and not self.headers and self.base in _KEYED_SERVICES

    @property
    def is_ready(self) -> bool:
        """Whether everything is there that a request needs (spec llm §2.5)."""
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
"""What there is without ``llm.profiles`` (spec config §4.4)."""

# Before there were profiles, one model was described in ``llm`` itself (spec config §§5, 8.6).
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
        active_profile: Id of the profile that corrects; one that is not there corrects nothing.
        profiles: By id. Those in the file replace all that are built in.
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
        """The profile that corrects; None when nothing is corrected (spec config §4.4)."""
        profile = self.profiles.get(self.active_profile)
        return profile if self.enabled and profile is not None and profile.is_ready else None

    @property
    def shortfall(self) -> str:
        """Why the active profile can't correct, as a predicate of its name; "" when it can."""
        profile = self.profiles.get(self.active_profile)
        if profile is None:
            known = ", ".join(self.profiles) or "none"
            return f"is not one of llm.profiles, which are: {known}"
        if profile.is_ready:
            return ""
        needs = "mlx.model" if profile.provider == "mlx" else "a base_url and a model"
        return f"needs {needs} in llm.profiles"

    @property
    def obstacle(self) -> str:
        """Why nothing is corrected although it is to be, as a clause; empty when there is none."""
        if not self.enabled:
            return ""
        reason = self.shortfall
        # A missing key is reported only if the file mentions correction: others expect none.
        profile = self.correcting_profile
        if profile is not None and profile.lacks_key and self.says("enabled"):
            reason = "needs an api_key"
        return reason and f"the profile {self.active_profile!r} {reason}"

    def completed(self, profile: LlmProfile) -> LlmProfile:
        """A profile of a settings window, with what no window shows: as saved for this address."""
        saved = next((it for it in self.profiles.values() if it.url == profile.url), LlmProfile())
        return profile.replace(headers=saved.headers, allow_plain_http=saved.allow_plain_http)

    def with_flat(self, settings: Section) -> Self:
        """Take a model from before there were profiles: it is the profile ``openai`` now.

        Correction needed a key then, and the files that generation B wrote for new users say
        ``enabled: true`` without one. It is off for them here too, instead of failing each time.
        """
        assert isinstance(settings, LlmProfile)
        is_meant = bool(settings.api_key) or settings.provider in _KEYLESS
        return self.replace(
            enabled=self.enabled and (is_meant or self.active_profile != "openai"),
            profiles={**BUILT_IN_PROFILES, "openai": settings},
        )
