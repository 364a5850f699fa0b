"""Faults: what is wrong with an expression, and where in its text."""

from typing import NamedTuple


class Fault(NamedTuple):
    """One mistake; `at` counts the characters of the text before it."""

    message: str
    hint: str = ""
    at: int = 0


class Faulty(Exception):
    """Ends the reading of a text at its first fault, where nothing after it can be told."""

    def __init__(self, message: str, hint: str = "", at: int = 0) -> None:
        self.fault = Fault(message, hint, at)
        super().__init__(message)
