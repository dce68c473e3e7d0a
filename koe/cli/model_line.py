"""A model as text for users: its size, its languages, and whether it is usable here."""

from __future__ import annotations

from koe.asr import LOCAL_ENGINES, obstacle_of
from koe.cli.live_line import display_width, printable
from koe.models.catalogue import Model, languages_of
from koe.models.verification import Status

TAGS = {
    Status.INSTALLED: "installed",
    Status.INCOMPLETE: "incomplete",
    Status.NOT_INSTALLED: "not installed",
}

_PATH_COLUMNS = 40  # spec models §10.3

# The largest number of languages that are named.
_MOST_LANGUAGES = 8


def model_line(model: Model, status: Status) -> str:
    """Describe a model in one line, which begins as in the upstream (spec models §10.3)."""
    path = model.path + " " * (_PATH_COLUMNS - display_width(model.path))
    facts = [
        size(model.manifest.total_bytes) if model.manifest.total_bytes else "",
        f"recognises {listed(languages)}" if (languages := languages_of(model)) else "",
        "not usable here" if obstacle_to(model) else "",
    ]
    remark = "; ".join(filter(None, facts))
    line = f"{path} [{TAGS[status]}] {model.manifest.description}"
    return printable(f"{line} ({remark})" if remark else line)


def obstacle_to(model: Model) -> str | None:
    """Why this machine can't use a model, as a clause; None if it can."""
    provider = model.manifest.provider
    if provider not in LOCAL_ENGINES:
        return "no engine of this version uses it"
    return obstacle_of(provider)


def size(count: int) -> str:
    """Format a number of bytes in GB, MB or bytes."""
    megabytes = count / 1e6
    if megabytes >= 1000:
        return f"{megabytes / 1000:.1f} GB"
    return f"{megabytes:.0f} MB" if megabytes >= 1 else f"{count} bytes"


def listed(languages: tuple[str, ...]) -> str:
    """List the codes of the first languages, and the number of the others."""
    more = len(languages) - _MOST_LANGUAGES
    named = " ".join(languages[:_MOST_LANGUAGES])
    return f"{named} and {more} more" if more > 0 else named
