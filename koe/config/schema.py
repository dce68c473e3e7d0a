"""The whole configuration: its sections, and how it is built from the tree of a file.

Every setting is declared once, as an attribute of a section (`koe.config.sections`), and read
by that declaration (`koe.config.reader`). The two large sections have their own modules. The
reference, ``docs/configuration.md``, is generated from the same declarations.
"""

from __future__ import annotations

from koe.config.engines import AsrConfig, MoonshineConfig
from koe.config.fields import (
    choice,
    clamped_count,
    clamped_number,
    consent,
    group,
    key_name,
    limit,
    milliseconds,
    names,
    optional_flag,
    optional_text,
    plain_integer,
    records,
    switch,
    text,
    trimmed_text,
    whole_number,
)
from koe.config.llm import LlmConfig, LlmProfile
from koe.config.reader import Item, Problem, Reader
from koe.config.sections import (
    ALL,
    AT_ONCE,
    AT_START,
    NEXT_RECORDING,
    ONLY_C,
    OURS,
    RECORDING_AFTER,
    RELOAD,
    RELOAD_OR_RECORDING,
    RELOAD_OR_START,
    Section,
)
from koe.errors import ConfigError
from koe.yamltext.tree import Mapping, Node, Scalar, Sequence

__all__ = [
    "UNREADABLE",
    "AsrConfig",
    "AudioConfig",
    "ClipboardConfig",
    "Config",
    "DictionaryConfig",
    "ExperimentalConfig",
    "FeedbackConfig",
    "HistoryConfig",
    "HotkeyConfig",
    "LinuxConfig",
    "LlmConfig",
    "LlmProfile",
    "Mapping",
    "MoonshineConfig",
    "Node",
    "OverlayConfig",
    "PasteConfig",
    "Problem",
    "PromptTemplate",
    "Scalar",
    "Sequence",
    "TextConfig",
    "read_config",
]  # fmt: skip


class FeedbackConfig(Section, generations=ALL, effect=RECORDING_AFTER):
    """Cues that the shell plays.

    None means that the file does not set it. The default depends on the shell then (spec abi §2.5).
    """

    start_sound: bool | None = optional_flag("true in A and B, false in C")
    stop_sound: bool | None = optional_flag("true in A and B, false in C")
    error_sound: bool | None = optional_flag("true in A and B, false in C")
    mute_system_output: bool | None = optional_flag(
        "false", generations=ONLY_C, effect=NEXT_RECORDING
    )


class ClipboardConfig(Section):
    """The time after a paste at which the former content of the clipboard is restored.

    The attribute has the unit of the file, milliseconds, because shells receive it in this unit.
    """

    restore_delay_ms: int = plain_integer(1500, low=0, high=60_000)


class HotkeyConfig(Section, generations=ALL, effect=RELOAD_OR_START):
    """The key that starts and stops a recording.

    Names are as the user wrote them; `koe.config.hotkeys` resolves them.

    Attributes:
        profile_key: A second key, which does the same, but has the text corrected by another
            profile; empty: there is none. Only `koe serve` listens to it.
        profile: The ID of that profile, one of `llm.profiles`.
        auto_stop: Seconds without speech after which a recording ends by itself if no key is held
            for it; 0: it never does. Only `koe serve` uses this setting.
    """

    trigger_key: str = key_name("fn")
    trigger_mode: str = choice("hold", "toggle", "double_tap", generations=ONLY_C)
    cancel_key: str = key_name("left_option", generations="B")
    profile_key: str = key_name("", generations=OURS, effect=AT_START)
    profile: str = text("", generations=OURS, effect=NEXT_RECORDING)
    auto_stop: float = milliseconds(0, generations=OURS, effect=NEXT_RECORDING)


class DictionaryConfig(Section, generations=ALL):
    """The file with names and terms; absolute, or relative to the configuration directory."""

    path: str = text("dictionary.txt")


class OverlayConfig(Section, effect=RELOAD):
    """The text on the screen while recording.

    Shells read these settings themselves, from the file (spec config §13.3).

    Attributes:
        font_family: ``system``: the font of the system.
        font_size: Points.
        bottom_margin: Points between the text and the lower edge.
    """

    font_family: str = trimmed_text("system")
    font_size: float = clamped_number(13, low=12, high=28)
    bottom_margin: float = clamped_number(10, low=0, high=180)
    limit_visible_lines: bool = switch(True)
    max_visible_lines: int = clamped_count(3, low=3, high=5)


class PasteConfig(Section, effect=AT_ONCE):
    """The action after a paste."""

    auto_return: bool = switch(False)


class ExperimentalConfig(Section, effect=AT_ONCE):
    """Experimental settings."""

    paste_asr_first: bool = switch(False)


class PromptTemplate(Section, effect=RELOAD_OR_RECORDING):
    """Ways to rewrite a dictated text: a list with a group of these settings for each.

    Attributes:
        shortcut: Digit that the shell shows. Any byte is read, 1 to 9 can be saved (spec abi §7.3).
        system_prompt: The instruction; None or blank: the instruction in the file.
        system_prompt_path: Absolute or relative to the configuration directory.
    """

    name: str = text("", is_required=True)
    enabled: bool = consent(True)
    shortcut: int = whole_number(0, high=255, is_required=True)
    system_prompt: str | None = optional_text()
    system_prompt_path: str | None = optional_text()


