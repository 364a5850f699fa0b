"""A contract of HubSpot's API as OpenAPI 3.0, and where an answer breaks it.

The file is not part of this repository; its place is told by the environment variable HUBSPOT_CONTRACT. What the
service itself does in spite of it is allowed: null for a property without a value, and a body of its own for 429.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker


class Contract:
    """Read once; `broken` is then asked for each answer."""

    def __init__(self, path: Path) -> None:
        self._told = json.loads(path.read_text())
        for schema in self._told["components"]["schemas"].values():
            values = schema.get("properties", {}).get("properties", {}).get("additionalProperties")
            if values == {"type": "string"}:
                values["type"] = ["string", "null"]
        templates = sorted(self._told["paths"], key=lambda path: path.count("{"))
        self._paths = [(re.compile(re.sub(r"\{\w+\}", "[^/]+", path)), path) for path in templates]
        self.seen: set[tuple[str, str]] = set()

    def operations(self) -> Iterator[tuple[str, str]]:
        """Every method and path that it tells of."""
        for path, methods in self._told["paths"].items():
            yield from ((method, path) for method in methods if method in ("get", "post", "put", "patch", "delete"))

    def broken(self, method: str, target: str, sent: Any, status: int, answer: Any) -> list[str]:
        """What is wrong with a call and its answer, as lines; empty if nothing is."""
        path = next(path for pattern, path in self._paths if pattern.fullmatch(target.partition("?")[0]))
        operation = self._told["paths"][path][method.lower()]
        self.seen.add((method.lower(), path))
        said = operation["responses"].get(str(status), operation["responses"]["default"])
        wrong = [f"{method} {target}: a body with {status}"] if answer is not None and "content" not in said else []
        if status // 100 == 2 and sent is not None:
            wrong += self._wrong(operation.get("requestBody"), sent, f"{method} {target} sent")
        return wrong if status == 429 else wrong + self._wrong(said, answer, f"{method} {target} {status}")

    def _wrong(self, part: Any, value: Any, where: str) -> list[str]:
        if not part or "content" not in part:
            return []
        [content] = part["content"].values()
        schema = {**content["schema"], "components": self._told["components"]}
        errors = Draft202012Validator(schema, format_checker=FormatChecker()).iter_errors(value)
        return [f"{where}: {error.json_path}: {error.message[:200]}" for error in errors]
