"""A model as a person reads it: how large it is, what it hears, and whether it is of use here."""

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

# Of more languages, only so many are named.
_MOST_LANGUAGES = 8


def model_line(model: Model, status: Status) -> str:
    """One line about a model; its beginning is that of the upstream (spec models §10.3)."""
    path = model.path + " " * (_PATH_COLUMNS - display_width(model.path))
    facts = [
        size(model.manifest.total_bytes) if model.manifest.total_bytes else "",
        f"hears {listed(languages)}" if (languages := languages_of(model)) else "",
        "not usable here" if obstacle_to(model) else "",
    ]
    remark = "; ".join(filter(None, facts))
    line = f"{path} [{TAGS[status]}] {model.manifest.description}"
    return printable(f"{line} ({remark})" if remark else line)


def obstacle_to(model: Model) -> str | None:
    """What keeps this machine from using a model, as a clause; None when nothing does."""
    provider = model.manifest.provider
    if provider not in LOCAL_ENGINES:
        return "no engine of this version uses it"
    return obstacle_of(provider)


def size(count: int) -> str:
    """A number of bytes, in units that people use for downloads."""
    megabytes = count / 1e6
    if megabytes >= 1000:
        return f"{megabytes / 1000:.1f} GB"
    return f"{megabytes:.0f} MB" if megabytes >= 1 else f"{count} bytes"


def listed(languages: tuple[str, ...]) -> str:
    """Codes of languages, and how many more there are."""
    more = len(languages) - _MOST_LANGUAGES
    named = " ".join(languages[:_MOST_LANGUAGES])
    return f"{named} and {more} more" if more > 0 else named
