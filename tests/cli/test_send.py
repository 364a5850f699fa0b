"""send: the address in whatever form it is pasted, and the truth about an example that is always the same."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bridge.cli import cli
from bridge.sandbox.inbox import Inbox
from tests.processes import KEY, Bridge, configuration, http_target

SAME = "always the same example"


@pytest.fixture
def config(tmp_path: Path) -> str:
    (path := tmp_path / "config.yaml").write_text(configuration({"crm": http_target("https://crm.example.com/")}))
    return str(path)


def send(config: str, *arguments: str) -> Result:
    """What `bridge send …` does and says."""
    return CliRunner().invoke(cli, ["--config", config, "send", *arguments], env={"TEST_SIGNING_KEY": KEY})


@pytest.mark.parametrize(
    ("arguments", "said"), [(("lead",), True), (("appointment",), True), (("lead", "--new"), False), (("test",), False)]
)
def test_who_sends_the_example_learns_that_it_is_always_the_same(
    config: str, arguments: tuple[str, ...], said: bool
) -> None:
    with Inbox() as inbox:
        done = send(config, *arguments, "--url", inbox.url)

    assert 0 == done.exit_code
    assert said == (SAME in done.stderr) == ("--new makes another visitor" in done.stderr)
    assert SAME not in done.stdout


def test_an_example_that_was_refused_is_not_taken_for_a_duplicate(config: str) -> None:
    with Inbox() as inbox:
        inbox.add_fault(status=401)
        done = send(config, "lead", "--url", inbox.url)

    assert 1 == done.exit_code
    assert SAME not in done.stderr
    assert "bridge events rejected" in done.stderr, "who changed the key and did not restart must be told"


@pytest.mark.parametrize(
    ("path", "arrives"),
    [
        ("", "/webhooks/smarterbot"),
        ("/", "/webhooks/smarterbot"),
        ("/webhooks/smarterbot", "/webhooks/smarterbot"),
        ("/webhooks/smarterbot/", "/webhooks/smarterbot"),
        ("/webhooks/smarterbot?from=page#top", "/webhooks/smarterbot"),
        ("/webhooks", "/webhooks/smarterbot"),
        ("/behind/a/proxy/webhooks/smarterbot", "/behind/a/proxy/webhooks/smarterbot"),
        ("/behind/a/proxy", "/behind/a/proxy/webhooks/smarterbot"),
    ],
)
@pytest.mark.parametrize("source", [(), ("--source", "smarterbot")], ids=["", "--source"])
def test_the_whole_address_is_understood_as_well_as_its_beginning(
    config: str, path: str, arrives: str, source: tuple[str, ...]
) -> None:
    with Inbox() as inbox:
        done = send(config, "lead", "--url", f"{inbox.url}{path}", *source)
        (row,) = inbox.rows()

    assert (0, arrives) == (done.exit_code, row.path)


def test_an_address_that_names_another_source_is_a_contradiction(config: str) -> None:
    done = send(config, "lead", "--url", "http://127.0.0.1:9/webhooks/other", "--source", "smarterbot")

    assert 2 == done.exit_code
    assert "--url is the address of source other, and --source says smarterbot: leave one out" in done.stderr


def test_an_address_that_names_no_source_of_the_configuration_is_told_with_those_there_are(config: str) -> None:
    done = send(config, "lead", "--url", "http://127.0.0.1:9/webhooks/smarterbto")

    assert 2 == done.exit_code
    assert "no source 'smarterbto': there are smarterbot" in done.stderr


def test_where_the_system_chose_the_port_send_has_to_be_told(tmp_path: Path) -> None:
    bridge = Bridge(tmp_path, configuration({}), environment={"PORT": "0"})

    done = bridge.call("send", "lead")

    assert 2 == done.returncode
    assert "say with --url which one it took" in done.stderr
