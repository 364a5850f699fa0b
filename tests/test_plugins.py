import sys
import textwrap
from pathlib import Path

import pytest

from bridge import plugins
from bridge.errors import UnknownConnector
from tests.packages import CONNECTORS, put

GOOD = """
    from dataclasses import dataclass

    @dataclass(frozen=True)
    class Settings:
        url: str


    class Acme:
        Settings = Settings
        def __init__(self, settings): ...
        def deliver(self, record, call): ...
        def probe(self, call): ...
"""


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Installs a package with one connector, as pip would: a module and its metadata on the path."""
    monkeypatch.syspath_prepend(str(tmp_path))
    made = set()

    def install(package: str, *, name: str, source: str, value: str = "{module}:Acme") -> None:
        entry = f"{name} = {value.format(module=package.replace('-', '_'))}"
        made.add(put(tmp_path, package, CONNECTORS, entry, version="1.2", source=textwrap.dedent(source)))

    yield install

    for module in made:
        sys.modules.pop(module, None)


def test_the_connectors_of_this_package_are_named_without_importing_any(install) -> None:
    install("acme-broken", name="broken", source="raise RuntimeError('imported')")

    found = plugins.names()

    assert {"http", "broken"} <= set(found)
    assert sorted(found) == found
    assert "acme_broken" not in sys.modules


def test_a_connector_of_another_package_is_loaded_by_name(install) -> None:
    install("acme-crm", name="acme", source=GOOD)

    connector = plugins.load("acme")

    assert connector.__name__ == "Acme"


def test_the_http_connector_is_found_like_a_strangers() -> None:
    assert plugins.load("http").__name__ == "Http"


def test_an_unknown_name_brings_the_nearest_ones(install) -> None:
    install("acme-crm", name="acmecrm", source=GOOD)

    with pytest.raises(UnknownConnector, match=r"no connector 'acmcrm': did you mean acmecrm\?"):
        plugins.load("acmcrm")


def test_an_unknown_name_like_no_other_brings_all_that_are_installed() -> None:
    with pytest.raises(UnknownConnector, match=r"no connector 'zzzzzzzz': installed are .*http"):
        plugins.load("zzzzzzzz")


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        ("import no_such_module_at_all", "ModuleNotFoundError: No module named 'no_such_module_at_all'"),
        ("class Other: ...", "AttributeError: .*Acme"),
        ("def broken(:", "SyntaxError: invalid syntax"),
        ("1 / 0", r"ZeroDivisionError: division by zero \(.*acme_crm\.py, line 1\)"),
        ("raise RuntimeError('no licence')", "RuntimeError: no licence"),
    ],
)
def test_a_connector_that_cannot_be_imported_is_named_with_its_package(install, source: str, fault: str) -> None:
    install("acme-crm", name="acme", source=source)

    with pytest.raises(
        UnknownConnector, match=rf"connector 'acme' of package acme-crm 1\.2 cannot .*imported: {fault}"
    ):
        plugins.load("acme")


@pytest.mark.parametrize(
    ("source", "missing"),
    [
        ("class Acme: ...", "no class Settings, no method deliver, no method probe"),
        ("class Acme:\n    class Settings: ...\n    def deliver(self): ...", "no method probe"),
        ("class Acme:\n    Settings = {}\n    deliver = probe = print", "no class Settings"),
        ("Acme = 3", "is no class: acme_crm:Acme is a int"),
    ],
)
def test_a_class_that_is_no_connector_is_refused_with_what_it_lacks(install, source: str, missing: str) -> None:
    install("acme-crm", name="acme", source=source)

    with pytest.raises(UnknownConnector, match=missing):
        plugins.load("acme")


def test_two_packages_with_one_name_are_refused_instead_of_one_being_picked(install) -> None:
    install("acme-crm", name="acme", source=GOOD)
    install("acme-other", name="acme", source=GOOD)

    with pytest.raises(UnknownConnector, match=r"provided by acme-crm 1\.2 and acme-other 1\.2"):
        plugins.load("acme")


def test_of_the_installed_ones_only_those_are_imported_that_are_looked_up(install) -> None:
    install("acme-crm", name="acme", source=GOOD)
    install("acme-other", name="other", source=GOOD)
    install("acme-broken", name="broken", source="raise RuntimeError('no licence')")

    installed = plugins.Installed(plugins.CONNECTORS)

    assert {"acme", "other", "broken", "http"} <= set(installed)
    assert {} == installed.broken
    assert "acme" in installed
    assert ("broken" in installed, installed.get("broken"), installed.get("nobody")) == (False, None, None)
    assert ["broken"] == [*installed.broken]
    assert "no licence" in installed.broken["broken"]
    assert "acme_crm" in sys.modules
    assert "acme_other" not in sys.modules


def test_a_broken_connector_leaves_the_others_working(install) -> None:
    install("acme-crm", name="acme", source=GOOD)
    install("acme-broken", name="broken", source="import no_such_module_at_all")

    connectors, problems = plugins.load_all()

    assert {"acme", "http"} <= set(connectors)
    assert "broken" not in connectors
    assert "acme-broken" in problems["broken"]


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (
            "        def probe",
            "        max_batch = 5\n        def probe",
            "it has max_batch and no method deliver_batch",
        ),
        ("def deliver(", "deliver_batch = print\n        def deliver(", "it has deliver_batch and no max_batch"),
        (
            "def deliver(",
            "deliver_batch = print; max_batch = '5'\n        def deliver(",
            "max_batch is '5': it must be",
        ),
        ("(self, record, call)", "(self, record)", r"it is called as deliver\(self, record, call\)"),
        ("(self, settings)", "(self)", r"it is called as __init__\(self, settings\)"),
        (
            "def probe",
            "def nothing_there(self, url): ...\n        def probe",
            r"it is called as nothing_there\(self, method, url, content\)",
        ),
        ("@dataclass(frozen=True)", "", r"Settings is no dataclass: write @dataclass\(frozen=True\)"),
        ("url: str", "url: bytes", "Settings.url is a bytes, and a configuration has none: declare it as str"),
        ("url: str", "url: 'list[Nothing]'", "Settings cannot be read: name 'Nothing'"),
        ("def probe", "default_records = 'x'\n        def probe", "default_records: this must be a list: write lines"),
        (
            "def probe",
            "default_records = [{'name': 'a'}]\n        def probe",
            "a record needs a mapping of field names",
        ),
        (
            "def probe",
            "default_records = [{'nmae': 'a'}]\n        def probe",
            "unknown key 'nmae': did you mean 'name'?",
        ),
        (
            "def probe",
            "default_records = [dict(name='a', object='b', fields={'c': '{{ records.d.id }}'})]\n        def probe",
            "there is no earlier record 'd': this is the first",
        ),
    ],
)
def test_what_is_wrong_with_a_class_is_told_with_what_to_do(install, before: str, after: str, told: str) -> None:
    assert before in GOOD
    install("acme-crm", name="acme", source=GOOD.replace(before, after, 1))

    with pytest.raises(UnknownConnector, match=rf"connector 'acme' of package acme-crm 1\.2 cannot be used: .*{told}"):
        plugins.load("acme")


def test_settings_of_all_the_kinds_that_yaml_has_are_taken(install) -> None:
    kinds = """from typing import Annotated, Any, Literal
    from enum import StrEnum
    from bridge.connector import Secret
    from dataclasses import field
    class Colour(StrEnum):
        RED = 'red'
    """
    more = """url: str
        a: int | None = None
        b: Literal['x', 'y'] = 'x'
        c: dict[str, list[Secret]] = field(default_factory=dict)
        d: Annotated[float, 'seconds'] = 1.0
        e: Any = None
        f: tuple[str, ...] = ()
        g: Colour = Colour.RED
        h: "Settings | None" = None
        i: list = field(default_factory=list)"""
    source = GOOD.replace("@dataclass", f"{kinds}\n    @dataclass").replace("url: str", more)
    install("acme-crm", name="acme", source=source)

    assert "Acme" == plugins.load("acme").__name__
