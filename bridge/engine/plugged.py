"""Plugged: sources whose requests a plugin verifies, and perhaps reads. The border to a stranger's code: what it gives
back is checked as a body is, and what it raises harms only its own request.
"""

import json
import traceback
from collections.abc import Mapping
from dataclasses import replace

from bridge.core.normalise import normalise, read_all
from bridge.errors import BadPayload, BadSignature
from bridge.log import logger
from bridge.model.event import Reading, Unreadable
from bridge.model.fields import TEXTS, Fields, KindOf
from bridge.model.rules import SourceRule
from bridge.model.signed import Request, Verified
from bridge.source import Reader, Source

_CANONICAL = Fields(
    texts={name: ((name,),) for name in TEXTS},
    kind=KindOf(path=("kind",), values={"": "lead", "lead": "lead", "appointment": "appointment"}),
)

log = logger("receive")


class Failed(RuntimeError):
    """A fault of the plugin: its text names kind and place, and quotes nobody."""


def verify(plugin: Source, request: Request) -> Verified:
    """What the plugin says of the request; raises BadSignature, and Failed."""
    try:
        verified = plugin.verify(request)
    except BadSignature as bad:
        raise BadSignature(f"plugin: {bad.reason}"[:64], authentic=bad.authentic) from None
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001  a stranger's code, which may even say SystemExit
        raise Failed(f"the plugin failed: {told(error)}") from None
    if not isinstance(verified, Verified):
        raise Failed(f"verify gave a {type(verified).__name__}, not a Verified")
    return verified


def read(plugin: Source, body: bytes, *, source: SourceRule) -> Reading:
    """What the verified body holds."""
    if not isinstance(plugin, Reader):
        return normalise(body, source=source)
    try:
        found = [(item, json.dumps(item).encode()) for item in plugin.read(body)]
    except BadPayload as bad:
        return Reading([], [Unreadable(body, bad.path[:200], f"the plugin says: {bad.reason}"[:200])])
    except KeyboardInterrupt:
        raise  # of an operator, who has a body read again
    except BaseException as error:  # noqa: BLE001  as above
        log.error("plugin cannot read", source=source.name, fault=told(error))
        return Reading([], [Unreadable(body, "", f"the plugin failed: {type(error).__name__}")])
    rule = replace(source, fields=source.fields or _CANONICAL, key=source.key or (("key",),))
    return read_all(found, body, source=rule, from_envelope=True)


def reading_of(body: bytes, *, source: SourceRule, plugins: Mapping[str, Source]) -> Reading:
    """What a verified body of the source holds, read by its plugin (by the source's name) or by its declaration."""
    if source.plugin:
        return read(plugins[source.name], body, source=source)
    return normalise(body, source=source)


def told(error: BaseException) -> str:
    """What failed and where, without the error's text: it may quote the visitor, or a secret."""
    if isinstance(error, Failed):
        return str(error)
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} at {last.filename}:{last.lineno}"
