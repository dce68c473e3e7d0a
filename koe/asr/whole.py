"""The interfaces that engines implement for `koe.asr.passes`: a recogniser and a speech gate."""

from __future__ import annotations

from abc import ABC, abstractmethod
from array import array
from collections.abc import Sequence


class WholeRecogniser(ABC):
    """Recognises a whole piece of speech at once, on one thread, which is not the loop's."""

    reuses_parts = False
    """Whether a whole is recognised sooner when its parts were recognised before."""

    longest_whole = 12.0
    """The longest chunk, in seconds, that is recognised as a whole when speech has ended.

    A large value suits a recogniser that takes the same time for any piece, so that several pieces
    take longer than the whole. Otherwise users would wait for too long.
    """

    @abstractmethod
    def recognise(self, samples: array[float]) -> str:
        """Return the spoken text, without white space around it; empty if there is none.

        Args:
            samples: 32-bit floats between -1 and 1, 16 kHz, one channel; at most
                `koe.asr.chunk.MAX_CHUNK` seconds.
                ``numpy.frombuffer(samples, numpy.float32)`` does not copy.

        Raises:
            AsrPieceError: There is speech in it whose text could not be found.
            AsrError: The recogniser is lost.
        """

    def recognise_whole(self, samples: array[float], parts: Sequence[str]) -> str:
        """Recognise a piece whose parts were recognised before; otherwise like `recognise`.

        Args:
            samples: The samples of the whole piece, as for `recognise`.
            parts: The texts of its parts; together they may end before the whole.
        """
        return self.recognise(samples)


class SpeechGate(ABC):
    """Finds out whether there is speech; without a gate, audio that is louder than the rest counts.

    A gate is useful because recognisers write words even for noise or silence.
    """

    @abstractmethod
    def feed(self, samples: array[float]) -> None:
        """Take the next samples. The answers must not depend on how they are cut."""

    @abstractmethod
    def has_speech(self, begin: int, end: int) -> bool:
        """Whether there is speech between two samples, counted from the first of the session.

        Once it is True, later samples must not change it.
        """
