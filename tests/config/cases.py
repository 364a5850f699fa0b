"""What the tests of this folder share: connectors of their own, and loading a text."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from bridge.config.load import Loaded, load
from bridge.connector import Secret
from bridge.errors import ConfigError, Problem


@dataclass(frozen=True)
class Bearer:
    bearer: Secret


@dataclass(frozen=True)
class Login:
    username: str
    password: Secret


@dataclass(frozen=True)
class Basic:
    basic: Login


@dataclass(frozen=True)
class Probe:
    url: str
    method: Literal["GET", "HEAD"] = "GET"


@dataclass(frozen=True)
class Settings:
    url: str
    method: Literal["POST", "PUT", "PATCH"] = "POST"
    headers: dict[str, str | Secret] = field(default_factory=dict)
    auth: Bearer | Basic | None = None
    probe: Probe | None = None
    tags: tuple[str, ...] = ()
    size: int | str = 1
    ratio: float = 0.5
    allow_private_addresses: bool = False

    def __post_init__(self) -> None:
        if not self.url.startswith("http"):
            raise ValueError(f"the url {self.url} must begin with http")


class Http:
    Settings = Settings


@dataclass(frozen=True)
class KeySettings:
    api_key: Secret


class Keyed:
    Settings = KeySettings


CONNECTORS: Mapping[str, type] = {"http": Http, "keyed": Keyed}

SOURCE = """\
version: 1
sources:
  main:
    signing_keys: ["a long signing key"]
"""

KEYED = """\
targets:
  t:
    connector: keyed
    settings: {api_key: an api key}
"""


def load_text(folder: Path, text: str | bytes, environment: Mapping[str, str] | None = None) -> Loaded:
    path = folder / "bridge.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass"))
    return load(path, environment=environment or {}, connectors=CONNECTORS)


def problems_of(folder: Path, text: str | bytes, environment: Mapping[str, str] | None = None) -> list[Problem]:
    try:
        load_text(folder, text, environment)
    except ConfigError as error:
        return error.problems
    return []


def settings_of(folder: Path, settings: str, environment: Mapping[str, str] | None = None) -> Settings:
    """What the target `t` is given for the settings, a YAML text in one line."""
    text = f"{SOURCE}targets:\n  t:\n    connector: http\n    settings: {settings}\n"
    found = load_text(folder, text, environment).rules.targets["t"].settings
    assert isinstance(found, Settings)
    return found
