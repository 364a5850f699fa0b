"""The page of a CRM's sandbox for people: its records by object, newest first."""

from collections.abc import Collection
from html import escape

from bridge.sandbox.crm.records import Records
from bridge.sandbox.exchange import Reply

MOST_PER_OBJECT = 50
MOST_CHARACTERS = 300


def page(title: str, records: Records, *, said: str, aside: Collection[str] = ()) -> Reply:
    """All kinds of objects with their newest records; only fields that have a value. `aside`: kinds and fields that are
    of no interest here.
    """
    tables = "".join(_table(kind, records, aside) for kind in records.objects() if kind not in aside)
    text = f"""<!doctype html><html lang="en"><meta charset="utf-8"><meta http-equiv="refresh" content="2">
<title>{escape(title)}</title><style>body{{font:15px sans-serif;margin:2em}}th,td{{text-align:left;vertical-align:top;
padding:.3em 1em .3em 0;border-top:1px solid #ccc}}td{{white-space:pre-wrap;word-break:break-word}}
td:first-child{{white-space:nowrap}}
b{{font-weight:normal;color:#777}}</style>
<h1>{escape(title)}</h1><p>{escape(said)}{tables}</html>"""
    return Reply(200, {"Content-Type": "text/html; charset=utf-8"}, text.encode(errors="replace"))


def _table(kind: str, records: Records, aside: Collection[str]) -> str:
    newest = list(records.all(kind))[: -MOST_PER_OBJECT - 1 : -1]
    rows = "".join(
        f"<tr><td>{escape(str(record.get('Id') or record.get('id') or ''))}<td>{_fields(record, aside)}\n"
        for record in newest
    )
    return f"<h2>{escape(kind)} ({records.count(kind)})</h2><table>{rows}</table>"


def _fields(record: object, aside: Collection[str]) -> str:
    shown = dict(record) if isinstance(record, dict) else {}
    shown |= shown.pop("properties", {})  # where a record has its fields one floor down
    return "  ".join(
        f"<b>{escape(name)}</b> {escape(str(value)[:MOST_CHARACTERS])}"
        for name, value in shown.items()
        if value not in (None, "", False) and name.lower() != "id" and name not in aside
    )
