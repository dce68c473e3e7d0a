"""Downloading a model and checking it, with a report on the way."""

from __future__ import annotations

from pathlib import Path

from koe import daemon_threads
from koe.cli.pull_report import PullReport
from koe.errors import KoeError
from koe.models import manifest, paths, verification
from koe.models.pull import pull
from koe.models.verification import Status, VerifyMode


def pull_model(root: Path, model: str, report: PullReport) -> bool:
    """Download what is missing of a model, and check every byte.

    Args:
        root: The folder of all models.
        model: Its path, which exists.
        report: Hears everything, errors too.

    Returns:
        Whether all of it is there.
    """
    try:
        with report:
            daemon_threads.run(pull(root, model, report.show))
        report.begin_verification()
        directory = paths.existing_directory(root, model)
        verdicts = verification.examine(directory, manifest.load(directory), VerifyMode.FORCE)
        status = verification.summarise(verdicts)
        report.end_verification(status)
    except KoeError as exc:
        report.fail(str(exc))
        return False
    if status is not Status.INSTALLED:
        report.fail(f"{model}: verification failed after download")
        return False
    report.finish(model, directory)
    return True
