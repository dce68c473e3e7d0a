"""Dictation on a Linux desktop: the daemon behind the key, and what it needs of the desktop.

``koe serve`` (`koe.linux.daemon`) holds the core, the microphone, the hotkey and the ways of
inserting text. ``koe-key``, a small C program, and ``koe ctl`` tell it what to do over a socket
(`koe.linux.control`). The decisions are in modules without input and output (`koe.linux.presses`,
`koe.linux.keys`, `koe.linux.status`, `koe.linux.delivery`); each service of the desktop is used by
one module.
"""
