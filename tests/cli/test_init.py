"""bridge init: what it asks, what it writes, and that it starts."""

import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.packages import CONNECTORS, put

ACME = """\
from dataclasses import dataclass
from bridge.connector import Delivered, Secret, Usable, Wrong, WrongSettings

@dataclass(frozen=True)
class Settings:
    region: str
    api_key: Secret
    size: int = 3
    def __post_init__(self):
        if self.region not in ("us", "eu"):
            raise WrongSettings(Wrong(("region",), "this is no region of Acme", "write us or eu"))

class Acme:
    Settings = Settings
    def __init__(self, settings): ...
    def deliver(self, record, call): return Delivered("1")
    def probe(self, call): return Usable()
"""
URL = ("--set", "url=https://crm.example.com/leads")
ENVIRONMENT = {name: text for name, text in os.environ.items() if name not in ("BRIDGE_CONFIG", "DATABASE_URL")}


def bridge(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "bridge", *arguments]
    found = ENVIRONMENT | environment
    return subprocess.run(command, cwd=folder, env=found, capture_output=True, text=True, timeout=60, input="")


def typed(folder: Path, *answers: str) -> tuple[str, int]:
    """What `bridge init` shows on a terminal where these lines are typed, and how it ends."""
    main, end = pty.openpty()
    command = [sys.executable, "-m", "bridge", "init"]
    with subprocess.Popen(command, cwd=folder, env=ENVIRONMENT, stdin=end, stdout=end, stderr=end) as process:
        os.close(end)
        os.write(main, "".join(f"{answer}\n" for answer in answers).encode())
        shown = b""
        try:
            while part := os.read(main, 4096):
                shown += part
        except OSError:  # the other end is closed
            pass
        code = process.wait(timeout=30)
    os.close(main)
    return shown.decode(), code


def test_what_it_writes_is_a_configuration_and_names_no_value_of_a_secret(tmp_path: Path) -> None:
    done = bridge(tmp_path, "init", "--yes", *URL)

    assert (0, "") == (done.returncode, done.stderr)
    assert "https://<your host>/webhooks/smarterbot" in done.stdout
    checked = bridge(tmp_path, "check", SMARTERBOT_SIGNING_KEY="a signing key that is long enough")
    assert 0 == checked.returncode, checked.stderr
    assert "sources smarterbot; targets crm" in checked.stdout
    names = [line for line in (tmp_path / ".env.example").read_text().splitlines() if "=" in line]
    assert ["SMARTERBOT_SIGNING_KEY=", "# DATABASE_URL="] == names


def test_the_records_that_stand_in_it_as_a_comment_are_such(tmp_path: Path) -> None:
    bridge(tmp_path, "init", "--yes", *URL)
    config = tmp_path / "config.yaml"
    text = config.read_text()
    start = text.index("    # records:")
    config.write_text(text[:start] + text[start:].replace("    # ", "    "))

    assert 0 == bridge(tmp_path, "check").returncode


@pytest.mark.parametrize("connector", ["hubspot", "salesforce"])
def test_records_that_would_not_fit_the_crm_are_not_suggested(tmp_path: Path, connector: str) -> None:
    url = ("--set", "url=https://acme.my.salesforce.com") if connector == "salesforce" else ()
    done = bridge(tmp_path, "init", "--yes", "--connector", connector, *url)

    text = (tmp_path / "config.yaml").read_text()
    assert 0 == done.returncode, done.stderr
    assert "object: contacts" not in text
    command = re.search(r"`bridge (connectors describe .+?)`", text)
    assert command
    assert "record person: " in bridge(tmp_path, *command[1].split()).stderr


