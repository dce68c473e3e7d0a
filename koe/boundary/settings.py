"""Functions for settings windows. They read and write files; only templates reach the core.

Each function imports its modules on its first call, because a dictation needs none of them.
"""

from __future__ import annotations

from typing import Any

from koe.boundary.entry import argument, open_store, status, status_of, text
from koe.boundary.sessions import hosts, publish


@text
def koe_py_config_get(key: Any) -> str:
    """Return the text of one setting in the file; "" if it is not set."""
    from koe.config.windows.access import get_text

    path = argument(key)
    return "" if path is None else get_text(open_store(), path)


@text
def koe_py_config_get_json(key: Any) -> str:
    """Return one setting or section of the file as JSON; "" if it is not set."""
    from koe.config.windows.access import get_json

    path = argument(key)
    return "" if path is None else get_json(open_store(), path)


@status
def koe_py_config_set(key: Any, value: Any) -> int:
    """Store one setting in the file."""
    from koe.config.windows.access import set_text

    path, new = argument(key), argument(value)
    if path is None or new is None:
        return -1
    return status_of(lambda: set_text(open_store(), path, new))


@text
def koe_py_trigger_key() -> str:
    """Return the trigger key in its canonical spelling."""
    from koe.config.windows.access import resolved_trigger_key

    return resolved_trigger_key(open_store())


@text
def koe_py_profiles() -> str:
    """Return the profiles as JSON."""
    from koe.config.windows.profiles import profiles_json

    return profiles_json(open_store())


@status
def koe_py_save_profiles(json: Any) -> int:
    """Replace the profiles in the file."""
    from koe.config.windows.profiles import save_profiles

    payload = argument(json)
    return -1 if payload is None else status_of(lambda: save_profiles(open_store(), payload))


@text
def koe_py_templates(core: int) -> str:
    """Return the templates in force as JSON; an empty list without a core."""
    from koe.config.windows.templates import templates_json

    host = hosts.get(core)
    return "[]" if host is None else templates_json(host.settings.current.config)


@status
def koe_py_save_templates(core: int, json: Any) -> int:
    """Replace the templates in the file, and in the core if there is one."""
    from koe.config.windows.templates import save_templates

    payload = argument(json)
    if payload is None or status_of(lambda: save_templates(open_store(), payload)) != 0:
        return -1
    host = hosts.get(core)
    if host is not None:
        host.settings.refresh()  # reports what is wrong in the file
        publish(host.settings.current)
    return 0


@text
def koe_py_local_providers() -> str:
    """Return the engines that run on this machine, as JSON."""
    from koe.asr import local_engines
    from koe.config.windows.records import dump

    return dump(list(local_engines()))


@text
def koe_py_llm_providers() -> str:
    """Return the providers that a profile may have, as JSON."""
    from koe.config.llm import SUPPORTED_PROVIDERS
    from koe.config.windows.records import dump

    return dump(list(SUPPORTED_PROVIDERS))
