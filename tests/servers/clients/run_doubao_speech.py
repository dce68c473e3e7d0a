"""The client of ``doubao-speech``: numbered frames, the last one with audio in it."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import doubao_speech._ws_client as client


async def main(url: str, pcm: bytes) -> list[dict[str, object]]:
    client.ASR_URL = url
    heard = client.asr_stream(pcm, app_id="app", access_token="token", timeout=30)
    return [{"text": result["text"]} async for result in heard]


if __name__ == "__main__":
    print(json.dumps(asyncio.run(main(sys.argv[1], Path(sys.argv[2]).read_bytes()))))
