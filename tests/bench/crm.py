"""Crm: what a backlog costs at Salesforce and at HubSpot, by the ledgers of their sandboxes: calls and time."""

import json
import time
from typing import Any

import requests

from bridge.core.signature import HEADER
from bridge.core.signing import sign
from bridge.sandbox.crm.app import Crm
from bridge.sandbox.hubspot.portal import Portal
from bridge.sandbox.salesforce.org import Org
from tests.bench.figures import Line, value
from tests.bench.running import Bench
from tests.processes import KEY, Bridge, configuration, lead

COUNT, QUICK = 10_000, 2_000
MOST_CALLS = 250  # for COUNT
PATIENCE_S = 300.0


def lines(bench: Bench) -> list[Line]:
    """Figure 14: one post with that many appointments, each a person with an activity; over real processes."""
    count = QUICK if bench.quick else COUNT
    found = []
    for name, crm, activity in (("Salesforce", Org(), "Event"), ("HubSpot", Portal(), "meetings")):
        with crm:
            calls, took_s = _delivered(bench, crm, activity, count)
            found.append(
                value(f"14 calls for {count:,} leads with an activity each, {name}", [calls], "", at_most=_most(count))
            )
            found.append(value(f"   from the post to the last of them, {name}", [took_s], " s"))
    return found


def _most(count: int) -> float:
    """Of fewer leads, the login, the probe and the batches that are not full yet are a larger part."""
    return MOST_CALLS if count == COUNT else MOST_CALLS * count / COUNT + 10


def _delivered(bench: Bench, crm: Crm, activity: str, count: int) -> tuple[int, float]:
    folder = bench.new_folder()
    bridge = Bridge(folder, configuration({"crm": _target(crm)}))
    bridge.serve()
    try:
        began_s = time.monotonic()
        _post(bridge, count)
        crm.wait_for(lambda: len(crm.records(activity)) >= count, timeout_s=PATIENCE_S)
        return crm.cost, time.monotonic() - began_s
    finally:
        bridge.stop()


def _post(bridge: Bridge, count: int) -> None:
    said = {"Type": "Appointment", "Content": "Time: 2030-12-01 10:00 AM"}
    body = json.dumps([lead(number, **said) for number in range(1, count + 1)]).encode()
    headers = {HEADER: sign(body, key=KEY.encode(), at=int(time.time())), "Content-Type": "application/json"}
    requests.post(f"{bridge.url}/webhooks/smarterbot", data=body, headers=headers, timeout=120).raise_for_status()


def _target(crm: Crm) -> dict[str, Any]:
    known = crm.settings
    if isinstance(crm, Org):
        app = {"consumer_key": known["client_id"], "consumer_secret": known["client_secret"]}
        settings = {"url": crm.url, "auth": {"client_credentials": app}, "allow_private_addresses": True}
        return {"connector": "salesforce", "settings": settings}
    settings = {"access_token": known["access_token"], "base_url": crm.url, "allow_private_addresses": True}
    return {"connector": "hubspot", "settings": settings}
