"""Build: the values of a document, from what the YAML parser read of it. Second half of `parse`.

They grow event by event, so that the caps on depth, aliases and number hold before anything is large.
"""

from typing import Any

import yaml

from bridge.config.document import Document, Path, Place, dotted, is_mapped
from bridge.config.scalars import plain
from bridge.errors import Problem

MAX_ALIASES = 100
MAX_VALUES = 100_000  # once aliases are filled in
MAX_DEPTH = 40

_OPEN = (yaml.MappingStartEvent, yaml.SequenceStartEvent)
_CLOSE = (yaml.MappingEndEvent, yaml.SequenceEndEvent)


def build(events: list[Any], document: Document) -> None:
    """Gives the document its value, each value's place, and the problems met on the way."""
    _Builder(events, document).whole()


class _TooLarge(Exception):
    """Stops the building: what follows would only cost memory."""


class _Builder:
    """Builds the values of one document. `at` is always the number of an event, in and out."""

    def __init__(self, events: list[Any], document: Document) -> None:
        self.events = events
        self.document = document
        self.anchors: dict[str, int] = {}
        self.unfinished: set[str] = set()  # anchors whose values are being built
        self.aliases = 0
        self.replaying = 0
        self.count = 0

    def whole(self) -> None:
        starts = [n for n, event in enumerate(self.events) if isinstance(event, yaml.DocumentStartEvent)]
        if not starts:
            return
        try:
            self.document.value, _ = self.node(starts[0] + 1, ())
        except _TooLarge:
            self.document.broken.add(())
        if len(starts) > 1:
            self.wrong(
                starts[1],
                (),
                "a second document begins here (---)",
                "one file holds one configuration: remove the line",
            )

    def node(self, at: int, path: Path) -> tuple[Any, int]:
        event = self.events[at]
        self.check_size(at, path)
        if isinstance(event, yaml.AliasEvent):
            return self.alias(at, path), at + 1
        self.document.values[path] = _place(event, self.events[self.skip(at) - 1])
        if event.tag is not None:
            self.conceal(at, path, "a tag (a word that begins with !) has no meaning here", "if it is text, quote it")
        if event.anchor:
            self.unfinished.add(event.anchor)
        value: Any
        if isinstance(event, yaml.ScalarEvent):
            self.document.written[path] = event.value
            value, end = (plain(event.value) if event.implicit[0] else event.value), at + 1
        elif isinstance(event, yaml.MappingStartEvent):
            value, end = self.mapping(at, path)
        else:
            value, end = self.sequence(at, path)
        if event.anchor:
            self.anchors[event.anchor] = at
            self.unfinished.discard(event.anchor)
        return value, end

    def mapping(self, at: int, path: Path) -> tuple[dict[str, Any], int]:
        value: dict[str, Any] = {}
        if self.is_template(at):
            hint = 'put quotes around it: "{{ … }}"'
            self.conceal(at, path, "{{ … }} without quotes is read as a YAML mapping", hint)
            return value, self.skip(at)
        at += 1
        while not isinstance(self.events[at], _CLOSE):
            key = self.events[at]
            if not self.is_key(at, path, value):
                at = self.skip(self.skip(at))
                continue
            child = (*path, key.value)
            self.document.keys[child] = _place(key, key)
            value[key.value], at = self.node(at + 1, child)
        return value, at + 1

    def is_key(self, at: int, path: Path, value: dict[str, Any]) -> bool:
        key = self.events[at]
        after = self.skip(at)
        if not isinstance(key, yaml.ScalarEvent):
            self.conceal(at, path, "a key must be a simple text", "write key: value", in_key=True)
        elif key.value == "<<" and key.implicit[0]:
            self.conceal(at, path, "merge keys (<<) are not supported", "write the keys out", in_key=True)
        elif key.tag is not None:
            self.conceal(
                at, path, "a tag (a word that begins with !) has no meaning here", "quote the key", in_key=True
            )
        elif _ends_where(key, self.events[after]):
            hint = "put a space after the colon" if ":" in key.value else "write key: value"
            self.conceal(at, path, "a word that is neither a key nor a value", hint, in_key=True)
        elif key.value in value:
            first = self.document.keys[(*path, key.value)].line
            self.wrong(at, (*path, key.value), "this key stands here twice", f"first on line {first}: keep one")
        else:
            return True
        self.document.hidden.append(_place(self.events[after], self.events[self.skip(after) - 1]))
        return False

    def sequence(self, at: int, path: Path) -> tuple[list[Any], int]:
        value: list[Any] = []
        at += 1
        while not isinstance(self.events[at], _CLOSE):
            item, at = self.node(at, (*path, len(value)))
            value.append(item)
        return value, at + 1

    def alias(self, at: int, path: Path) -> Any:
        self.aliases += 1
        if self.aliases > MAX_ALIASES:
            self.wrong(at, path, f"more than {MAX_ALIASES} aliases (*name)", "write the values out", always=True)
            raise _TooLarge
        name = self.events[at].anchor
        start = self.anchors.get(name)
        if name in self.unfinished or start is None:
            self.document.values[path] = _place(self.events[at], self.events[at])
            if name in self.unfinished:
                self.conceal(at, path, "this alias (*name) stands inside of what it names", "write the values out")
            else:
                hint = "put quotes around a text that begins with *"
                self.conceal(at, path, "this alias (*name) is defined nowhere above", hint)
            return None
        self.replaying += 1
        value, _ = self.node(start, path)
        self.replaying -= 1
        return value

    def check_size(self, at: int, path: Path) -> None:
        self.count += 1
        if self.count > MAX_VALUES:
            self.wrong(at, path, f"more than {MAX_VALUES} values", "is it the right file?", always=True)
            raise _TooLarge
        if len(path) > MAX_DEPTH:
            self.wrong(at, path, f"nested deeper than {MAX_DEPTH} levels", "is a bracket open?", always=True)
            raise _TooLarge

    def skip(self, at: int) -> int:
        depth = 0
        while True:
            depth += isinstance(self.events[at], _OPEN) - isinstance(self.events[at], _CLOSE)
            at += 1
            if depth == 0:
                return at

    def is_template(self, at: int) -> bool:
        outer, inner = self.events[at], self.events[at + 1]
        if not (outer.flow_style and isinstance(inner, yaml.MappingStartEvent) and inner.flow_style):
            return False
        first, second = _place(outer, outer), _place(inner, inner)
        return (first.line, first.column + 1) == (second.line, second.column)

    def conceal(self, at: int, path: Path, message: str, hint: str, *, in_key: bool = False) -> None:
        """Reports what stands at `at`, and keeps the schema away from it, and where it may be a secret every excerpt.
        `in_key`: it is a key of the mapping at `path`, of which the other keys are in order.
        """
        self.wrong(at, path, message, hint)
        (self.document.half if in_key else self.document.broken).add(path)
        if in_key or not is_mapped(path):
            self.document.hidden.append(_place(self.events[at], self.events[self.skip(at) - 1]))

    def wrong(self, at: int, path: Path, message: str, hint: str, *, always: bool = False) -> None:
        if self.replaying and not always:
            return  # said once already, where the anchor stands
        mark = self.events[at].start_mark
        self.document.report(
            Problem(
                message,
                path=dotted(path),
                file=self.document.file,
                line=mark.line + 1,
                column=mark.column + 1,
                hint=hint,
            )
        )


def _ends_where(key: Any, value: Any) -> bool:
    """Whether the value is nothing, without even a colon before it: `{password, abc}`."""
    first, second = _place(key, key), _place(value, value)
    return (first.end_line, first.end_column) == (second.line, second.column)


def _place(first: Any, last: Any) -> Place:
    start, end = first.start_mark, last.end_mark
    return Place(start.line + 1, start.column + 1, end.line + 1, end.column + 1)
