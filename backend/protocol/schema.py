"""One JSON schema of every websocket message, from which the TypeScript types are generated.

`python -m backend.protocol.schema > frontend/src/protocol/schema.json` needs neither Django nor a database.
"""

import json
import sys
from typing import Any

from pydantic import TypeAdapter

from backend.protocol.messages import PROTOCOL_VERSION, client_message, server_message

Schema = dict[str, Any]


def protocol_schema() -> Schema:
    """Draft-07 schema with `ClientMessage`, `ServerMessage` and everything they hold under `$defs`.

    Both directions list every field as required, those with defaults too: the server always sends them, and a
    discriminator (`type`, `op`, `kind`) that may be absent would not narrow a union in TypeScript. Each message so
    has one form. The server itself is laxer and fills in what a script leaves out.
    """
    unions: dict[str, TypeAdapter[Any]] = {"ClientMessage": client_message, "ServerMessage": server_message}
    schemas, shared = TypeAdapter.json_schemas(
        [(name, "serialization", adapter) for name, adapter in unions.items()], ref_template="#/$defs/{model}"
    )
    definitions = dict(shared["$defs"]) | {name: dict(schemas[name, "serialization"]) for name in unions}
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Protocol",
        "type": "object",
        "properties": {
            "protocol": {"const": PROTOCOL_VERSION},
            "client": {"$ref": "#/$defs/ClientMessage"},
            "server": {"$ref": "#/$defs/ServerMessage"},
        },
        "required": ["protocol", "client", "server"],
        "additionalProperties": False,
        "$defs": {name: _as_type(definition) | {"title": name} for name, definition in sorted(definitions.items())},
    }


def _as_type(schema: Any) -> Any:
    """Rewrites a 2020-12 schema into the draft-07 subset that type generators read.

    Left out: the titles of fields (each would become a type of its own), defaults, pydantic's `discriminator`
    (OpenAPI's word), and the lengths of lists, which would turn `Operation[]` into a union of tuples.
    """
    if isinstance(schema, list):
        return [_as_type(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if "prefixItems" in schema:
        items = schema["prefixItems"]
        return {
            "type": "array",
            "items": _as_type(items),
            "additionalItems": False,
            "minItems": len(items),
            "maxItems": len(items),
        }
    kept = {key: value for key, value in schema.items() if key not in _NOT_A_TYPE}
    if "properties" in schema:
        fields = schema["properties"]
        rest = {key: _as_type(value) for key, value in kept.items() if key != "properties"}
        return rest | {
            "properties": {name: _as_type(field) for name, field in fields.items()},
            "required": list(fields),
        }
    return {key: _as_type(value) for key, value in kept.items()}


_NOT_A_TYPE = frozenset({"title", "default", "discriminator", "minItems", "maxItems"})


if __name__ == "__main__":
    json.dump(protocol_schema(), sys.stdout, indent=2)
    sys.stdout.write("\n")
