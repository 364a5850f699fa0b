"""Presets: how known senders sign, as data, from their own pages, read 2026-11. A vendor that changes its mind is
changed here; one that is not here is declared in the configuration, in the same words.
"""

from dataclasses import dataclass

from bridge.model.fields import Challenge
from bridge.model.scheme import NEWOAKS, Scheme, Timestamp


@dataclass(frozen=True, slots=True)
class Preset:
    """What `preset: NAME` stands for."""

    title: str
    scheme: Scheme
    page: str = ""  # where the vendor says so
    challenge: Challenge | None = None


def _pairs(header: str) -> Scheme:
    return Scheme(header=header, format="pairs", timestamp=Timestamp(pair=b"t"), signed="{timestamp}.{body}")


def _versions(prefix: str) -> Scheme:
    return Scheme(
        header=f"{prefix}-signature",
        format="versions",
        timestamp=Timestamp(header=f"{prefix}-timestamp"),
        signed=f"{{header:{prefix}-id}}.{{timestamp}}.{{body}}",
        encoding="base64",
        key_encoding="base64",
    )


def _hub(header: str) -> Scheme:
    return Scheme(header=header, prefix=b"sha256=")


PRESETS: dict[str, Preset] = {
    "newoaks": Preset("NewOaks, SmarterBot, NeoAgent and their family", NEWOAKS),
    "calcom": Preset(
        "Cal.com", Scheme(header="x-cal-signature-256"), "https://cal.com/docs/developing/guides/automation/webhooks"
    ),
    "calendly": Preset(
        "Calendly",
        _pairs("calendly-webhook-signature"),
        "https://developer.calendly.com/api-docs/overview/webhooks/webhook-signatures",
    ),
    "chatbase": Preset(
        "Chatbase",
        Scheme(header="x-chatbase-signature", algorithm="sha1"),
        "https://www.chatbase.co/docs/developer-guides/api/webhooks",
    ),
    "chatwoot": Preset(
        "Chatwoot",
        Scheme(
            header="x-chatwoot-signature",
            prefix=b"sha256=",
            timestamp=Timestamp(header="x-chatwoot-timestamp"),
            signed="{timestamp}.{body}",
        ),
    ),
    "crisp": Preset(
        "Crisp",
        Scheme(
            header="x-crisp-signature",
            timestamp=Timestamp(header="x-crisp-request-timestamp", unit="ms"),
            signed="[{timestamp};{body}]",
        ),
        "https://docs.crisp.chat/references/web-hooks/v1",
    ),
    "github": Preset(
        "GitHub",
        _hub("x-hub-signature-256"),
        "https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries",
    ),
    "hubspot": Preset(
        "HubSpot, signature v3",
        Scheme(
            header="x-hubspot-signature-v3",
            timestamp=Timestamp(header="x-hubspot-request-timestamp", unit="ms"),
            signed="{method}{decoded_url}{body}{timestamp}",
            encoding="base64",
        ),
        "https://developers.hubspot.com/docs/apps/developer-platform/build-apps/authentication/request-validation",
    ),
    "meta": Preset(
        "Meta: WhatsApp, Messenger, Instagram",
        _hub("x-hub-signature-256"),
        "https://developers.facebook.com/docs/graph-api/webhooks/getting-started",
        Challenge(query="hub.challenge", token_query="hub.verify_token"),  # noqa: S106  a parameter's name
    ),
    "none": Preset("a sender that proves nothing", Scheme(proof="none")),
    "paddle": Preset(
        "Paddle",
        Scheme(
            header="paddle-signature",
            format="pairs",
            pair=b"h1",
            separator=b";",
            timestamp=Timestamp(pair=b"ts"),
            signed="{timestamp}:{body}",
        ),
        "https://developer.paddle.com/webhooks/about/signature-verification",
    ),
    "shopify": Preset(
        "Shopify",
        Scheme(header="x-shopify-hmac-sha256", encoding="base64"),
        "https://shopify.dev/docs/apps/build/webhooks/subscribe/https",
    ),
    "slack": Preset(
        "Slack",
        Scheme(
            header="x-slack-signature",
            prefix=b"v0=",
            timestamp=Timestamp(header="x-slack-request-timestamp"),
            signed="v0:{timestamp}:{body}",
        ),
        "https://docs.slack.dev/authentication/verifying-requests-from-slack/",
        Challenge(echo=("challenge",), when={"type": "url_verification"}),
    ),
    "standard-webhooks": Preset(
        "Standard Webhooks", _versions("webhook"), "https://github.com/standard-webhooks/standard-webhooks"
    ),
    "stripe": Preset("Stripe", _pairs("stripe-signature"), "https://docs.stripe.com/webhooks"),
    "svix": Preset(
        "Svix, and who sends through it",
        _versions("svix"),
        "https://docs.svix.com/receiving/verifying-payloads/how-manual",
    ),
    "tawk": Preset(
        "tawk.to",
        Scheme(header="x-tawk-signature", algorithm="sha1"),
        "https://developer.tawk.to/webhooks/",
    ),
    "tidio": Preset(
        "Tidio",
        Scheme(
            header="x-tidio-signature",
            format="pairs",
            pair=b"s",
            timestamp=Timestamp(pair=b"t"),
            signed="{body}_{timestamp}",
        ),
        "https://developers.tidio.com/docs/webhooks-signature-verification",
    ),
    "token": Preset("a sender that shows a fixed token: Jotform, Landbot and others", Scheme(proof="token")),
    "typeform": Preset(
        "Typeform",
        Scheme(header="typeform-signature", prefix=b"sha256=", encoding="base64"),
        "https://www.typeform.com/developers/webhooks/secure-your-webhooks/",
    ),
    "webflow": Preset(
        "Webflow",
        Scheme(
            header="x-webflow-signature",
            timestamp=Timestamp(header="x-webflow-timestamp", unit="ms"),
            signed="{timestamp}:{body}",
        ),
        "https://developers.webflow.com/data/docs/working-with-webhooks",
    ),
    "zendesk": Preset(
        "Zendesk",
        Scheme(
            header="x-zendesk-webhook-signature",
            timestamp=Timestamp(header="x-zendesk-webhook-signature-timestamp", unit="iso"),
            signed="{timestamp}{body}",
            encoding="base64",
        ),
        "https://developer.zendesk.com/documentation/webhooks/verifying/",
    ),
}
