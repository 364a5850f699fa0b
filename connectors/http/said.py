"""Said: what an API says in its answer, as a reason may quote it."""

from collections.abc import Iterable

from bridge.connector import Answer, quotable


def said(answer: Answer, *, hidden: Iterable[str]) -> str:
    """What the API says, without what is hidden: some quote the credentials that they refuse; empty where it is no
    text.
    """
    kind = answer.headers.get("Content-Type", "text/plain").lower()
    if not any(word in kind for word in ("text", "json", "xml")):
        return ""
    return quotable(answer.body.decode("utf-8", "replace"), hidden=hidden)
