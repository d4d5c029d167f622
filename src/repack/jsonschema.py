"""The JSON Schema of a record, the same from every Python."""

import inspect
from typing import Any

import msgspec


def make(kind: type[msgspec.Struct], **head: str) -> dict[str, Any]:
    """The schema of a struct, with further keys at its head; its docstrings are the descriptions."""
    found = _tidy(msgspec.json.schema(kind))
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **head, **found}


def _tidy(schema: Any) -> Any:  # noqa: ANN401  JSON
    """Descriptions without the indentation of the docstrings, which only newer Pythons strip (3.13)."""
    if isinstance(schema, list):
        return [_tidy(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: inspect.cleandoc(value) if key == "description" and isinstance(value, str) else _tidy(value)
        for key, value in schema.items()
    }
