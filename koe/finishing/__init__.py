"""What becomes of a recognised text where no model is asked: terms of the dictionary, and rules.

    text = finish(terms, rules, heard)

What that needs is loaded with the first text. `finisher` puts it together. `terms` writes what
sounds like a term as the term, by the index of `term_index`; `ordinary` knows which words a text
may simply mean. Each rule of the setting ``text.cleanup`` has a module: `spacing`, `punctuation`,
`fillers`, `figures` (numbers), `spoken_signs` and `width`. None of them sees what `protected` sets
aside: addresses, code, and numbers in a form of their own.
"""

from __future__ import annotations

import logging

log = logging.getLogger(__name__)


def finish(terms: tuple[str, ...], rules: tuple[str, ...], text: str) -> str:
    """A recognised text with its terms, and cleaned up.

    Args:
        terms: The dictionary.
        rules: Those of ``text.cleanup`` that are on.
        text: The text; with an empty one what is needed is only loaded.
    """
    if not terms and not rules:
        return text
    try:
        from koe.finishing.finisher import finisher  # brings libraries and tables, some 50 ms

        return finisher(terms, rules).finish(text)
    except Exception:  # a bug of ours, which must not cost the text
        log.exception("a text could not be finished")
        return text
