"""User-facing texts in English and Chinese: one catalogue, one way to choose.

English texts stand in the code as gettext message ids; ``zh_CN.po`` beside this file holds the
Chinese. The catalogue is read when first used, so that no compiled file can go stale.
"""

from __future__ import annotations

from functools import cache
from gettext import NullTranslations
from io import BytesIO
from pathlib import Path

from babel.core import negotiate_locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations

LANGUAGES = ("en", "zh_CN")


@cache
def translations(language: str) -> NullTranslations:
    """The catalogue of ``language`` ('en' or 'zh_CN'); anything else is English."""
    catalogue = Path(__file__).with_name(f"{language}.po")
    if language not in LANGUAGES or not catalogue.exists():
        return NullTranslations()
    compiled = BytesIO()
    with catalogue.open("rb") as po:
        write_mo(compiled, read_po(po, locale=language))
    compiled.seek(0)
    return Translations(compiled)


def choose(accept_language: str | None) -> str:
    """The supported language that an ``Accept-Language`` header prefers (RFC 9110, 12.5.4)."""
    weighted = []
    for position, part in enumerate((accept_language or "").split(",")[:32]):
        tag, _, parameters = part.strip().partition(";")
        name, _, value = parameters.strip().partition("=")
        try:
            quality = float(value) if name.strip() == "q" else 1.0
        except ValueError:
            quality = 0.0
        if tag and quality > 0:
            weighted.append((-quality, position, tag.strip()))
    preferred = [tag for _, _, tag in sorted(weighted)]
    # Every kind of Chinese reads the simplified catalogue rather than English.
    preferred = ["zh_CN" if tag.lower().split("-")[0] == "zh" else tag for tag in preferred]
    return negotiate_locale(preferred, LANGUAGES, sep="-") or "en"


def text(language: str, message: str, **values: object) -> str:
    """``message`` in ``language``, with ``{name}`` places filled from ``values``."""
    translated = translations(language).gettext(message)
    return translated.format(**values) if values else translated
