# mypy: ignore-errors
"""A window with one field of GTK, for the system's Python; writes what is in it to a file.

python3 gtk_field.py FILE: the file is written whenever the text changes, and once at the start. Its
modification time is the monotonic time at which the text changed.
"""

import os
import signal
import sys
import time
from pathlib import Path

import gi

gi.require_version("Gtk", "3.0")
from gi.repository import Gdk, GLib, Gtk  # noqa: E402

FILE = Path(sys.argv[1])


def write(text):
    now = time.monotonic_ns()
    new = FILE.with_suffix(".new")
    new.write_text(text, encoding="utf-8")
    os.utime(new, ns=(now, now))
    new.replace(FILE)


def changed(buffer):
    write(buffer.get_text(buffer.get_start_iter(), buffer.get_end_iter(), True))


def sync():
    """Have the display done with what it was asked for."""
    Gdk.Display.get_default().sync()


def close():
    """Leave no window that the next test takes for its own."""
    window.destroy()
    sync()
    return GLib.SOURCE_REMOVE


window = Gtk.Window(title="koe field")
view = Gtk.TextView()
view.set_wrap_mode(Gtk.WrapMode.CHAR)  # X closes a program whose window grows beyond 32,767 pixels.
view.get_buffer().connect("changed", changed)
window.add(view)
window.set_default_size(400, 200)
window.connect("destroy", Gtk.main_quit)
window.show_all()
sync()
GLib.unix_signal_add(GLib.PRIORITY_DEFAULT, signal.SIGTERM, close)
write("")
Gtk.main()
