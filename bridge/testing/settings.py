"""Settings: what a connector's Settings declare and hold, as the suite has to know it."""

from collections.abc import Mapping
from dataclasses import MISSING
from typing import Any

from pydantic import ValidationError

from bridge.config.settings import Undeclared, reader
from bridge.connector import secrets_in


class SettingsRefused(AssertionError):
    """The connector's Settings do not take these: says what and why, and shows no value."""


def read_settings(declared: type, given: Mapping[str, Any]) -> Any:
    """An instance of the declared Settings, checked as the configuration is; raises SettingsRefused."""
    try:
        return reader(declared).validate_python(dict(given))
    except Undeclared as error:
        raise SettingsRefused(str(error)) from None
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
        told = [
            f"{'.'.join(str(step) for step in one['loc'] if chr(0) not in str(step))}: {one['msg']}" for one in found
        ]
        raise SettingsRefused("; ".join(told)) from None


def is_required(one: Any) -> bool:
    return one.default is MISSING and one.default_factory is MISSING


SHORTEST = 8  # a shorter one is a word that an answer may well contain


def telling_secrets(settings: Any) -> list[str]:
    """Every secret in the settings that could be told from a word."""
    return [secret for secret in secrets_in(settings) if len(secret) >= SHORTEST]
