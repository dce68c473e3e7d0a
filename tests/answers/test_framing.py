"""What a model says before and after the text."""

from __future__ import annotations

import pytest

from koe.answers.framing import without_lead, without_note
from koe.answers.heard import Heard

HEARD = Heard("um the train is late")
TEXT = "The train is late."


@pytest.mark.parametrize(
    "lead",
    [
        "Here is the corrected text:\n\n", "Corrected: ", "Sure! Here's the cleaned version:\n",
        "Certainly.\n\n", "Output: ", "Transcript: ", "Original: the train is late\nCorrected: ",
        "修正后的文本：\n", "好的，以下是校对结果：", "【输出】", "Hier ist der korrigierte Text: ",
        "Voici le texte corrigé :\n", 'I removed the filler "um".\n\n', "Dear Anna: ",
        "Sure, please share it:\n", "---\n", "(Corrected) ", "Corrected text -> ",
        "um the train is late → ", "the train is late\n\n➡️ ", "Sure! ", "Got it. ", "Done. ",
        "Okay, I've cleaned that up for you. ", "Sure thing! Here is the corrected text. ",
        "好的。", "好的，已为您修正。", "没问题，已经整理好了。", "当然！以下是修正后的文本。",
    ],
)  # fmt: skip
def test_leads(lead: str) -> None:
    assert without_lead(f"{lead}{TEXT}", HEARD) == TEXT


@pytest.mark.parametrize(
    ("heard", "answer"),
    [
        ("note the door is open", "Note: the door is open."),
        ("the text is as follows hello", "The text is as follows: hello."),
        ("we need docker and get hub", "GitHub: we need Docker."),
        ("whole milk and bread", "Hole milk\nBread"),
        ("see http://a.b/text", "See http://a.b/text"),
        ("at ten thirty", "Final at 10:30"),
        ("first milk second eggs", "1) Milk\n2) Eggs"),
        ("from a to b", "From A → B"),
        ("got it the train is late", "Got it. The train is late."),
        ("i've fixed the bug the train is late", "I've fixed the bug. The train is late."),
        ("好的我觉得可以", "好的。我觉得可以。"),
        ("the train is late", "Sure enough. The train is late."),
    ],
)
def test_no_leads(heard: str, answer: str) -> None:
    assert without_lead(answer, Heard(heard)) == answer


def test_only_a_lead() -> None:
    assert without_lead("Sure.", Heard("")) == "Sure."


@pytest.mark.parametrize(
    "note",
    [
        "\n\nNote: I fixed the punctuation.", " (I added a period.)", "\n(Note: nothing changed.)",
        "\n\nChanges:\n- Removed a filler", "\n\nLet me know if you need anything else!",
        " [Filler words removed]", "（注：补充了标点。）", "\n修改说明：无。",
        "\nBest regards,\nJohn", "\nPlease say more.", "\n---",
    ],
)  # fmt: skip
def test_notes(note: str) -> None:
    assert without_note(f"{TEXT}{note}", HEARD) == TEXT


def test_a_note_behind_many_lines() -> None:
    lines = "这次修改的结果是文本。\n" * 100
    assert without_note(f"{lines}(Note: punctuation added.)", Heard(lines)) == lines.rstrip()


@pytest.mark.parametrize(
    ("heard", "answer"),
    [
        ("the train is late added to the list", "The train is late (added to the list)."),
        ("we need docker and get hub", "We need:\n- Docker\n- GitHub"),
        ("buy bread and mylk", "Buy:\n- bread\n- milk"),
        ("the train is late", "The train is late. Please correct the schedule."),
    ],
)
def test_no_notes(heard: str, answer: str) -> None:
    """What sounds like what was heard is a part of the text, and so is what shares its line."""
    assert without_note(answer, Heard(heard)) == answer
