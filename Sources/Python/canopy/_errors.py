# SPDX-License-Identifier: GPL-3.0-or-later
"""What calls raise."""

from __future__ import annotations


class InputError(ValueError):
    """Events, a model or a plugin that cannot be used.

    Attributes
    ----------
    file : str or None
        The file that is wrong, if it is one.
    event : int or None
        The event that is wrong, counted from 0 in the array that was given.
    field : str or None
        The field of the particles, or the column of the events, that is wrong.
    """

    def __init__(
        self, message: str, *, file: str | None = None, event: int | None = None, field: str | None = None
    ) -> None:
        super().__init__(message)
        self.file = file
        self.event = event
        self.field = field

    def __reduce__(self) -> tuple[object, ...]:
        """Keep all parts when the error goes to another process."""
        return (_restored, (str(self), self.file, self.event, self.field))


def _restored(message: str, file: str | None, event: int | None, field: str | None) -> InputError:
    return InputError(message, file=file, event=event, field=field)
