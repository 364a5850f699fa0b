"""Begun: the configuration that `init` writes, from its answers."""

import json
from dataclasses import dataclass, field

from bridge import plugins
from bridge.config.described import Needed, needed_by, settings_of


@dataclass
class Answers:
    """What was asked for."""

    source: str
    preset: str
    timezone: str
    phone_region: str
    target: str
    connector: str
    settings: dict[str, str] = field(default_factory=dict)  # of the connector; no secret among them
    asked: list[str] = field(default_factory=list)  # of them, those that were asked for on a terminal

    @property
    def signing_key(self) -> str:
        return _variable(f"{self.source}_signing_key")

    @property
    def secrets(self) -> dict[tuple[str, ...], str]:
        """Variables for what the connector needs and no file is to hold, by the way to it: secrets, and what stands
        beside them.
        """
        ways = [one.path for one in _needed(self.connector) if one.is_secret or len(one.path) > 1]
        lasts = [way[-1] for way in ways]
        return {
            way: _variable("_".join((self.target, *(way[-1:] if lasts.count(way[-1]) == 1 else way)))) for way in ways
        }

    @property
    def variables(self) -> list[str]:
        return [self.signing_key, *self.secrets.values()]


def needed_settings(connector: str) -> list[str]:
    """The settings without which the connector does not start, and that are no secrets."""
    return [one.path[0] for one in _needed(connector) if not one.is_secret and len(one.path) == 1]


def known_settings(connector: str) -> list[str]:
    """The settings that the connector has."""
    found = settings_of(plugins.load(connector).Settings)  # type: ignore[attr-defined]
    return [one.key for one in found if "." not in one.key]


def is_secret(connector: str, key: str) -> bool:
    """Whether a setting is a secret, which no file is to hold, or has one in it."""
    found = settings_of(plugins.load(connector).Settings)  # type: ignore[attr-defined]
    return any(one.secret for one in found if one.key == key)


def config_text(answers: Answers) -> str:
    """The configuration."""
    settings = [f"      {key}: {json.dumps(value)}" for key, value in answers.settings.items()]
    settings += _nested(answers.secrets, "      ")
    if answers.connector == "http":
        bearer = _variable(f"{answers.target}_token")
        settings.append(f'      # auth: {{bearer: "${{{bearer}}}"}} # or basic, header: docs/http-target.md')
    return f"""\
# Made by `bridge init`. config.example.yaml shows every setting with comments; `bridge check` finds mistakes.
version: 1

defaults: {{timezone: {answers.timezone}, phone_region: "{answers.phone_region}"}}

sources:
  {answers.source}: # its address is https://<this host>/webhooks/{answers.source}
    preset: {answers.preset}
    signing_keys: ["${{{answers.signing_key}:-}}"] # set it once the platform has made it

targets:
  {answers.target}:
    connector: {answers.connector}
    settings:
{chr(10).join(settings) or "      {}"}
    # when: {{kind: [lead, appointment]}}

{_records_of(answers.connector)}"""


def environment_text(answers: Answers) -> str:
    """The names of the variables, without values."""
    lines = [
        "# Variables that the configuration names. Copy this file to .env, fill it in, and keep the copy out of git.",
        "# The bridge reads the environment and no file: in a shell, `set -a; . ./.env; set +a` before `bridge`; for",
        "# systemd, EnvironmentFile; a host has a page for them.",
        "",
        f"# The signing key that the platform shows for the webhook of {answers.source}; empty until it has made one.",
        f"{answers.signing_key}=",
    ]
    for way, name in answers.secrets.items():
        lines += ["", f"# {'.'.join(way)} of the {answers.connector} target {answers.target}.", f"{name}="]
    lines += ["", "# Where events are kept; left out: bridge.db in the working folder.", "# DATABASE_URL=", ""]
    return "\n".join(lines)


def _records_of(connector: str) -> str:
    """What is said of `records:`. Where the connector brings some, others than its own would not fit the CRM."""
    if getattr(plugins.load(connector), "default_records", ()):
        return f"""\
    # What it gets of each event is what the connector brings: `bridge connectors describe {connector}` lists it, and
    # `bridge map event.json` shows what would be sent. `records:` here take the place of all of that: docs/mapping.md.
"""
    return """\
    # What it gets of each event; without it, what the connector brings. docs/mapping.md has all names and filters;
    # `bridge map event.json` shows what would be sent.
    # records:
    #   - name: person
    #     object: contacts
    #     keyed_by: person
    #     fields:
    #       name: "{{ full_name }}"
    #       email: "{{ email | email }}"
    #       phone: "{{ phone | phone }}"
"""


def _needed(connector: str) -> list[Needed]:
    return needed_by(plugins.load(connector).Settings)  # type: ignore[attr-defined]


def _nested(values: dict[tuple[str, ...], str], indent: str) -> list[str]:
    """Lines of YAML, for ways to variables."""
    lines: list[str] = []
    for key in dict.fromkeys(way[0] for way in values):
        inner = {way[1:]: name for way, name in values.items() if way[0] == key}
        if () in inner:
            lines.append(f'{indent}{key}: "${{{inner[()]}}}"')
        else:
            lines += [f"{indent}{key}:", *_nested(inner, f"{indent}  ")]
    return lines


def _variable(text: str) -> str:
    return "".join(sign if sign.isascii() and sign.isalnum() else "_" for sign in text).upper()
