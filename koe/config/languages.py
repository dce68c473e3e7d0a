"""The languages for recognition: those of Whisper, by their codes. Pure."""

from __future__ import annotations

import re

AUTO = "auto"
"""The setting for detection by the model."""

CODES = frozenset((
    "af", "am", "ar", "as", "az", "ba", "be", "bg", "bn", "bo", "br", "bs", "ca", "cs", "cy",
    "da", "de", "el", "en", "es", "et", "eu", "fa", "fi", "fo", "fr", "gl", "gu", "ha", "haw",
    "he", "hi", "hr", "ht", "hu", "hy", "id", "is", "it", "ja", "jw", "ka", "kk", "km", "kn",
    "ko", "la", "lb", "ln", "lo", "lt", "lv", "mg", "mi", "mk", "ml", "mn", "mr", "ms", "mt",
    "my", "ne", "nl", "nn", "no", "oc", "pa", "pl", "ps", "pt", "ro", "ru", "sa", "sd", "si",
    "sk", "sl", "sn", "so", "sq", "sr", "su", "sv", "sw", "ta", "te", "tg", "th", "tk", "tl",
    "tr", "tt", "uk", "ur", "uz", "vi", "yi", "yo", "yue", "zh",
))  # fmt: skip
"""The codes of Whisper's list; only its third generation knows ``yue``."""

# Other names of some languages.
_OTHER_CODES = {"cmn": "zh", "fil": "tl", "iw": "he", "jv": "jw", "nb": "no"}

_REGION = re.compile(r"[-_].*")


def code_of(text: str) -> str | None:
    """Read the code of a language, also with a region or a script: ``zh-CN`` is ``zh``.

    Returns:
        `AUTO`, or one of `CODES`; None for an unknown language.
    """
    code = _REGION.sub("", text.strip().lower())
    code = _OTHER_CODES.get(code, code)
    return code if code == AUTO or code in CODES else None