_TRANSLATE = PromptTemplate(
    name="翻译英文",
    shortcut=1,
    system_prompt="把用户口述的内容译成自然流畅的英文。不增不减，不作解释，只给出译文。",
)


CLEANUP_RULES = (
    "spacing",
    "punctuation",
    "fillers",
    "numbers",
    "spoken_punctuation",
    "width",
)
"""The rules of `koe.finishing`."""


class TextConfig(Section, generations=OURS):
    """The processing of a recognised text without a model: docs/text.md.

    Attributes:
        cleanup: The rules that clean up the text. `no` in the place of the list means none.
    """

    cleanup: tuple[str, ...] = names(("spacing", "punctuation"), CLEANUP_RULES, "rule")


class HistoryConfig(Section, generations=OURS):
    """What is kept of sessions, and for how long. `no` instead of the section keeps nothing.

    Limits remove the oldest entries first, and never pinned ones; None is no limit.

    Attributes:
        audio: Whether recordings are kept of ``all`` sessions, of those that ``failed`` (no text or
            not all of it, cancelled, interrupted), or of none (``nothing``).
        audio_days: How long recordings are kept.
        text: Whether the texts of all sessions are kept. A recording always keeps its text.
        text_days: How long texts are kept, and the entries that have them.
        cancelled_hours: How long recordings of cancelled sessions are kept.
        max_mb: The most space for all recordings, in millions of bytes.
    """

    audio: str = choice("failed", "all", "nothing", refusal="nothing")
    audio_days: int | None = limit(7)
    text: bool = switch(False)
    text_days: int | None = limit(30)
    cancelled_hours: int | None = limit(24)
    max_mb: int | None = limit(500)


class AudioConfig(Section, generations=OURS, effect=AT_START):
    """The microphone of `koe serve`.

    Attributes:
        preroll: Seconds of audio from before the key press that the recording includes. Above 0,
            the microphone is always on, and this much audio is kept in memory. 0: the microphone
            is off until the key is pressed.
    """

    preroll: float = milliseconds(0, high=2000)


class LinuxConfig(Section, generations=OURS, effect=NEXT_RECORDING):
    """`koe serve` on a Linux desktop.

    Attributes:
        insert: ``auto`` uses the safest way that the window supports, ``at-spi`` only fields that
            can be read back, ``paste`` only the paste keys, and ``clipboard`` leaves the text on
            the clipboard. See docs/linux.md.
        notifications: Whether a notification shows what is heard.
        evdev: Whether the hotkeys are read from the kernel on Wayland. The user must be in the
            group `input`. See docs/linux.md.
    """

    insert: str = choice("auto", "at-spi", "paste", "clipboard")
    notifications: bool = switch(True)
    evdev: bool = switch(False, effect=AT_START)


class Config(Section):
    """The whole configuration; without arguments it is that of an empty file."""

    asr: AsrConfig = group(AsrConfig())
    llm: LlmConfig = group(LlmConfig(), unreadable=LlmConfig(enabled=False))
    feedback: FeedbackConfig = group(FeedbackConfig())
    dictionary: DictionaryConfig = group(DictionaryConfig())
    text: TextConfig = group(TextConfig())
    clipboard: ClipboardConfig = group(ClipboardConfig())
    hotkey: HotkeyConfig = group(HotkeyConfig())
    overlay: OverlayConfig = group(OverlayConfig())
    paste: PasteConfig = group(PasteConfig())
    experimental: ExperimentalConfig = group(ExperimentalConfig())
    history: HistoryConfig = group(HistoryConfig(), refused=HistoryConfig(audio="nothing"))
    audio: AudioConfig = group(AudioConfig())
    linux: LinuxConfig = group(LinuxConfig())
    prompt_templates: tuple[PromptTemplate, ...] = records((_TRANSLATE,), of=PromptTemplate())


UNREADABLE = Config(
    llm=LlmConfig(enabled=False),
    history=HistoryConfig(audio_days=None, text_days=None, cancelled_hours=None, max_mb=None),
)
"""The configuration while the file can't be read (spec abi §6.2).

Nothing is sent to a model then, and nothing is removed from the history.
"""


_NO_SETTINGS = "expected settings such as 'asr:' at the start of a line; correct the file"


def read_config(root: Node | None, path: str) -> tuple[Config, tuple[Problem, ...]]:
    """Read the settings from the tree of a file.

    Args:
        root: The tree; None for a file that is empty or has only comments.
        path: The file, for messages.

    Returns:
        The configuration, and the problems in reading order.

    Raises:
        ConfigError: The top level of the file is not a mapping.
    """
    if root is None or (isinstance(root, Scalar) and root.is_plain and not root.written):
        return Config(), ()
    if not isinstance(root, Mapping):
        from koe.yamltext.slips import slip_in_group  # imported only after a mistake

        slip = slip_in_group(root, root.line)
        reason = f"{slip}, and save the file" if slip else _NO_SETTINGS
        raise ConfigError(path, f"line {root.line}: {reason}")
    reader = Reader(path)
    config = reader.read_section(Item("", root.line, root), Config())
    return config, tuple(reader.problems)
