"""``asr``: which engine recognises speech, and the settings of each (spec config §§4.1, 5, 6)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Self

from koe.config.fields import (
    choice,
    flag,
    group,
    language,
    limit,
    milliseconds,
    names,
    number,
    optional_count,
    optional_text,
    secret_texts,
    target,
    text,
    whole_number,
)
from koe.config.sections import ONLY_C, OURS, SINCE_B, FlatKeys, Section

ENGINES = (
    "moonshine", "sherpa-onnx", "whisper", "apple-speech", "mlx", "doubao", "qwen", "glm", "mimo",
)  # fmt: skip
"""The engines, in the order in which they are shown."""

# Seconds to wait for the final text of engines without a setting for it (spec asr §1.7).
_FINAL_WAIT_TIMEOUT = 5.0

SHORTEST_FINAL_WAIT = 1.0
"""The fewest seconds that a session waits for its engine, even if the setting is smaller, because a
busy computer passes results on late."""


class MoonshineConfig(Section, generations=OURS):
    """Speech recognition on this device.

    Attributes:
        final_wait_timeout: Seconds to wait for the final text after the last audio.
        update_interval: Seconds of audio between two interim texts, at least.
    """

    final_wait_timeout: float = milliseconds(5000)
    update_interval: float = milliseconds(500, low=100, high=5000)


class DoubaoConfig(Section, generations=SINCE_B):
    """The streaming service of Volcengine. An ``api_key`` takes precedence over the other two keys.

    Attributes:
        connect_timeout: Seconds.
        final_wait_timeout: Seconds to wait for the final text after the last audio.
        enable_ddc: Leave out fillers and repetitions.
        enable_itn: Write numbers as digits.
        enable_nonstream: Recognise every sentence a second time, as a whole.
        language: If unset or empty, the service detects it.
        end_window_size: Silence that ends a sentence, in milliseconds; at least 200; the service
            uses 800 if it is None.
        force_to_speech_time: Audio before a sentence may end, in milliseconds.
        vad_segment_duration: Silence that separates parts of a text, in milliseconds; 3000 for
            None.
        output_zh_variant: ``traditional``, ``tw`` or ``hk``; None for simplified.
        accelerate_score: How early the first characters are sent, from 0 to 20; sent only with
            ``enable_accelerate_text``.
        headers: If not empty, they replace the headers with the keys.
    """

    url: str = target("wss://openspeech.bytedance.com/api/v3/sauc/bigmodel_async")
    api_key: str = text("", is_secret=True, generations=ONLY_C)
    app_key: str = text("", is_secret=True)
    access_key: str = text("", is_secret=True)
    resource_id: str = text("volc.seedasr.sauc.duration")
    connect_timeout: float = milliseconds(3000)
    final_wait_timeout: float = milliseconds(5000)
    enable_ddc: bool = flag(True)
    enable_itn: bool = flag(True)
    enable_punc: bool = flag(True)
    enable_nonstream: bool = flag(True)
    language: str | None = optional_text(generations=ONLY_C)
    end_window_size: int | None = optional_count(generations=ONLY_C)
    force_to_speech_time: int | None = optional_count(generations=ONLY_C)
    vad_segment_duration: int | None = optional_count(generations=ONLY_C)
    output_zh_variant: str | None = optional_text(blank_is_unset=True, generations=ONLY_C)
    enable_accelerate_text: bool = flag(False, generations=ONLY_C)
    accelerate_score: int | None = optional_count(generations=ONLY_C)
    headers: Mapping[str, str] = secret_texts(generations=ONLY_C)

    @property
    def has_credentials(self) -> bool:
        """Whether there are credentials for the service."""
        return bool(self.api_key or self.app_key or self.access_key or self.headers)


class QwenConfig(Section):
    """The streaming service of Alibaba Cloud.

    Attributes:
        connect_timeout: Seconds.
        final_wait_timeout: Seconds to wait for the final text after the last audio.
        headers: If not empty, they replace the header with the key.
    """

    url: str = target("wss://dashscope.aliyuncs.com/api-ws/v1/realtime")
    api_key: str = text("", is_secret=True)
    model: str = text("qwen3-asr-flash-realtime")
    language: str = text("zh")
    connect_timeout: float = milliseconds(3000)
    final_wait_timeout: float = milliseconds(5000)
    headers: Mapping[str, str] = secret_texts()


class GlmConfig(Section):
    """The transcription service of Zhipu, which takes the whole recording at once.

    Attributes:
        prompt: A description of the recording; None sends nothing.
        connect_timeout: Seconds.
        final_wait_timeout: Seconds for the exchange of a recording for its text, to which the
            length of the recording is added; values below 30 count as 30.
    """

    url: str = target("https://open.bigmodel.cn/api/paas/v4/audio/transcriptions")
    api_key: str = text("", is_secret=True)
    model: str = text("glm-asr-2512")
    prompt: str | None = optional_text()
    connect_timeout: float = milliseconds(3000)
    final_wait_timeout: float = milliseconds(5000)


class MimoConfig(Section):
    """The transcription service of Xiaomi, which takes the whole recording at once.

    Attributes:
        connect_timeout: Seconds.
        final_wait_timeout: Seconds for the exchange of a recording for its text, to which the
            length of the recording is added; values below 30 count as 30.
    """

    url: str = target("https://api.xiaomimimo.com/v1/chat/completions")
    api_key: str = text("", is_secret=True)
    model: str = text("mimo-v2.5-asr")
    language: str = text("auto")
    connect_timeout: float = milliseconds(3000)
    final_wait_timeout: float = milliseconds(5000)


class MlxConfig(Section):
    """Speech recognition on Apple silicon; ``model`` is a path below ``models``."""

    model: str = text("mlx/Qwen3-ASR-0.6B-4bit")
    delay_preset: str = choice("realtime", "agent", "subtitle")
    language: str = text("auto")


class SherpaOnnxConfig(Section):
    """Speech recognition on this device; ``model`` is a path below ``models``.

    Attributes:
        hotwords_score: How much a term of the dictionary is preferred; 0 means 1.5.
        endpoint_silence: Seconds of silence that end a sentence; 0 means 1.2.
        language: The language that is spoken, as a code such as ``zh``, for models that can be
            set to one; with ``auto`` they detect it.
        use_itn: Write digits and punctuation; only for models that write both or neither.
    """

    model: str = text("sherpa-onnx/bilingual-zh-en")
    num_threads: int = whole_number(2, low=1, high=1024)
    hotwords_score: float = number(1.5, low=0, high=100)
    endpoint_silence: float = number(1.2, low=0, high=60)
    language: str = text("auto", generations=OURS)
    use_itn: bool = flag(True, generations=OURS)


class WhisperConfig(Section, generations=OURS):
    """Speech recognition of 99 languages on this device; ``model`` is a path below ``models``.

    Attributes:
        language: ``auto`` detects it for each part of the speech.
        num_threads: 0: the number of processors, at most four.
    """

    model: str = text("whisper/base")
    language: str = language()
    num_threads: int = whole_number(0, high=1024)


class AppleSpeechConfig(Section):
    """The speech recognition of macOS."""

    locale: str = text("zh_CN")


# Generation A has no groups in ``asr``. Generation C rewrites such a file; here it is read as it
# is.
_FLAT_DOUBAO = FlatKeys(
    dict.fromkeys(
        ("url", "api_key", "app_key", "access_key", "resource_id", "connect_timeout_ms",
         "final_wait_timeout_ms", "enable_ddc", "enable_itn", "enable_punc", "enable_nonstream"),
        "A",
    ),
    reads_as="asr.doubao",
    unless=frozenset({"provider", "doubao"}),
    defaults=DoubaoConfig(),
    note="If they contain an API key, the engine is `doubao`.",
)  # fmt: skip


class AsrConfig(
    Section,
    generations=SINCE_B,
    unread=frozenset({"doubaoime", "wetype"}),
    flat=_FLAT_DOUBAO,
):
    """Which engine recognises speech, and the settings of each.

    Any text is accepted as ``provider``; opening an unknown engine raises an error.

    Attributes:
        fallback: The engines that take over when the configured one fails, in this order.
        stall: Seconds of speech without an answer after which a streaming service is pinged.
        second_pass: ``auto`` recognises speech as a whole again; ``off`` delivers the text of the
            first pass, which is a little faster and has twice as many wrong words.
        keep_loaded_minutes: How long the models of engines on this device stay in memory after the
            last recording; None: without limit.
    """

    provider: str = text("moonshine")
    fallback: tuple[str, ...] = names((), ENGINES, "engine", generations=OURS)
    stall: float = milliseconds(2000, low=500, generations=OURS)
    second_pass: str = choice("auto", "off", refusal="off", generations=OURS)
    keep_loaded_minutes: int | None = limit(10, generations=OURS)
    moonshine: MoonshineConfig = group(MoonshineConfig())
    doubao: DoubaoConfig = group(DoubaoConfig())
    qwen: QwenConfig = group(QwenConfig())
    glm: GlmConfig = group(GlmConfig())
    mimo: MimoConfig = group(MimoConfig())
    mlx: MlxConfig = group(MlxConfig())
    sherpa_onnx: SherpaOnnxConfig = group(SherpaOnnxConfig(), key="sherpa-onnx")
    whisper: WhisperConfig = group(WhisperConfig())
    apple_speech: AppleSpeechConfig = group(AppleSpeechConfig(), key="apple-speech")

    @property
    def final_wait_timeout(self) -> float:
        """Seconds to wait for the final text of the configured engine, at least one."""
        for name, declared in self.declared.items():
            section = getattr(self, name)
            if declared.key == self.provider and isinstance(section, Section):
                configured = float(getattr(section, "final_wait_timeout", _FINAL_WAIT_TIMEOUT))
                return max(configured, SHORTEST_FINAL_WAIT)
        return _FINAL_WAIT_TIMEOUT

    def with_models_in(self, folder: Path) -> Self:
        """A copy in which the paths of models are absolute (spec models §2)."""
        return self.replace(
            sherpa_onnx=self.sherpa_onnx.replace(model=str(folder / self.sherpa_onnx.model)),
            whisper=self.whisper.replace(model=str(folder / self.whisper.model)),
            mlx=self.mlx.replace(model=str(folder / self.mlx.model)),
        )

    def with_flat(self, settings: Section) -> Self:
        """Read a file of generation A: it selects Doubao if it has credentials.

        Generation A wrote these keys for every new user. Without credentials they show no choice of
        the user, and the default engine works.
        """
        assert isinstance(settings, DoubaoConfig)
        provider = "doubao" if settings.has_credentials else self.provider
        return self.replace(provider=provider, doubao=settings)
