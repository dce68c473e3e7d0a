"""Proposes engines by the languages of a user, and by whether words may leave the computer."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path

from koe.asr import LOCAL_ENGINES, fault_of, obstacle_of
from koe.config.schema import AsrConfig
from koe.config.sections import Section
from koe.models.catalogue import shipped_manifests


@dataclass(frozen=True, slots=True)
class Proposal:
    """An engine, with a model if the engine needs one.

    Attributes:
        engine: The name of the engine.
        model: The path of the model, relative to the models folder; empty: no model.
        languages: The codes of the languages; those in the model's manifest take precedence.
        takes_language: Whether to set the language of the engine if the user speaks only one.
    """

    engine: str
    model: str = ""
    languages: str = ""
    takes_language: bool = False

    @property
    def is_service(self) -> bool:
        """Whether the audio is sent to a service."""
        return self.engine not in LOCAL_ENGINES

    @property
    def recognised_languages(self) -> tuple[str, ...]:
        """The codes of the languages that the engine recognises."""
        manifest = shipped_manifests().get(self.model)
        return (manifest.languages if manifest else ()) or tuple(self.languages.split())

    @property
    def obstacle(self) -> str | None:
        """What this machine lacks besides the model, as a clause with a remedy; None: nothing."""
        return None if self.is_service else obstacle_of(self.engine)

    def is_configured(self, config: AsrConfig) -> bool:
        """Whether the settings already name this engine and model."""
        return config.provider == self.engine and (
            not self.model or model_setting(config, self.engine) == self.model
        )


PROPOSALS = (
    Proposal("moonshine", languages="en"),
    Proposal("sherpa-onnx", "sherpa-onnx/sense-voice"),
    Proposal("sherpa-onnx", "sherpa-onnx/parakeet-v3"),
    Proposal("sherpa-onnx", "sherpa-onnx/multilingual-8lang"),
    Proposal("sherpa-onnx", "sherpa-onnx/bilingual-zh-en"),
    Proposal("whisper", "whisper/small", takes_language=True),
    Proposal(
        "qwen",
        languages="zh en yue ja ko de fr es pt it ru ar hi id th tr uk vi",
        takes_language=True,
    ),
    Proposal("doubao", languages="zh en"),
    Proposal("glm", languages="zh en"),
    Proposal("mimo", languages="zh en"),
)
"""All proposals; among those with the same languages, the better one comes first."""


def has_proposal(engine: str) -> bool:
    """Whether any proposal uses an engine; none uses the engines that need Koe.app."""
    return any(it.engine == engine for it in PROPOSALS)


def propose(
    languages: tuple[str, ...], *, may_leave: bool, config: AsrConfig, models: Path
) -> list[Proposal]:
    """Return the proposals that recognise all the languages, the best first.

    The configured proposal comes first if it works. Proposals that lack a package come last.

    Args:
        languages: The codes of the languages.
        may_leave: Whether the audio may be sent to a service.
        config: The settings, with the paths of models as written in them.
        models: The folder of all models.
    """
    fitting = [
        it
        for it in PROPOSALS
        if set(languages) <= set(it.recognised_languages) and (may_leave or not it.is_service)
    ]
    return sorted(fitting, key=partial(_rank, config=config, models=models))


def languages_of_engine(config: AsrConfig) -> tuple[str, ...]:
    """The codes of the languages that the configured engine recognises; empty if unknown."""
    return next((it.recognised_languages for it in PROPOSALS if it.is_configured(config)), ())


def model_setting(config: AsrConfig, engine: str) -> str | None:
    """The model setting of an engine; None: the engine has no such setting."""
    return getattr(_section(config, engine), "model", None)


def language_settings(config: AsrConfig, engine: str) -> tuple[str | None, str | None]:
    """The default and the present language setting of an engine; None: no such setting."""
    section = _section(config, engine)
    return getattr(type(section)(), "language", None), getattr(section, "language", None)


def _section(config: AsrConfig, engine: str) -> Section:
    section = getattr(config, engine.replace("-", "_"))
    assert isinstance(section, Section)
    return section


def _rank(proposal: Proposal, config: AsrConfig, models: Path) -> tuple[bool, bool]:
    works = proposal.is_configured(config) and not fault_of(
        proposal.engine, config.with_models_in(models)
    )
    return not works, proposal.obstacle is not None
