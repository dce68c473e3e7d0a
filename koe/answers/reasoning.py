"""Remove reasoning and the tokens of chat templates from an answer. Pure.

Models mark their reasoning in many ways: ``<think>``, ``[THINK]``, ``◁think▷``, ``<seed:think>``,
``<|begin_of_thought|>``, channels. Nearly all marks are a name in brackets, so any mark of that
form is recognised.
"""

from __future__ import annotations

import re

from koe.answers.heard import Heard

_NAMES = (
    r"think(?:ing)?|thoughts?|reason(?:ing)?|analysis|analyze|reflect(?:ion)?|scratch_?pad"
    r"|plan(?:ning)?|inner_?monologue|chain_of_thought|cot|rationale|思考(?:过程)?|推理(?:过程)?"
    r"|分析(?:过程)?"
)
# The parts of a mark: a bracket, a sign or word that makes it a closing mark, a prefix of the
# vendor, the name, and a suffix, which can also make it a closing mark.
_MARK = re.compile(
    r"(?P<bracket><\|?|\[|◁|【|＜)(?i:(?:(?P<closing>/|end_?(?:of_?)?)|begin_of_|start_?(?:of_?)?)?"
    rf"(?:ant|\w+[:_])?(?:{_NAMES})(?:(?P<closing_too>_end)|[_:][\w.-]+)?(?:\s[^<>\n]*)?"
    r"(?:\|?>|\]|▷|】|＞))"
)

# The tokens of chat templates.
_TOKEN = re.compile(
    r"<[|｜][^<>|｜\n]{1,48}[|｜]?>|<[^<>|\n/]{1,16}\|>|</?s>|</?(?:start|end)_of_\w+>"
    r"|<(?:eos|bos|pad|unk|eot|eom|sep|cls|unused\d+|0x[\da-f]{2})>|\[/?INST\]|<</?SYS>>"
    r"|\[(?:EOS|BOS|SEP|CLS|PAD)\]|\s/(?:no_?)?think\s*\Z",
    re.IGNORECASE,
)
_TOKEN_BEGIN = re.compile(r"[<\[/]")
_ROLE = re.compile(r"(?:assistant|model|final|ai)\b:?\s*", re.IGNORECASE)

# The channels of gpt-oss. Some servers remove the tokens but leave the names of the channels.
_FINAL_CHANNEL = re.compile(
    r"<\|channel\|>\s*final(?:[^<]|<\|constrain\|>)*<\|message\|>", re.IGNORECASE
)
_BARE_CHANNELS = re.compile(r"(?:analysis|commentary).*?assistant\s?final", re.DOTALL)


def without_reasoning(text: str, heard: Heard) -> str:
    """Remove blocks of reasoning.

    A block without a closing mark ends at the next token of the template, or with the answer. A
    mark that the user dictated stays.
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
        return text  # 【…】 is also used for headings; koe.answers.framing removes those
    kept, depth, at = "", 0, 0
    for number, mark in enumerate(marks, 1):
        if not depth:
            kept += text[at : mark.start()]
        if _closes(mark):
            if not depth and text[mark.end() :].strip():
                kept = ""  # the block began in the template of the prompt, before the answer
            depth = max(0, depth - 1)
        elif not depth or sum(map(_closes, marks[number:])) > 1:
            depth += 1  # inside a block, an opening mark counts only if it is also closed
        at = mark.end()
    if not depth:
        return kept + text[at:]
    end = _TOKEN.search(text, at)
    return kept + text[end.start() :] if end else kept


def _closes(mark: re.Match[str]) -> bool:
    return bool(mark["closing"] or mark["closing_too"])


def _is_about_marks(text: str, marks: list[re.Match[str]], heard: Heard) -> bool:
    """Whether the text mentions the mark: there are words of the transcript on both sides."""
    before, after = text[: marks[0].start()], text[marks[0].end() :]
    return len(marks) == 1 and heard.is_said_in(before, text) and heard.is_said_in(after, text)


def without_tokens(text: str, heard: Heard) -> str:
    """Remove tokens of chat templates: choose one piece of the text between them.

    It is the shortest piece that contains most of the transcript; the first one if none does.
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
    # After a token, the name of a role may precede the text.
    named = (_ROLE.sub("", piece.lstrip(), count=1) for piece in pieces[1:])
    texts = [piece for piece in (pieces[0], *named) if piece.strip()]
    first = next(iter(texts), "")
    return min(filter(heard.is_most_of, texts), key=len, default=first) if heard.text else first
