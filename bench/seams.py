"""How often a new leg of an engine loses or doubles a word where its text is stitched.

    python -m bench.seams           a minute; pure Python, no library is needed

The speech and its mistakes are simulated (tests/seams.py), 1,000 seams for each figure.
"""

from __future__ import annotations

from tests.seams import TEXTS, count_seams

SEAMS = 1000


def main() -> None:
    """Print a table: the wrong seams, and in brackets those with a word that only one run heard."""
    print(f"{'overlap':>7} {'errors':>6}", *(f"{name:>12}" for name in TEXTS))
    for overlap in (2.0, 3.0, 5.0):
        for errors in (0.0, 0.05, 0.1):
            counts = [count_seams(text, errors, overlap, SEAMS) for text in TEXTS.values()]
            cells = (f"{it.wrong:.1%} ({it.missed / SEAMS:.1%})" for it in counts)
            print(f"{overlap:>5} s {errors:>6.0%}", *(f"{cell:>12}" for cell in cells))


if __name__ == "__main__":
    main()
