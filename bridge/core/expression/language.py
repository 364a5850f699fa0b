"""Language: texts become expressions that can be run. Jinja2 parses and compiles them once, as its
`Environment.compile_expression` does, which leaves the type of a value alone (its native environment would read what a
visitor typed as Python).
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from jinja2 import Environment, Template, TemplateSyntaxError, nodes, pass_context
from jinja2.parser import Parser
from jinja2.runtime import Context

from bridge.core.expression.advice import for_signs
from bridge.core.expression.allowed import JOIN, TESTS, Scope, Walk
from bridge.core.expression.faults import Fault, Faulty
from bridge.core.expression.names import item
from bridge.core.expression.pieces import has_placeholder, lone, pieces_of
from bridge.core.expression.plain import giving_plain, plain
from bridge.core.expression.possible import Possible, possible_in
from bridge.core.filters import FILTERS, Filter, FilterError, text_of
from bridge.core.filters.values import kind_of
from bridge.model.mapping import Names
from bridge.model.record import Ref

MAX_TEXT = 4096  # characters of one value in the configuration
ORIGIN = "\0origin"  # among the names, the Origin of the event: no expression can ask for it

_BRACES = ("\0{%", "%}\0", "\0{#", "#}\0")  # Jinja's statements and comments: nobody can write them


@dataclass(frozen=True, slots=True)
class Read:
    """A text that was read: a constant, a Ref or an Expression; and what is wrong with it."""

    value: Any = None
    faults: list[Fault] = field(default_factory=list)


class Language:
    """The filters and lookups of one configuration. Thread-safe."""

    def __init__(self, filters: Mapping[str, Filter], lookups: Mapping[str, Mapping[str, Any]] | None = None) -> None:
        self._filters = filters
        self._lookups = lookups or {}
        self._environment = _Environment(filters)
        self.asked: set[tuple[str, str]] = set()  # all vars and lookups that texts named: ("vars", its name), …; ZONE

    def read(self, text: str, *, variables: Collection[str] = (), records: Collection[str] = ()) -> Read:
        """What a text of the configuration stands for; `variables` and earlier `records` are those that it may name."""
        if not has_placeholder(text):
            return Read(text)
        try:
            if len(text) > MAX_TEXT:
                raise Faulty(f"an expression may have {MAX_TEXT} characters", "make vars of its parts")
            return self._compiled(text, Scope(self._filters, self._lookups, variables, records, self.asked))
        except Faulty as faulty:
            return Read(faults=[faulty.fault])

    def _compiled(self, text: str, scope: Scope) -> Read:
        pieces, faults = pieces_of(text), []
        parts: list[Any] = []
        records: set[str] = set()
        for piece in pieces:
            if not piece.is_expression:
                parts.append(piece.text)
                continue
            walk = Walk(piece.text, scope)
            tree = walk.tree(self._parsed(piece.text, piece.at))
            faults += [fault._replace(at=fault.at + piece.at) for fault in walk.faults]
            records |= walk.records
            if not walk.faults:
                parts.append(self._program(tree))
        if faults:
            return Read(faults=faults)
        if lone(pieces):
            program = next(part for part in parts if not isinstance(part, str))
            return Read(program.as_ref() or Expression(text, program.run, records, program.possible()))
        return Read(Expression(text, _Joined(parts).run, records))

    def _parsed(self, source: str, at: int) -> nodes.Node:
        """The tree of an expression; raises Faulty."""
        try:
            parser = Parser(self._environment, source, state="variable")
            tree = parser.parse_expression()
            if not parser.stream.eos:
                found = str(parser.stream.current)
                hint = "write == to compare" if found == "=" else for_signs(source) or "join texts with ~"
                raise Faulty(f"'{found}' is not expected here", hint, at)
        except TemplateSyntaxError as error:
            hint = for_signs(source) or "write {{ name | filter }}"
            raise Faulty(f"this cannot be read: {error.message}", hint, at) from None
        except (RecursionError, MemoryError, OverflowError, ValueError):
            raise Faulty(
                "this is too deeply nested, or a number in it too long", "make vars of its parts", at
            ) from None
        return tree

    def _program(self, tree: Any) -> "_Program":
        body = [nodes.Assign(nodes.Name("result", "store"), tree, lineno=1)]
        return _Program(tree, self._environment.from_string(nodes.Template(body, lineno=1)))


class Expression:
    """A compiled text."""

    __slots__ = ("_run", "possible", "records", "text")

    def __init__(
        self, text: str, run: Callable[[Names], Any], records: Collection[str], possible: Iterable[Possible] = ()
    ) -> None:
        self.text = text
        self.possible = tuple(possible)
        self.records = frozenset(records)
        self._run = run

    def value(self, names: Names) -> Any:
        """What it comes to: null, a bool, a number, a text, a date or time, or JSON; raises ValueError."""
        return plain(self._run(names))

    def __repr__(self) -> str:
        return f"Expression({self.text!r})"


class _Program:
    """One expression, compiled."""

    def __init__(self, tree: Any, template: Template) -> None:
        self._tree = tree
        self._context, self._render = template.new_context, template.root_render_func
        self.run: Callable[[Names], Any] = self._evaluated
        if isinstance(tree, nodes.Name):
            self.run = _named(tree.name)

    def _evaluated(self, names: Names) -> Any:
        context = self._context(names, shared=True)  # type: ignore[arg-type]  # it only looks names up
        try:
            for _ in self._render(context):
                pass
        except FilterError:
            raise
        except (TypeError, RecursionError, OverflowError) as error:  # of a comparison; it names types, no values
            raise ValueError(str(error)) from error
        return context.vars["result"]

    def possible(self) -> Iterator[Possible]:
        return possible_in(self._tree)

    def as_ref(self) -> Ref | None:
        """The expression as a reference, where it is an earlier record's id and nothing else."""
        tree = self._tree
        if isinstance(tree, nodes.Getattr) and isinstance(tree.node, nodes.Getattr):
            root = tree.node.node
            if isinstance(root, nodes.Name) and root.name == "records" and tree.attr == "id":
                return Ref(tree.node.attr)
        return None


