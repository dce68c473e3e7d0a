"""koe: background dictation. Press a key, speak, release, and the text is where you type.

The package has four doors:

- ``koe.transcribe``: a recording or a numpy array as text, in one call;
- ``koe.dictation``: dictate from a Python program, while it is spoken (``open_core``);
- ``koe.cli``: the ``koe`` command;
- ``koe.boundary``: what a shell that links ``libkoe_core`` reaches; no other module imports it.

Importing ``koe`` itself loads nothing, because a shell waits for it. What builds programs in C asks
it for ``get_include()`` and ``get_library_dir()``, or asks the command ``koe-config``.
"""

from __future__ import annotations

TYPE_CHECKING = False  # type checkers know it by its name; typing takes milliseconds to import

if TYPE_CHECKING:
    from koe.transcription import Transcription, transcribe

__all__ = ["Transcription", "__version__", "get_include", "get_library_dir", "transcribe"]

__version__ = "0.1.0"


def get_include() -> str:
    """The folder of ``koe_core.h`` and ``koe_extra.h``, for compilers.

    Raises:
        koe.library.LibraryError: This koe was installed without the C library.
    """
    from koe import library

    return str(library.include_folder())


def get_library_dir() -> str:
    """The folder where ``-lkoe_core`` is found, for linkers.

    Raises:
        koe.library.LibraryError: This koe was installed without the C library.
    """
    from koe import library

    return str(library.link_folder())


def __getattr__(name: str) -> object:
    """Load what a program uses of this, with the first use (PEP 562)."""
    if name in ("Transcription", "transcribe"):
        from koe import transcription

        return getattr(transcription, name)
    raise AttributeError(f"module 'koe' has no attribute {name!r}")
