"""Which engine to propose to a user, by the languages spoken and whether words may leave."""

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
    """An engine, with a model where it takes one.

    Attributes:
        engine: Its name.
        model: The path of the model, below the models folder; empty: it needs none.
        languages: What it hears, as codes; where the model's manifest says it, that counts.
        takes_language: Its language is to be set, where there is only one.
    """

    engine: str
    model: str = ""
    languages: str = ""
    takes_language: bool = False

    @property
    def is_service(self) -> bool:
        """Whether what is said is sent away."""
        return self.engine not in LOCAL_ENGINES

    @property
    def hears(self) -> tuple[str, ...]:
        """The languages."""
        manifest = shipped_manifests().get(self.model)
        return (manifest.languages if manifest else ()) or tuple(self.languages.split())

    @property
    def obstacle(self) -> str | None:
        """What this machine lacks besides the model, as a clause with a remedy; None: nothing."""
        return None if self.is_service else obstacle_of(self.engine)

    def is_configured(self, config: AsrConfig) -> bool:
        """Whether the settings say so already."""
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
"""What can be proposed, the better one first among those that hear the same.

Another engine is another line.
"""


def propose(
    languages: tuple[str, ...], *, may_leave: bool, config: AsrConfig, models: Path
) -> list[Proposal]:
    """Return what hears all the languages, the best first.

    What is configured and works comes before all others, and what lacks a package after them.

    Args:
        languages: Their codes.
        may_leave: Whether a service may hear what is said.
        config: The settings, with models as they stand there.
        models: The folder of all models.
    """
    fitting = [
        it
        for it in PROPOSALS
        if set(languages) <= set(it.hears) and (may_leave or not it.is_service)
    ]
    return sorted(fitting, key=partial(_rank, config=config, models=models))


def heard_by(config: AsrConfig) -> tuple[str, ...]:
    """What the configured engine hears, as codes; empty if that is not known."""
    return next((it.hears for it in PROPOSALS if it.is_configured(config)), ())


def model_setting(config: AsrConfig, engine: str) -> str | None:
    """The model that an engine has in the settings; None: it has none there."""
    return getattr(_section(config, engine), "model", None)


def language_settings(config: AsrConfig, engine: str) -> tuple[str | None, str | None]:
    """The default and the present value of an engine's language; None: it has none."""
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
