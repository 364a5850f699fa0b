"""Allowed: what of Jinja2's grammar an expression may use. Walks the parsed tree of one, finds every fault in it, and
gives the tree that is run: the same, but that `~` joins things as text, and a condition without `else` is null.
"""

import re
from collections.abc import Collection, Mapping
from math import isfinite
from typing import Any

from jinja2 import nodes

from bridge.core.expression.advice import for_call, for_filter, for_name
from bridge.core.expression.faults import Fault
from bridge.core.expression.kinds import misfit
from bridge.core.expression.names import GROUPS, NAMES, OF_A_RECORD
from bridge.core.filters import Filter, bound
from bridge.core.text import nearest

JOIN = "\0join"  # the filter that `~` stands for: no text can name it
MAX_DEPTH = 40
TESTS = ("none", "present", "string", "number", "boolean", "in")
NOT_CONSTANT = object()
ZONE = ("filters", "datetime")  # among what is asked: a time may be read in the source's zone

_OPERATORS = "+, -, *, /, %"
_NO_SUCH = {
    nodes.BinExpr: (f"there is no arithmetic ({_OPERATORS})", "~ joins texts; | add(hours=1) moves a time"),
    nodes.UnaryExpr: (f"there is no arithmetic ({_OPERATORS})", "a - can only stand before a number"),
    nodes.Dict: ("there are no mappings in an expression", "write the keys in YAML, each with its own value"),
    nodes.Slice: ("there are no slices", "| truncate(10, true, '') cuts a text"),
}


class Scope:
    """What an expression may name besides the event."""

    def __init__(
        self,
        filters: Mapping[str, Filter],
        lookups: Mapping[str, Mapping[str, Any]],
        variables: Collection[str] = (),
        records: Collection[str] = (),
        asked: set[tuple[str, str]] | None = None,
    ) -> None:
        self.filters = filters
        self.lookups = lookups
        self.variables = variables
        self.records = records
        self.asked = set() if asked is None else asked  # where it is noted what is named


