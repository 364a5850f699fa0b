"""Possible: what an expression may come to, as far as its text alone tells."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from jinja2 import nodes

from bridge.core.expression.names import item


class Possible(NamedTuple):
    """One of them: a constant, or one of the values of a lookup, or what a var comes to."""

    value: Any = None
    table: str = ""
    variable: str = ""


def possible_in(tree: Any) -> Iterator[Possible]:
    """Those that can be told, of a tree that was found allowed; there may be others besides."""
    if isinstance(tree, nodes.Const):
        yield Possible(tree.value)
    elif isinstance(tree, nodes.CondExpr):
        yield from possible_in(tree.expr1)
        yield from possible_in(tree.expr2)
    elif isinstance(tree, nodes.Getattr | nodes.Getitem):
        if isinstance(tree.node, nodes.Name) and tree.node.name == "vars":
            yield Possible(variable=str(tree.attr if isinstance(tree, nodes.Getattr) else _constant(tree.arg)))
    elif isinstance(tree, nodes.Filter):
        given: dict[str, Any] = {str(pair.key): pair.value for pair in tree.kwargs}
        if tree.name == "lookup":
            yield Possible(table=str(_constant(item(tree.args, 0) or given.get("table"))))
            yield from possible_in(item(tree.args, 1) or given.get("default"))
        elif tree.name == "default":
            yield from possible_in(tree.node)
            yield from possible_in(item(tree.args, 0) or given.get("default_value"))


def values_of(
    possible: Iterable[Possible], *, lookups: Mapping[str, Mapping[str, Any]], variables: Mapping[str, Any]
) -> Iterator[Any]:
    """The values that all of these stand for; of a var, its constant or the values of its own possible ones."""
    for value, table, variable in possible:
        if variable:
            declared = variables.get(variable)
            inner = getattr(declared, "possible", None)
            yield from [declared] if inner is None else values_of(inner, lookups=lookups, variables=variables)
        elif table:
            yield from lookups.get(table, {}).values()
        else:
            yield value


def _constant(node: Any) -> Any:
    return node.value if isinstance(node, nodes.Const) else ""