class _Joined:
    """Texts and the expressions between them."""

    def __init__(self, parts: list[Any]) -> None:
        self._parts = parts

    def run(self, names: Names) -> str:
        return "".join([part if isinstance(part, str) else text_of(part.run(names)) for part in self._parts])


class _Environment(Environment):
    """Jinja's, with our filters, and without its way from a value to the attributes of an object."""

    def __init__(self, filters: Mapping[str, Filter]) -> None:
        start, end, comment, comment_end = _BRACES
        super().__init__(
            block_start_string=start,
            block_end_string=end,
            comment_start_string=comment,
            comment_end_string=comment_end,
            optimized=False,
            cache_size=0,
        )
        self.globals.clear()
        self.filters = {name: _called(one) for name, one in filters.items()} | {JOIN: _join}
        self.tests = {name: test for name, test in self.tests.items() if name in TESTS} | {"present": is_present}

    def getattr(self, obj: Any, attribute: str) -> Any:
        return item(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        return item(obj, argument)


def is_present(value: Any) -> bool:
    """Whether something is said: neither null nor an empty text, list or mapping."""
    return value is not None and value not in ("", [], {})


def _named(name: str) -> Callable[[Names], Any]:
    return lambda names: names[name]


def _join(parts: list[Any]) -> str:
    return "".join(map(text_of, parts))


def _called(known: Filter) -> Callable[..., Any]:
    """The filter as Jinja calls it: null stays null, and whatever goes wrong is told without the value."""
    call = known.call if known is FILTERS.get(known.name) else giving_plain(known.name, known.call)

    def run(context: Context, value: Any, *args: Any, **kwargs: Any) -> Any:
        if value is None and not known.takes_null:
            return None
        try:
            if known.needs_where:
                return call(context.parent[ORIGIN], value, *args, **kwargs)
            return call(value, *args, **kwargs)
        except FilterError:
            raise
        except Exception as error:
            raise FilterError(f"{known.name}: {type(error).__name__} for {kind_of(value)}") from error

    return pass_context(run)
