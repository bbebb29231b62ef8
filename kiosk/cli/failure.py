"""How a verb says that it did not do what was asked: one sentence and an exit code."""

from enum import IntEnum


class Exit(IntEnum):
    """Exit codes, the same for every verb."""

    DONE = 0
    NO = 1
    """Nothing found, a check or a step failed."""
    WRONG_USE = 2
    """Wrong use or unreadable input."""
    STORE = 3
    """The store is held or damaged."""
    OUTSIDE = 4
    """A provider or a printer refused or cannot be reached."""


class Failure(Exception):  # noqa: N818  an outcome, not a defect
    """The verb ends here. The message is one sentence for stderr."""

    def __init__(self, code: Exit, sentence: str) -> None:
        super().__init__(sentence)
        self.code = int(code)
