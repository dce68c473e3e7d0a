"""koe: background dictation. Press a key, speak, release, and the text is where you type.

The package has three doors:

- ``koe.dictation``: dictate from a Python program (``open_core``);
- ``koe.cli``: the ``koe`` command;
- ``koe.boundary``: what a shell that links ``libkoe_core`` reaches; no other module imports it.

Importing ``koe`` itself loads nothing, because a shell waits for it. What builds programs in C asks
it for ``get_include()`` and ``get_library_dir()``, or asks the command ``koe-config``.
"""

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
