"""Records: what was declared about a target's records becomes rules. A target's `records` in the configuration and a
connector's `default_records` are read by the same code; every fault is found, each with the way to it.
"""

import re
from collections.abc import Collection, Mapping
from typing import Any

from bridge.core.conditions import Conditions, Found, Path
from bridge.core.expression import Expression, Fault, Language
from bridge.core.filters import FILTERS, Filter
from bridge.core.nested import Nested
from bridge.core.text import nearest
from bridge.model.mapping import KEYED_BY, MODES, NULLS, ON_ERROR, WRITES, FieldRule, MappingRule, RecordRule
from bridge.model.record import Ref

LONGEST_NAME = 31  # a record key is an event's or a person's (32), and may have ":" and a name after it (64 in all)
MOST_RECORDS = 20
MOST_FIELDS = 200
MAX_DEPTH = 20  # of lists and mappings in a value

NAME = re.compile(rf"[a-z][a-z0-9_]{{0,{LONGEST_NAME - 1}}}")
POLICIES = ("required", "on_error", "nulls", "max_length", "write", "when")  # besides `value`, in the long form

_PARTS = ("name", "object", "keyed_by", "match", "mode", "fields", "when")
_OPTIONS = {"on_error": ON_ERROR, "nulls": NULLS, "write": WRITES, "keyed_by": KEYED_BY, "mode": MODES}


def read_defaults(declared: Any, variables: Any, *, filters: Mapping[str, Filter] = FILTERS) -> MappingRule:
    """The rules that a connector's `default_records` declare, and the `default_vars` that they use; raises ValueError
    with all that is wrong, and where.
    """
    language = Language(filters)
    values, found = read_vars(variables, language, ("default_vars",))
    reader = Reader(language, variables=values)
    rules = reader.records(declared, ("default_records",))
    found += reader.found
    if declared == [] or declared == ():
        found.append(Found(("default_records",), Fault("there is no record in it", "take it away")))
    if found:
        raise ValueError("; ".join(map(_told, found)))
    return MappingRule(rules, vars=values)


def read_vars(declared: Any, language: Language, at: Path) -> tuple[dict[str, Any], list[Found]]:
    """Constants and Expressions, by name, and what is wrong with them. A var may use those above it."""
    values: dict[str, Any] = {}
    found: list[Found] = []
    if not isinstance(declared, Mapping):
        return {}, [Found(at, Fault("this must be a mapping of names to values"), is_shape=True)]
    for name, value in declared.items():
        reader = Reader(language, variables=list(values))
        values[name] = reader.value(value, (*at, name))
        found += reader.found
    return values, found


