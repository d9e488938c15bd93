"""The API: how its routes are registered, validated and documented."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from http import HTTPStatus
from types import MappingProxyType
from typing import Any, Literal

import msgspec
from flask import Blueprint, Flask, Response, request
from werkzeug.routing import Rule

from server.web.common.drawing import JSON
from server.web.common.problems import PROBLEM_TYPE, Problem
from server.web.common.query import parse_query

_SCHEMAS = "#/components/schemas/{name}"

# The name of the presenter's key among the security schemes.
_KEY = "key"

Schema = dict[str, Any]

# What a route accepts as a body: for each media type, a type or a JSON schema.
Bodies = Mapping[str, type[msgspec.Struct] | Schema]

# Whether a route takes the key of the room's presenter, or may.
Access = Literal["public", "key", "optional key"]

# The errors of every route: unknown parameters, and an overloaded server.
COMMON_ERRORS = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.SERVICE_UNAVAILABLE})


NO_BODIES: Bodies = MappingProxyType({})


class NoQuery(msgspec.Struct, forbid_unknown_fields=True):
    """No parameters."""


@dataclass(frozen=True)
class Operation:
    """What a route takes and returns.

    `answer` is a type that is sent as JSON, or a media type, or None for a response without a body;
    `bodies` are empty if the route takes no body; `errors` are statuses in addition to
    COMMON_ERRORS. Responses with an ETag support conditional requests (RFC 9110, 13).
    """

    name: str
    method: str
    status: HTTPStatus
    access: Access
    answer: type[msgspec.Struct] | str | None
    query: type[msgspec.Struct]
    bodies: Bodies
    errors: tuple[int, ...]
    has_etag: bool


class ApiBlueprint(Blueprint):
    """A blueprint whose routes are validated and documented."""

    def __init__(self, name: str) -> None:
        super().__init__(name, __name__)
        self.operations: dict[str, Operation] = {}

    def api_route(
        self,
        path: str,
        *,
        answer: type[msgspec.Struct] | str | None,
        query: type[msgspec.Struct] = NoQuery,
        bodies: Bodies = NO_BODIES,
        errors: tuple[int, ...] = (),
        method: str = "",
        status: HTTPStatus = HTTPStatus.OK,
        access: Access = "public",
        has_etag: bool = False,
    ) -> Callable[[Callable[..., Response]], Callable[..., Response]]:
        """Register a view: by default for POST if it accepts bodies, otherwise for GET.

        A view of a route with a `query` gets the validated query as its first argument. The name
        of the view is the operation's ID, its docstring the summary.

        :param status: of a successful response
        :param access: only documented; the view checks the key itself
        :param has_etag: only documented; the view sets the ETag itself
        """
        method = method or ("POST" if bodies else "GET")

        def register(view: Callable[..., Response]) -> Callable[..., Response]:
            @wraps(view)
            def validated(**path_arguments: str) -> Response:
                parameters = parse_query(request.args, query)
                arguments = () if query is NoQuery else (parameters,)
                return view(*arguments, **path_arguments)

            endpoint = f"{self.name}.{view.__name__}"
            self.operations[endpoint] = Operation(
                view.__name__, method, status, access, answer, query, bodies, errors, has_etag
            )
            self.add_url_rule(path, view_func=validated, methods=[method])
            return view

        return register


def describe_api(app: Flask) -> Schema:
    """Return the OpenAPI 3.1 document of all routes of an application's API blueprints."""
    operations: dict[str, Operation] = {}
    for blueprint in app.blueprints.values():
        if isinstance(blueprint, ApiBlueprint):
            operations |= blueprint.operations
    types: set[type] = {Problem}
    for operation in operations.values():
        accepted = operation.bodies.values()
        types |= {kind for kind in (operation.answer, *accepted) if isinstance(kind, type)}
    ordered = sorted(types, key=lambda kind: kind.__name__)
    _, schemas = msgspec.json.schema_components(ordered, ref_template=_SCHEMAS)
    schemas = _without_tuples(schemas)
    paths: Schema = {}
    for rule in app.url_map.iter_rules():
        if rule.endpoint in operations:
            operation = operations[rule.endpoint]
            path = re.sub(r"<(\w+)>", r"{\1}", rule.rule)
            summary = (app.view_functions[rule.endpoint].__doc__ or "").strip()
            described = _describe_operation(rule, operation, summary)
            paths.setdefault(path, {})[operation.method.lower()] = described
    components: Schema = {"schemas": schemas}
    if any(operation.access != "public" for operation in operations.values()):
        components["securitySchemes"] = {_KEY: {"type": "http", "scheme": "bearer"}}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Evidence", "version": "1"},
        # Relative to this document, so that it holds under any path prefix.
        "servers": [{"url": "."}],
        "paths": paths,
        "components": components,
    }