class Walk:
    """One walk over one tree."""

    def __init__(self, source: str, scope: Scope) -> None:
        self.faults: list[Fault] = []
        self.records: set[str] = set()
        self._source = source
        self._scope = scope

    def tree(self, node: nodes.Node, depth: int = 0) -> Any:
        """The tree to run; what is not allowed is noted."""
        if depth > MAX_DEPTH:
            return self._refuse(f"this is nested deeper than {MAX_DEPTH} levels", "make a var of a part of it")
        if isinstance(node, nodes.Name | nodes.Getattr | nodes.Getitem):
            return self._name(node)
        if isinstance(node, nodes.Const):
            if isinstance(node.value, float) and not isfinite(node.value):
                self._refuse("this number is too large")
            return node
        if isinstance(node, nodes.Neg) and _is_number(node.node):
            return nodes.Const(-node.node.value)  # type: ignore[attr-defined]
        if isinstance(node, nodes.Filter):
            return self._filter(node, depth)
        if isinstance(node, nodes.Test):
            return self._test(node, depth)
        if isinstance(node, nodes.Concat):
            parts = [self.tree(part, depth + 1) for part in node.nodes]
            return nodes.Filter(nodes.List(parts), JOIN, [], [], None, None)
        if isinstance(node, nodes.CondExpr):
            other = self.tree(node.expr2, depth + 1) if node.expr2 else nodes.Const(None)
            return nodes.CondExpr(self.tree(node.test, depth + 1), self.tree(node.expr1, depth + 1), other)
        if isinstance(node, nodes.Compare):
            rest = [nodes.Operand(one.op, self.tree(one.expr, depth + 1)) for one in node.ops]
            return nodes.Compare(self.tree(node.expr, depth + 1), rest)
        if isinstance(node, nodes.And | nodes.Or):
            return type(node)(self.tree(node.left, depth + 1), self.tree(node.right, depth + 1))
        if isinstance(node, nodes.Not):
            return nodes.Not(self.tree(node.node, depth + 1))
        if isinstance(node, nodes.List | nodes.Tuple):
            return nodes.List([self.tree(part, depth + 1) for part in node.items])
        if isinstance(node, nodes.Call):
            name = getattr(node.node, "attr", None) or getattr(node.node, "name", "")
            return self._refuse("functions cannot be called", for_call(str(name), self._scope.filters))
        return self._refuse(*next((words for kind, words in _NO_SUCH.items() if isinstance(node, kind)), _ELSE))

    def _name(self, node: nodes.Node) -> Any:
        root, steps = _chain(node)
        if root is None:
            return self._refuse(
                f"only {', '.join(GROUPS)} have parts", "use a filter, such as | before('@') or | format('%H')"
            )
        if root == "vars":
            return self._variable(node, steps)
        if root == "records":
            return self._record(node, steps)
        if root not in NAMES:
            return self._refuse(f"an event has no '{root}'", for_name(root, self._scope.variables), root)
        if steps and root != "raw":
            hint = (
                "raw.… are the sender's own fields"
                if root == "event"
                else "use a filter, such as | before('@') or | format('%H')"
            )
            return self._refuse(f"'{root}' has no parts", hint, root)
        if any(step is NOT_CONSTANT for step in steps):
            return self._refuse("a part must be named, not computed", "write raw.Name or raw['Some name']", root)
        return node

    def _variable(self, node: nodes.Node, steps: list[Any]) -> Any:
        known = self._scope.variables
        if len(steps) != 1:
            return self._refuse("write one name after vars", "such as vars.start", "vars")
        (name,) = steps
        if name not in known:
            near = nearest(str(name), known)
            hint = f"did you mean vars.{near}?" if near else f"known here: {', '.join(known) or 'none'}"
            return self._refuse(f"there is no var '{name}' before this", hint, str(name))
        self._scope.asked.add(("vars", str(name)))
        return node

    def _record(self, node: nodes.Node, steps: list[Any]) -> Any:
        known = self._scope.records
        name = str(steps[0]) if steps else ""
        if name and name not in known:
            near = nearest(name, known)
            others = f"the earlier ones are {', '.join(known)}" if known else "this is the first"
            hint = f"did you mean {near}?" if near else others
            return self._refuse(f"there is no earlier record '{name}'", hint, name)
        if len(steps) != 2 or steps[1] not in OF_A_RECORD:
            hint = f"write records.{name or 'person'}.id or records.{name or 'person'}.url"
            return self._refuse("a record has an id and a url", hint, name or "records")
        self.records.add(name)
        return node

    def _filter(self, node: nodes.Filter, depth: int) -> Any:
        value = self.tree(node.node, depth + 1) if node.node else nodes.Const(None)
        given = [self._argument(arg, depth + 1) for arg in node.args]
        named = {str(pair.key): self._argument(pair.value, depth + 1) for pair in node.kwargs}
        if node.dyn_args or node.dyn_kwargs:
            return self._refuse("* and ** have no meaning here", "write the arguments out", node.name)
        known = self._scope.filters.get(node.name)
        if known is None:
            hint = for_filter(node.name, self._scope.filters)
            return self._refuse(f"there is no filter '{node.name}'", hint, node.name)
        try:
            told = bound(known, [said for _, said in given], {name: said for name, (_, said) in named.items()})
            if node.name == "lookup":
                table = told["table"]
                self._scope.asked.update(
                    ("lookups", one) for one in self._scope.lookups if table in (one, NOT_CONSTANT)
                )
            if node.name == "datetime" and told.get("tz") is None:
                self._scope.asked.add(ZONE)
            if known.check:
                constants = {name: told[name] for name in told if told[name] is not NOT_CONSTANT}
                known.check(constants, self._scope.lookups)
            if NOT_CONSTANT not in told.values() and (wrong_kind := misfit(known, node.node, told)):
                raise ValueError(wrong_kind)
        except ValueError as wrong:
            message, _, hint = str(wrong).partition(": ")
            self._refuse(message, hint, node.name)
        kwargs = [nodes.Keyword(name, arg) for name, (arg, _) in named.items()]
        return nodes.Filter(value, node.name, [arg for arg, _ in given], kwargs, None, None)

    def _argument(self, node: nodes.Node, depth: int) -> tuple[Any, Any]:
        """The tree to run, and what it is, where that can be told."""
        if isinstance(node, nodes.Name) and node.name not in (*NAMES, *GROUPS):
            hint = f"did you mean the text '{node.name}'? It needs quotes"
            return self._refuse(f"an event has no '{node.name}'", hint, node.name), NOT_CONSTANT
        before = len(self.faults)
        tree = self.tree(node, depth)
        return tree, _constant(tree) if len(self.faults) == before else NOT_CONSTANT

    def _test(self, node: nodes.Test, depth: int) -> Any:
        if node.name not in TESTS:
            near = nearest(node.name, TESTS)
            hint = f"did you mean {near}?" if near else f"there are: {', '.join(TESTS)}"
            return self._refuse(f"there is no test '{node.name}'", hint, node.name)
        args = [self.tree(arg, depth + 1) for arg in node.args]
        if node.kwargs or node.dyn_args or node.dyn_kwargs or len(args) != (node.name == "in"):
            return self._refuse(
                f"'is {node.name}' takes other arguments", "such as {{ 1 if email is present }}", node.name
            )
        return nodes.Test(self.tree(node.node, depth + 1), node.name, args, [], None, None)

    def _refuse(self, message: str, hint: str = "", word: str = "") -> nodes.Const:
        """Notes a fault, at the word if it can be found."""
        found = re.search(rf"(?<![\w'\"]){re.escape(word)}(?!\w)", self._source) if word else None
        self.faults.append(Fault(message, hint, found.start() if found else 0))
        return nodes.Const(None)


_ELSE = ("this is not possible in an expression", "docs/mapping.md shows what is")


def _chain(node: nodes.Node) -> tuple[str | None, list[Any]]:
    """The name at the root, and the steps from there; no name where it is something else."""
    steps: list[Any] = []
    while isinstance(node, nodes.Getattr | nodes.Getitem):
        steps.append(node.attr if isinstance(node, nodes.Getattr) else _step(node.arg))
        node = node.node
    return (node.name if isinstance(node, nodes.Name) else None), steps[::-1]


def _step(node: nodes.Node) -> Any:
    if isinstance(node, nodes.Neg) and _is_number(node.node):
        return -node.node.value  # type: ignore[attr-defined]
    return node.value if isinstance(node, nodes.Const) and type(node.value) in (str, int) else NOT_CONSTANT


def _constant(node: nodes.Node) -> Any:
    if isinstance(node, nodes.Const):
        return node.value
    if isinstance(node, nodes.List):
        parts = [_constant(part) for part in node.items]
        return NOT_CONSTANT if any(part is NOT_CONSTANT for part in parts) else parts
    return NOT_CONSTANT


def _is_number(node: nodes.Node) -> bool:
    return isinstance(node, nodes.Const) and isinstance(node.value, int | float) and not isinstance(node.value, bool)
