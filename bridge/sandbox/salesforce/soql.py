"""SOQL, as far as clients of people and activities speak it: from a text to a `Query`. Knows no objects and no records.

Source: https://developer.salesforce.com/docs/atlas.en-us.soql_sosl.meta/soql_sosl (Winter '27).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

from bridge.sandbox.salesforce.errors import refused_request

_TOKEN = re.compile(
    r"""(?P<space>\s+)
    |(?P<text>'(?:[^'\\]|\\.)*')
    |(?P<moment>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d))
    |(?P<day>\d{4}-\d\d-\d\d(?![\dT]))
    |(?P<number>[+-]?\d+(?:\.\d+)?(?![\w.]))
    |(?P<word>[A-Za-z]\w*(?:\.[A-Za-z]\w*)*(?::\d+)?)
    |(?P<sign><=|>=|!=|<>|[=<>(),])""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", '"': '"', "'": "'", "\\": "\\"}
_MOST_DEEP = 50


@dataclass(frozen=True, slots=True)
class Literal:
    """A value as it was written. `type`: text, number, moment, day, or word (true, null, TODAY, LAST_N_DAYS:3)."""

    type: str
    text: str  # of a text without its quotes, escapes still in it


@dataclass(frozen=True, slots=True)
class Comparison:
    """A field against one value, or against several with IN."""

    field: str
    operator: str  # =, !=, <, <=, >, >=, LIKE, IN, NOT IN
    values: Sequence[Literal]


@dataclass(frozen=True, slots=True)
class Junction:
    """Several conditions; `word` is AND, OR or, with a single one, NOT."""

    word: str
    parts: Sequence["Condition"]


Condition = Comparison | Junction


@dataclass(frozen=True, slots=True)
class Order:
    """One part of ORDER BY."""

    field: str
    descending: bool = False
    nulls_last: bool = False


@dataclass(frozen=True, slots=True)
class Query:
    """A query. `fields` are names, with dots where they lead through a relationship; COUNT() has none."""

    fields: Sequence[str]
    kind: str
    where: Condition | None = None
    order: Sequence[Order] = ()
    limit: int | None = None
    offset: int = 0
    count: bool = False


def parse(text: str) -> Query:
    """The query that this text is. `Refused` with MALFORMED_QUERY for all that is none."""
    return _Parser(text).query()


def unescaped(text: str, *, like: bool = False) -> str:
    r"""A quoted text without its escapes; for LIKE, `\%` and `\_` stay as they are, and so does `\\`."""

    def meaning(found: re.Match[str]) -> str:
        if like and found[1] in "%_\\":
            return found[0]
        if found[1] not in _ESCAPES:
            raise refused_request("MALFORMED_QUERY", f"line 1:1 no viable alternative at character '\\{found[1]}'")
        return _ESCAPES[found[1]]

    return re.sub(r"\\(.)", meaning, text, flags=re.DOTALL)


class _Parser:
    def __init__(self, text: str) -> None:
        self._tokens: list[tuple[str, str, int]] = []
        at = 0
        while at < len(text):
            found = _TOKEN.match(text, at)
            if not found:
                raise refused_request("MALFORMED_QUERY", f"line 1:{at} no viable alternative at character '{text[at]}'")
            if found.lastgroup and found.lastgroup != "space":
                self._tokens.append((found.lastgroup, found[0], at))
            at = found.end()
        self._at = 0

    def query(self) -> Query:
        self._word("SELECT")
        fields, count = self._selected()
        self._word("FROM")
        kind = self._name()
        where = self._condition(0) if self._skip("WHERE") else None
        order: list[Order] = []
        if self._skip("ORDER"):
            self._word("BY")
            order = [self._order()]
            while self._skip(","):
                order.append(self._order())
        limit = self._whole() if self._skip("LIMIT") else None
        offset = self._whole() if self._skip("OFFSET") else 0
        if self._skip("FOR"):  # FOR VIEW, FOR REFERENCE, FOR UPDATE
            self._name()
        if self._at < len(self._tokens):
            self._fail()
        return Query(fields, kind, where, order, limit, offset, count)

    def _selected(self) -> tuple[list[str], bool]:
        if self._peek().upper() == "COUNT" and self._peek(1) == "(" and self._peek(2) == ")":
            self._at += 3
            return [], True
        fields = [self._field()]
        while self._skip(","):
            fields.append(self._field())
        return fields, False

    def _field(self) -> str:
        name = self._name()
        if name.upper() in ("FIELDS", "COUNT") and self._skip("("):
            name = f"{name.upper()}({self._name()})"
            self._word(")")
        return name

    def _condition(self, depth: int) -> Condition:
        if depth > _MOST_DEEP:
            self._fail()
        first = self._one(depth)
        word = self._peek().upper()
        if word not in ("AND", "OR"):
            return first
        parts = [first]
        while self._skip(word):
            parts.append(self._one(depth))
        if self._peek().upper() in ("AND", "OR"):  # without parentheses, they may not be mixed
            self._fail()
        return Junction(word, parts)

    def _one(self, depth: int) -> Condition:
        if depth > _MOST_DEEP:
            self._fail()
        if self._skip("NOT"):
            return Junction("NOT", [self._one(depth + 1)])
        if self._skip("("):
            inner = self._condition(depth + 1)
            self._word(")")
            return inner
        return self._comparison()

    def _comparison(self) -> Comparison:
        field, operator = self._name(), self._peek().upper()
        self._at += 1
        if operator == "NOT" and self._skip("IN"):
            operator = "NOT IN"
        if operator in ("IN", "NOT IN"):
            self._word("(")
            values = [self._literal()]
            while self._skip(","):
                values.append(self._literal())
            self._word(")")
            return Comparison(field, operator, values)
        if operator not in ("=", "!=", "<>", "<", "<=", ">", ">=", "LIKE"):
            self._at -= 1
            self._fail()
        return Comparison(field, "!=" if operator == "<>" else operator, [self._literal()])

    def _literal(self) -> Literal:
        if self._at >= len(self._tokens) or self._tokens[self._at][0] == "sign":
            self._fail()
        kind, text, _ = self._tokens[self._at]
        self._at += 1
        return Literal(kind, text[1:-1] if kind == "text" else text)

    def _order(self) -> Order:
        field = self._name()
        descending = self._skip("DESC")
        if not descending:
            self._skip("ASC")
        last = False
        if self._skip("NULLS"):
            last = self._skip("LAST")
            if not last:
                self._word("FIRST")
        return Order(field, descending, last)

    def _peek(self, ahead: int = 0) -> str:
        at = self._at + ahead
        return self._tokens[at][1] if at < len(self._tokens) else ""

    def _skip(self, word: str) -> bool:
        if self._peek().upper() != word:
            return False
        self._at += 1
        return True

    def _word(self, word: str) -> None:
        if not self._skip(word):
            self._fail()

    def _name(self) -> str:
        if self._at >= len(self._tokens) or self._tokens[self._at][0] != "word" or ":" in self._peek():
            self._fail()
        self._at += 1
        return self._tokens[self._at - 1][1]

    def _whole(self) -> int:
        if not self._peek().isdigit() or len(self._peek()) > 9:
            self._fail()
        self._at += 1
        return int(self._tokens[self._at - 1][1])

    def _fail(self) -> NoReturn:
        if self._at >= len(self._tokens):
            raise refused_request("MALFORMED_QUERY", "unexpected token: '<EOF>'")
        raise refused_request("MALFORMED_QUERY", f"unexpected token: '{self._tokens[self._at][1]}'")
