"""Models to download: what a manifest names is on a server."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from koe.daemon_threads import run
from koe.models.download import TimeLimits
from koe.models.pull import pull
from koe.models.transfer import Progress, Retry
from tests.models.making import make_model, model_file
from tests.servers.files import FileServer

# Nothing that answers is ever this slow; what does not answer is not waited for long.
QUICK = TimeLimits(connect=20.0, idle=20.0, pauses=(0.0, 0.0, 0.0))

# Larger than what one read brings.
WEIGHTS = bytes(range(256)) * 1200


def serve_model(server: FileServer, directory: Path, **contents: bytes) -> Path:
    """Serve files and make a model of them; two underscores in a name stand for a dot."""
    files = []
    for keyword, content in contents.items():
        name = keyword.replace("__", ".")
        server.files[f"/{name}"] = content
        files.append(model_file(name, content, server.url(f"/{name}")))
    return make_model(directory, *files)


def download(
    root: Path,
    path: str,
    tell: Callable[[Progress | Retry], None] | None = None,
    patience: TimeLimits = QUICK,
) -> list[Progress | Retry]:
    """Download a model, and return what was reported; ``tell`` hears it while it happens."""
    reported: list[Progress | Retry] = []

    def note(notice: Progress | Retry) -> None:
        reported.append(notice)
        if tell is not None:
            tell(notice)

    run(pull(root, path, note, patience))
    return reported
