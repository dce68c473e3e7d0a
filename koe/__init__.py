"""koe: background dictation. Press a key, speak, release, and the text is where you type.

The package has four doors:

- ``koe.transcribe``: a recording or a numpy array as text, in one call;
- ``koe.dictation``: dictate from a Python program, while it is spoken (``open_core``);
- ``koe.cli``: the ``koe`` command;
- ``koe.boundary``: what a shell that links ``libkoe_core`` reaches; no other module imports it.

Importing ``koe`` itself loads nothing, because a shell waits for it.
"""

from __future__ import annotations

TYPE_CHECKING = False  # type checkers know it by its name; typing takes milliseconds to import

if TYPE_CHECKING:
    from koe.transcription import Transcription, transcribe

__all__ = ["Transcription", "__version__", "transcribe"]

__version__ = "0.1.0"


def __getattr__(name: str) -> object:
    """Load what a program uses of this, with the first use (PEP 562)."""
    if name in __all__:
        from koe import transcription

        return getattr(transcription, name)
    raise AttributeError(f"module 'koe' has no attribute {name!r}")
