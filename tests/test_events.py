import ast
from pathlib import Path

from koe.events import (
    BYTES_PER_SECOND,
    SAMPLE_RATE_HZ,
    Deliver,
    Mode,
    Notice,
    ShowState,
    State,
)


def test_the_spellings_that_shells_compare() -> None:
    """Spec abi §4.1: contractual, every one of them."""
    assert [str(state) for state in State] == [
        "idle", "connecting_asr", "recording_hold", "recording_toggle", "finalizing_asr",
        "correcting", "preparing_paste", "completed", "cancelled", "failed",
    ]  # fmt: skip


def test_the_modes_are_those_of_the_header() -> None:
    assert (Mode.HOLD, Mode.TOGGLE) == (0, 1)


def test_audio_is_16_khz_mono_16_bits() -> None:
    assert SAMPLE_RATE_HZ == 16_000
    assert BYTES_PER_SECOND == 16_000 * 2


def test_the_sample_rate_has_one_home() -> None:
    package = Path(__file__).parent.parent / "koe"
    numbers = {
        path.relative_to(package).as_posix()
        for path in package.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and node.value == SAMPLE_RATE_HZ
    }
    assert numbers == {"events.py"}


def test_values_compare_and_do_not_change() -> None:
    assert ShowState(State.IDLE) == ShowState(State.IDLE)
    assert isinstance(Deliver("a", "b", "c", corrected=False), Notice)
