"""The reasons why an answer is not used. Pure."""

from __future__ import annotations

from enum import StrEnum


class Flaw(StrEnum):
    """Why an answer is not an edit of the transcript, as a clause of a message for users."""

    DUMP = "it lists terms of the dictionary that were not said"
    TRANSLATION = "it is in another language"
    COLLAPSE = "it keeps only a fragment"
    TRUNCATION = "it leaves out a part of what was said"
    ADDITION = "it adds what was not said"
    REPLY = "it replies to what was said instead of correcting it"
    REFUSAL = "the model declined to correct it"
    LOOP = "it repeats itself"
    NEGATION = "it adds or drops a negation"
    NUMBER = "it changes a number"
    WORD = "it puts another word in the place of one that was said"
    OTHER = "it has too little in common with what was said"
