"""map: what each target would be sent for an event. Sends nothing, and asks nobody."""

import json
import os
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import click

from bridge.cli.hands import EVENT
from bridge.cli.show import json_option
from bridge.core.filters import text_of
from bridge.core.skipped import TARGET, skipped_in, unwanted
from bridge.core.text import instant
from bridge.engine.plugged import reading_of
from bridge.engine.rehearse import Rehearsed, claim_for, rehearse, stored_claim
from bridge.engine.trial import shown
from bridge.errors import BridgeError, MappingError
from bridge.log import printable
from bridge.model.delivery import Claim
from bridge.model.rules import Rules, SourceRule, TargetRule
from bridge.wiring.configured import configured
from bridge.wiring.environment import clock
from bridge.wiring.plugged import connector_of, plugins_of

MAX_BYTES = 16 << 20


@click.command("map")
@click.argument("event", metavar="EVENT.json|ID")
@click.option("--target", "only", help="Only this target, also where its `when` lets no such event through.")
@click.option("--source", help="Whose event the file holds, where there are several sources.")
@click.option("--now", help="When the event of a file comes in, such as 2026-01-31T12:00:00Z; left out: now.")
@json_option
def map_event(event: str, only: str | None, source: str | None, now: str | None, as_json: bool) -> None:  # noqa: FBT001
    """Show what each target would be sent for an event, request by request. Sends nothing.

    The event is a file with what the sender posts (- reads it from standard input), or the id of one that is stored.
    """
    as_json = as_json or not sys.stdout.isatty()
    rules = configured().rules
    if only is not None and only not in rules.targets:
        raise BridgeError(f"no target {only!r}: the configuration has {', '.join(rules.targets) or 'none'}")
    is_good = True
    for number, claim in _claims(event, source, rules, now):
        is_good &= _show(number, claim, rules, only, as_json=as_json)
    sys.exit(0 if is_good else 1)


def _claims(event: str, source: str | None, rules: Rules, now: str | None) -> Iterator[tuple[int, Claim]]:
    """Each event with the number that it is called by: its id, or its place in the file from 1."""
    if event.isascii() and event.isdigit() and not os.path.exists(event):
        if now is not None:
            raise BridgeError("--now is for a file: a stored event has a time of its own")
        id_ = EVENT.convert(event, None, None)
        yield id_, _stored(id_)
        return
    rule = _source(source, rules)
    received_at = _received_at(now)
    reading = reading_of(_read(event), source=rule, plugins=plugins_of([rule]))
    if reading.test:
        raise BridgeError(f"{event} holds a test request: it is answered, and nothing comes of it")
    for bad in reading.unreadable:
        where = f"{bad.path}: " if bad.path else ""
        raise BridgeError(
            f"{event} holds no event of source {rule.name}: {where}{bad.reason}; it would be kept in quarantine"
        )
    if not reading.events:
        raise BridgeError(f"{event} holds no event that source {rule.name} lets in: see its chatbots and ignore_types")
    for number, (found, _) in enumerate(reading.events, 1):
        yield number, claim_for(found, region=rule.phone_region, received_at=received_at)


def _received_at(now: str | None) -> datetime:
    """In UTC, as of what is received."""
    if now is None:
        return datetime.fromtimestamp(clock().now_ms() / 1000, UTC)
    found = instant(now)
    if found is None:
        raise BridgeError("--now: this is no time: write it as 2026-01-31T12:00:00Z")
    return found.astimezone(UTC)


def _stored(event_id: int) -> Claim:
    from bridge.cli.hands import database
    from bridge.store import look
    from bridge.store.codec import Codec

    with database().read() as connection:
        try:
            found = look.stored_event(connection, event_id, codec=Codec())
        except ValueError as error:
            raise BridgeError(f"event {event_id}: {error}") from None
    if found is None:
        raise BridgeError(
            f"no event {event_id}: `bridge events list` shows those there are, and a file has another name"
        )
    return stored_claim(*found)


