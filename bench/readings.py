"""Write koe/answers/readings.txt: how ideographs are read, from pypinyin.

    python -m bench.readings

At run time the table replaces pypinyin, of which an import takes 0.3 s.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

TABLE = Path(__file__).parent.parent / "koe" / "answers" / "readings.txt"

# The basic block of ideographs, its first extension, and the zero.
_IDEOGRAPHS = (0x3007, *range(0x3400, 0x4DC0), *range(0x4E00, 0xA000))


def table() -> str:
    """A line for each syllable, with the number of its tone: the ideographs first read so."""
    # Here, because the import takes a second, and a test has this file.
    from pypinyin.constants import PINYIN_DICT
    from pypinyin.contrib.tone_convert import to_tone3

    readings = defaultdict(list)
    for code_point in _IDEOGRAPHS:
        if first := PINYIN_DICT.get(code_point, "").split(",")[0]:
            readings[to_tone3(first).replace("ê", "e")].append(chr(code_point))
    return "".join(f"{syllable} {''.join(readings[syllable])}\n" for syllable in sorted(readings))


if __name__ == "__main__":
    TABLE.write_text(table(), encoding="utf-8", newline="\n")
