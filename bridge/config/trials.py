"""Trials: the keys of `tests`, and what they become. In the file itself, or in `tests/*.yaml` beside it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Discriminator, Field, Tag, ValidationError, WithJsonSchema, model_validator

from bridge.config.document import Document, Path
from bridge.config.excerpts import with_excerpts
from bridge.config.explain import Explained
from bridge.config.fields import Listed, meant, wrong
from bridge.config.parse import read
from bridge.config.part import Part
from bridge.config.records import NO_VARIABLE
from bridge.core.text import instant
from bridge.errors import ConfigError
from bridge.model.mapping import MappingRule
from bridge.model.rules import Rules
from bridge.model.trial import Expectation, Trial

RECEIVED_AT = datetime(2024, 1, 1, tzinfo=UTC)  # where a test names no time of its own: each run is the same

Anything = Annotated[Any, WithJsonSchema(NO_VARIABLE)]


def _moment(value: str) -> str:
    if instant(value) is None:
        raise wrong("this is no time", hint="write it as 2024-01-31T12:00:00Z")
    return value


def _some(value: dict[str, Any]) -> dict[str, Any]:
    if not value:
        raise wrong("nothing is expected", hint="such as crm.person: {fields: {Email: ada@example.com}}")
    return value


class Expected(Part):
    """What is expected of one record. `<target>: {error: …}` expects that the event cannot be mapped."""

    fields: dict[str, Anything] = Field(default={}, description="fields that have these values")
    exactly: dict[str, Anything] | None = Field(default=None, description="all the fields that there are")
    contains: dict[str, str] = Field(default={}, description="texts that stand in these fields")
    absent: Annotated[list[str], Listed] = Field(default=[], description="fields that are not there")
    error: str = Field(default="", description="the event cannot be mapped, with this text in the reason")

    @model_validator(mode="before")
    @classmethod
    def _no_word(cls, value: Any) -> Any:
        if isinstance(value, dict) and "skipped" in value:
            raise wrong("skipped is the whole of what is expected", hint="write it after the colon, without braces")
        return value


def _form(value: Any) -> str:
    return "mapping" if isinstance(value, dict) or value is None else "word"


Expectations = Annotated[
    dict[
        str,
        Annotated[
            Annotated[Expected, Tag("mapping")] | Annotated[Literal["skipped"], Tag("word")], Discriminator(_form)
        ],
    ],
    AfterValidator(_some),
]


class TrialPart(Part):
    """One test: an event as the sender posts it, and what each target, or a record of it, is to get."""

    name: Annotated[str, Field(min_length=1)] = Field(description="what it is about")
    source: str | None = Field(default=None, description="left out: the only one")
    event: dict[str, Anything] = Field(description="the sender's own object")
    now: Annotated[str, AfterValidator(_moment)] | None = Field(
        default=None, description=f"when the event is received; left out: {RECEIVED_AT:%Y-%m-%d}"
    )
    expect: Expectations = Field(description="by target, or by target.record")


class TrialFile(Part):
    """A file of tests beside the configuration."""

    tests: list[TrialPart] = Field(default=[])


@dataclass(frozen=True, slots=True)
class Known:
    """What trials may name."""

    sources: Sequence[str]
    records: Mapping[str, Sequence[str]]  # of each target


def known_in(rules: Rules) -> Known:
    """What trials of a configuration may name."""
    return Known(list(rules.sources), {name: record_names(rule.mapping) for name, rule in rules.targets.items()})


def record_names(mapping: MappingRule) -> list[str]:
    """The records of a target, by name."""
    return [record.name for record in mapping.records] or ["event"]


def trials_of(parts: Sequence[TrialPart], known: Known, document: Document) -> list[Trial]:
    """The trials that the parts declare."""
    return [_trial(part, known, document, ("tests", number)) for number, part in enumerate(parts)]


def tell_unknown(declared: Any, known: Known, document: Document) -> None:
    """Reports what `tests` name and there is not. It reads the plain values, also where the schema finds faults, so
    that all is told at once.
    """
    for number, one in enumerate(declared if isinstance(declared, list) else ()):
        if isinstance(one, Mapping):
            at: Path = ("tests", number)
            _tell_source(one.get("source"), known, document, at)
            expect = one.get("expect")
            for name, said in expect.items() if isinstance(expect, Mapping) else ():
                _tell_name(str(name), said, known, document, (*at, "expect", name))


def read_trials(data: bytes, known: Known, *, file: str) -> list[Trial]:
    """The trials of a file of their own, as `TrialFile` has it; raises ConfigError."""
    document = read(data, file=file)
    parts: list[TrialPart] = []
    explained = Explained(document)
    if document.parsed:
        try:
            parts = TrialFile.model_validate(document.value).tests
        except ValidationError as error:
            explained.add(error, TrialFile, value=document.value)
        if isinstance(document.value, Mapping):
            tell_unknown(document.value.get("tests"), known, document)
    if problems := document.problems + explained.problems:
        raise ConfigError(with_excerpts(problems, document, secret=set()))
    return trials_of(parts, known, document)


def _tell_source(source: Any, known: Known, document: Document, at: Path) -> None:
    if source is None and len(known.sources) > 1:
        hint = f"add source: {' or '.join(known.sources)}"
        document.report(document.problem("whose event is it?", path=(*at, "name"), hint=hint))
    elif isinstance(source, str) and source not in known.sources:
        hint = meant(source, known.sources)
        document.report(document.problem("unknown source", path=(*at, "source"), hint=hint))


def _tell_name(name: str, said: Any, known: Known, document: Document, path: Path) -> None:
    target, _, record = name.partition(".")
    if target not in known.records:
        message, hint = f"unknown target '{target}'", meant(target, known.records)
    elif record and record not in known.records[target]:
        message, hint = f"unknown record '{record}'", meant(record, known.records[target])
    elif not record and isinstance(said, Mapping) and not said.keys() & {"error", "skipped"}:
        first = known.records[target][0]
        message, hint = "which record of it?", f"write {target}.{first}, {target}: skipped, or {target}: {{error: …}}"
    else:
        return
    document.report(document.problem(message, path=path, hint=hint, key=True))


def _trial(part: TrialPart, known: Known, document: Document, at: Path) -> Trial:
    source = part.source or next(iter(known.sources), "")
    expect = tuple(_expectations(part.expect, document, (*at, "expect")))
    received_at = (instant(part.now) if part.now else None) or RECEIVED_AT
    return Trial(part.name, source, part.event, received_at, expect, _line(document, (*at, "name")))


def _expectations(declared: Mapping[str, Any], document: Document, at: Path) -> Iterator[Expectation]:
    for name, said in declared.items():
        target, _, record = name.partition(".")
        line = _line(document, (*at, name))
        if isinstance(said, str):
            yield Expectation(target, record, skipped=True, at=line)
            continue
        yield Expectation(
            target,
            record,
            fields=said.fields,
            exactly=said.exactly,
            contains=said.contains,
            absent=tuple(said.absent),
            error=said.error,
            at=line,
        )


def _line(document: Document, path: Path) -> str:
    return f"{document.file}:{document.place(path).line}"