def _source(name: str | None, rules: Rules) -> SourceRule:
    names = ", ".join(sorted(rules.sources))
    if name is None and len(rules.sources) > 1:
        raise BridgeError(f"whose event is it? --source names one of {names}")
    if name is not None and name not in rules.sources:
        raise BridgeError(f"no source {name!r}: the configuration has {names}")
    return rules.sources[name] if name else next(iter(rules.sources.values()))


def _read(path: str) -> bytes:
    try:
        with click.open_file(path, "rb") as file:
            body: bytes = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise BridgeError(f"{path} cannot be read: {error.strerror}") from None
    if len(body) > MAX_BYTES:
        raise BridgeError(f"{path} is larger than the 16 MiB that one request may have")
    return body


def _show(number: int, claim: Claim, rules: Rules, only: str | None, *, as_json: bool) -> bool:
    """Prints what becomes of one event; gives whether all of it can be sent."""
    event = claim.stored.event
    if not as_json:
        click.echo(f"event {number}: {event.kind} of source {event.source}")
    if not rules.targets:
        _say(as_json, {"event": number, "target": None, "why": "there are no targets"}, "  there are no targets")
    shown = []  # all, whatever the first says
    for rule in [rules.targets[only]] if only else rules.targets.values():
        if not only and (why := unwanted(rule.route, claim)):
            _say_skipped(number, rule.name, TARGET, why, as_json=as_json)
        else:
            shown.append(_show_target(number, claim, rule, as_json=as_json))
    return all(shown)


def _say_skipped(number: int, target: str, record: str, why: str, *, as_json: bool) -> None:
    row = {"event": number, "target": target} | ({"record": record} if record else {}) | {"skipped": True, "why": why}
    _say(as_json, row, f"  target {target}: {f'record {record} ' if record else ''}skipped: {printable(why)}")


def _show_target(number: int, claim: Claim, rule: TargetRule, *, as_json: bool) -> bool:
    head = {"event": number, "target": rule.name}
    try:
        found = rehearse(rule, connector_of(rule), claim, clock=clock())
    except MappingError as error:
        _say(
            as_json,
            head | {"error": str(error)},
            f"  target {rule.name}: dead, nothing is sent: {printable(str(error))}",
        )
        return False
    for record, why in skipped_in(rule.mapping, claim).items():
        _say_skipped(number, rule.name, record, why, as_json=as_json)
    for one in found:
        _say(as_json, head | _as_json(one), "\n".join(_lines(rule, one)))
    return all(one.request or not one.why for one in found)


def _say(as_json: bool, row: dict[str, Any], text: str) -> None:  # noqa: FBT001
    click.echo(json.dumps(row, ensure_ascii=sys.stdout.isatty(), default=text_of) if as_json else text)


def _as_json(one: Rehearsed) -> dict[str, Any]:
    record, request = one.record, one.request
    found: dict[str, Any] = {"record": record.name, "object": record.object, "fields": dict(record.fields)}
    if request is None:
        return found | {"request": None, "why": one.why}
    body = request.body.decode("utf-8", "replace")
    return (found | {"looks": one.looks} if one.looks else found) | {
        "request": {"method": request.method, "url": request.url, "headers": dict(request.headers), "body": body}
    }


def _lines(rule: TargetRule, one: Rehearsed) -> Iterator[str]:
    record, request = one.record, one.request
    yield f"  target {rule.name}: record {record.name}" + (
        f" ({record.object})" if record.object != record.name else ""
    )
    width = max(map(len, record.fields), default=0)
    for name, value in record.fields.items():
        yield f"    {printable(name):<{width}}  {printable(shown(value))}"
    if request is None:
        yield f"    {printable(one.why)}"
        return
    if one.looks:
        yield f"    (after {one.looks} to look what is there; as where nothing is)"
    yield f"    > {request.method} {printable(request.url)}"
    yield from (f"    > {name}: {printable(value)}" for name, value in request.headers.items())
    yield f"    > {printable(request.body.decode('utf-8', 'replace'))}"
