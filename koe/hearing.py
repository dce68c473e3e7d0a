"""The text of one recording, even if several engines heard parts of it. Pure.

A *leg* is one engine's run over a part of the audio. When a leg is lost, the next one begins a few
seconds before the sample up to which the text is known, and hears those seconds again. This module
joins the texts of the legs.

Positions are samples from the first of the recording.
"""

from __future__ import annotations

from koe.events import SAMPLE_RATE_HZ
from koe.stitching import stitch
from koe.text import without_last_comma
from koe.tokens import tokens
from koe.transcript import KEPT_REVISIONS, Transcript

# If a final result lacks at least this many of the words that the leg heard before, a part of the
# text is missing. Fewer missing words may be fillers, which some services leave out.
_MISSING_WORDS = 8


class Hearing:
    """The text of one recording."""

    def __init__(self) -> None:
        # The certain text of the earlier legs, and the sample where it ends.
        self._head = ""
        self._upto = 0
        # The last sample up to which the text was ever certain.
        self._furthest = 0
        # The running leg: its first sample, its text, and its certain text with the sample where
        # that ends.
        self._start = 0
        self._transcript = Transcript()
        self._acknowledged = ("", 0)
        # The longest text of this leg.
        self._longest = ""
        # The longest text before this leg, hypotheses included. It is kept until the leg has heard
        # as much, or has ended normally. And the sample up to which the text was certain then.
        self._kept = ""
        self._kept_upto = 0
        # Nothing more will be heard.
        self._is_over = False
        # How long the recording is; None while it lasts.
        self._samples: int | None = None
        # Interim revisions of earlier legs, oldest first, at most KEPT_REVISIONS.
        self._history: list[str] = []

    @property
    def text(self) -> str:
        """Everything heard, hypotheses included: they were spoken, too (spec asr §5)."""
        said = self._stitched(self._transcript.preview)
        text = said if len(said) >= len(self._kept) else self._kept
        return without_last_comma(text) if self._is_over else text

    @property
    def upto(self) -> int:
        """The sample up to which the text is certain; the next leg must hear what follows."""
        return max(self._upto, self._acknowledged[1])

    @property
    def is_repetition(self) -> bool:
        """Whether the text is exactly the one that was heard before this leg."""
        return bool(self._kept) and self._stitched(self._transcript.preview) == self._kept

    def begin_leg(self, start: int) -> None:
        """Note where the new leg begins; a leg that hears all audio needs no earlier text."""
        self._start = start
        if start == 0:
            self._head, self._upto = "", 0

    def end_recording(self, samples: int) -> None:
        """Note how long the recording is."""
        self._samples = samples

    def add_interim(self, text: str) -> None:
        """Take a hypothesis about all that the leg heard."""
        self._transcript.add_interim(text)
        self._note_length()

    def add_definite(self, text: str, upto: int | None) -> None:
        """Take a stable result of the leg, and the sample that it reaches, if that is known."""
        self._transcript.add_definite(text)
        self._note_length()
        self._acknowledge(upto)

    def add_final(self, text: str, upto: int | None) -> None:
        """Take a final result of the leg, and the sample that it reaches, if that is known."""
        self._transcript.add_final(text)
        self._acknowledge(upto)

    def complete_leg(self) -> None:
        """Note that the leg is complete: its text replaces the longest text before it.

        The earlier text is kept if it adds more than twice as much to the certain text, because no
        revision halves a text. The longest text of this leg is kept if the final result is less
        than half of it and only leaves out words, and many of them.
        """
        said, certain = self._stitched(self._transcript.preview), len(self._head)
        if 2 * max(0, len(said) - certain) >= len(self._kept) - certain:
            self._kept = ""
        if _is_part(said, self._longest):
            self._kept = self._longest

    def end_in_silence(self) -> None:
        """Note that no speech follows the certain text.

        The certain text replaces a kept text of up to twice its length, if more is certain now than
        when the kept text was heard: the end of the kept text was only a hypothesis.
        """
        if self.upto > self._kept_upto and 2 * len(self._head) >= len(self._kept):
            self._kept = ""

    def end(self) -> None:
        """Note that nothing more will be heard; a comma at the end is dropped from the text."""
        self._is_over = True

    def lose_leg(self) -> bool:
        """Keep what the leg heard, and prepare for the next leg.

        Returns:
            Whether more text is certain now than before the leg.
        """
        text, upto = self._acknowledged
        if (known := self.text) != self._kept:
            self._kept, self._kept_upto = known, self.upto
        has_progressed = upto > self._furthest
        self._furthest = max(upto, self._furthest)
        if upto > self._upto:
            self._head, self._upto = self._stitched(text), upto
        self._history = self.history(KEPT_REVISIONS)
        self._transcript, self._longest = Transcript(), ""
        self._acknowledged = ("", 0)
        return has_progressed

    def history(self, limit: int) -> list[str]:
        """Return the newest interim revisions, oldest first, at most ``limit`` of them."""
        revisions = self._history + self._transcript.history(limit)
        return revisions[-limit:] if limit > 0 else []

    def _note_length(self) -> None:
        said = self._stitched(self._transcript.preview)
        if len(said) > len(self._longest):
            self._longest = said

    def _acknowledge(self, upto: int | None) -> None:
        if upto is not None and upto > self._acknowledged[1]:
            self._acknowledged = (self._transcript.committed, upto)

    def _stitched(self, text: str) -> str:
        """The text of this leg, joined to that of the earlier ones."""
        if not self._head:
            return text
        overlap = max(self._upto - self._start, 0) / SAMPLE_RATE_HZ
        seconds = None
        if self._samples is not None:
            seconds = (self._samples - self._start) / SAMPLE_RATE_HZ
        return stitch(self._head, text, overlap, seconds)


def _is_part(said: str, known: str) -> bool:
    """Whether a text is less than half of the known one, and only leaves out words of it."""
    if 2 * len(said) >= len(known):
        return False
    words, known_words = ({it.key for it in tokens(text)} for text in (said, known))
    return words <= known_words and len(known_words - words) >= _MISSING_WORDS