def test_the_copy_of_the_variables_is_read_as_its_first_lines_say(tmp_path: Path) -> None:
    bridge(tmp_path, "init", "--yes", "--connector", "hubspot")
    text = (tmp_path / ".env.example").read_text()
    (tmp_path / ".env").write_text(text.replace("CRM_ACCESS_TOKEN=", "CRM_ACCESS_TOKEN=pat-na1-of-mine"))
    told = re.search(r"in a shell, `(.+?)`", text)
    assert told

    command = f"{told[1]}; exec {sys.executable} -m bridge check"
    done = subprocess.run(
        ["/bin/sh", "-c", command], cwd=tmp_path, env=ENVIRONMENT, capture_output=True, text=True, timeout=60
    )

    assert 0 == done.returncode, done.stderr


def test_every_answer_may_be_an_option(tmp_path: Path) -> None:
    put(tmp_path, "acme", CONNECTORS, "acme = acme:Acme", source=ACME)
    options = {
        "source": "shop",
        "preset": "github",
        "timezone": "Europe/Berlin",
        "phone-region": "DE",
        "target": "sales",
    }
    given = [f"--{name}={value}" for name, value in options.items()]

    done = bridge(tmp_path, "init", *given, "--connector=acme", "--set", "region=eu")

    assert (0, "") == (done.returncode, done.stderr)
    text = (tmp_path / "config.yaml").read_text()
    for part in ("  shop:", "preset: github", "timezone: Europe/Berlin", "sales:", 'region: "eu"', "${SALES_API_KEY}"):
        assert part in text
    assert "SALES_API_KEY=" in (tmp_path / ".env.example").read_text()
    assert 0 == bridge(tmp_path, "check", SALES_API_KEY="secret", SHOP_SIGNING_KEY="k" * 32).returncode


def test_a_login_that_has_several_forms_is_written_in_the_first_with_a_variable_for_each_part(tmp_path: Path) -> None:
    url = ("--set", "url=https://acme.my.salesforce.com")
    done = bridge(tmp_path, "init", "--yes", "--connector", "salesforce", "--target", "sales", *url)

    assert 0 == done.returncode, done.stderr
    written = (tmp_path / "config.yaml").read_text()
    assert '        client_credentials:\n          consumer_key: "${SALES_CONSUMER_KEY}"\n' in written
    assert "\nSALES_CONSUMER_SECRET=\n" in (tmp_path / ".env.example").read_text()
    variables = {
        "SMARTERBOT_SIGNING_KEY": "a key that is long",
        "SALES_CONSUMER_KEY": "a",
        "SALES_CONSUMER_SECRET": "b",
    }
    assert 0 == bridge(tmp_path, "check", **variables).returncode


def test_of_several_ways_the_usual_one_is_written(tmp_path: Path) -> None:
    assert 0 == bridge(tmp_path, "init", "--yes", "--connector", "hubspot").returncode

    assert '      access_token: "${CRM_ACCESS_TOKEN}"\n' in (tmp_path / "config.yaml").read_text()
    variables = {"SMARTERBOT_SIGNING_KEY": "a key that is long", "CRM_ACCESS_TOKEN": "a-token"}
    assert 0 == bridge(tmp_path, "check", **variables).returncode


def test_it_asks_on_a_terminal_and_asks_again_after_a_mistake(tmp_path: Path) -> None:
    shown, code = typed(
        tmp_path, "Shop Berlin", "shop", "newoak", "newoaks", "Europe/Berln", "Europe/Berlin", "", "", "", URL[1][4:]
    )

    assert 0 == code, shown
    assert "this is no usable name" in shown
    assert "there is no 'newoak': one of" in shown
    assert "did you mean 'Europe/Berlin'?" in shown
    assert "timezone: Europe/Berlin" in (tmp_path / "config.yaml").read_text()


def test_a_setting_that_does_not_fit_is_asked_for_again(tmp_path: Path) -> None:
    shown, code = typed(tmp_path, "", "", "", "", "", "", "ftp://crm.example.com", "crm.example.com", URL[1][4:])

    assert 0 == code, shown
    assert 3 == shown.count("url of the http target")
    assert 2 == shown.count("this must begin with https:// or http:// and name a host")
    assert URL[1][4:] in (tmp_path / "config.yaml").read_text()


