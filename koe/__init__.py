"""koe: background dictation. Press a key, speak, release, and the text is where you type.

The package has three doors:

- ``koe.dictation``: dictate from a Python program (``open_core``);
- ``koe.cli``: the ``koe`` command;
- ``koe.boundary``: what a shell that links ``libkoe_core`` reaches; no other module imports it.

Importing ``koe`` itself loads nothing, because a shell waits for it.
"""

__version__ = "0.1.0"
