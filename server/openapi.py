"""The API's description, made from the routes and the types that serve it."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, TypeVar

import msgspec
from flask import Flask
from werkzeug.routing import Rule

from server.drawing import BYTES, JSON
from server.problems import PROBLEM_TYPE, Problem
from server.shapes import PIXELS

_SCHEMAS = "#/components/schemas/{name}"

View = TypeVar("View", bound=Callable[..., Any])
Schema = dict[str, Any]


@dataclass(frozen=True)
class Operation:
    """What a view takes and gives.

    `answer` is a type that is sent as JSON, or a content type; `errors` are statuses.
    """

    answer: type[msgspec.Struct] | str
    query: type[msgspec.Struct] | None = None
    body: type[msgspec.Struct] | None = None
    errors: tuple[int, ...] = ()


_operations: dict[str, Operation] = {}


def describe(
    *,
    answer: type[msgspec.Struct] | str,
    query: type[msgspec.Struct] | None = None,
    body: type[msgspec.Struct] | None = None,
    errors: tuple[int, ...] = (),
) -> Callable[[View], View]:
    """Say what a view takes and gives; the view itself stays as it is."""

    def remember(view: View) -> View:
        _operations[view.__name__] = Operation(answer, query, body, errors)
        return view

    return remember


def openapi(app: Flask) -> Schema:
    """Describe every view of the app that `describe` was told about, as OpenAPI 3.1."""
    described = [
        (rule, operation)
        for rule in app.url_map.iter_rules()
        if (operation := _operations.get(rule.endpoint))
    ]
    types: set[type] = {Problem}
    for _, operation in described:
        types |= {kind for kind in (operation.answer, operation.body) if isinstance(kind, type)}
    ordered = sorted(types, key=lambda kind: kind.__name__)
    _, schemas = msgspec.json.schema_components(ordered, ref_template=_SCHEMAS)
    paths: Schema = {}
    for rule, operation in described:
        path = re.sub(r"<(\w+)>", r"{\1}", rule.rule)
        method = "post" if operation.body else "get"
        summary = (app.view_functions[rule.endpoint].__doc__ or "").strip()
        paths.setdefault(path, {})[method] = _describe_operation(rule, operation, summary)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Evidence", "version": "1"},
        "paths": paths,
        "components": {"schemas": schemas},
    }


def _describe_operation(rule: Rule, operation: Operation, summary: str) -> Schema:
    answer = operation.answer
    content = (
        {answer: {"schema": {"type": "string", "format": "binary"}}}
        if isinstance(answer, str)
        else {JSON: {"schema": _reference(answer)}}
    )
    described: Schema = {
        "operationId": rule.endpoint,
        "summary": summary,
        "parameters": [
            {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
            for name in sorted(rule.arguments)
        ],
        "responses": {"200": {"description": HTTPStatus.OK.phrase, "content": content}},
    }
    if operation.query:
        described["parameters"] += _query_parameters(operation.query)
    if operation.body:
        image: Schema = {"type": "string", "minLength": PIXELS, "maxLength": PIXELS}
        described["requestBody"] = {
            "required": True,
            "content": {
                JSON: {"schema": _reference(operation.body)},
                BYTES: {"schema": image | {"format": "binary"}},
            },
        }
    for status in operation.errors:
        described["responses"][str(status)] = {
            "description": HTTPStatus(status).phrase,
            "content": {PROBLEM_TYPE: {"schema": _reference(Problem)}},
        }
    return described


def _query_parameters(query: type[msgspec.Struct]) -> list[Schema]:
    (schema,) = msgspec.json.schema_components([query])[1].values()
    return [
        {"name": name, "in": "query", "required": False, "schema": values}
        for name, values in schema["properties"].items()
    ]


def _reference(kind: type) -> Schema:
    return {"$ref": _SCHEMAS.format(name=kind.__name__)}
