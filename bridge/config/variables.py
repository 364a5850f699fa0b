"""Variables: `${VAR}`, and what `file:` names, filled into the scalars of a parsed document. Second step of `load`.

The result is never parsed again: a secret may hold `: # "` and line ends. The environment is an argument.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Any

from bridge.config.document import Document, Path
from bridge.config.mounted import FILE, is_mounted, read_mounted

_TOKEN = re.compile(r"\$\$|\$\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?:(?P<how>:-|:\?)(?P<rest>[^}]*))?\}|(?P<bad>\$\{)")
HOLDS_ONE = r"(?:^|[^$])(?:\$\$)*\$\{[A-Za-z_][A-Za-z0-9_]*(?:(?::-|:\?)[^}]*)?\}"  # as `names_in`, for other languages
_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a text could not be filled in."""

    message: str
    hint: str = ""
    unset: bool = False  # a plain ${VAR} that is not set
    variable: str = ""  # which


@dataclass(slots=True)
class Filled:
    """What filling a document in showed besides the values."""

    secrets: set[str] = field(default_factory=set, repr=False)  # values from the environment and from files
    unset: dict[Path, str] = field(default_factory=dict)  # where a plain ${VAR} is not set and may be so -> VAR


def resolve(text: str, environment: Mapping[str, str]) -> tuple[str, list[Fault]]:
    """The text with its variables filled in, and what is wrong with them. An unset variable gives no text.

    `${VAR}` · `${VAR:-default}` (unset or empty) · `${VAR:?message}` (a fault if unset or empty) · `$$` is `$`.
    """
    faults: list[Fault] = []

    def one(match: re.Match[str]) -> str:
        if match[0] == "$$":
            return "$"
        if match["bad"]:
            faults.append(Fault("a ${ that is no variable", "write ${NAME}, ${NAME:-default}, or $${ for ${"))
            return ""
        name, rest = match["name"], (match["rest"] or "").replace("$$", "$")
        value = environment.get(name)
        if "${" in rest:
            faults.append(Fault(f"a variable inside ${{{name}…}}", "a default or message cannot hold variables"))
            return ""
        if value and _SURROGATE.search(value):  # so the environment brings bytes that are no UTF-8
            faults.append(Fault(f"{name} holds bytes that are no UTF-8 text", f"set {name} anew"))
            return ""
        if match["how"] == ":-":
            return value or rest
        if match["how"] == ":?" and not value:
            faults.append(Fault(f"{name} is not set: {rest or 'it is needed'}", "" if rest else f"set {name}"))
        elif value is None:
            hint = f"set {name}, or write ${{{name}:-default}}"
            faults.append(Fault(f"{name} is not set", hint, unset=True, variable=name))
        return value or ""

    return _TOKEN.sub(one, text), faults


def names_in(text: str) -> list[str]:
    """The variables that the text asks for, in order."""
    return [match["name"] for match in _TOKEN.finditer(text) if match["name"]]


def fill(
    document: Document,
    environment: Mapping[str, str],
    *,
    may_be_unset: Callable[[Path], bool],
    refused: Callable[[Path], bool],
) -> Filled:
    """Fills the document's values in, in place. Where a plain `${VAR}` may be unset, that is noted and no problem;
    where variables are `refused`, one is a problem.
    """
    filled = Filled()

    def visit(value: Any, path: Path) -> Any:
        if isinstance(value, dict):
            return {key: visit(item, _checked((*path, key), document)) for key, item in value.items()}
        if isinstance(value, list):
            return [visit(item, (*path, n)) for n, item in enumerate(value)]
        if not isinstance(value, str):
            return value
        found = text(value, path) if "$" in value else value
        return mounted(found, path) if is_mounted(value) and not refused(path) else found

    def mounted(value: str, path: Path) -> str:
        try:
            found = read_mounted(value, folder=FilePath(document.file).parent)
        except FileNotFoundError:
            if may_be_unset(path):
                filled.unset[path] = value
                return ""
            message, hint = f"there is no file {value.removeprefix(FILE)}", "is the secret mounted?"
        except ValueError as error:
            message, _, hint = str(error).partition(": ")
        else:
            filled.secrets.add(found)
            return found
        document.report(document.problem(message, path=path, hint=hint))
        document.broken.add(path)
        return ""

    def text(value: str, path: Path) -> str:
        if refused(path) and names_in(value):
            hint = "write the value itself: what a variable holds must not reach a CRM"
            document.report(document.problem("no variable can stand here", path=path, hint=hint))
            document.broken.add(path)
            return ""
        filled.secrets.update(environment[name] for name in names_in(value) if name in environment)
        result, faults = resolve(value, environment)
        for fault in faults:
            if fault.unset and may_be_unset(path):
                filled.unset[path] = fault.variable
                return ""  # half a key is no key
            document.report(document.problem(fault.message, path=path, hint=fault.hint))
            document.broken.add(path)
        return result

    document.value = visit(document.value, ())
    return filled


def _checked(path: Path, document: Document) -> Path:
    if "${" in str(path[-1]):
        hint = "variables are filled into values only"
        document.report(document.problem("a key cannot hold a variable", path=path, hint=hint, key=True))
        document.broken.add(path)
    return path
