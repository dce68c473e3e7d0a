"""The terminal interface to the daemon of a Linux desktop: ``koe tui``.

`koe.tui.presentation` makes the texts; the other modules put them on the screen.
"""
