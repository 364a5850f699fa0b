"""test: the tests of the mapping, in the configuration and in files beside it."""

import os
import sys
from pathlib import Path

import click

from bridge.config.trials import known_in, read_trials
from bridge.engine.trial import Verdict, run
from bridge.errors import BridgeError
from bridge.log import printable
from bridge.model.trial import Trial
from bridge.wiring.configured import DEFAULT_CONFIG, configured
from bridge.wiring.plugged import plugins_of


@click.command("test")
@click.argument("files", nargs=-1, type=click.Path(path_type=Path), metavar="[FILE.yaml]...")
@click.option("--junit", type=click.Path(path_type=Path, dir_okay=False), help="Also write the results as JUnit XML.")
def trials(files: tuple[Path, ...], junit: Path | None) -> None:
    """Run the tests of the mapping: those in the configuration, and those of the files.

    Without files, of tests/*.yaml beside the configuration. Sends nothing, and asks nobody. The exit code is 1 where a
    test fails.
    """
    rules = configured().rules
    found = list(rules.trials)
    for file in files or _beside():
        found += read_trials(_bytes(file), known_in(rules), file=str(file))
    if not found:
        raise BridgeError(
            "there are no tests: write some under `tests:` in the configuration; docs/mapping.md shows how"
        )
    plugins = plugins_of(rules.sources[name] for name in {trial.source for trial in found})
    verdicts = [run(trial, rules, plugins=plugins) for trial in found]
    for verdict in verdicts:
        _show(verdict)
    failed = sum(not verdict.passed for verdict in verdicts)
    click.echo(f"{len(verdicts) - failed} passed, {failed} failed")
    if junit:
        _write(junit, verdicts)
    sys.exit(1 if failed else 0)


def _beside() -> list[Path]:
    config = Path(os.environ.get("BRIDGE_CONFIG") or DEFAULT_CONFIG)
    return sorted((config.parent / "tests").glob("*.yaml"))


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise BridgeError(f"{file} cannot be read: {error.strerror}") from None


def _show(verdict: Verdict) -> None:
    trial = verdict.trial
    word = click.style("passed", fg="green") if verdict.passed else click.style("failed", fg="red", bold=True)
    click.echo(f"{word}  {printable(trial.name)}" + ("" if verdict.passed else f"  ({trial.at})"))
    for one in verdict.differences:
        click.echo(f"        {printable(one.what)}  ({one.at})")
        click.echo(click.style(f"          - expected {printable(one.expected)}", fg="green"))
        click.echo(click.style(f"          + is       {printable(one.found)}", fg="red"))


def _write(path: Path, verdicts: list[Verdict]) -> None:
    from xml.etree import ElementTree as Xml

    failed = sum(not verdict.passed for verdict in verdicts)
    suite = Xml.Element("testsuite", name="bridge test", tests=str(len(verdicts)), failures=str(failed), errors="0")
    for verdict in verdicts:
        trial: Trial = verdict.trial
        case = Xml.SubElement(suite, "testcase", name=_xml(trial.name), classname=_xml(trial.at.rpartition(":")[0]))
        if not verdict.passed:
            texts = [f"{one.what} ({one.at}): expected {one.expected}, is {one.found}" for one in verdict.differences]
            Xml.SubElement(case, "failure", message=_xml(texts[0])).text = _xml("\n".join(texts))
    suites = Xml.Element("testsuites")
    suites.append(suite)
    try:
        Xml.ElementTree(suites).write(path, encoding="utf-8", xml_declaration=True)
    except OSError as error:
        raise BridgeError(f"{path} cannot be written: {error.strerror}") from None


def _xml(text: str) -> str:
    """The text without what XML cannot hold."""
    return "".join(sign if sign.isprintable() or sign in "\n\t" else "�" for sign in text)
