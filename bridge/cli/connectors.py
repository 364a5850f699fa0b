"""connectors: which there are, what each can be told, and a package to begin one with."""

import re
from dataclasses import asdict
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import click

from bridge import plugins
from bridge.cli.show import json_option, show_rows
from bridge.errors import BridgeError
from bridge.log import printable
from bridge.model.record import Hold

_NAME = re.compile(r"[a-z][a-z0-9-]{0,30}")
_PATTERN = "acme"


@click.group()
def connectors() -> None:
    """The kinds of CRM that the bridge can deliver to."""


@connectors.command("list")
@json_option
def connectors_list(as_json: bool) -> None:  # noqa: FBT001
    """Each connector, the package that brings it, and what is wrong with it if anything is."""
    show_rows(plugins.described(), ("name", "package", "problem"), as_json=as_json, empty="No connectors.")


@connectors.command("describe")
@click.argument("name")
@click.option("--target", help="Ask this configured target which fields the object has at the CRM.")
@click.option("--object", "object_", help="With --target: the CRM's word for the kind of record, such as Lead.")
@json_option
def connectors_describe(name: str, target: str | None, object_: str | None, as_json: bool) -> None:  # noqa: FBT001
    """What stands under `settings:` of a target with connector NAME, and the records it writes."""
    if bool(target) != bool(object_):
        raise click.UsageError("--target and --object go together")
    if target and object_:
        show_rows(_fields(name, target, object_), _FIELDS, as_json=as_json, empty=f"{object_} has no fields.")
        return
    from bridge.config.described import settings_of

    found = plugins.load(name)
    rows = [one._asdict() for one in settings_of(found.Settings)]  # type: ignore[attr-defined]
    columns = ("key", "kind", "default", "required", "secret", "description")
    show_rows(rows, columns, as_json=as_json, empty="It has no settings.", beneath="description")
    if not as_json:
        for record in getattr(found, "default_records", ()):
            said = f"record {record['name']}: {record['object']}, one for each {record.get('keyed_by', 'event')}"
            click.echo(f"{said}: {', '.join(record['fields'])}", err=True)
        if most := getattr(found, "max_batch", None):
            click.echo(f"takes up to {most} deliveries in one call", err=True)


@connectors.command("new")
@click.argument("name")
@click.option("--folder", type=click.Path(path_type=Path), help="Where to write it; else ./connector-NAME.")
def connectors_new(name: str, folder: Path | None) -> None:
    """Write a package with a connector NAME that works and passes its tests: change it into your own."""
    if not _NAME.fullmatch(name):
        raise click.BadParameter("a-z, 0-9 and -, beginning with a letter, at most 31 characters", param_hint="NAME")
    place = folder or Path(f"connector-{name}")
    if place.exists():
        raise BridgeError(f"{place} is there already: name another --folder, or remove it")
    for path, text in _written(name).items():
        file = place / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    if name in plugins.names():
        click.echo(f"warning: a connector {name!r} is installed already; of two, the bridge takes neither", err=True)
    click.echo(f"{place}: a package that works. Next, in that folder: pip install -e '.[test]', then pytest")


@connectors.command("prepare")
@click.argument("target")
def connectors_prepare(target: str) -> None:
    """Make at TARGET what its connector works better with, such as a field with unique values. Twice is once."""
    found = _looker(target).prepare()
    if isinstance(found, Hold):
        raise BridgeError(f"target {target}: {printable(found.reason)}")
    for line in found:
        click.echo(printable(line))


_FIELDS = ("name", "type", "label", "required", "writable", "max_length", "unique", "choices")


def _fields(name: str, target: str, object_: str) -> list[dict[str, Any]]:
    looker = _looker(target)
    if looker.rule.connector != name:
        raise BridgeError(f"target {target} has connector {looker.rule.connector}, not {name}")
    found = looker.describe(object_)
    if isinstance(found, Hold):
        raise BridgeError(f"target {target}: {printable(found.reason)}")
    return [asdict(field) | {"choices": ", ".join(field.choices)} for field in found]


def _looker(target: str) -> Any:
    """Who asks the configured target."""
    from bridge.wiring.configured import configured
    from bridge.wiring.opened import open_bridge
    from bridge.wiring.ways import Ways

    loaded = configured()
    if target not in loaded.rules.targets:
        raise BridgeError(f"no target {target!r}: there are {', '.join(sorted(loaded.rules.targets)) or 'none'}")
    return Ways(open_bridge(loaded=loaded)).looker(target)


def _written(name: str) -> dict[str, str]:
    """Each file of the new package: its path and its text, the example's with another name."""
    word = name.replace("-", "_")
    names = {
        f"bridge_{_PATTERN}": f"bridge_{word}",
        _PATTERN.upper(): word.upper(),
        _PATTERN.title(): "".join(part.title() for part in name.split("-")),
        _PATTERN: name,
    }
    with as_file(_template()) as folder:
        paths = [path for path in sorted(folder.rglob("*")) if path.is_file() and "__pycache__" not in path.parts]
        return {
            _renamed(str(path.relative_to(folder)), names): _renamed(path.read_text(), names)
            for path in paths
            if not {".pytest_cache", ".venv", "dist"} & set(path.parts)
        }


def _template() -> Any:
    """The example package: inside the installed bridge, or beside it in its repository."""
    inside = files("bridge") / "example"
    return inside if inside.is_dir() else Path(str(files("bridge"))).parent / "examples" / f"connector-{_PATTERN}"


def _renamed(text: str, names: dict[str, str]) -> str:
    return re.sub("|".join(map(re.escape, names)), lambda found: names[found[0]], text)