class Reader:
    """Reads declared records and vars; all that is wrong is in `found`."""

    def __init__(self, language: Language, *, variables: Collection[str] = (), sources: Collection[str] = ()) -> None:
        self._language = language
        self._variables = tuple(variables)
        self._conditions = Conditions(language, variables=self._variables, sources=sources)
        self.found: list[Found] = self._conditions.found

    def records(self, declared: Any, at: Path = ()) -> tuple[RecordRule, ...]:
        """The rules of a list of records; of one with faults, what can be told."""
        if not isinstance(declared, list | tuple):
            self._shape(at, "this must be a list", "write lines that begin with a dash")
            return ()
        if len(declared) > MOST_RECORDS:
            self._wrong((*at, MOST_RECORDS), f"a target has at most {MOST_RECORDS} records", "make a second target")
        rules: list[RecordRule] = []
        for number, one in enumerate(declared[:MOST_RECORDS]):
            if rule := self._record(one, (*at, number), [rule.name for rule in rules]):
                rules.append(rule)
        return tuple(rules)

    def condition(self, declared: Any, at: Path) -> Any:
        return self._conditions.read(declared, at)

    def value(self, declared: Any, at: Path, *, records: Collection[str] = ()) -> Any:
        """A constant, a Ref or an Expression; a list or mapping that holds expressions is one, too."""
        found = self._value(declared, at, records, 0)
        return Nested(found) if isinstance(found, list | dict) and _is_open(found) else found

    def _value(self, declared: Any, at: Path, records: Collection[str], depth: int) -> Any:
        if depth > MAX_DEPTH:
            return self._wrong(at, f"a value may be nested {MAX_DEPTH} levels deep")
        if isinstance(declared, Mapping):
            return {
                str(key): self._value(item, (*at, key), records, depth + 1)
                for key, item in declared.items()
                if self._is_constant_key(key, (*at, key))
            }
        if isinstance(declared, list | tuple):
            return [self._value(item, (*at, number), records, depth + 1) for number, item in enumerate(declared)]
        if not isinstance(declared, str):
            return declared
        read = self._language.read(declared, variables=self._variables, records=records)
        self.found += [Found(at, fault) for fault in read.faults]
        return read.value

    def _is_constant_key(self, key: Any, at: Path) -> bool:
        if "{{" in str(key):
            self.found.append(Found(at, Fault("a key is a constant", "only values may hold {{ }}"), in_key=True))
        return "{{" not in str(key)

    def _record(self, declared: Any, at: Path, earlier: list[str]) -> RecordRule | None:
        if not isinstance(declared, Mapping):
            self._shape(at, "a record is a mapping", f"with {', '.join(_PARTS)}")
            return None
        self._keys(declared, at, _PARTS)
        name = declared.get("name")
        if not isinstance(name, str) or not NAME.fullmatch(name):
            hint = f"a-z, 0-9 and _, beginning with a letter, at most {LONGEST_NAME} characters"
            self._shape((*at, "name"), "a record needs a name" if name is None else "this is no usable name", hint)
            name = ""
        elif name in earlier:
            self._wrong((*at, "name"), f"'{name}' is an earlier record's name", "each has its own")
        object_ = declared.get("object", name)
        if not isinstance(object_, str) or not len(object_) <= 128 or not (object_ or "object" not in declared):
            self._shape((*at, "object"), "this must be a text", "the target's word for this kind of record")
            object_ = name
        fields = self._fields(declared.get("fields"), (*at, "fields"), earlier)
        return RecordRule(
            name=name,
            object=object_,
            keyed_by=self._option(declared, "keyed_by", at),
            fields=fields,
            match=self._match(declared.get("match", ()), [one.name for one in fields], (*at, "match")),
            mode=self._option(declared, "mode", at),
            when=self._when(declared, at),
            needs=frozenset(record for one in fields for record in _asked(one.value)),
        )

    def _match(self, declared: Any, fields: list[str], at: Path) -> tuple[str, ...]:
        names = [declared] if isinstance(declared, str) else declared
        if not isinstance(names, list | tuple) or not all(isinstance(one, str) for one in names):
            self._shape(at, "this must be a list of field names", "such as [Email, Phone]")
            return ()
        for number, one in enumerate(names):
            if one not in fields:
                where = at if isinstance(declared, str) else (*at, number)
                near = nearest(one, fields)
                hint = f"did you mean {near}?" if near else f"add {one}: … under fields"
                self._wrong(where, f"'{one}' is none of this record's fields", hint)
        return tuple(names)

    def _fields(self, declared: Any, at: Path, earlier: list[str]) -> tuple[FieldRule, ...]:
        if not isinstance(declared, Mapping) or not all(isinstance(one, str) and one for one in declared):
            self._shape(at, "a record needs a mapping of field names to values", "such as Email: '{{ email }}'")
            return ()
        if len(declared) > MOST_FIELDS:
            self._wrong(at, f"a record has at most {MOST_FIELDS} fields", "split it in two")
        found = []
        for name, value in declared.items():
            where = (*at, name)
            if not self._is_constant_key(name, where):
                continue
            is_long = isinstance(value, Mapping) and any(part in value for part in ("value", *POLICIES))
            found.append(
                self._long(name, value, where, earlier) if is_long else self._short(name, value, where, earlier)
            )
        return tuple(found)

    def _short(self, name: str, value: Any, at: Path, earlier: list[str]) -> FieldRule:
        return FieldRule(name, self.value(value, at, records=earlier))

    def _long(self, name: str, declared: Mapping[str, Any], at: Path, earlier: list[str]) -> FieldRule:
        """A field with its policy."""
        self._keys(declared, at, ("value", *POLICIES))
        if "value" not in declared:
            self._shape((*at, "value"), "'value' is missing", "add value: … here")
        required, longest = declared.get("required", False), declared.get("max_length")
        if not isinstance(required, bool):
            self._shape((*at, "required"), "this must be true or false")
        if longest is not None and (type(longest) is not int or not 1 <= longest <= 1 << 18):
            self._shape((*at, "max_length"), "this must be a whole number from 1 to 262144")
        return FieldRule(
            name,
            self.value(declared.get("value"), (*at, "value"), records=earlier),
            required=required is True,
            on_error=self._option(declared, "on_error", at),
            nulls=self._option(declared, "nulls", at),
            max_length=longest,
            write=self._option(declared, "write", at),
            when=self._when(declared, at),
        )

    def _when(self, declared: Mapping[str, Any], at: Path) -> Any:
        said = declared.get("when")
        return None if said is None else self._conditions.read(said, (*at, "when"))

    def _option(self, declared: Mapping[str, Any], part: str, at: Path) -> str:
        options = _OPTIONS[part]
        said = declared.get(part) or options[0]
        if said not in options:
            self._shape((*at, part), f"this must be {' or '.join(options)}")
        return str(said)

    def _keys(self, declared: Mapping[str, Any], at: Path, known: tuple[str, ...]) -> None:
        for key in declared:
            if key not in known:
                near = nearest(str(key), known)
                hint = f"did you mean '{near}'?" if near else f"known here: {', '.join(known)}"
                self._shape((*at, key), f"unknown key '{str(key)[:60]}'", hint, in_key=True)

    def _wrong(self, at: Path, message: str, hint: str = "") -> None:
        self.found.append(Found(at, Fault(message, hint)))

    def _shape(self, at: Path, message: str, hint: str = "", *, in_key: bool = False) -> None:
        self.found.append(Found(at, Fault(message, hint), in_key, is_shape=True))


def _is_open(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_is_open, value.values()))
    return any(map(_is_open, value)) if isinstance(value, list) else isinstance(value, Ref | Expression)


def _asked(value: Any) -> frozenset[str]:
    """The records that a field's value cannot be without."""
    if isinstance(value, Ref):
        return frozenset({value.record})
    return value.records if isinstance(value, Expression | Nested) else frozenset()


def _told(found: Found) -> str:
    way = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in found.path).removeprefix(".")
    hint = f": {found.fault.hint}" if found.fault.hint else ""
    return f"{way}: {found.fault.message}{hint}"
