"""Names and codes of languages, and the language of the system."""

from __future__ import annotations

import ctypes
import locale
import re
import sys
from collections.abc import Mapping

from koe.errors import InputError

_NAMES = """\
af Afrikaans, am Amharic, ar Arabic, as Assamese, az Azerbaijani, ba Bashkir, be Belarusian,
bg Bulgarian, bn Bengali, bo Tibetan, br Breton, bs Bosnian, ca Catalan, cs Czech, cy Welsh,
da Danish, de German, el Greek, en English, es Spanish, et Estonian, eu Basque, fa Persian,
fi Finnish, fil Filipino, fo Faroese, fr French, gl Galician, gu Gujarati, ha Hausa, haw Hawaiian,
he Hebrew, hi Hindi, hr Croatian, ht Haitian Creole, hu Hungarian, hy Armenian, id Indonesian,
is Icelandic, it Italian, ja Japanese, jw Javanese, ka Georgian, kk Kazakh, km Khmer, kn Kannada,
ko Korean, la Latin, lb Luxembourgish, ln Lingala, lo Lao, lt Lithuanian, lv Latvian, mg Malagasy,
mi Maori, mk Macedonian, ml Malayalam, mn Mongolian, mr Marathi, ms Malay, mt Maltese, my Burmese,
ne Nepali, nl Dutch, nn Nynorsk, no Norwegian, oc Occitan, pa Punjabi, pl Polish, ps Pashto,
pt Portuguese, ro Romanian, ru Russian, sa Sanskrit, sd Sindhi, si Sinhala, sk Slovak,
sl Slovenian, sn Shona, so Somali, sq Albanian, sr Serbian, su Sundanese, sv Swedish, sw Swahili,
ta Tamil, te Telugu, tg Tajik, th Thai, tk Turkmen, tl Tagalog, tr Turkish, tt Tatar,
uk Ukrainian, ur Urdu, uz Uzbek, vi Vietnamese, yi Yiddish, yo Yoruba, yue Cantonese, zh Chinese"""

NAMES = dict(entry.split(maxsplit=1) for entry in _NAMES.replace("\n", " ").split(", "))
"""The English names of the languages of all engines, by code (ISO 639; Javanese is ``jw``)."""

# Other names and codes of some languages.
_ALIASES = {
    "mandarin": "zh", "cmn": "zh", "中文": "zh", "汉语": "zh", "漢語": "zh", "普通话": "zh",
    "英语": "en", "英文": "en", "粤语": "yue", "粵語": "yue", "广东话": "yue", "廣東話": "yue",
    "日语": "ja", "日本語": "ja", "韩语": "ko", "한국어": "ko", "deutsch": "de",
    "français": "fr", "español": "es", "italiano": "it", "português": "pt", "русский": "ru",
    "українська": "uk", "nb": "no", "iw": "he", "in": "id", "jv": "jw", "farsi": "fa",
}  # fmt: skip

_SEPARATORS = re.compile("[,;/，、；]+")


def read_languages(text: str) -> tuple[str, ...]:
    """Read the languages that a user speaks, separated by commas.

    Args:
        text: Codes, tags such as ``zh-CN``, and names.

    Returns:
        The codes, in the order given and without duplicates; empty if the text is empty.

    Raises:
        InputError: A word is not a known language.
    """
    words = [word.strip() for word in _SEPARATORS.split(text)]
    if len(words) == 1 and _code(words[0]) is None:
        words = words[0].split()  # separated by spaces only
    codes: dict[str, None] = {}
    for word in filter(None, words):
        code = _code(word)
        if code is None:
            raise InputError(
                f"{word!r} is not a language that koe knows; write codes or English names, "
                "such as: en, zh, Japanese"
            )
        codes[code] = None
    return tuple(codes)


def language_names(languages: tuple[str, ...]) -> str:
    """List the English names of languages, for a sentence."""
    names = [NAMES[code] for code in languages]
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def system_language(environ: Mapping[str, str]) -> str | None:
    """The code of the language in which the system addresses this user; None if unknown."""
    if sys.platform == "win32":
        number = ctypes.windll.kernel32.GetUserDefaultUILanguage()
        name = locale.windows_locale.get(number, "")
    else:
        # In the order of the C library (setlocale(3)).
        names = map(environ.get, ("LC_ALL", "LC_MESSAGES", "LANG"))
        name = next(filter(None, names), None) or ""
    return _code(name.partition(".")[0].partition("@")[0])


def _code(word: str) -> str | None:
    """The code of a language; None if the word is not a known language."""
    folded = word.casefold()
    primary = re.split("[-_]", folded)[0]
    by_name = {name.casefold(): code for code, name in NAMES.items()}
    for candidate in (folded, primary):
        if candidate in NAMES:
            return candidate
        if code := _ALIASES.get(candidate) or by_name.get(candidate):
            return code
    return None
