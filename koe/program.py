"""The entry point of the ``koe`` command."""

from __future__ import annotations

import sys


def main() -> int:
    """Run the command; Ctrl-C ends it with one line even while its modules are loaded.

    Before this is called, Python itself starts, and reports Ctrl-C in its own way.
    """
    try:
        import signal  # takes milliseconds, too
    except KeyboardInterrupt:
        _end()
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        # A KeyboardInterrupt is not enough: at some points of an import, Python turns it into
        # another error, or drops it.
        signal.signal(signal.SIGINT, _end)
    from koe import cli

    return cli.main(on_loaded=_interrupt_again)


def _interrupt_again() -> None:
    """Make Ctrl-C raise KeyboardInterrupt again."""
    import signal

    if signal.getsignal(signal.SIGINT) is _end:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _end(*_: object) -> None:
    """End the process at once: it has done nothing yet."""
    import os  # loaded by Python itself

    sys.stderr.write("koe: interrupted\n")
    sys.stderr.flush()
    os._exit(130)  # the same as in koe.cli.Exit, which may not be loaded
