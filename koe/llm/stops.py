"""Why a model stopped before the end of the text, in words for people. Pure."""

from __future__ import annotations

import re

# What services call it, by what it means; the first that fits counts.
_TOO_LONG = re.compile("context|model_length")
_AT_THE_LIMIT = re.compile(r"length|max_(?:output_|completion_|new_)?tokens|token_limit|incomplete")
_DECLINED = re.compile(
    "filter|safety|refus|block|prohibit|recitation|spii|sensitive|moderat|policy|harm|guardrail"
    "|flagged"
)
_BROKE_OFF = re.compile("error|resource|abort|cancel|fail|interrupt|time_?out|unavailable|overload")
_TOOL = re.compile("tool|function")


def explain_stop(stop: str, limit: int) -> str:
    """Say what happened, as a clause, and what to do about it.

    Args:
        stop: The service's word.
        limit: Tokens that the answer was allowed.
    """
    word = re.sub("[ -]", "_", stop.casefold())
    if _TOO_LONG.search(word):
        return f"the text is too long for the model ({stop}); choose one with a larger context"
    if _AT_THE_LIMIT.search(word):
        return f"the model's answer is cut off; raise llm.max_output_tokens ({limit})"
    if _DECLINED.search(word):
        return f"the model or its service declined to correct this text ({stop})"
    if _BROKE_OFF.search(word):
        return f"the service broke the model's answer off ({stop})"
    if _TOOL.search(word):
        return f"the model asked for a tool instead of correcting the text ({stop})"
    return f"the service says that the model's answer is not complete ({stop})"
