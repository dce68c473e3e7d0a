"""A small model on this computer behind OpenAI's chat protocol, for `make bench-prompt`.

    python bench/prompt/serve.py model.gguf [port]

It runs in an environment of its own with the package ``ik-llama-cpp-python`` (README.md), and
imports nothing of koe. The model must use the ChatML template, as Qwen2.5 and SmolLM2 do. One
request at a time, greedy; what a prompt has in common with the one before is not computed again.
"""

from __future__ import annotations

import ctypes
import json
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import numpy as np
from ik_llama_cpp import _ctypes_api as engine
from ik_llama_cpp._internals import IkContext, IkModel, make_batch_range

CONTEXT = 4096
PORT = 8899


class Chat:
    """A loaded model, and the tokens whose state its context holds."""

    def __init__(self, path: str) -> None:
        self._model = IkModel(path)
        # Without AVX-VNNI the engine's own flash attention fails an assertion on long prompts.
        # Threads wait for each other in busy loops: more than one is slower on a busy computer.
        self._context = IkContext(self._model, n_ctx=CONTEXT, n_threads=1, flash_attn=False)
        self._held: list[int] = []

    def answer(self, messages: list[dict[str, str]], limit: int) -> dict[str, Any]:
        """The reply to a request, in OpenAI's form."""
        turns = [f"<|im_start|>{m['role']}\n{m['content']}<|im_end|>\n" for m in messages]
        prompt = "".join(turns) + "<|im_start|>assistant\n"
        tokens = self._model.tokenize(prompt, add_bos=False, special=True)
        limit = min(limit, CONTEXT - len(tokens))
        kept = self._keep(tokens[:-1])
        self._decode(tokens[kept:])
        answer: list[int] = []
        while len(answer) < limit:
            token = self._best()
            if engine.llama_token_is_eog(self._model.model, token):
                break
            answer.append(token)
            self._decode([token])
        text = b"".join(map(self._piece, answer)).decode(errors="replace")
        return {
            "object": "chat.completion",
            "choices": [
                {
                    "index": 0,
                    "message": {"role": "assistant", "content": text},
                    "finish_reason": "length" if len(answer) == limit else "stop",
                }
            ],
            "usage": {
                "prompt_tokens": len(tokens),
                "completion_tokens": len(answer),
                "prompt_tokens_details": {"cached_tokens": kept},
            },
        }

    def _keep(self, tokens: list[int]) -> int:
        """Forget what the context holds behind the tokens' common beginning; return its length."""
        pairs = zip(tokens, self._held, strict=False)
        kept = next((at for at, (a, b) in enumerate(pairs) if a != b), None)
        kept = min(len(tokens), len(self._held)) if kept is None else kept
        remove = engine._lib.llama_kv_cache_seq_rm
        remove.argtypes = [ctypes.c_void_p, *3 * [ctypes.c_int32]]
        remove(self._context.ctx, 0, kept, -1)
        del self._held[kept:]
        return kept

    def _decode(self, tokens: list[int]) -> None:
        step = self._context._n_ubatch
        for at in range(0, len(tokens), step):
            part = tokens[at : at + step]
            batch = make_batch_range(part, pos_start=len(self._held), logits_last=True)
            failed = self._context.decode(batch)
            engine.llama_batch_free(batch)
            if failed:
                raise RuntimeError(f"the engine could not decode: {failed}")
            self._held += part

    def _best(self) -> int:
        logits = self._context.get_logits(-1)
        return int(np.ctypeslib.as_array(logits, shape=(self._model.n_vocab,)).argmax())

    def _piece(self, token: int) -> bytes:
        buffer = ctypes.create_string_buffer(256)
        size = engine.llama_token_to_piece(self._model.model, token, buffer, 256, 0, False)
        return buffer.raw[: max(size, 0)]


class Handler(BaseHTTPRequestHandler):
    """Answers ``POST …/chat/completions``."""

    chat: Chat
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Answer one request."""
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        limit = asked.get("max_completion_tokens") or asked.get("max_tokens") or CONTEXT
        body = json.dumps(self.chat.answer(asked["messages"], limit)).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def main() -> None:
    """Serve until interrupted."""
    path, port = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else PORT
    Handler.chat = Chat(path)
    server = HTTPServer(("127.0.0.1", port), Handler)
    print(f"http://127.0.0.1:{port}/v1", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
