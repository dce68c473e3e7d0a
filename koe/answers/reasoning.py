"""Taking reasoning and the tokens of chat templates out of an answer. Pure.

Models that reason mark it in many ways: ``<think>``, ``[THINK]``, ``◁think▷``, ``<seed:think>``,
``<|begin_of_thought|>``, channels. They have one shape, a name in brackets, so it is the shape
that is looked for.
"""

from __future__ import annotations

import re

from koe.answers.heard import Heard

_NAMES = (
    r"think(?:ing)?|thoughts?|reason(?:ing)?|analysis|analyze|reflect(?:ion)?|scratch_?pad"
    r"|plan(?:ning)?|inner_?monologue|chain_of_thought|cot|rationale|思考(?:过程)?|推理(?:过程)?"
    r"|分析(?:过程)?"
)
# The parts: a bracket, what makes it a closing mark, a prefix of the vendor, the name, and what
# follows it, which may close, too.
_MARK = re.compile(
    r"(?P<bracket><\|?|\[|◁|【|＜)(?i:(?:(?P<closing>/|end_?(?:of_?)?)|begin_of_|start_?(?:of_?)?)?"
    rf"(?:ant|\w+[:_])?(?:{_NAMES})(?:(?P<closing_too>_end)|[_:][\w.-]+)?(?:\s[^<>\n]*)?"
    r"(?:\|?>|\]|▷|】|＞))"
)

# Tokens that chat templates are made of.
_TOKEN = re.compile(
    r"<[|｜][^<>|｜\n]{1,48}[|｜]?>|<[^<>|\n/]{1,16}\|>|</?s>|</?(?:start|end)_of_\w+>"
    r"|<(?:eos|bos|pad|unk|eot|eom|sep|cls|unused\d+|0x[\da-f]{2})>|\[/?INST\]|<</?SYS>>"
    r"|\[(?:EOS|BOS|SEP|CLS|PAD)\]|\s/(?:no_?)?think\s*\Z",
    re.IGNORECASE,
)
_TOKEN_BEGIN = re.compile(r"[<\[/]")
_ROLE = re.compile(r"(?:assistant|model|final|ai)\b:?\s*", re.IGNORECASE)

# The channels of gpt-oss; servers that drop the tokens leave the names.
_FINAL_CHANNEL = re.compile(
    r"<\|channel\|>\s*final(?:[^<]|<\|constrain\|>)*<\|message\|>", re.IGNORECASE
)
_BARE_CHANNELS = re.compile(r"(?:analysis|commentary).*?assistant\s?final", re.DOTALL)


def without_reasoning(text: str, heard: Heard) -> str:
    """The text without blocks of reasoning; what is in a block that never ends is reasoning, too.

    Such a block ends with the turn, at a token of the template. A mark that was heard is no mark.
    """
    finals = list(_FINAL_CHANNEL.finditer(text))
    if finals:
        return text[finals[-1].end() :]
    bare = _BARE_CHANNELS.match(text)
    if bare and "assistantfinal" not in heard.text:
        return text[bare.end() :]
    said = heard.text.casefold()
    marks = [mark for mark in _MARK.finditer(text) if mark[0].casefold() not in said]
    if not marks or _is_about_marks(text, marks, heard):
        return text
    if marks[0]["bracket"] == "【" and not any(map(_closes, marks)):
        return text  # these brackets are also those of headings, which frame the text
    kept, depth, at = "", 0, 0
    for number, mark in enumerate(marks, 1):
        if not depth:
            kept += text[at : mark.start()]
        if _closes(mark):
            if not depth and text[mark.end() :].strip():
                kept = ""  # it began before the answer, in the template of the prompt
            depth = max(0, depth - 1)
        elif not depth or sum(map(_closes, marks[number:])) > 1:
            depth += 1  # but a mark inside of a block that has no end of its own is none
        at = mark.end()
    if not depth:
        return kept + text[at:]
    end = _TOKEN.search(text, at)
    return kept + text[end.start() :] if end else kept


def _closes(mark: re.Match[str]) -> bool:
    return bool(mark["closing"] or mark["closing_too"])


def _is_about_marks(text: str, marks: list[re.Match[str]], heard: Heard) -> bool:
    """Whether the mark is what was spoken of: words that were heard are on both sides of it."""
    before, after = text[: marks[0].start()], text[marks[0].end() :]
    return len(marks) == 1 and heard.is_said_in(before, text) and heard.is_said_in(after, text)


def without_tokens(text: str, heard: Heard) -> str:
    """The piece of a text between tokens of chat templates that has what was heard and no more.

    If none has it, the first one: text after its end is noise.
    """
    if not _TOKEN_BEGIN.search(text):
        return text
    said = heard.text.casefold()
    pieces, at = [], 0
    for token in _TOKEN.finditer(text):
        if token[0].casefold() not in said:
            pieces.append(text[at : token.start()])
            at = token.end()
    if not pieces:
        return text
    pieces.append(text[at:])
    # A token may be before the name of a role, or between it and the text.
    named = (_ROLE.sub("", piece.lstrip(), count=1) for piece in pieces[1:])
    texts = [piece for piece in (pieces[0], *named) if piece.strip()]
    first = next(iter(texts), "")
    return min(filter(heard.is_most_of, texts), key=len, default=first) if heard.text else first