def test_an_answer_that_needs_a_setting_which_is_not_asked_for_says_how_to_give_that(tmp_path: Path) -> None:
    shown, code = typed(tmp_path, "", "", "", "", "", "", "http://127.0.0.1:9000/leads", URL[1][4:])

    assert 0 == code, shown
    told = re.search(r"begin again with (--set allow_private_addresses=)…", shown)
    assert told
    inside = ("--set", "url=http://127.0.0.1:9000/leads", *f"{told[1]}true".split())
    assert 0 == bridge(tmp_path, "init", "--yes", "--force", *inside).returncode


def test_where_one_of_its_files_cannot_be_written_the_other_is_as_it_was(tmp_path: Path) -> None:
    (tmp_path / ".env.example").mkdir()
    for before in (None, "mine"):
        if before:
            (tmp_path / "config.yaml").write_text(before)

        done = bridge(tmp_path, "init", "--yes", "--force", *URL)

        assert (1, True) == (done.returncode, ".env.example cannot be written" in done.stderr)
        left = {path.name: path.read_text() for path in tmp_path.iterdir() if path.is_file()}
        assert left == ({"config.yaml": before} if before else {})


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "there is no terminal to ask on: say --source, or --yes"),
        (("--yes",), "url is needed: --set url=…"),
        (("--yes", "--set", "url"), "--set url: write key=value"),
        (("--yes", "--set", "url=ftp://x"), "targets.crm.settings.url: "),
        (("--yes", *URL, "--set", "urll=x"), "--set urll: the http connector has no such setting: did you mean 'url'?"),
        (("--yes", "--set", "uri=https://x"), "--set uri: the http connector has no such setting: did you mean 'url'?"),
        (("--yes", *URL, "--connector", "htpp"), "--connector: there is no 'htpp'"),
        (("--yes", *URL, "--timezone", "Mars"), "--timezone: unknown time zone"),
        (("--yes", *URL, "--phone-region", "USA"), "--phone-region: unknown phone region"),
        (("--yes", *URL, "--target", "My CRM"), "--target: this is no usable name"),
    ],
)
def test_what_does_not_fit_is_told_and_nothing_is_written(
    tmp_path: Path, arguments: tuple[str, ...], told: str
) -> None:
    done = bridge(tmp_path, "init", *arguments)

    assert (1, True) == (done.returncode, told in done.stderr), done.stderr
    assert [] == list(tmp_path.iterdir())


@pytest.mark.parametrize("key", ["api_key", "other"])
def test_a_secret_is_written_into_no_file_also_where_it_is_given(tmp_path: Path, key: str) -> None:
    source = ACME.replace("    size: int = 3\n", "    other: Secret | None = None\n")
    put(tmp_path, "acme", CONNECTORS, "acme = acme:Acme", source=source)

    done = bridge(tmp_path, "init", "--yes", "--connector=acme", "--set", "region=eu", "--set", f"{key}=hunter2")

    assert (1, True) == (done.returncode, f"--set {key}: a secret belongs into the environment" in done.stderr)
    assert "hunter2" not in done.stdout + done.stderr
    assert not (tmp_path / "config.yaml").exists()


def test_what_is_there_is_not_replaced_unless_it_is_to_be(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("mine")

    done = bridge(tmp_path, "init", "--yes", *URL)

    assert (1, True) == (done.returncode, "config.yaml is there already: --force replaces it" in done.stderr)
    assert "mine" == (tmp_path / "config.yaml").read_text()
    assert 0 == bridge(tmp_path, "init", "--yes", "--force", *URL).returncode
    assert 0 == bridge(tmp_path, "-c", "other/config.yaml", "init", "--yes", *URL).returncode - 1  # no such folder
    (tmp_path / "other").mkdir()
    assert 0 == bridge(tmp_path, "-c", "other/config.yaml", "init", "--yes", *URL).returncode
    assert (tmp_path / "other" / ".env.example").exists()
