"""Trees of files, written by hand; reading them from YAML is tested with the store."""

from __future__ import annotations

from koe.config.schema import Config
from koe.config.sections import Section
from koe.yamltext.tree import Mapping, Node, Scalar

PATH = "config.yaml"


def plain(text: str) -> Scalar:
    return Scalar(text, text, line=1)


def quoted(text: str) -> Scalar:
    return Scalar(text, text, line=1, is_plain=False)


def group(**values: Node | str) -> Mapping:
    """A group with these keys; texts become plain scalars."""
    mapping = Mapping(1)
    for key, value in values.items():
        mapping.items.extend([plain(key), plain(value) if isinstance(value, str) else value])
    return mapping


def tree(key: str, value: Node, line: int = 1) -> Mapping:
    """A file with one setting, at ``line``; ``key`` is dotted."""
    for word in reversed(key.split(".")):
        value = Mapping(line, [Scalar(word, word, line), value])
    assert isinstance(value, Mapping)
    return value


def value_of(config: Config, key: str) -> object:
    """The value of the attribute that belongs to a key of the file."""
    value: object = config
    for word in key.split("."):
        assert isinstance(value, Section)
        names = {field.key: name for name, field in value.declared.items()}
        value = getattr(value, names[word])
    return value
