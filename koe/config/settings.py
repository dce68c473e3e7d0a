"""The settings in force: loaded at the start, and checked for changes before every session."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

from koe.config.reader import Problem
from koe.config.schema import UNREADABLE
from koe.config.store import MODELS_NAME, Snapshot, Store
from koe.diagnostics import Level, report
from koe.errors import ConfigError, KoeError, LlmProfileError

if TYPE_CHECKING:
    from collections.abc import Callable

    from koe.config.schema import Config, PromptTemplate
    from koe.prompts import Prompts


class Settings:
    """The settings of one core. Any thread may read and reload; a running session is not affected.

    An error in a file is reported once, in one line on stderr, and never stops the core.

    Args:
        store: The files. Missing ones are created here.
        engine: The engine to use; empty: as in the files.
    """

    def __init__(self, store: Store, engine: str = "") -> None:
        self._store = store
        self._engine = engine
        # Held while reading files; readers of ``current`` need no lock.
        self._lock = threading.Lock()
        # The problems that were reported already: of the settings, and of the prompt files.
        self._reported: set[str] = set()
        self._reported_prompts: set[str] = set()
        # The settings in force: the last successful reading.
        self.current = self._with_engine(Snapshot(UNREADABLE, (), ()))
        try:
            store.create_missing_files()
        except ConfigError as exc:
            self._report(exc)
        try:
            self.reload()
        except ConfigError:
            report("until the file is repaired, the default settings are used without correction")

    @property
    def directory(self) -> Path:
        """The folder with the user's files."""
        return self._store.directory

    @property
    def models(self) -> Path:
        """The folder that contains the models."""
        return self._store.directory / MODELS_NAME

    def reload(self, prepare: Callable[[Config], None] = lambda config: None) -> None:
        """Read all files, whether they changed or not.

        Args:
            prepare: Called before a configuration takes effect. If it raises, all settings stay
                as they were, until `refresh` or the next call.

        Raises:
            ConfigError: The configuration can't be read; all settings stay as they were.
        """
        with self._lock:
            try:
                snapshot = self._store.load()
            except ConfigError as exc:
                self._report(exc)
                raise
            try:
                prepare(snapshot.config)
            except KoeError:
                self._store.forget()
                raise
            self._adopt(snapshot)

    def refresh(self) -> None:
        """Read the files if one changed; if that fails, all settings stay (spec abi §6.2)."""
        with self._lock:
            try:
                changed = self._store.load_if_changed()
            except ConfigError as exc:
                self._report(exc)
                return
            if changed is not None:
                self._adopt(changed)

    def prompts(self) -> Prompts:
        """Read the configured prompt files; built-in prompts replace unusable ones."""
        from koe.config.prompts import load_prompts  # a shell's first call rarely needs it

        with self._lock:
            prompts, problems = load_prompts(self._store, self.current.config.llm)
            texts = [str(problem) for problem in problems]
            for text in texts:
                if text not in self._reported_prompts:
                    report(text)
            self._reported_prompts = set(texts)
        return prompts

    def instruction(self, template: PromptTemplate) -> str | None:
        """The instruction of a template; None if it has no usable prompt."""
        from koe.config.prompts import prompt_of

        return prompt_of(template, self._store)

    def chosen(self, engine: str, profile: str) -> Snapshot:
        """The settings as they are on disk now, but with another engine or profile.

        Args:
            engine: The engine to use; empty: the configured one.
            profile: The profile that corrects, even if correction is off; empty: the configured
                one, if correction is on.

        Raises:
            LlmProfileError: There is no profile with this id.
        """
        self.refresh()
        config = self.current.config
        if engine:
            config = config.replace(asr=config.asr.replace(provider=engine))
        if profile:
            if profile not in config.llm.profiles:
                raise LlmProfileError(profile)
            config = config.replace(llm=config.llm.replace(enabled=True, active_profile=profile))
        return self.current._replace(config=config)

    def _adopt(self, snapshot: Snapshot) -> None:
        self.current = self._with_engine(snapshot)
        problems = [*snapshot.problems]
        if obstacle := snapshot.config.llm.obstacle:
            message = f"{obstacle}; nothing is corrected"
            problems.append(
                Problem(str(self._store.config_path), None, "llm.active_profile", message)
            )
        # A problem that was solved and returns is reported again.
        self._reported &= {str(problem) for problem in problems}
        for problem in problems:
            self._report(problem)

    def _with_engine(self, snapshot: Snapshot) -> Snapshot:
        if not self._engine:
            return snapshot
        asr = snapshot.config.asr.replace(provider=self._engine)
        return snapshot._replace(config=snapshot.config.replace(asr=asr))

    def _report(self, problem: object) -> None:
        text = str(problem)
        if text not in self._reported:
            self._reported.add(text)
            report(text, Level.ERROR if isinstance(problem, ConfigError) else Level.WARNING)
