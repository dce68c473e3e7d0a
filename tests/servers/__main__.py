"""Run one of the services: ``python -m tests.servers doubao``.

It writes its address on one line, and ends with its input.
"""

from __future__ import annotations

import sys

from tests.servers.doubao import DoubaoService
from tests.servers.qwen import QwenService
from tests.servers.service import Service

SERVICES: dict[str, type[Service]] = {"doubao": DoubaoService, "qwen": QwenService}

if __name__ == "__main__":
    with SERVICES[sys.argv[1]]() as service:
        service.keeps = False
        sys.stdout.write(f"{service.url}\n")
        sys.stdout.flush()
        sys.stdin.read()
