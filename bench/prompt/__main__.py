"""How much nearer to what was meant a model brings dictation, by koe's prompts.

    python -m bench.prompt ADDRESS                     the prompts that a new user gets
    python -m bench.prompt ADDRESS --prompt FILE       and another instruction, in the same run

ADDRESS is the base of a server that speaks OpenAI's chat protocol; README.md says how to get one.
Each text is corrected as in a session: asked for, sent, cleaned and judged.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rapidfuzz.distance import Levenshtein

from bench.guard.corpus import HALVES, Pair, parse
from bench.report import Section, render
from koe.config.llm import LlmConfig, LlmProfile
from koe.config.prompts import built_in_prompts
from koe.errors import LlmError, LlmReplyError
from koe.http.client import Client, Response
from koe.http.request import HttpSettings, Request
from koe.llm.asking import Habits, ask
from koe.llm.correction import ask_for_correction
from koe.prompts import Prompts

_FOLDER = Path(__file__).parent

# A processor reads a prompt slowly, and a model that has lost its way talks until it is stopped.
_TIMEOUT = 600.0
_MOST_TOKENS = 320


class _Listening(Client):
    """A client that keeps the last reply, for what a correction leaves out of it."""

    last: Response

    async def send(self, request: Request, deadline: float | None = None) -> Response:
        self.last = await super().send(request, deadline)
        return self.last


@dataclass(frozen=True)
class Outcome:
    """What became of one text.

    Attributes:
        pair: What was heard, and what was meant.
        answer: What the model said.
        delivered: What would be pasted.
        remark: Why it is not the answer; empty where it is.
        tokens: Of the whole prompt, as the server counts them.
    """

    pair: Pair
    answer: str
    delivered: str
    remark: str
    tokens: int

    @property
    def before(self) -> int:
        """Characters to edit in what was heard."""
        return _distance(self.pair.heard, self.pair.text)

    @property
    def after(self) -> int:
        """Characters to edit in what was delivered."""
        return _distance(self.delivered, self.pair.text)


def _distance(text: str, meant: str) -> int:
    """Characters to edit; a full stop at the end does not count."""
    return Levenshtein.distance(text.rstrip(".。"), meant.rstrip(".。"))


async def _measure(
    address: str, model: str, prompts: Prompts, pairs: Sequence[Pair]
) -> list[Outcome]:
    profile = LlmProfile(base_url=address, model=model, no_reasoning_control="none")
    settings = LlmConfig(max_output_tokens=_MOST_TOKENS)
    client = _Listening(HttpSettings(_TIMEOUT))
    habits: Habits = {}
    outcomes = []
    try:
        for pair in pairs:
            inquiry = ask_for_correction(settings, profile, prompts, pair.terms, pair.heard)
            try:
                correction = await ask(client, inquiry, habits)
                delivered, remark = correction.text, correction.remark
            except LlmReplyError as exc:  # an answer that has no end
                delivered, remark = pair.heard, str(exc)
            reply = json.loads(client.last.content)
            answer = reply["choices"][0]["message"]["content"]
            tokens = reply["usage"]["prompt_tokens"]
            outcomes.append(Outcome(pair, answer, delivered, remark, tokens))
    finally:
        await client.aclose()
    return outcomes


def _row(name: str, outcomes: Sequence[Outcome]) -> tuple[str, ...]:
    changes = Counter(
        "better" if it.after < it.before else "worse" if it.after > it.before else "same"
        for it in outcomes
    )
    return (
        name,
        *(str(changes[word]) for word in ("better", "same", "worse")),
        str(sum(it.after == 0 for it in outcomes)),
        str(sum(bool(it.remark) for it in outcomes)),
        f"{sum(it.before for it in outcomes)} → {sum(it.after for it in outcomes)}",
        f"{sum(it.tokens for it in outcomes) / len(outcomes):.0f}",
    )


def _section(title: str, outcomes: Sequence[Outcome]) -> Section:
    rows = [_row("all", outcomes)]
    rows += [
        _row(kind, [it for it in outcomes if it.pair.kind == kind])
        for kind in dict.fromkeys(it.pair.kind for it in outcomes)
    ]
    refused = Counter(it.remark for it in outcomes if it.remark)
    return Section(
        title=title,
        method="Against the heard text, by characters to edit until it is what was meant.",
        columns=("", "better", "same", "worse", "right", "not used", "to edit", "prompt tokens"),
        rows=rows,
        raw=None,
        notes=[f"{count} × {remark}." for remark, count in refused.most_common()],
    )


def _show(outcomes: Sequence[Outcome]) -> None:
    for it in outcomes:
        if it.after:
            print(f"{it.pair.kind}, {it.before} → {it.after}: {it.pair.heard}", file=sys.stderr)
            print(f"    meant  {it.pair.text}\n    answer {it.answer!r}", file=sys.stderr)
            print(f"    {it.remark}" if it.remark else "", file=sys.stderr)


def main() -> int:
    """Print the report."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.prompt",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("address", metavar="ADDRESS", help="such as http://127.0.0.1:8899/v1")
    parser.add_argument("--model", default="local", help="the name that the server knows")
    parser.add_argument("--prompt", type=Path, metavar="FILE", help="another instruction")
    parser.add_argument("--template", type=Path, metavar="FILE", help="another user prompt")
    parser.add_argument("--half", choices=HALVES, default=HALVES[0], help="which texts")
    parser.add_argument("--kind", default="", help="only the texts whose kind begins so")
    parser.add_argument("--show", action="store_true", help="show what is not as it was meant")
    options = parser.parse_args()

    built_in = built_in_prompts()
    variants = {"The built-in prompts": built_in}
    if options.prompt or options.template:
        variants["The other prompts"] = Prompts(
            system=_read(options.prompt) or built_in.system,
            user=_read(options.template) or built_in.user,
        )
    texts = parse(_FOLDER / f"{options.half}.txt")
    pairs = [pair for pair in texts if pair.kind.startswith(options.kind)]
    sections = []
    for title, prompts in variants.items():
        try:
            outcomes = asyncio.run(_measure(options.address, options.model, prompts, pairs))
        except LlmError as exc:
            print(exc, file=sys.stderr)
            return 1
        sections.append(_section(title, outcomes))
        if options.show:
            _show(outcomes)
    print(render(sections, []))
    return 0


def _read(path: Path | None) -> str:
    return path.read_text(encoding="utf-8").strip() if path else ""


if __name__ == "__main__":
    sys.exit(main())
