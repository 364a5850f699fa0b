"""Load: the configuration file as rules. The front door of this floor; its steps are the files beside it:
parse, variables, schema and settings, explain, rules, excerpts. It reads one file, no environment, no clock.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Any

from pydantic import ValidationError

from bridge.config.declared import secret_paths
from bridge.config.document import Document, Path, is_mapped
from bridge.config.excerpts import with_excerpts
from bridge.config.explain import Explained
from bridge.config.mapped import Mapped, mapping_at
from bridge.config.parse import MAX_BYTES, read
from bridge.config.rules import rules_of, warnings_of
from bridge.config.schema import Tree
from bridge.config.settings import Undeclared, reader
from bridge.config.source import Challenge
from bridge.config.trials import Known, record_names, tell_unknown, trials_of
from bridge.config.variables import Filled, fill
from bridge.config.written_doubts import hardly_meant
from bridge.core.conditions import Found
from bridge.core.filters import FILTERS, Filter
from bridge.errors import ConfigError, Problem
from bridge.model.mapping import MappingRule
from bridge.model.rules import Route, Rules
from bridge.model.trial import Trial


@dataclass(frozen=True, slots=True)
class Loaded:
    """The rules, with each target's validated settings in them, and what is doubtful but no mistake."""

    rules: Rules
    warnings: list[Problem]
    tell: Callable[[Iterable[Found]], list[Problem]] = field(repr=False)  # found later: with its place


def load(
    path: str | FilePath,
    *,
    environment: Mapping[str, str],
    connectors: Mapping[str, type],
    plugins: Mapping[str, type] | None = None,
    broken: Mapping[str, Mapping[str, str]] | None = None,
    filters: Mapping[str, Filter] = FILTERS,
) -> Loaded:
    """The configuration in the file at `path`.

    `connectors`: name -> connector class; `plugins`: name -> class of a source; `broken`: "connector" and "plugin" ->
    name -> what is wrong with one that is installed and cannot be used; `filters`: of the mapping language, by name.
    Raises ConfigError with every problem that was found.
    """
    document = read(_bytes(FilePath(path)), file=str(path))
    if document.parsed and document.value is None and not document.problems:
        hint = "`bridge init` writes one, config.example.yaml shows one"
        document.problems.append(Problem("the configuration is empty", file=document.file, hint=hint))
    if not document.parsed or document.value is None:
        raise ConfigError(with_excerpts(document.problems, document, secret=set()))
    return _Loading(document, environment, connectors, plugins or {}, broken or {}, filters).finish()


