"""Makes the tree of values of a YAML text, for loading settings.

PyYAML is imported only for texts that `koe.yamltext.lines` does not read: its import takes a
quarter of the time in which a shell's first call starts the core.
"""

from __future__ import annotations

from koe.text import is_unicode
from koe.yamltext.lines import read_lines
from koe.yamltext.tree import Environment, Node, Scalar


def compose(text: str, path: str, environ: Environment) -> Node | None:
    """The tree of the only document in ``text``; None if there is none.

    Environment variables are substituted in parsed values, not in the text, so that the content
    of a variable is never parsed as YAML.

    Raises:
        ConfigError: The text is not YAML, or not one document; the message has line and column.
    """

    def scalar(written: str, line: int, is_plain: bool) -> Scalar:
        text, unset = _substitute(written, environ)
        return Scalar(text, written, line, is_plain, unset)

    root = read_lines(text, scalar)
    if root is not None:
        return root
    from koe.yamltext.parser import parse_values

    return parse_values(text, path, scalar)


def _substitute(text: str, environ: Environment) -> tuple[str, tuple[str, ...]]:
    """Replace each ``${NAME}`` by the environment variable (spec config §7.1).

    There is one pass: values of variables are not scanned again. A ``${`` without a ``}`` stays.

    Returns:
        The text, and the names that are not set (or not UTF-8), which are replaced by nothing.
    """
    pieces: list[str] = []
    unset: list[str] = []
    position = 0
    while True:
        start = text.find("${", position)
        end = text.find("}", start) if start >= 0 else -1
        if end < 0:
            break
        name = text[start + 2 : end]
        value = environ.get(name)
        if value is None or not is_unicode(value):
            unset.append(name)
            value = ""
        pieces += text[position:start], value
        position = end + 1
    return "".join([*pieces, text[position:]]), tuple(dict.fromkeys(unset))
