"""bridge check, where the connector of a target is at fault: the author is told what and where."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.packages import CONNECTORS, put

CONFIG = """\
version: 1
sources: {smarterbot: {}}
targets: {crm: {connector: acme, settings: {api_key: a key that is nobody's business}}}
"""
ACME = """\
from dataclasses import dataclass
from bridge.connector import Secret

@dataclass(frozen=True)
class Settings:
    api_key: Secret

class Acme:
    Settings = Settings
    def __init__(self, settings):
        self.key = settings.api_key.reveal()
    def deliver(self, record, call): ...
    def probe(self, call): ...
"""


def check(folder: Path, acme: str) -> subprocess.CompletedProcess[str]:
    """The command, with this connector installed beside it."""
    (folder / "config.yaml").write_text(CONFIG)
    put(folder, "acme", CONNECTORS, "acme = acme:Acme", source=acme)
    environment = {name: value for name, value in os.environ.items() if name not in ("BRIDGE_CONFIG", "DATABASE_URL")}
    command = [sys.executable, "-m", "bridge", "check"]  # which finds what is in its folder
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=60)


def test_one_that_is_in_order_is_good(tmp_path: Path) -> None:
    done = check(tmp_path, ACME)

    assert (0, "the configuration is good: sources smarterbot; targets crm\n") == (done.returncode, done.stdout)


@pytest.mark.parametrize(
    ("right", "wrong", "told"),
    [
        ("def probe", "def prob", "no connector: acme:Acme has no method probe"),
        ("import Secret", "import Sekret", "cannot import name 'Sekret'"),
        ("class Acme:", "class Acme", "SyntaxError: expected ':' (acme.py, line 8)"),
        ("class Acme:", "assert 1 == 2\nclass Acme:", "AssertionError:  ("),
        ("api_key: Secret", "api_key: bytes", "Settings.api_key is a bytes"),
    ],
)
def test_one_that_cannot_be_used_is_told_where_the_configuration_names_it(
    tmp_path: Path, right: str, wrong: str, told: str
) -> None:
    done = check(tmp_path, ACME.replace(right, wrong, 1))

    assert 1 == done.returncode
    place, _, rest = done.stderr.partition("config.yaml:3:")[2].partition(": targets.crm.connector: ")
    assert place.isdigit()
    assert told in rest


def test_one_that_fails_as_it_is_made_is_told_with_its_line_and_without_what_it_was_given(tmp_path: Path) -> None:
    done = check(tmp_path, ACME.replace("self.key = settings.api_key.reveal()", "int(settings.api_key.reveal())"))

    assert 1 == done.returncode
    assert "target crm: connector 'acme' fails as it is made: ValueError (" in done.stderr
    assert "acme.py, line 11)" in done.stderr
    assert "nobody's business" not in done.stdout + done.stderr


DESCRIBING = """\
from dataclasses import dataclass
from bridge.connector import Delivered, Field, Hold, Usable

@dataclass(frozen=True)
class Settings:
    known: bool = True

class Acme:
    Settings = Settings
    understands = frozenset({"match"})
    default_records = [{"name": "person", "object": "Lead", "fields": {"Email": "{{ email }}", "Sorce": "Web"}}]
    def __init__(self, settings):
        self.settings = settings
    def deliver(self, record, call):
        return Delivered("1")
    def probe(self, call):
        return Usable("org 7")
    def describe(self, object, call):
        if object != "Lead":
            return Hold(f"there is no object {object}")
        return [
            Field("Email", "email", max_length=20),
            Field("LastName", "string", required=True),
            Field("Source", "picklist", choices=("Web", "Chat")),
            Field("CreatedAt", "datetime", writable=False),
            Field("Id", "id", required=True, writable=False),
        ]
"""
PLANTED = """\
version: 1
lookups:
  source: {lead: Web, appointment: Caht, "*": Other}
sources: {smarterbot: {}}
targets:
  crm:
    connector: acme
    records:
      - name: person
        object: Lead
        fields:
          Emial: "{{ email }}"
          CreatedAt: "{{ created_at }}"
          Source: "{{ kind | lookup('source') }}"
          Email: {value: a-text-that-is-longer@example.com, max_length: 30}
"""


ASK, LONGER = "ask for the right to it, or leave it out", "is longer than the 20 characters of the field"


def connected(folder: Path, config: str) -> subprocess.CompletedProcess[str]:
    (folder / "config.yaml").write_text(config)
    put(folder, "acme", CONNECTORS, "acme = acme:Acme", source=DESCRIBING)
    return called(folder, "check", "--connect")


def called(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name not in ("BRIDGE_CONFIG", "DATABASE_URL")}
    command = [sys.executable, "-m", "bridge", *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=60)


def test_a_mapping_is_held_against_the_fields_of_the_account(tmp_path: Path) -> None:
    done = connected(tmp_path, PLANTED)

    assert 1 == done.returncode
    told = [line for line in done.stderr.splitlines() if line.startswith("config.yaml:") and "signing_key" not in line]
    at = "targets.crm.records[0].fields"
    assert [
        f"config.yaml:11:9: {at}: Lead needs LastName (add LastName: … under fields)",
        f"config.yaml:12:11: {at}.Emial: Lead has no field 'Emial' (did you mean Email?)",
        f"config.yaml:13:11: {at}.CreatedAt: Lead.CreatedAt cannot be written ({ASK})",
        f"config.yaml:14:11: {at}.Source.value: the field does not take 'Caht' (did you mean 'Chat'?)",
        f"config.yaml:14:11: {at}.Source.value: the field does not take 'Other' (it takes: Web, Chat)",
        f"config.yaml:15:26: {at}.Email.value: 'a-text-that-is-longer@example.' {LONGER} (shorten it)",
        f"config.yaml:15:73: {at}.Email.max_length: the field takes 20 characters (write 20 or less)",
    ] == told
    assert '          Emial: "{{ email }}"' in done.stderr


def test_a_field_that_is_like_no_other_is_told_with_the_command_that_lists_them(tmp_path: Path) -> None:
    done = connected(tmp_path, PLANTED.replace("Emial", "Shoe_size"))

    found = re.search(r"Lead has no field 'Shoe_size' \(`bridge (.+)` lists them\)", done.stderr)
    assert found
    assert "Shoe_size" not in (listed := called(tmp_path, *found[1].split()).stdout)
    assert '"name": "LastName"' in listed


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("{{ 'Webb' if kind == 'lead' else kind | lookup('source') }}", ["'Caht'", "'Other'", "'Webb'"]),
        ("{{ vars.source }}", ["'Caht'", "'Other'"]),
        ("{{ kind | lookup('source', default='Non') }}", ["'Caht'", "'Non'", "'Other'"]),
        ("{{ raw.Source | default('Fax') }}", ["'Fax'"]),
        ("{{ kind | lookup('source') | default('Fax') | upper }}", []),
    ],
)
def test_what_an_expression_may_come_to_is_held_against_the_choices(
    tmp_path: Path, value: str, told: list[str]
) -> None:
    fields = f'          LastName: x\n          Source: "{value}"\n'
    variables = "vars: {source: \"{{ kind | lookup('source') }}\", other: '{{ vars.source }}'}\n"

    done = connected(tmp_path, PLANTED[: PLANTED.index("          Emial")] + fields + variables)

    found = [line.partition("does not take ")[2].partition(" ")[0] for line in done.stderr.splitlines()]
    assert told == sorted(filter(None, found))
    assert bool(told) == done.returncode


@pytest.mark.parametrize("value", ["null", '""', "{value: null, nulls: send}"])
def test_a_field_that_must_be_there_is_not_filled_by_nothing(tmp_path: Path, value: str) -> None:
    done = connected(tmp_path, PLANTED[: PLANTED.index("          Emial")] + f"          LastName: {value}\n")

    assert 1 == done.returncode
    assert "fields.LastName: Lead needs LastName, and this says nothing (map a value to it)" in done.stderr


def test_a_mapping_that_fits_is_said_to(tmp_path: Path) -> None:
    good = {"LastName": "x", "Email": "{{ email }}", "Source": "Web"}
    fields = "".join(f"          {name}: '{value}'\n" for name, value in good.items())

    done = connected(tmp_path, PLANTED[: PLANTED.index("          Emial")] + fields)

    assert (0, True) == (done.returncode, "target crm: takes Lead as they are mapped" in done.stdout), done.stderr


def test_what_an_object_has_may_be_unknown_and_a_connectors_own_records_are_checked_too(tmp_path: Path) -> None:
    done = connected(tmp_path, PLANTED.replace("object: Lead", "object: Lad"))
    assert (1, True) == (done.returncode, "the fields of Lad cannot be told: there is no object Lad" in done.stderr)

    (tmp_path / "config.yaml").write_text("")
    own = tmp_path / "own"
    own.mkdir()
    done = connected(own, "version: 1\nsources: {smarterbot: {}}\ntargets:\n  crm:\n    connector: acme\n")
    assert 1 == done.returncode
    assert (
        "targets.crm.default_records.person.fields.Sorce: Lead has no field 'Sorce' (did you mean Source?)"
        in done.stderr
    )
