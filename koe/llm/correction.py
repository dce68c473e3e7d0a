"""Correcting and rewriting a text: the question, and the judgement of its answer. Pure.

    inquiry = ask_for_correction(settings, profile, prompts, terms, heard, history)
    …send inquiry.http, which gives a status and a body…
    correction = inquiry.read(status, body)

Blank text must not be sent, because models then recite the dictionary. Callers deliver blank text
unchanged.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum

from koe.answers.flaws import Flaw
from koe.config.llm import LlmConfig, LlmProfile
from koe.errors import LlmProfileError, LlmReplyError
from koe.http.request import Request
from koe.llm.exchange import LlmFormatError, LlmRequest, Reply, explain_stop
from koe.llm.protocols import PROTOCOLS, check_status, doubt, encoded, reply_request
from koe.llm.refusals import ParameterChange, apply, explanation, find_changes, presentable
from koe.prompts import Prompts, UserPrompt, pick_candidates, render

# The most characters of a stop reason that are shown.
_LONGEST_STOP = 40

TEST_TEXT = (
    "um so can you uh check how much cpu and you know how much memory the app is using right now"
)
"""The sample text of a connection test (spec llm §4.2)."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The text to deliver. It contains the user's words, so no repr shows it.

    Attributes:
        text: The answer, or else what was heard.
        remark: Why the text is not the answer, as a sentence without quotations; empty if it is.
    """

    text: str = field(repr=False)
    remark: str = ""

    @property
    def is_applied(self) -> bool:
        """Whether the text is the answer."""
        return not self.remark


class Purpose(Enum):
    """The purpose of an answer, which decides how it is judged."""

    CORRECTION = "an edit of what was heard"
    REWRITING = "any text but a list of the dictionary's terms"
    TEST = "any text"


@dataclass(frozen=True, slots=True)
class Inquiry:
    """A question to a model, with everything that is needed to judge the answer.

    Attributes:
        http: The HTTP request.
        request: The same, independent of the protocol.
        profile: The profile of the model.
        heard: The text in question.
        candidates: The terms that the question names.
        purpose: The purpose of the answer.
        limit: The most tokens of the answer.
    """

    http: Request
    request: LlmRequest
    profile: LlmProfile = field(repr=False)
    heard: str = field(repr=False)
    candidates: tuple[str, ...] = field(repr=False)
    purpose: Purpose
    limit: int

    @property
    def kind(self) -> Hashable:
        """Identifies the model and its settings; equal for all texts until a setting is edited."""
        asked = replace(self.request, system="", user=UserPrompt(stable="", varying=""))
        return self.profile.protocol, self.http.url, self.http.headers, asked

    def changed(self, changes: Sequence[ParameterChange]) -> Request:
        """The HTTP request with changed parameters."""
        if not changes:
            return self.http
        return replace(self.http, body=encoded(self._parameters(changes)))

    def find_changes(
        self, status: int, body: bytes, made: Sequence[ParameterChange]
    ) -> tuple[ParameterChange, ...]:
        """The changes to make after a refusal; empty if none would help.

        Args:
            status: The HTTP status of the reply.
            body: The whole body.
            made: The changes in what was sent.
        """
        return find_changes(status, body, self._parameters(made), made)

    def read(self, status: int, body: bytes) -> Outcome:
        """Judge the answer.

        Args:
            status: The HTTP status of the reply.
            body: The whole body.

        Raises:
            LlmStatusError: The server refused.
            LlmReplyError: The reply is no answer, or an incomplete one.
        """
        from koe.answers.clean import clean  # loads libraries and tables, some 50 ms

        check_status(status, body, self.profile)
        try:
            reply = PROTOCOLS[self.profile.protocol].parse_reply(body)
            self._check_stop(reply)
            is_edit = self.purpose is not Purpose.REWRITING
            answer = clean(reply.text, self.heard, is_edit=is_edit)
        except LlmReplyError as exc:
            said = self._explained(exc.message, body)
            if isinstance(exc, LlmFormatError) and not explanation(body):
                said += f"; {doubt(self.profile)}"
            raise LlmReplyError(said) from exc
        text, flaw = self._judge(answer)
        if flaw is not None:
            return Outcome(self.heard, f"the model's answer was not used: {flaw}")
        return Outcome(text)

    def _parameters(self, changes: Sequence[ParameterChange]) -> dict[str, object]:
        return apply(PROTOCOLS[self.profile.protocol].build_body(self.request), changes)

    def _check_stop(self, reply: Reply) -> None:
        """Check that an answer is complete.

        Raises:
            LlmReplyError: Words may be missing. A test accepts an incomplete answer.
        """
        if reply.stop and (self.purpose is not Purpose.TEST or not reply.text):
            raise LlmReplyError(explain_stop(reply.stop[:_LONGEST_STOP], self.limit))

    def _explained(self, message: str, body: bytes) -> str:
        """A message, with the failure that the body reports."""
        secrets = self.profile.secrets
        # Some servers explain a failure with status 200.
        shown, said = presentable(message, secrets), explanation(body, secrets)
        return shown if not said or said.startswith(shown) else f"{shown}: {said}"

    def _judge(self, answer: str) -> tuple[str, Flaw | None]:
        """Return the text of an answer, and the reason why it must not be used, if any."""
        from koe.answers.guard import find_edit, is_recital

        match self.purpose:
            case Purpose.CORRECTION:
                return find_edit(answer, self.heard, self.candidates)
            case Purpose.REWRITING:
                is_useless = is_recital(answer, self.heard, self.candidates)
                return answer, Flaw.DUMP if is_useless else None
            case Purpose.TEST:
                return answer, None


def active_profile(settings: LlmConfig) -> LlmProfile:
    """The profile that rewrites and tests use, whether or not correction is on.

    Raises:
        LlmProfileError: There is no profile with that ID.
    """
    try:
        return settings.profiles[settings.active_profile]
    except KeyError:
        raise LlmProfileError(settings.active_profile) from None


def ask_for_correction(
    settings: LlmConfig,
    profile: LlmProfile,
    prompts: Prompts,
    terms: Sequence[str],
    heard: str,
    history: Sequence[str] = (),
) -> Inquiry:
    """Make the question that asks a model to correct a text.

    Args:
        settings: The settings of all profiles.
        profile: The profile of the model (`LlmConfig.correcting_profile`).
        prompts: The prompts.
        terms: The dictionary.
        heard: The recognised text.
        history: Interim revisions of it, oldest first; the newest ten are sent.

    Raises:
        LlmConfigError: The profile can't be used.
    """
    candidates = pick_candidates(terms, heard, settings.dictionary_max_candidates)
    return _ask(settings, profile, prompts, candidates, heard, Purpose.CORRECTION, history)


def ask_for_rewriting(
    settings: LlmConfig,
    profile: LlmProfile,
    prompts: Prompts,
    terms: Sequence[str],
    heard: str,
    instruction: str,
) -> Inquiry:
    """Make the question that asks a model to rewrite a text by the instruction of a template.

    The answer may be short or in another language, because many templates ask for that. See
    `ask_for_correction` for the arguments.
    """
    candidates = pick_candidates(terms, heard, settings.dictionary_max_candidates)
    asked = Prompts(system=instruction, user=prompts.user)
    return _ask(settings, profile, asked, candidates, heard, Purpose.REWRITING)


def ask_for_test(
    settings: LlmConfig, profile: LlmProfile, prompts: Prompts, terms: Sequence[str]
) -> Inquiry:
    """Make the question that asks a model to correct a sample; any text is a good answer."""
    candidates = pick_candidates(terms, "", settings.dictionary_max_candidates)
    return _ask(settings, profile, prompts, candidates, TEST_TEXT, Purpose.TEST)


def _ask(
    settings: LlmConfig,
    profile: LlmProfile,
    prompts: Prompts,
    candidates: Sequence[str],
    heard: str,
    purpose: Purpose,
    history: Sequence[str] = (),
) -> Inquiry:
    request = LlmRequest(
        model=profile.model_name,
        system=prompts.system,
        user=render(prompts.user, heard, candidates, history),
        max_output_tokens=settings.max_output_tokens,
        temperature=settings.temperature,
        top_p=settings.top_p,
        max_token_parameter=profile.max_token_parameter,
        no_reasoning_control=profile.no_reasoning_control,
    )
    return Inquiry(
        http=reply_request(profile, request),
        request=request,
        profile=profile,
        heard=heard,
        candidates=tuple(candidates),
        purpose=purpose,
        limit=settings.max_output_tokens,
    )
