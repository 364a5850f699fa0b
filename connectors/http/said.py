"""Said: what an API says in its answer, on one line and without a secret; it goes into reasons, which people read."""

from bridge.connector import Answer

MAX_SAID = 300  # characters of an answer that a reason quotes
MAX_READ_BYTES = 1 << 16  # of an answer, to find them in


def said(answer: Answer, secrets: list[str]) -> str:
    """What the API says; empty where that is no text. `secrets`: as `spellings` gives them."""
    kind = answer.headers.get("Content-Type", "text/plain").lower()
    if not any(word in kind for word in ("text", "json", "xml")):
        return ""
    text = answer.body[:MAX_READ_BYTES].decode("utf-8", "replace")
    for secret in secrets:  # some APIs quote the credentials that they refuse
        text = text.replace(secret, "***")
    if len(answer.body) > MAX_READ_BYTES and secrets:
        text = text[: -len(secrets[0])]  # a secret that is cut there may have begun in it
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())[:MAX_SAID]
