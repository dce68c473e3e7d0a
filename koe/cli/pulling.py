"""Downloads a model and verifies it, with a report."""

from __future__ import annotations

from pathlib import Path

from koe import daemon_threads
from koe.cli import sentence_of
from koe.cli.pull_report import PullReport
from koe.errors import KoeError
from koe.models import manifest, paths, verification
from koe.models.pull import pull
from koe.models.verification import Status, VerifyMode


def pull_model(root: Path, model: str, report: PullReport) -> bool:
    """Download the missing files of a model, and check every byte.

    Args:
        root: The folder of all models.
        model: The path of an existing model, relative to the root.
        report: Receives all events, including errors.

    Returns:
        Whether the model is complete.
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
        report.fail(sentence_of(exc))
        return False
    if status is not Status.INSTALLED:
        report.fail(f"{model}: a downloaded file is damaged; run again: koe model pull {model}")
        return False
    report.finish(model, directory)
    return True
