"""Language models for shells, outside of sessions: rewrites, tests, lists of models."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from koe.boundary.entry import argument, open_store, status, text
from koe.boundary.sessions import hosts
from koe.errors import LlmError, RuntimeStoppedError

if TYPE_CHECKING:
    from koe.config.llm import LlmProfile
    from koe.llm.service import Answer, Question

# Seconds to wait beyond llm.timeout_ms, because the loop may be busy with other work.
_GRACE_SECONDS = 2.0


@status
def koe_py_rewrite(core: int, index: int, heard: Any, token: int) -> int:
    """Have a text rewritten by a template."""
    from koe.boundary.session_io import tell

    host, said = hosts.get(core), argument(heard)
    if host is None or said is None:
        return -1
    try:
        rewrites = host.runtime.core().rewrite(
            index, said, lambda notice: tell(core, token, notice)
        )
    except RuntimeStoppedError:
        return -1
    return 0 if rewrites else -1


@text
def koe_py_llm_test(
    core: int, base_url: Any, api_key: Any, model: Any, max_token_parameter: Any
) -> str:
    """Test a server that speaks OpenAI's chat protocol."""
    from koe.config.llm import LlmProfile

    is_old_name = argument(max_token_parameter) == "max_tokens"
    profile = LlmProfile(
        base_url=argument(base_url) or "",
        api_key=argument(api_key) or "",
        model=argument(model) or "",
        endpoint_path="/chat/completions",
        max_token_parameter="max_tokens" if is_old_name else "max_completion_tokens",
        no_reasoning_control="none",
    )
    return _test(core, profile)


@text
def koe_py_llm_test_profile(core: int, json: Any) -> str:
    """Test a profile that may not be saved yet."""
    try:
        return _test(core, _profile(json))
    except ValueError as exc:
        return _tested(False, str(exc))


@text
def koe_py_llm_models(core: int, base_url: Any, api_key: Any) -> str:
    """List the models of a server that speaks OpenAI's protocol."""
    from koe.config.llm import LlmProfile

    return _list(
        core, LlmProfile(base_url=argument(base_url) or "", api_key=argument(api_key) or "")
    )


@text
def koe_py_llm_models_of_profile(core: int, json: Any) -> str:
    """List the models that a profile, which may not be saved yet, can have."""
    try:
        return _list(core, _profile(json))
    except ValueError as exc:
        return _listed([], str(exc))


def _profile(json: Any) -> LlmProfile:
    from koe.config.windows.profiles import parse_profile

    payload = argument(json)
    if payload is None:
        raise ValueError("Missing profile JSON")
    try:
        return parse_profile(payload)
    except ValueError as exc:
        raise ValueError(f"Invalid profile JSON: {exc}") from exc


def _test(core: int, profile: LlmProfile) -> str:
    began = time.monotonic()
    try:
        _ask(
            core,
            lambda service, snapshot, prompts: service.test(
                snapshot, snapshot.config.llm.completed(profile), prompts
            ),
        )
        is_good, message = True, "Connection successful!"
    except LlmError as exc:
        is_good, message = False, str(exc)
    return _tested(is_good, message, int((time.monotonic() - began) * 1000))


def _list(core: int, profile: LlmProfile) -> str:
    if not profile.base_url.strip():
        return _listed([], "Base URL is required")
    try:
        models = _ask(
            core,
            lambda service, snapshot, _prompts: service.list_models(
                snapshot.config.llm.completed(profile)
            ),
        )
    except LlmError as exc:
        return _listed([], str(exc))
    return _listed(models, "")


def _tested(is_good: bool, message: str, elapsed_ms: int = 0) -> str:
    from koe.config.windows.records import dump

    return dump({"elapsed_ms": elapsed_ms, "message": message, "success": is_good})


def _listed(models: list[str], problem: str) -> str:
    from koe.config.windows.records import dump

    message = problem or "Models fetched"
    return dump({"message": message, "models": [*models], "success": not problem})


def _ask(core: int, question: Question[Answer]) -> Answer:
    """Ask with the core's HTTP client, or with a new one if the core is not running or blocked.

    Raises:
        LlmError: The question failed.
    """
    host = hosts.get(core)
    if host is not None:
        host.settings.refresh()
        seconds = host.settings.current.config.llm.timeout + _GRACE_SECONDS
        # Raised if the core is being destroyed, or if its thread is in a callback, which may be the
        # callback that called this function.
        with suppress(RuntimeStoppedError):
            return host.runtime.run(lambda running: running.ask(question), seconds)
    return _ask_alone(question)


def _ask_alone(question: Question[Answer]) -> Answer:
    """Ask on a thread of its own, because this one may run a loop already.

    It is a daemon thread, so that a silent server does not keep the process from ending.
    """
    from koe import daemon_threads
    from koe.llm.service import ask_once

    def ask() -> Answer:
        return daemon_threads.run(ask_once(open_store(), question))

    return daemon_threads.DaemonThreads().submit(ask).result()
