"""Written doubts: texts that load as they stand, and hardly were meant to: warnings."""

import re
from collections.abc import Collection, Iterator, Mapping

from bridge.config.document import Document, Path, is_mapped
from bridge.errors import Problem

_DOLLAR_NAME = re.compile(r"\$([A-Z_][A-Z0-9_]*)")
_CURLY = ("“", "”", "„", "‘", "’")  # as a word processor writes them


def hardly_meant(document: Document, environment: Mapping[str, str], *, secret: Collection[Path]) -> list[Problem]:
    """Warnings, in no order. Quotes no secret."""
    return [*_forgotten_braces(document, environment, secret), *_curly_quotes(document)]


def _forgotten_braces(
    document: Document, environment: Mapping[str, str], secret: Collection[Path]
) -> Iterator[Problem]:
    """Secrets that are the name of a variable themselves."""
    message = "this is the secret itself, not the variable of this name"
    for path, text in document.written.items():
        if path in secret and (found := _DOLLAR_NAME.fullmatch(text)):
            name = found[1] if found[1] in environment else "…"
            yield document.problem(message, path=path, hint=f"did you mean ${{{name}}}?")


def _curly_quotes(document: Document) -> Iterator[Problem]:
    """Texts that begin with a quotation mark which is none to YAML."""
    for path, text in document.written.items():
        if text.startswith(_CURLY) and not is_mapped(path):
            message = f"{text[0]} is no quotation mark here, but a part of the text"
            yield document.problem(message, path=path, hint='write straight ones: "')
