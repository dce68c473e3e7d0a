"""koe: background dictation. Hold a key, speak, release it, and the text appears where you type.

The package has four entry points:

- ``koe.transcribe``: a recording or a numpy array as text, in one call;
- ``koe.dictation``: dictate from a Python program, while it is spoken (``open_core``);
- ``koe.cli``: the ``koe`` command;
- ``koe.boundary``: for shells that link ``libkoe_core``; no other module imports it.

Importing ``koe`` itself loads nothing else, because a shell waits for it. Builds of C programs call
``get_include()`` and ``get_library_dir()``, or run the command ``koe-config``.
"""

from __future__ import annotations

TYPE_CHECKING = False  # type checkers know this name; importing typing takes milliseconds

if TYPE_CHECKING:
    from koe.transcription import Transcription, transcribe

__all__ = ["Transcription", "__version__", "get_include", "get_library_dir", "transcribe"]

__version__ = "0.1.0"


def get_include() -> str:
    """Return the folder of ``koe_core.h`` and ``koe_extra.h``, for compilers.

    Raises:
        koe.library.LibraryError: This koe was installed without the C library.
    """
    from koe import library

    return str(library.include_folder())


def get_library_dir() -> str:
    """Return the folder where ``-lkoe_core`` is found, for linkers.

    Raises:
        koe.library.LibraryError: This koe was installed without the C library.
    """
    from koe import library

    return str(library.link_folder())


def __getattr__(name: str) -> object:
    """Load ``transcribe`` and ``Transcription`` at their first use (PEP 562)."""
    if name in ("Transcription", "transcribe"):
        from koe import transcription

        return getattr(transcription, name)
    raise AttributeError(f"module 'koe' has no attribute {name!r}")
