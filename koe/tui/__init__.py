"""The terminal interface to the daemon of a Linux desktop: ``koe tui``.

What is shown is made by `koe.tui.presentation`; the other modules put it on the screen.
"""
