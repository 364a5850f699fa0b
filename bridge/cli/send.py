"""send: a correctly signed sample to a running bridge, as the platform would send it."""

import json
import re
import sys
import time
from typing import Any
from urllib.parse import unquote

import click

from bridge.cli.samples import APPOINTMENT, LEAD, other_visitor, sample_for
from bridge.log import printable
from bridge.model.rules import SourceRule
from bridge.wiring.configured import configured
from bridge.wiring.environment import port

SAME = (
    "This is always the same example: a bridge that has it already takes it for a duplicate, and nothing more reaches "
    "the target. --new makes another visitor."
)
OTHER_KEY = (
    "The bridge there has another key than this configuration, or another time. A change takes effect when it is "
    "restarted; `bridge events rejected` there says which it is."
)
NOT_NOW = (
    "The bridge there takes nothing now: it was started without a signing key for this source (set it and restart), or "
    "its database takes nothing. Its log says which."
)
_WHOLE = re.compile(r"(?P<base>.*)/webhooks(?:/(?P<source>[^/?#]+)/?(?:[?#].*)?)?")


@click.command()
@click.argument("kind", type=click.Choice(["lead", "appointment", "test"]))
@click.option("--url", help="Where it runs, or its whole webhook address; else this machine, at PORT.")
@click.option("--source", help="Which source to be; needed where there are several.")
@click.option("--new", is_flag=True, help="As a new visitor, not as the page's own example.")
def send(kind: str, url: str | None, source: str | None, new: bool) -> None:  # noqa: FBT001
    """Send a correctly signed lead, appointment or test request."""
    import requests

    from bridge.core.signing import sign_request
    from bridge.model.signed import Request

    base, login = _read(_here() if url is None else url)
    base, named = _split(base)
    if source and named and source != named:
        raise click.UsageError(f"--url is the address of source {named}, and --source says {source}: leave one out")
    sources = configured().rules.sources
    name = source or named or _only(list(sources))
    rule = sources.get(name)
    if rule is None:
        raise click.UsageError(f"no source {name!r}: there are {', '.join(sources)}")
    _can_be(kind, rule)
    body = json.dumps(sample_for(rule, _sample(kind, new=new)), separators=(",", ":")).encode()
    signed = Request(body, {}, url=rule.public_url)
    if not rule.lacks_key:
        key = rule.signing_keys[0] if rule.signing_keys else b""
        signed = sign_request(signed, scheme=rule.scheme, key=key, at=time.time())
    headers = {name: value.decode("latin-1") for name, value in signed.headers.items()}
    headers["Content-Type"] = "application/json"
    address = f"{base}/webhooks/{name}"
    try:
        sent_to = f"{address}?{signed.query}" if signed.query else address  # a token in it is never shown
        answer = requests.post(sent_to, data=body, headers=headers, auth=login, timeout=30)
    except requests.RequestException as error:
        click.echo(f"bridge: cannot reach {address}: {type(error).__name__}; is `bridge serve` running?", err=True)
        sys.exit(4)
    click.echo(f"{answer.status_code} {printable(answer.text)}")
    if answer.ok and kind != "test" and not new:
        click.echo(SAME, err=True)
    if answer.status_code == 401:
        click.echo(OTHER_KEY, err=True)
    if answer.status_code == 503:
        click.echo(NOT_NOW, err=True)
    sys.exit(0 if answer.ok else 1)


def _here() -> str:
    if not (at := port()):
        raise click.UsageError("PORT=0 lets the bridge take any port: say with --url which one it took")
    return f"http://127.0.0.1:{at}"


def _can_be(kind: str, rule: SourceRule) -> None:
    """Raises where such a sample makes no sense for the source."""
    if rule.plugin:
        raise click.ClickException(f"source {rule.name} is verified by plugin {rule.plugin}: only its sender can sign")
    if kind == "test" and not rule.is_platform:
        raise click.ClickException(f"source {rule.name} knows no test requests: those are the chatbot platform's")
    if kind != "test" and rule.lacks_key:
        only = "; without one, only `bridge send test` makes sense" if rule.is_platform else ""
        key = "set it, here and for the bridge that runs: the sender's, or to try this any text of 8 characters or more"
        raise click.ClickException(f"source {rule.name} has no signing key yet: {key}{only}")


def _read(url: str) -> tuple[str, tuple[str, str] | None]:
    """The address without a user and password in it, so that it can be shown; and those, for the proxy they are for."""
    from bridge.model.wire import address_of

    user, at, rest = url.rpartition("@")
    scheme, slashes, user = user.rpartition("://")
    base = f"{scheme}{slashes}{rest}".strip().rstrip("/")
    try:
        address_of(base)
    except ValueError:
        guess = f"did you mean http://{rest}?" if rest and "/" not in rest and not at else "write http://host:port"
        raise click.BadParameter(f"an address begins with http:// or https://: {guess}", param_hint="--url") from None
    if not at:
        return base, None
    name, _, password = user.partition(":")
    return base, (unquote(name), unquote(password))


def _split(base: str) -> tuple[str, str]:
    """Where the bridge runs, and the source where the address names one: as it is given to the platform."""
    whole = _WHOLE.fullmatch(base)
    return (whole["base"], printable(whole["source"] or "")) if whole else (base, "")


def _sample(kind: str, *, new: bool) -> dict[str, Any]:
    if kind == "test":
        return {}
    sample = LEAD if kind == "lead" else APPOINTMENT
    fresh = other_visitor(f"Visitor{time.time_ns() % 10**9} Sample")
    return sample | {name: fresh[name] for name in ("Email", "SessionID", "CreateTime")} if new else sample


def _only(names: list[str]) -> str:
    if len(names) != 1:
        raise click.UsageError(f"there are several sources, say which: --source {' | '.join(sorted(names))}")
    return names[0]
