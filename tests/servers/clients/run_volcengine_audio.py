"""The messages of ``volcengine-audio``: without numbers as ours (v2), or with them (v3)."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

from volcengine_audio.stt import VolcengineAsrFunctionsV2 as Plain
from volcengine_audio.stt import VolcengineAsrFunctionsV3 as Numbered
from websockets.sync.client import connect

REQUEST = {
    "user": {"uid": "somebody"},
    "audio": {"format": "pcm", "rate": 16000, "bits": 16, "channel": 1},
    "request": {"model_name": "bigmodel", "enable_nonstream": True},
}


def messages(version: str, pcm: bytes) -> Iterator[bytes]:
    packets = [pcm[start : start + 6400] for start in range(0, len(pcm), 6400)]
    if version == "v2":
        yield bytes(Plain.full_client_request(REQUEST))
        for packet in packets:
            yield bytes(Plain.audio_only_request(packet))
        yield bytes(Plain.audio_only_request(b"", last=True))
        return
    yield bytes(Numbered.generate_asr_full_client_request(1, REQUEST, compression=True))
    for number, packet in enumerate(packets, 2):
        yield bytes(Numbered.generate_asr_audio_only_request(number, packet))
    yield bytes(Numbered.generate_asr_audio_only_request(len(packets) + 2, b""))


def main(version: str, url: str, pcm: bytes) -> list[dict[str, object]]:
    heard: list[dict[str, dict[str, dict[str, object]]]] = []
    with connect(url, proxy=None) as socket:
        for message in messages(version, pcm):
            socket.send(message)
        while not heard or not (heard[-1]["is_last_package"] or "code" in heard[-1]):
            heard.append(Numbered.parse_response(socket.recv(timeout=30, decode=False)))
    return [{"text": response["message"]["result"]["text"]} for response in heard]


def parse(request: bytes) -> list[dict[str, object]]:
    """Take a request apart that another client built."""
    return [Numbered.parse_request(request)]


if __name__ == "__main__":
    version, url, path = sys.argv[1:]
    content = Path(path).read_bytes()
    print(json.dumps(parse(content) if version == "parse" else main(version, url, content)))
