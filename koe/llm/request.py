"""What is asked of a model, in no protocol yet. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field

from koe.prompts import UserPrompt


@dataclass(frozen=True, slots=True)
class LlmRequest:
    """One question to a model, in no protocol yet. Protocols leave out what they don't know.

    Attributes:
        model: The server's name for it.
        system: The instruction.
        user: The rest of the prompt, with the text.
        max_output_tokens: How long the answer may be.
        temperature: 0 for the most likely answer.
        top_p: Share of the likely words that are considered.
        max_token_parameter: What the server calls the limit: ``max_tokens`` or
            ``max_completion_tokens``.
        no_reasoning_control: What keeps the server from thinking first: ``reasoning_effort``,
            ``thinking`` or ``none``.
    """

    model: str
    system: str = field(repr=False)
    user: UserPrompt
    max_output_tokens: int = 1024
    temperature: float = 0.0
    top_p: float = 1.0
    max_token_parameter: str = "max_completion_tokens"
    no_reasoning_control: str = "none"
