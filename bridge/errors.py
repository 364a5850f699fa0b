"""The error tree: one class for each different handling.

BridgeError
├── ConfigError      the configuration is wrong; carries every problem found, each with its place
├── BadSignature     a request that is not (provably, in time) from the source; the reason goes to the log only
├── BadPayload       a signed body, or one element of it, that cannot be read; carries the path in it
├── MappingError     an event that cannot be mapped onto a target's record; carries the field
├── StoreError       the database did not take what it was given; nothing of it was kept
│   └── SchemaError  the database's schema is not the one this version needs
├── NoAnswer         a request to a target that brought none, for one of these reasons:
│   ├── CallFailed   it failed on its way; says whether it may have been processed
│   └── CallEnded    there is no access token for it; carries the outcome of the attempt
├── NotBegun         the bridge itself did not let an attempt's first request out: nothing was sent
├── UnknownConnector a connector name that no installed package provides, or that cannot be loaded
└── UnknownPlugin    the same of a source's plugin
"""

from dataclasses import dataclass
from typing import Any


class BridgeError(Exception):
    """What the bridge knows to name; its text tells an operator what to do next."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake in the configuration: where it stands, what is wrong and what was probably meant."""

    message: str
    path: str = ""  # such as targets.sales.settings.url
    file: str = ""
    line: int = 0  # counted from 1; 0 where no line can be named
    column: int = 0
    hint: str = ""
    excerpt: str = ""  # the source line, for the caret

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        text = ": ".join(part for part in (place, self.path, self.message) if part)
        if self.hint:
            text += f" ({self.hint})"
        if self.excerpt:
            text += f"\n    {self.excerpt}\n    {' ' * max(self.column - 1, 0)}^"
        return text


class ConfigError(BridgeError):
    """The configuration cannot be used; `problems` lists all that was found, in order of line."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = sorted(problems, key=lambda p: (p.file, p.line, p.column, p.path))
        super().__init__("\n".join(str(problem) for problem in self.problems))


class BadSignature(BridgeError):
    """The request is not accepted as the source's; `reason` is a short word for counters and logs."""

    def __init__(self, reason: str, *, authentic: bool = False) -> None:
        self.reason = reason
        self.authentic = authentic  # signed with a live key, but outside the time window
        super().__init__(reason)


class BadPayload(BridgeError):
    """The body, or the element at `path` of it, cannot be read as an event."""

    def __init__(self, path: str, reason: str) -> None:
        self.path = path
        self.reason = reason
        super().__init__(f"{path}: {reason}" if path else reason)


class MappingError(BridgeError):
    """The event cannot be mapped: names the field and says why, never the value."""

    def __init__(self, field: str, reason: str) -> None:
        self.field = field
        self.reason = reason
        super().__init__(f"{field}: {reason}")


class StoreError(BridgeError):
    """The database did not take the data; nothing of it was kept. `advice`: what to look at, for who sits before it."""

    def __init__(self, message: str, *, advice: str = "") -> None:
        self.advice = advice
        super().__init__(message)


class SchemaError(StoreError):
    """The database's schema is missing or of another version; the text names the command that mends it."""


class NoAnswer(BridgeError):
    """A request to a target brought no answer: see `bridge.connector.came_to`."""


class CallFailed(NoAnswer):
    """No answer came. `reason` is for operators: no query, header, body or secret is in it.

    `uncertain`: the request may have reached the target, and may have been processed.
    """

    def __init__(self, reason: str, *, uncertain: bool = False) -> None:
        self.reason = reason
        self.uncertain = uncertain
        super().__init__(reason)


class CallEnded(NoAnswer):
    """The attempt is over, with the outcome that stands for it (a `Hold` or `Retry`)."""

    def __init__(self, outcome: Any) -> None:
        self.outcome = outcome
        super().__init__(outcome.reason)


class NotBegun(BridgeError):
    """It was not the attempt's turn in time, and nothing of it was sent."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class UnknownConnector(BridgeError):
    """No installed package provides a connector of this name, or the one that does cannot be loaded."""


class UnknownPlugin(BridgeError):
    """No installed package provides a source's plugin of this name, or the one that does cannot be loaded."""
