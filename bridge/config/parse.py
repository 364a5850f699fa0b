"""Parse: the bytes of a file as a Document. First step of `load`.

It knows YAML and nothing of the schema; mistakes are collected, never raised. `build` makes the values.
"""

import re
from typing import Any

import yaml

from bridge.config.build import build
from bridge.config.document import Document
from bridge.config.syntax import control_characters, explain_syntax
from bridge.errors import Problem

MAX_BYTES = 1 << 20

_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")  # what YAML 1.1 counts as the end of a line
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read(data: bytes, *, file: str) -> Document:
    """The document in `data`; whatever is wrong with it as YAML stands in its `problems`."""
    document = Document(file)
    text = _decode(data, document)
    if text is None:
        return document
    document.lines = _BREAK.split(text)
    document.problems += control_characters(document.lines, file=file)
    if document.problems:
        return document
    events = _events(text, document)
    if events is not None:
        document.parsed = True
        build(events, document)
    return document


def _decode(data: bytes, document: Document) -> str | None:
    def refuse(message: str, hint: str, line: int = 0) -> None:
        document.problems.append(Problem(message, file=document.file, line=line, column=int(line > 0), hint=hint))

    if len(data) > MAX_BYTES:
        refuse("the file is larger than 1 MiB", "is it the right file?")
        return None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        refuse("the file is not UTF-8 text", "save it with the encoding UTF-8", line)
        return None


def _events(text: str, document: Document) -> list[Any] | None:
    loader = _Loader(text)
    events = []
    try:
        while loader.check_event():
            events.append(loader.get_event())
    except yaml.YAMLError as error:
        document.problems += explain_syntax(error, document.lines, file=document.file)
        return None
    finally:
        loader.dispose()
    return events
