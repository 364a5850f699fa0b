"""Pieces: a text as what is sent as it stands, and the expressions between `{{` and `}}`."""

import re
from typing import NamedTuple

from bridge.core.expression.faults import Faulty

_END = re.compile(r"""(?:[^"'}]|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|\}(?!\}))*\}\}""", re.DOTALL)


class Piece(NamedTuple):
    """A part of a text; `at` counts the characters before it."""

    text: str  # of an expression, without its braces
    at: int
    is_expression: bool


def has_placeholder(text: str) -> bool:
    """Whether it is more than a constant."""
    return "{{" in text


def pieces_of(text: str) -> list[Piece]:
    """The text's pieces, in order; raises Faulty."""
    found: list[Piece] = []
    done = 0
    while (start := text.find("{{", done)) >= 0:
        end = _END.match(text, start + 2)
        if end is None:
            raise Faulty("this {{ is never closed, or a quote in it", "write {{ name }}", start)
        if start > done:
            found.append(Piece(text[done:start], done, is_expression=False))
        inner = text[start + 2 : end.end() - 2]
        if inner.startswith(("-", "+")) or inner.endswith(("-", "+")):
            raise Faulty("white space is not trimmed by a - at the braces", "write {{ name }}", start + 2)
        if not inner.strip():
            raise Faulty("nothing stands between the braces", "write {{ name }}", start)
        found.append(Piece(inner, start + 2, is_expression=True))
        done = end.end()
    if done < len(text):
        found.append(Piece(text[done:], done, is_expression=False))
    for piece in found:
        if not piece.is_expression and (block := piece.text.find("{%")) >= 0:
            raise Faulty("there are no statements ({% … %}) here", "write {{ a if b else c }}", piece.at + block)
    return found


def lone(pieces: list[Piece]) -> Piece | None:
    """The one expression, where nothing but white space stands around it."""
    said = [piece for piece in pieces if piece.is_expression or piece.text.strip()]
    return said[0] if len(said) == 1 and said[0].is_expression else None
