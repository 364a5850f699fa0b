"""The http target in a real bridge: from the platform's POST to a signed request, and to a refusal in JSON."""

import json
import time
from pathlib import Path

from bridge.sandbox.inbox import Inbox
from tests.connectors.test_signing import standard_webhooks_takes
from tests.processes import configuration, http_target, lead, running, wait_until

SETTINGS = {
    "sign": {"scheme": "standard-webhooks", "key": "${OUT_KEY}"},
    "body": "cloudevents",
    "success": {"path": "status", "equals": "ok"},
}


def test_a_lead_leaves_signed_and_a_2xx_that_says_no_is_dead_with_what_it_said(tmp_path: Path) -> None:
    with Inbox() as inbox:
        inbox.add_fault(match={"body_contains": "visitor2@"}, body={"status": "no consent"}, stored=False)
        config = configuration({"inbox": http_target(inbox.url, settings=SETTINGS)})
        with running(tmp_path, config, OUT_KEY="whsec_AAECAw==") as bridge:
            bridge.post(lead(1))
            bridge.post(lead(2))
            (dead,) = wait_until(lambda: bridge.rows("deliveries", "list", "--state", "dead"))
            assert inbox.wait_for(lambda: inbox.counts().stored == 1, 30)
            shown = bridge.rows("deliveries", "show", str(dead["id"]))[0]

        rows = inbox.rows()

    reason = 'HTTP 200, but status does not meet `success`: {"status": "no consent"}'
    assert [("reject", reason)] == [(one["outcome"], one["reason"]) for one in shown["attempts_made"]]
    assert 2 == len(rows)
    for row in rows:
        assert standard_webhooks_takes(row.headers, row.body.encode(), key=bytes(range(4)))
        assert abs(time.time() - int(row.headers["webhook-timestamp"])) < 120
        assert row.headers["idempotency-key"] == row.headers["webhook-id"] == json.loads(row.body)["id"]
        assert "webhook-crm-bridge.lead" == json.loads(row.body)["type"]
