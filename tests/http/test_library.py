"""Loading and leaving the HTTP library could crash a process, so both are done in others.

Which one is chosen (koe.http.routes) shows in others too: it is chosen once in a process.
"""

from __future__ import annotations

import subprocess
import sys

import pytest

# Without the precaution, this crashes at the second or third thread.
THREADS = """
import sys, threading

def build():
    from koe.http.reqwest import ReqwestTransport
    from koe.http.request import HttpSettings
    ReqwestTransport(HttpSettings())
    built.append(True)

built = []
for _ in range(20):
    thread = threading.Thread(target=build)
    thread.start()
    thread.join()
print(len(built))
"""

MISSING = """
import sys
sys.modules["pyreqwest"] = None
try:
    import koe.http.reqwest
except ImportError as exc:
    print(exc.name.partition(".")[0])
"""

# A thread that Python does not know as one of its own, and would end where it is.
STRANGER = """
import _thread, time
import koe.http.library

def stay():
    inside.release()
    time.sleep(0.2)
    print("left", flush=True)

inside = _thread.allocate_lock()
inside.acquire()
_thread.start_new_thread(stay, ())
inside.acquire()
"""

# One that does not leave is not waited for for ever.
GUEST = STRANGER.replace("time.sleep(0.2)", "time.sleep(60)")

CHOICE = """
import sys
{before}
from koe.http import routes
print(routes.open_transport.__name__, routes.LIBRARY, sep="|")
"""


@pytest.mark.parametrize(
    ("program", "printed"),
    [(THREADS, "20\n"), (MISSING, "pyreqwest\n"), (STRANGER, "left\n"), (GUEST, "")],
)
def test_loading(program: str, printed: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout) == (0, printed), done.stderr


@pytest.mark.parametrize(
    ("before", "name", "said"),
    [
        ("", "ReqwestTransport", "pyreqwest 0."),
        ("sys.modules['pyreqwest'] = None", "FallbackTransport", "httpx 0."),
    ],
)
def test_choosing(before: str, name: str, said: str) -> None:
    shown = subprocess.run(
        [sys.executable, "-c", CHOICE.format(before=before)],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    ).stdout
    assert shown.startswith(f"{name}|{said}")
    assert ("does not ping idle connections" in shown) == (name == "FallbackTransport")
