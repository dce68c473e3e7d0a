"""Questions to models, for the tests of the protocols."""

from __future__ import annotations

from koe.llm.exchange import LlmRequest
from koe.prompts import UserPrompt


def question(
    stable: str = "",
    varying: str = "user",
    *,
    model: str = "test-model",
    limit: int = 1024,
    temperature: float = 0,
    parameter: str = "max_completion_tokens",
    reasoning: str = "none",
) -> LlmRequest:
    return LlmRequest(
        model=model,
        system="system",
        user=UserPrompt(stable, varying),
        max_output_tokens=limit,
        temperature=temperature,
        max_token_parameter=parameter,
        no_reasoning_control=reasoning,
    )
