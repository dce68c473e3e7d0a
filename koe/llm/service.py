"""The one client for all questions to models, and the questions outside of sessions."""

from __future__ import annotations

import logging
import threading
from collections.abc import Awaitable, Callable
from typing import TypeAlias, TypeVar

from koe.config.llm import LlmProfile
from koe.config.prompts import load_prompts
from koe.config.schema import UNREADABLE
from koe.config.store import Snapshot, Store
from koe.diagnostics import report
from koe.errors import ConfigError, LlmConfigError, LlmError
from koe.finishing import finish
from koe.http.errors import HttpConfigError
from koe.http.request import HttpSettings
from koe.llm.asking import Habits, SessionModel, ask, until_answered
from koe.llm.correction import (
    Outcome,
    active_profile,
    ask_for_correction,
    ask_for_rewriting,
    ask_for_test,
)
from koe.llm.protocols import check_status, models_request, parse_models
from koe.prompts import Prompts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from koe.http.client import Client

log = logging.getLogger(__name__)


class LlmService:
    """Asks models, all through one client, which is replaced when its settings change.

    Any thread may call `client`, `open` and `rebuild`; all other methods are for one event loop.

    This object is cheap to make. The first client imports the HTTP library, which takes some 80 ms
    and 20 MB, so it is made when it is needed, on a thread on which nothing waits.

    Args:
        settings: The settings that the first client is built from.
    """

    def __init__(self, settings: HttpSettings) -> None:
        # Guards the client and its settings.
        self._lock = threading.Lock()
        # The settings of the client. New settings are compared with these, not with the previous
        # configuration, so that no change is lost after a failed rebuild (spec llm §1.4).
        self._settings = settings
        # None until it is needed.
        self._client: Client | None = None
        # The changes that models turned out to need.
        self._habits: Habits = {}

    def client(self) -> Client:
        """Return the client; build it if necessary.

        A caller may keep it: after a replacement the old client works as long as it is used.

        Raises:
            LlmConfigError: It can't be built.
        """
        with self._lock:
            if self._client is None:
                self._client = _build(self._settings)
            return self._client

    def open(self) -> None:
        """Build the client now. If that fails, each later request raises the reason."""
        try:
            self.client()
        except LlmError as exc:
            report(exc)

    def rebuild(self, settings: HttpSettings, *, always: bool = False) -> None:
        """Replace the client, with new connections, if its settings have changed.

        Requests on the old client are completed there; then it closes. Without a client there is
        nothing to replace: the next `client` builds it from these settings.

        Args:
            settings: The settings now.
            always: Also if they have not changed, because proxies in the environment may have.

        Raises:
            LlmConfigError: The new one can't be built. The old one stays, and so does the
                difference: the next call tries again.
        """
        with self._lock:
            if settings == self._settings and not always:
                return
            if self._client is not None:
                client = _build(settings)
                self._client.retire()
                self._client = client
            self._settings = settings

    def for_session(
        self, snapshot: Snapshot, profile: LlmProfile, read_prompts: Callable[[], Prompts]
    ) -> SessionModel:
        """Make the model of one session, with the settings at its beginning."""
        return SessionModel(self.client, self._habits, snapshot, profile, read_prompts)

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
            prompts: The prompts, of which the user prompt is used.
            text: What to rewrite.
            instruction: The instruction of the template.
            profile: The profile of the model; None: the active one.

        Raises:
            LlmError: The request failed.
        """
        llm = snapshot.config.llm
        profile = profile or active_profile(llm)
        inquiry = ask_for_rewriting(llm, profile, prompts, snapshot.terms, text, instruction)
        return await ask(self.client(), inquiry, self._habits)

    async def correct(
        self, snapshot: Snapshot, profile: LlmProfile, prompts: Prompts, text: str
    ) -> Outcome:
        """Have any text corrected as that of a session would be.

        Raises:
            LlmError: The request failed.
        """
        llm, rules = snapshot.config.llm, snapshot.config.text.cleanup
        said = finish(snapshot.terms, rules, text)
        inquiry = ask_for_correction(llm, profile, prompts, snapshot.terms, said)
        return await ask(self.client(), inquiry, self._habits)

    async def test(self, snapshot: Snapshot, profile: LlmProfile, prompts: Prompts) -> None:
        """Have a sample corrected; the answer is ignored.

        Raises:
            LlmError: The request failed.
        """
        inquiry = ask_for_test(snapshot.config.llm, profile, prompts, snapshot.terms)
        await ask(self.client(), inquiry, self._habits)

    async def list_models(self, profile: LlmProfile) -> list[str]:
        """The models that a server offers.

        Raises:
            LlmError: The request failed, or the server sent no list.
        """
        client = self.client()
        reply = await until_answered(client, models_request(profile), client.deadline())
        check_status(reply.status_code, reply.content, profile)
        return parse_models(reply.content)

    async def aclose(self) -> None:
        """Close the client, on its loop; it may be opened again."""
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            await client.aclose()


Answer = TypeVar("Answer")
Question: TypeAlias = Callable[[LlmService, Snapshot, Prompts], Awaitable[Answer]]
"""A question that uses the present settings and prompts."""


async def ask_once(store: Store, question: Question[Answer]) -> Answer:
    """Ask without a core, over connections of its own.

    Args:
        store: The store of the settings; if they can't be read, the defaults are used.
        question: What to ask.

    Raises:
        LlmError: The question failed.
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
    """Ask without a core, with settings that were read.

    Raises:
        LlmError: The question failed.
    """
    service = LlmService(HttpSettings(snapshot.config.llm.timeout))
    try:
        return await question(service, snapshot, prompts)
    finally:
        await service.aclose()


def _build(settings: HttpSettings) -> Client:
    try:
        from koe.http.client import Client  # and with it the HTTP library
    except ImportError as exc:
        raise LlmConfigError(
            f"the HTTP library can't be loaded ({exc}); install koe again, with all its packages"
        ) from exc

    client = Client(settings)
    try:
        client.open()
    except HttpConfigError as exc:
        raise LlmConfigError(exc.message) from exc
    return client
