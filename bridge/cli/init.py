"""init: a few questions, and a configuration that starts."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from pydantic import TypeAdapter, ValidationError

from bridge import plugins
from bridge.cli.begun import Answers, config_text, environment_text, is_secret, known_settings, needed_settings
from bridge.config.fields import Name, PhoneRegion, TimeZone, meant
from bridge.config.load import load
from bridge.core.presets import PRESETS
from bridge.errors import BridgeError, ConfigError, Problem
from bridge.wiring.configured import DEFAULT_CONFIG

EXAMPLE = ".env.example"


@click.command()
@click.option("--source", help="The source's name: it stands in the webhook's address.")
@click.option("--preset", help="How the source signs.")
@click.option("--timezone", help="For times that come without a zone.")
@click.option("--phone-region", help="For phone numbers without a country code: two letters.")
@click.option("--target", help="The target's name.")
@click.option("--connector", help="The kind of CRM.")
@click.option(
    "--set", "settings", multiple=True, metavar="KEY=VALUE", help="A setting of the connector; may be repeated."
)
@click.option("--yes", is_flag=True, help="Ask nothing: take the default for what no option says.")
@click.option("--force", is_flag=True, help="Replace files that are there.")
def init(settings: tuple[str, ...], yes: bool, force: bool, **given: str | None) -> None:  # noqa: FBT001
    """Ask a few questions and write a configuration, and .env.example with the names of its secrets."""
    path = Path(os.environ.get("BRIDGE_CONFIG") or DEFAULT_CONFIG)
    files = [path, path.parent / EXAMPLE]
    for file in files:
        if file.exists() and not force:
            raise BridgeError(f"{file} is there already: --force replaces it, -c names another configuration")
    answers = _asked(given, dict(_pair(one) for one in settings), ask=not yes)
    while problems := _problems(answers, path):
        _ask_again(problems, answers)
    _write({files[0]: config_text(answers), files[1]: environment_text(answers)})
    click.echo(f"{files[0]} and {files[1]} are written. Next:")
    click.echo(f"  1. set {', '.join(answers.variables)} in the environment: {EXAMPLE} says what they are")
    click.echo("  2. bridge check --connect")
    click.echo("  3. bridge serve")
    click.echo(f"  4. give the platform the address https://<your host>/webhooks/{answers.source}")


def _asked(given: dict[str, str | None], settings: dict[str, str], *, ask: bool) -> Answers:
    known = plugins.names()
    question = _Questions(given, ask=ask)
    answers = Answers(
        source=question("source", "Name of the source (it stands in the webhook's address)", "smarterbot", _NAME),
        preset=question("preset", "How it signs", "newoaks", _one_of(PRESETS)),
        timezone=question("timezone", "Time zone of its visitors", "America/New_York", _fit(TimeZone)),
        phone_region=question("phone_region", "Their country, for phone numbers: two letters", "US", _fit(PhoneRegion)),
        target=question("target", "Name of the target", "crm", _NAME),
        connector=question("connector", f"Its connector ({', '.join(known)})", "http", _one_of(known)),
    )
    for key in settings:
        if is_secret(answers.connector, key):
            advice = f'leave it out, and write `{key}: "${{NAME}}"` into the configuration if it is not there'
            raise BridgeError(f"--set {key}: a secret belongs into the environment: {advice}")
        if key not in (known := known_settings(answers.connector)):
            hint = meant(key, known)
            raise BridgeError(f"--set {key}: the {answers.connector} connector has no such setting: {hint}")
    for key in needed_settings(answers.connector):
        if not settings.get(key):
            settings[key] = _Questions({}, ask=ask)(key, _setting_of(answers, key), "")
            answers.asked.append(key)
    answers.settings.update(settings)
    return answers


def _setting_of(answers: Answers, key: str) -> str:
    return f"{key} of the {answers.connector} target"


def _ask_again(problems: list[Problem], answers: Answers) -> None:
    """Asks for the settings that do not fit; raises BridgeError where that is not all that is wrong."""
    told = "\n".join(f"{one.path}: {one.message}" + (f" ({one.hint})" if one.hint else "") for one in problems)
    at = f"targets.{answers.target}.settings."
    keys = {one.path.removeprefix(at).partition(".")[0] for one in problems if one.path.startswith(at)}
    if not sys.stdin.isatty() or not keys or not keys <= set(answers.asked):
        raise BridgeError(f"nothing is written, these answers do not fit:\n{told}")
    click.echo(f"Error: {told}")
    unasked = [key for key in known_settings(answers.connector) if key not in answers.asked and f"{key}: " in told]
    if unasked:
        click.echo(f"(For that, end this with ctrl-C and begin again with --set {unasked[0]}=…)")
    for key in sorted(keys):
        answers.settings[key] = _Questions({}, ask=True)(key, _setting_of(answers, key), "")


class _Questions:
    """Gives what an option said, else asks on the terminal, else takes the default."""

    def __init__(self, given: dict[str, str | None], *, ask: bool) -> None:
        self._given = given
        self._ask = ask

    def __call__(self, name: str, text: str, default: str, check: Callable[[str], str] = str) -> str:
        said = self._given.get(name)
        if said is not None:
            return self._or_fault(said, name, check)
        if not self._ask:
            if not default:
                raise BridgeError(f"{name} is needed: --set {name}=…")
            return default
        if not sys.stdin.isatty():
            option = f"--{name.replace('_', '-')}" if default else f"--set {name}=…"
            raise BridgeError(f"there is no terminal to ask on: say {option}, or --yes for all defaults")
        found: str = click.prompt(text, default=default or None, value_proc=lambda said: _usable(said, check))
        return found

    @staticmethod
    def _or_fault(said: str, name: str, check: Callable[[str], str]) -> str:
        try:
            return check(said)
        except ValueError as error:
            raise BridgeError(f"--{name.replace('_', '-')}: {error}") from None


def _usable(said: str, check: Callable[[str], str]) -> str:
    try:
        return check(said.strip())
    except ValueError as error:
        raise click.UsageError(str(error)) from None


def _one_of(options: Any) -> Callable[[str], str]:
    def check(said: str) -> str:
        if said not in options:
            raise ValueError(f"there is no {said!r}: one of {', '.join(sorted(options))}")
        return said

    return check


def _fit(kind: Any) -> Callable[[str], str]:
    """The check that the configuration has for such a value."""

    def check(said: str) -> str:
        try:
            return str(TypeAdapter(kind).validate_python(said))
        except ValidationError as error:
            told = error.errors(include_url=False, include_input=False)[0].get("ctx", {})
            raise ValueError(": ".join(filter(None, (told.get("message"), told.get("hint"))))) from None

    return check


_NAME = _fit(Name)


def _problems(answers: Answers, path: Path) -> list[Problem]:
    """What `bridge check` would find wrong with the configuration."""
    connectors = plugins.Installed(plugins.CONNECTORS)
    trial = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        trial.write_text(config_text(answers), encoding="utf-8")
        load(trial, environment=dict.fromkeys(answers.variables, "a-value-to-come"), connectors=connectors,
             broken={"connector": connectors.broken})  # fmt: skip
    except OSError as error:
        raise BridgeError(f"{trial.parent.absolute()} cannot be written to: {error.strerror}") from None
    except ConfigError as error:
        return error.problems
    finally:
        trial.unlink(missing_ok=True)
    return []


def _pair(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not (key and equals):
        raise BridgeError(f"--set {text}: write key=value")
    return key, value


def _write(texts: dict[Path, str]) -> None:
    """All of the files, each whole, or none of them."""
    before = {path: path.read_bytes() if path.is_file() else None for path in texts}
    beside = {path: path.with_name(f".{path.name}.{os.getpid()}") for path in texts}
    replaced: list[Path] = []
    path = next(iter(texts))
    try:
        for path, text in texts.items():
            beside[path].write_text(text, encoding="utf-8")
        for path in texts:
            beside[path].replace(path)
            replaced.append(path)
    except OSError as error:
        for one in replaced:
            _restore(one, before[one])
        raise BridgeError(f"{path} cannot be written: {error.strerror}") from None
    finally:
        for one in beside.values():
            one.unlink(missing_ok=True)


def _restore(path: Path, content: bytes | None) -> None:
    if content is None:
        path.unlink(missing_ok=True)
    else:
        path.write_bytes(content)
