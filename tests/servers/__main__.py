"""Run one of the services: ``python -m tests.servers NAME [COMMAND...]``.

With a command, it runs as long as that does, and gives it its address as the last argument; else it
writes its address on one line, and ends with its input.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from tests.servers.doubao import DoubaoService
from tests.servers.llm import serving
from tests.servers.qwen import QwenService
from tests.servers.service import Service


@contextmanager
def _speech(service: Service) -> Iterator[str]:
    with service:
        service.keeps = False
        yield service.url


@contextmanager
def _llm() -> Iterator[str]:
    with serving() as running:
        yield running.url


SERVICES: dict[str, Callable[[], AbstractContextManager[str]]] = {
    "doubao": lambda: _speech(DoubaoService()),
    "qwen": lambda: _speech(QwenService()),
    "llm": _llm,
}

if __name__ == "__main__":
    name, *command = sys.argv[1:]
    with SERVICES[name]() as url:
        if command:
            sys.exit(subprocess.run([*command, url], check=False).returncode)
        sys.stdout.write(f"{url}\n")
        sys.stdout.flush()
        sys.stdin.read()
