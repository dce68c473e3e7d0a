"""What a core has language models do: the questions and the client, put together."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import TypeAlias, TypeVar

from koe.config.llm import LlmProfile
from koe.config.prompts import load_prompts
from koe.config.schema import UNREADABLE
from koe.config.store import Snapshot, Store
from koe.diagnostics import report
from koe.errors import ConfigError, LlmError
from koe.events import Corrected
from koe.finishing.sessions import finish
from koe.http.request import HttpSettings
from koe.llm.asking import Habits, ask, until_answered
from koe.llm.correction import (
    Outcome,
    active_profile,
    ask_for_correction,
    ask_for_rewriting,
    ask_for_test,
)
from koe.llm.protocols import check_status, models_request, parse_models, warm_up_request
from koe.llm.shared import SharedClient
from koe.prompts import Prompts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from koe.http.client import Client

log = logging.getLogger(__name__)


class LlmService:
    """Asks models, all through one client. All methods on one event loop; any thread may rebuild.

    Making it costs nothing; the HTTP library is imported when it is needed first, or by `open`.

    Args:
        settings: What the client is built from.
    """

    def __init__(self, settings: HttpSettings) -> None:
        # The client, which is replaced when its settings change.
        self._shared = SharedClient(settings)
        # What models do not take, as was found out.
        self._habits: Habits = {}

    def open(self) -> None:
        """Build the client now. If that fails, each later request raises the reason."""
        try:
            self._shared.open()
        except LlmError as exc:
            report(exc)

    def rebuild(self, settings: HttpSettings, *, always: bool = False) -> None:
        """Replace the client if its settings changed; requests under way end on the old one.

        Raises:
            LlmConfigError: It can't be built; the old one stays.
        """
        self._shared.rebuild(settings, always=always)

    def for_session(
        self, snapshot: Snapshot, profile: LlmProfile, read_prompts: Callable[[], Prompts]
    ) -> SessionModel:
        """What corrects the text of one session, by the settings that it begins with."""
        return SessionModel(self._shared, self._habits, snapshot, profile, read_prompts)

    async def rewrite(
        self,
        snapshot: Snapshot,
        prompts: Prompts,
        text: str,
        instruction: str,
        profile: LlmProfile | None = None,
    ) -> Outcome:
        """Have a text rewritten by the instruction of a template.

        Args:
            snapshot: The settings.
            prompts: Of which the user's counts.
            text: What to rewrite.
            instruction: What to do with it.
            profile: Whom to ask; None for the active one.

        Raises:
            LlmError: It could not be.
        """
        llm = snapshot.config.llm
        profile = profile or active_profile(llm)
        inquiry = ask_for_rewriting(llm, profile, prompts, snapshot.terms, text, instruction)
        return await ask(self._shared.open(), inquiry, self._habits)

    async def correct(
        self, snapshot: Snapshot, profile: LlmProfile, prompts: Prompts, text: str
    ) -> Outcome:
        """Have any text corrected as that of a session would be.

        Raises:
            LlmError: It could not be.
        """
        llm, rules = snapshot.config.llm, snapshot.config.text.cleanup
        said = finish(snapshot.terms, rules, text)
        inquiry = ask_for_correction(llm, profile, prompts, snapshot.terms, said)
        return await ask(self._shared.open(), inquiry, self._habits)

    async def test(self, snapshot: Snapshot, profile: LlmProfile, prompts: Prompts) -> None:
        """Have a sample corrected; the answer does not matter.

        Raises:
            LlmError: There was none.
        """
        inquiry = ask_for_test(snapshot.config.llm, profile, prompts, snapshot.terms)
        await ask(self._shared.open(), inquiry, self._habits)

    async def list_models(self, profile: LlmProfile) -> list[str]:
        """The models that a server offers.

        Raises:
            LlmError: It did not say.
        """
        client = self._shared.open()
        reply = await until_answered(client, models_request(profile), client.deadline())
        check_status(reply.status_code, reply.content, profile)
        return parse_models(reply.content)

    async def aclose(self) -> None:
        """Close all connections."""
        await self._shared.aclose()


Answer = TypeVar("Answer")
Question: TypeAlias = Callable[[LlmService, Snapshot, Prompts], Awaitable[Answer]]
"""Something to ask by the settings and the prompts of the moment."""


async def ask_once(store: Store, question: Question[Answer]) -> Answer:
    """Ask without a core, over connections of its own.

    Args:
        store: Whose settings to go by; where they can't be read, by the defaults.
        question: What to ask.

    Raises:
        LlmError: As the question.
    """
    try:
        snapshot = store.load()
    except ConfigError as exc:
        report(exc)
        snapshot = Snapshot(UNREADABLE, (), ())
    prompts, problems = load_prompts(store, snapshot.config.llm)
    for problem in (*snapshot.problems, *problems):
        report(problem)
    return await ask_by(snapshot, prompts, question)


async def ask_by(snapshot: Snapshot, prompts: Prompts, question: Question[Answer]) -> Answer:
    """Ask without a core, by settings that were read.

    Raises:
        LlmError: As the question.
    """
    service = LlmService(HttpSettings(snapshot.config.llm.timeout))
    try:
        return await question(service, snapshot, prompts)
    finally:
        await service.aclose()


class SessionModel:
    """Corrects the text of one session. All methods on the loop.

    Args:
        shared: The client.
        habits: What models do not take; what is found out is added.
        snapshot: The settings that the session begins with.
        profile: Whom to ask.
        read_prompts: Reads what is said beside the text.
    """

    def __init__(
        self,
        shared: SharedClient,
        habits: Habits,
        snapshot: Snapshot,
        profile: LlmProfile,
        read_prompts: Callable[[], Prompts],
    ) -> None:
        self._shared = shared
        self._habits = habits
        self._snapshot = snapshot
        self._profile = profile
        self._read_prompts = read_prompts
        # Both as of the session's begin; a reload meanwhile is for the next one.
        self._prompts: Prompts | None = None
        self._client: Client | None = None

    def prepare(self) -> None:
        """Do what can be done while the user speaks: read the prompts, open a connection."""
        self._prompts = self._read_prompts()
        # What is wrong here is raised when the text is to be corrected.
        with suppress(LlmError):
            self._client = self._shared.open()
            self._client.warm_up(warm_up_request(self._profile))
        # What judges the answer, with its libraries and tables: some 50 ms, once.
        import koe.answers.clean
        import koe.answers.guard  # noqa: F401

    async def correct(self, heard: str, history: Sequence[str]) -> Corrected:
        """Have what was heard corrected.

        Args:
            heard: The text.
            history: Its interim revisions, oldest first.

        Raises:
            LlmError: It could not be.
        """
        inquiry = ask_for_correction(
            self._snapshot.config.llm,
            self._profile,
            self._prompts or self._read_prompts(),
            self._snapshot.terms,
            heard,
            history,
        )
        correction = await ask(self._client or self._shared.open(), inquiry, self._habits)
        return Corrected(correction.text, correction.remark)
