"""Characters by script, as parts of patterns. Pure."""

from __future__ import annotations

HAN = "\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
"""Ideographs."""

FULL_WIDTH = "，。！？；：、（）「」『』《》【】"
"""Punctuation that includes its own space."""
