"""Why a request is refused: reason ids and the sentence that each shows to a person."""

from __future__ import annotations

import locales

# The texts are gettext message ids; `locales` holds the Chinese.
REASONS: dict[str, str] = {
    "raw-file": "Files are not served as they are. Ask for a release to take results out.",
    "download": "Downloads are closed. Ask for a release to take results out.",
    "conversion": "Notebooks are not converted on a desk. Ask for a release to take results out.",
    "base64": "Files are shown as text only; encoded contents are closed.",
    "upload": "Uploads are closed. Ask for an import to bring a file in.",
    "chunked": "Uploads in parts are closed. Ask for an import to bring a file in.",
    "too-large": "This is larger than a browser may save here. Ask for an import to bring a file in.",
    "operations": "This part of the server is for its operators.",
    "extensions": "Extensions are fixed by the desk's image.",
    "external": "A desk reaches nothing outside.",
    "unused": "This part of the server is not used on a desk.",
    "method": "This kind of request is not allowed here.",
    "method-override": "Requests that rename their method are refused.",
    "path": "The path of this request is not plain.",
    "body": "The body of this request is not what this address takes.",
    "typed": "More text came in than a person types in a day. Ask for an import to bring a file in.",
    "budget": "The display budget is spent: outputs are withheld. Ask for a release instead.",
    "records-full": (
        "This desk's records are full, because the portal does not answer. Tell an administrator."
    ),
    "application": "A desk opens its named applications only: no port, no other address.",
    "unnamed": "This address is not part of the desk.",
}


def sentence(reason: str, language: str) -> str:
    """The sentence for ``reason`` in ``language`` ('en' or 'zh_CN')."""
    return locales.text(language, REASONS[reason])