def _describe_operation(rule: Rule, operation: Operation, summary: str) -> Schema:
    answer = operation.answer
    content: Schema = {}
    if answer is None:
        pass
    elif isinstance(answer, type):
        content = {JSON: {"schema": _reference(answer)}}
    elif answer == JSON:
        content = {JSON: {"schema": {"type": "object"}}}
    elif answer.startswith("text/"):
        content = {answer: {"schema": {"type": "string"}}}
    else:
        content = {answer: {"schema": {"type": "string", "format": "binary"}}}
    described: Schema = {
        "operationId": operation.name,
        "summary": summary,
        "parameters": [
            {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
            for name in sorted(rule.arguments)
        ],
        "responses": {str(int(operation.status)): _without_empty_content(operation, content)},
    }
    if operation.access != "public":
        described["security"] = [{_KEY: []}]
        described["security"] += [{}] if operation.access == "optional key" else []
    described["parameters"] += _query_parameters(operation.query)
    if operation.bodies:
        described["requestBody"] = {
            "required": True,
            "content": {
                media_type: {"schema": _reference(body) if isinstance(body, type) else body}
                for media_type, body in operation.bodies.items()
            },
        }
    errors = COMMON_ERRORS | set(operation.errors)
    if operation.has_etag:
        not_modified = HTTPStatus.NOT_MODIFIED
        described["responses"][str(int(not_modified))] = {"description": not_modified.phrase}
        errors |= {HTTPStatus.PRECONDITION_FAILED}
    for status in sorted(errors):
        described["responses"][str(int(status))] = {
            "description": HTTPStatus(status).phrase,
            "content": {PROBLEM_TYPE: {"schema": _reference(Problem)}},
        }
    return described


def _without_empty_content(operation: Operation, content: Schema) -> Schema:
    """Return the description of a successful response, without content if it has no body."""
    described: Schema = {"description": operation.status.phrase}
    return {**described, "content": content} if content else described


def _query_parameters(query: type[msgspec.Struct]) -> list[Schema]:
    (schema,) = msgspec.json.schema_components([query])[1].values()
    return [
        {"name": name, "in": "query", "required": False, "schema": _without_null(values)}
        for name, values in schema["properties"].items()
    ]


def _without_null(schema: Schema) -> Schema:
    """Return the schema of a parameter that may be left out, but cannot be null."""
    if "anyOf" not in schema:
        return schema
    (kind,) = (kind for kind in schema["anyOf"] if kind["type"] != "null")
    rest = {key: value for key, value in schema.items() if key not in ("anyOf", "default")}
    return {**rest, **kind}


def _without_tuples(schema: Any) -> Any:
    """Return a schema whose tuples are described as lists of their length.

    Msgspec describes them with `"items": false`, which generators of clients do not accept.
    """
    if isinstance(schema, list):
        return [_without_tuples(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("items") is False:
        kinds = schema.pop("prefixItems")
        different = [kind for index, kind in enumerate(kinds) if kind not in kinds[:index]]
        schema = {**schema, "items": different[0] if len(different) == 1 else {"anyOf": different}}
    return {name: _without_tuples(part) for name, part in schema.items()}


def _reference(kind: type) -> Schema:
    return {"$ref": _SCHEMAS.format(name=kind.__name__)}
