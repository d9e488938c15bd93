"""The parameters of query strings, and how they are validated."""

from typing import Annotated, TypeVar

import msgspec
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import BadRequest

from server.regression.prediction import OPTIONAL_FIELDS, Prediction
from server.regression.shapes import DIGITS

Query = TypeVar("Query", bound=msgspec.Struct)


_FIELD = f"({'|'.join(Prediction.__struct_fields__)})"

# Only for the OpenAPI document: `parse_fields` has better error messages.
_FIELDS = msgspec.Meta(extra_json_schema={"pattern": f"^{_FIELD}(,{_FIELD})*$"})


class PredictQuery(msgspec.Struct, forbid_unknown_fields=True):
    """`fields`: the fields of the answer, separated by commas; `model`: the name of the model.

    `v`: the digest of the model that the client expects. If the server has loaded another version
    of this model, it checks the model's file for changes before it answers.
    """

    fields: Annotated[str, _FIELDS] | None = None
    model: str | None = None
    v: str | None = None


class CacheQuery(msgspec.Struct, forbid_unknown_fields=True):
    """`v`: the digest of what is asked for, with which clients may cache the answer forever."""

    v: str | None = None


class HeatmapQuery(msgspec.Struct, forbid_unknown_fields=True):
    """`digit`: one heatmap instead of ten in a row; `scale`: pixels per weight, in x and y.

    `v` is the model's digest, as in `CacheQuery`.
    """

    digit: Annotated[int, msgspec.Meta(ge=0, lt=DIGITS)] | None = None
    scale: Annotated[int, msgspec.Meta(ge=1, le=32)] = 1
    v: str | None = None


def parse_query(arguments: MultiDict[str, str], kind: type[Query]) -> Query:
    """Return the arguments of a query string as a struct of the given kind.

    :raise BadRequest: a parameter is unknown or repeated, or its value is not accepted
    """
    repeated = [name for name, values in arguments.lists() if len(values) > 1]
    if repeated:
        raise BadRequest(f"Query: {', '.join(repeated)} more than once. Accepted: each once.")
    sent = arguments.to_dict()
    accepted = ", ".join(kind.__struct_fields__) or "none"
    try:
        query = msgspec.convert(sent, kind, strict=False)
    except msgspec.ValidationError as error:
        # A parameter can be left out, but not be null.
        wrong = str(error).replace(" | null", "")
        raise BadRequest(f"Query: {wrong}. Accepted parameters: {accepted}.") from error
    for name, text in sent.items():
        # Msgspec also reads "null" as None and "1e0" as 1.
        if str(getattr(query, name)) != text:
            raise BadRequest(f"Query: {name} cannot be {text!r}. Accepted: an integer, as digits.")
    return query


def parse_fields(fields: str | None) -> frozenset[str]:
    """Return the fields of the parameter `fields`, or all fields without it.

    :raise BadRequest: there is no such field
    """
    if fields is None:
        return OPTIONAL_FIELDS
    asked = frozenset(fields.split(","))
    unknown = asked - set(Prediction.__struct_fields__)
    if unknown:
        raise BadRequest(
            f"Unknown fields: {', '.join(map(repr, sorted(unknown)))}. Accepted: a comma-separated "
            f"subset of {','.join(Prediction.__struct_fields__)}."
        )
    return asked
