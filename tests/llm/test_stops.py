"""Why a model stopped."""

from __future__ import annotations

import pytest

from koe.llm.stops import explain_stop

LIMIT = "the model's answer is cut off; raise llm.max_output_tokens (9)"


@pytest.mark.parametrize(
    ("stop", "clause"),
    [
        ("length", LIMIT),
        ("MAX_TOKENS", LIMIT),
        ("max-output-tokens", LIMIT),
        ("model_length", "the text is too long for the model (model_length); "
         "choose one with a larger context"),
        ("model_context_window_exceeded", "the text is too long for the model "
         "(model_context_window_exceeded); choose one with a larger context"),
        ("content_filter",
         "the model or its service declined to correct this text (content_filter)"),
        ("SAFETY", "the model or its service declined to correct this text (SAFETY)"),
        ("refusal", "the model or its service declined to correct this text (refusal)"),
        ("error", "the service broke the model's answer off (error)"),
        ("insufficient_system_resource",
         "the service broke the model's answer off (insufficient_system_resource)"),
        ("abort", "the service broke the model's answer off (abort)"),
        ("tool_calls", "the model asked for a tool instead of correcting the text (tool_calls)"),
        ("pause_turn", "the service says that the model's answer is not complete (pause_turn)"),
    ],
)  # fmt: skip
def test_stops(stop: str, clause: str) -> None:
    assert explain_stop(stop, 9) == clause
