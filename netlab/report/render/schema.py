"""JSON Schema of what netlab writes for programs, made of the values' own classes and of the words beside their fields.

The files are in docs/ (``python -m netlab.cli.docs``) and travel in the wheel; one lies beside each report.json.
"""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from pydantic.json_schema import GenerateJsonSchema

from netlab.report.comparison import Comparison
from netlab.report.gate import Gate
from netlab.report.values import Report

if TYPE_CHECKING:
    from netlab.model.frozen import Frozen
    from netlab.report.render.json_ import Document

DIALECT = "https://json-schema.org/draft/2020-12/schema"
DOCUMENTS: dict[Document, type[Report | Comparison | Gate]] = {"report": Report, "comparison": Comparison, "gate": Gate}
"""What is published, by the name of its file."""
RULE = (
    "schema_version goes up where a program that read the last version right could be wrong: a key is gone or has "
    "another name, unit, base or meaning, null stands where none did, or a verdict, agreement or judgement has a new "
    "word. It stays where a key is added, or another list of words grows: ignore keys that you do not know."
)
_NONE = re.compile(r"\bNone\b")
POINTER = "Where the schema is, in relation to this file."


def generate(document: Document) -> dict[str, Any]:
    """Make the schema of one of `DOCUMENTS`."""
    model = DOCUMENTS[document]
    made = model.model_json_schema(mode="serialization", schema_generator=_Described)
    version = model.model_fields["schema_version"].default
    return {
        "$schema": DIALECT,
        **made,
        "title": f"netlab {document}, schema version {version}",
        "description": f"{made['description']} {RULE}",
        "properties": {"$schema": {"type": "string", "description": POINTER}, **made["properties"]},
    }


class _Described(GenerateJsonSchema):
    """Every key is there and has the words that stand below its field; a reader may meet keys of a newer netlab."""

    def model_schema(self, schema: Any) -> dict[str, Any]:
        made = super().model_schema(schema)
        words = documented(schema["cls"])
        for name, found in made.get("properties", {}).items():
            if name in words:
                found["description"] = words[name]
        made["description"] = _in_json(made.get("description", ""))
        made["required"] = list(made.get("properties", {}))
        made.pop("additionalProperties", None)
        return made

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002 - the method's name and form are pydantic's
        return False


@cache
def documented(model: type[Frozen]) -> dict[str, str]:
    """Return what is written below each field of a class and of those that it extends, as one line."""
    found: dict[str, str] = {}
    for one in reversed(model.__mro__):
        if "model_fields" in dir(one) and one.__module__.startswith("netlab."):
            found |= _written(one)
    return found


def _written(model: type) -> dict[str, str]:
    (definition,) = ast.parse(textwrap.dedent(inspect.getsource(model))).body
    body = definition.body if isinstance(definition, ast.ClassDef) else []
    return {
        field.target.id: _in_json(words.value.value)
        for field, words in pairwise(body)
        if isinstance(field, ast.AnnAssign)
        and isinstance(field.target, ast.Name)
        and isinstance(words, ast.Expr)
        and isinstance(words.value, ast.Constant)
        and isinstance(words.value.value, str)
    }


def _in_json(words: str) -> str:
    """Write the words of a docstring as a reader of JSON knows them."""
    return _NONE.sub("null", " ".join(words.split())).replace("``", "`")
