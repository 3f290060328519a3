"""The one error that people see: a line that names the thing and the fix, in their language."""

from __future__ import annotations


class Refusal(Exception):
    """Something asked for is refused. ``message`` is a gettext id whose ``{places}`` ``values`` fill."""

    def __init__(self, message: str, **values: object) -> None:
        super().__init__(message)
        self.message = message
        self.values = values

    def __str__(self) -> str:
        return self.message.format(**self.values) if self.values else self.message

    def text(self, language: str) -> str:
        """The line in ``language`` ('en' or 'zh_CN')."""
        # Imported here: the Docker gate imports this module and has the standard library only.
        from locales import text  # noqa: PLC0415

        return text(language, self.message, **self.values)
