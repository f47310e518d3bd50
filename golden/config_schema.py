"""Golden verdicts for crates/data/src/config/violations.rs: which places of a value violate which word of a schema, by Python's jsonschema.

python3 -m venv /tmp/venv && /tmp/venv/bin/pip install jsonschema==4.26.0
/tmp/venv/bin/python golden/config_schema.py    # writes golden/config_schema.json
"""

import json
import pathlib
import random

from jsonschema import Draft202012Validator

HERE = pathlib.Path(__file__).parent
rng = random.Random(20261129)

SIZE = {"anyOf": [{"$ref": "#/$defs/Auto"}, {"type": "integer", "minimum": 1, "format": "uint"}]}
SCHEMAS = [
    {
        "title": "Numbers",
        "type": "object",
        "properties": {
            "a": {"type": "integer", "minimum": 1, "maximum": 9},
            "b": {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1},
            "c": {"type": ["number", "null"], "minimum": -0.5, "default": None},
            "d": {"type": "integer", "minimum": 0, "maximum": 18446744073709551615},
        },
        "required": ["a", "b"],
        "additionalProperties": False,
    },
    {
        "type": "object",
        "properties": {
            "word": {"description": "One of two.", "oneOf": [{"const": "x"}, {"const": "y"}]},
            "listed": {"type": "string", "enum": ["x", "auto", "1"]},
            "number": {"const": 1},
            "size": {"$ref": "#/$defs/Size", "default": "auto"},
            "list": {"type": "array", "items": {"$ref": "#/$defs/Size"}, "minItems": 2, "maxItems": 2},
            "either": {"oneOf": [{"type": "integer"}, {"type": "number", "minimum": 2}]},
        },
        "additionalProperties": False,
        "$defs": {"Size": SIZE, "Auto": {"type": "string", "const": "auto"}},
    },
    {
        "oneOf": [
            {
                "type": "object",
                "properties": {"kind": {"const": "x"}, "inner": {"$ref": "#/$defs/Inner"}},
                "required": ["kind"],
                "additionalProperties": False,
            },
            {"type": "object", "properties": {"kind": {"const": "y"}, "flag": {"type": "boolean"}}, "required": ["kind"]},
        ],
        "$defs": {
            "Inner": {
                "type": "object",
                "properties": {"a": {"type": "number"}, "list": {"type": ["array", "null"], "items": {"type": "integer"}}},
                "additionalProperties": False,
            }
        },
    },
    {
        "type": "object",
        "properties": {
            "inner": {
                "type": "object",
                "properties": {"list": {"type": "array", "items": {"type": "object", "properties": {"a": {"maximum": 3}},
                                                                    "required": ["a"]}}},
                "additionalProperties": False,
            }
        },
    },
]

SCALARS = [None, True, False, 0, 1, 2, 9, 10, -1, 1.0, 2.0, 0.5, -0.5, -0.6, 1.5, 3, 18446744073709551615, "x", "y", "auto", "1", "", "z"]
KEYS = ["a", "b", "c", "d", "word", "listed", "number", "size", "list", "either", "kind", "inner", "flag", "other"]


def value(depth=0):
    kind = rng.random()
    if depth == 0 and kind < 0.92 or depth < 3 and kind < 0.25:
        keys = rng.sample(KEYS, rng.randint(0, 4))
        return {key: value(depth + 1) for key in keys}
    if kind < 0.45 and depth < 3:
        return [value(depth + 1) for _ in range(rng.randint(0, 3))]
    return rng.choice(SCALARS)


def named(error):
    place = "/".join(str(part) for part in error.absolute_path)
    word, said = error.validator, error.validator_value
    signs = {"minimum": ">=", "maximum": "<=", "exclusiveMinimum": ">", "exclusiveMaximum": "<"}
    if word in signs:
        return [f"{place} bound {signs[word]}"]
    if word == "additionalProperties":
        return [f"{place} additionalProperties {key}" for key in error.instance if key not in error.schema["properties"]]
    if word == "required":
        # One error for each key; its message begins with the key.
        return [f"{place} required {key}" for key in said if error.message.startswith(repr(key))]
    if word in ("minItems", "maxItems"):
        return [f"{place} {word} {said}"]
    if word in ("const", "enum"):
        return [f"{place} words"]
    if word in ("anyOf", "oneOf"):
        return [f"{place} no form of {len(said)}" if error.context else f"{place} several forms"]
    assert word == "type", word
    return [f"{place} type"]


def cases(schema):
    validator = Draft202012Validator(schema)
    properties = schema.get("properties") or {}
    found = []
    for count in range(200):
        one = value()
        # Keys that the schema has, so that not every value is refused for its keys.
        if isinstance(one, dict) and properties and count % 2:
            one = {key: rng.choice(SCALARS) if rng.random() < 0.5 else value(1) for key in properties if rng.random() < 0.7}
        violations = sorted(name for error in validator.iter_errors(one) for name in named(error))
        found.append({"value": one, "violations": violations})
    return found


schemas = [{"schema": schema, "cases": cases(schema)} for schema in SCHEMAS]
lines = [f'{{"schema": {json.dumps(one["schema"])}, "cases": [\n' + ",\n".join(map(json.dumps, one["cases"])) + "\n]}" for one in schemas]
(HERE / "config_schema.json").write_text('{"schemas": [\n' + ",\n".join(lines) + "\n]}\n")
print(sum(bool(case["violations"]) for one in schemas for case in one["cases"]), "of", sum(len(one["cases"]) for one in schemas), "violate")
