"""Records with the real microphone, and prints what happens: python -m tests.linux.hearing.

"heard" stands for the first sound, and for the first after each warning.
"""

from __future__ import annotations

import asyncio
import sys

from koe.linux.recording import TakeRecording
from koe.microphone import Microphone


async def main() -> None:
    """Record until this process is ended."""
    said = ""

    def say(line: str) -> None:
        nonlocal said
        if line != said:
            sys.stdout.write(f"{line}\n")
            sys.stdout.flush()
        said = line

    async def feed(pcm: bytes) -> None:
        say("heard")

    await TakeRecording(Microphone, feed, say, lambda level: None).run()


if __name__ == "__main__":
    asyncio.run(main())
