"""The JSON schema that becomes TypeScript."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest

from backend.protocol import messages
from backend.protocol.schema import protocol_schema

ROOT = Path(__file__).parents[3]


def _nodes(schema: Any) -> Iterator[dict[str, Any]]:
    if isinstance(schema, dict):
        yield schema
        for value in schema.values():
            yield from _nodes(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from _nodes(value)


@pytest.mark.parametrize("union", ["ClientMessage", "ServerMessage"])
def test_every_message_of_a_direction_is_in_its_union(union: str) -> None:
    members = {member.__name__ for member in get_args(get_args(getattr(messages, union))[0])}
    listed = {branch["$ref"].removeprefix("#/$defs/") for branch in protocol_schema()["$defs"][union]["oneOf"]}
    assert listed == members


def test_every_reference_is_defined() -> None:
    schema = protocol_schema()
    references = {node["$ref"] for node in _nodes(schema) if "$ref" in node}
    assert references
    assert references <= {f"#/$defs/{name}" for name in schema["$defs"]}


def test_fields_with_defaults_are_always_sent() -> None:
    definitions = protocol_schema()["$defs"]
    for name, definition in definitions.items():
        assert set(definition.get("required", [])) == set(definition.get("properties", {})), name
    assert "order" in definitions["MaskSet"]["required"]
    assert "type" in definitions["SeriesHead"]["required"]


def test_tuples_keep_their_length() -> None:
    size = protocol_schema()["$defs"]["MaskRle"]["properties"]["size"]
    assert size == {
        "type": "array",
        "items": [{"type": "integer"}, {"type": "integer"}],
        "additionalItems": False,
        "minItems": 2,
        "maxItems": 2,
    }
    assert not [node for node in _nodes(protocol_schema()) if "prefixItems" in node]


def test_the_module_prints_the_schema_without_django() -> None:
    code = "import sys, runpy; runpy.run_module('backend.protocol.schema', run_name='__main__')"
    code += "; assert 'django' not in sys.modules"
    printed = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert json.loads(printed) == protocol_schema()