class _Loading:
    """One parsed document on its way to rules."""

    def __init__(
        self,
        document: Document,
        environment: Mapping[str, str],
        connectors: Mapping[str, type],
        plugins: Mapping[str, type],
        broken: Mapping[str, Mapping[str, str]],
        filters: Mapping[str, Filter],
    ) -> None:
        self.document = document
        self.environment = environment
        self.filters = filters
        self.connectors = connectors
        self.plugins = plugins
        self.broken = broken
        self.filled: Filled = fill(document, environment, may_be_unset=_is_signing_key, refused=is_mapped)
        self.secret = {path for path in document.values if _is_signing_key(path) or (not path and not self.tree)}
        self.settings: dict[tuple[str, str], Any] = {}
        self.mappings: dict[str, tuple[Route, MappingRule]] = {}

    @property
    def tree(self) -> dict[str, Any]:
        return self.document.value if isinstance(self.document.value, dict) else {}

    def finish(self) -> Loaded:
        """The rules; raises ConfigError."""
        declaring = [*self.declaring()]
        for path, entry, declared in declaring:
            self.secret.update(self.secrets_of((*path, "settings"), entry.get("settings"), declared))
        for name, source in mapping_at(self.tree, "sources").items():
            if isinstance(source, dict):
                self.secret.update(self.secrets_of(("sources", name, "challenge"), source.get("challenge"), Challenge))
        explained = Explained(self.document, secrets=self.filled.secrets | self.literal_secrets())
        tree = self.check_tree(explained)
        for path, entry, declared in declaring:
            self.check_settings(path, entry, declared, explained)
        self.secret |= explained.doubtful
        mapped = Mapped(self.document, filters=self.filters, connectors=self.connectors)
        mappings = self.mappings = {name: mapped.mapping(name) for name in mapping_at(self.tree, "targets")}
        trials = self.trials(tree, mappings)
        problems = self.document.problems + explained.problems + mapped.problems
        if problems or tree is None:
            raise ConfigError(with_excerpts(problems, self.document, secret=self.secret))
        routes = [route for route, _ in mappings.values()]
        doubts = warnings_of(tree, self.document, unset=self.filled.unset, routes=routes)
        doubts += mapped.doubts() + hardly_meant(self.document, self.environment, secret=self.secret)
        shown = with_excerpts(doubts, self.document, secret=self.secret)
        rules = rules_of(tree, self.settings, mappings, trials)
        return Loaded(rules, tell=self.tell, warnings=sorted(shown, key=lambda one: (one.line, one.column)))

    def trials(self, tree: Tree | None, mappings: Mapping[str, tuple[Any, MappingRule]]) -> list[Trial]:
        """The tests in the file. What they name and there is not is told also where faults elsewhere leave no tree."""
        records = {name: record_names(one) for name, (_, one) in mappings.items()}
        known = Known([*mapping_at(self.tree, "sources")], records)
        tell_unknown(self.tree.get("tests"), known, self.document)
        return trials_of(tree.tests, known, self.document) if tree else []

    def tell(self, found: Iterable[Found]) -> list[Problem]:
        """Problems for faults that stand in the mapping, or where the target does that has none of its own."""
        problems = [
            self.document.problem(
                one.fault.message, path=self.of_default(one.path), hint=one.fault.hint, key=one.in_key
            )
            for one in found
        ]
        return ConfigError(with_excerpts(problems, self.document, secret=self.secret)).problems

    def of_default(self, path: Path) -> Path:
        """The way to a part of a record; to one of the connector's own, which no file has, with the record's name."""
        section, target, records, number, *rest = path
        if (section, target, records) in self.document.keys:
            return path
        record = self.mappings[str(target)][1].records[int(number)]
        return (section, target, "default_records", record.name, *rest)

    def check_tree(self, explained: Explained) -> Tree | None:
        context = {
            "connector": self.connectors.keys(),
            "plugin": self.plugins.keys(),
            "source": mapping_at(self.tree, "sources").keys(),
            "broken": self.broken,
        }
        try:
            return Tree.model_validate(self.document.value, context=context)
        except ValidationError as error:
            explained.add(error, Tree, value=self.document.value)
            return None

    def declaring(self) -> Iterator[tuple[tuple[str, str], dict[str, Any], type | None]]:
        """The way to each target and source whose code declares settings, what stands there, and that declaration."""
        for section, key, classes in (("targets", "connector", self.connectors), ("sources", "plugin", self.plugins)):
            for name, entry in mapping_at(self.tree, section).items():
                if isinstance(entry, dict) and (section == "targets" or key in entry or "settings" in entry):
                    known = classes.get(str(entry.get(key)))
                    yield (section, name), entry, known and getattr(known, "Settings", type(None))

    def check_settings(
        self, at: tuple[str, str], target: dict[str, Any], declared: type | None, explained: Explained
    ) -> None:
        if declared is None:
            return  # an unknown connector is reported already
        path: Path = (*at, "settings")
        value = target.get("settings")
        try:
            self.settings[at] = reader(declared).validate_python(value)
        except ValidationError as error:
            explained.add(error, declared, value=value, within=path)
            if rest := _without_failed(value, error):
                self.check_rest(declared, rest, explained, path)
        except Undeclared as fault:
            what = "connector" if at[0] == "targets" else "plugin"
            message, hint = f"this {what} is broken: {fault}", f"tell the author of the {what}"
            self.document.problems.append(self.document.problem(message, path=path, hint=hint))

    def check_rest(self, declared: type, rest: dict[str, Any], explained: Explained, path: Path) -> None:
        """What the connector says about the settings that are in order by themselves, so that nothing is told later."""
        try:
            reader(declared).validate_python(rest)
        except ValidationError as error:
            explained.add(error, declared, value=rest, within=path, kinds=("settings",))

    def secrets_of(self, path: Path, value: Any, declared: type | None) -> list[Path]:
        try:
            readable = declared is not None and (value is None or isinstance(value, dict))
            return list(secret_paths(declared, value, path)) if readable else [path]
        except (NameError, TypeError):  # hints that cannot be read: `check_settings` reports it
            return [path]

    def literal_secrets(self) -> set[str]:
        """What was typed in as a secret, as written and with its variables filled in."""
        written = self.document.written
        paths = [path for path in self.secret if path in written]
        return {written[path] for path in paths} | {str(_at(self.document.value, path)) for path in paths}


def _bytes(path: FilePath) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        message = f"there is no configuration file {path.absolute()}"
        hint = "BRIDGE_CONFIG or --config names another file; `bridge init` writes one"
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        reason = getattr(error, "strerror", None) or str(error)
        message = f"the configuration file {path.absolute()} cannot be read: {reason}"
        hint = "BRIDGE_CONFIG or --config names another file"
    raise ConfigError([Problem(message, hint=hint)])


def _at(value: Any, path: Path) -> Any:
    for step in path:
        value = value[step]
    return value


def _without_failed(value: Any, error: ValidationError) -> dict[str, Any]:
    """The settings that are left; none where it is not single ones that failed."""
    failed = {one["loc"][0] for one in error.errors(include_url=False, include_input=False) if one["loc"]}
    known = value if isinstance(value, dict) else {}
    return {key: item for key, item in known.items() if key not in failed} if failed & known.keys() else {}


def _is_signing_key(path: Path) -> bool:
    return len(path) > 2 and path[0] == "sources" and path[2] == "signing_keys"
