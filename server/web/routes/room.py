"""Routes of the room: contributing, the wall, and what only its presenter may do."""

import io
import logging
import os
import secrets
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from http import HTTPStatus
from math import ceil
from pathlib import Path
from typing import TypeVar

import msgspec
import numpy as np
import segno
from flask import Response, request
from werkzeug.exceptions import (
    BadRequest,
    RequestEntityTooLarge,
    TooManyRequests,
    UnprocessableEntity,
    UnsupportedMediaType,
)

from server.regression.prediction import predict_all
from server.room.drawings import Reading, RoomDrawing, RoomState
from server.room.errors import (
    NoDrawingError,
    RoomBusyError,
    RoomClosedError,
    RoomFullError,
    RoomStorageError,
)
from server.room.room import MAX_CONTRIBUTIONS, Room, is_local_url
from server.storage.model_file import MODELS
from server.web.common.blueprint import ApiBlueprint
from server.web.common.context import find_model, get_context
from server.web.common.contribution import (
    ACCEPTED_STROKES,
    MAX_CONTRIBUTION_BYTES,
    Contribution,
    parse_contribution,
    pixels_of,
)
from server.web.common.drawing import JSON, MalformedDrawingError, NotADrawingError, decode_json
from server.web.common.presenter import (
    WrongTokenError,
    is_same_secret,
    sent_secret,
    unauthorized,
)
from server.web.common.problems import problem_response
from server.web.common.responses import json_response, uncached
from server.web.common.room_messages import (
    DrawingAnswer,
    DrawingChange,
    Given,
    JoinChoice,
    PresenterAnswer,
    QrQuery,
    Readings,
    ReadingsQuery,
    RoomAnswer,
    RoomChange,
    RoomQuery,
    Wall,
    WallDrawing,
    WallQuery,
)

_log = logging.getLogger(__name__)

ROOM_API = "/api/room"
JSON_LINES = "application/x-ndjson"
SVG = "image/svg+xml"

# How many drawings a model reads in one request: a quarter of a second of work.
MAX_READINGS = 200

# The white border of the QR code, in modules. Source: ISO/IEC 18004.
QUIET_ZONE = 4

_TOKEN_BYTES = 24

ACCEPTED_CHANGE = '{"open": true or false, "approval": true or false, "join": URL}, each optional'

Body = TypeVar("Body", bound=msgspec.Struct)

routes = ApiBlueprint("room")


@routes.api_route(
    ROOM_API, query=RoomQuery, answer=RoomAnswer, errors=(401,), access="optional key"
)
def show_room(query: RoomQuery) -> Response:
    """Show the state of the room."""
    room, is_presenter = get_room(), has_key()
    if query.device is not None:
        room.count_device(query.device)
    return answer_room(room, is_presenter=is_presenter)


@routes.api_route(
    ROOM_API,
    method="PATCH",
    bodies={JSON: RoomChange},
    answer=RoomAnswer,
    errors=(401, 413, 415, 422, 507),
    access="key",
)
def change_room() -> Response:
    """Open or close the room, choose approval, or the address to join."""
    require_key()
    room, change = get_room(), parse_body(RoomChange, ACCEPTED_CHANGE)
    urls = [address.url for address in room.addresses()]
    if change.join is not None and change.join not in urls:
        raise UnprocessableEntity(f"join cannot be {change.join!r}. Accepted: {', '.join(urls)}.")
    room.database.change_settings(
        is_open=change.open, needs_approval=change.approval, join_url=change.join
    )
    return answer_room(room, is_presenter=True)


@routes.api_route(
    f"{ROOM_API}/drawings",
    bodies={JSON: Contribution},
    answer=Given,
    status=HTTPStatus.CREATED,
    errors=(403, 404, 409, 413, 415, 422, 429, 507),
)
def give_drawing() -> Response:
    """Give a drawing to the room, with the digit that it shows."""
    body = read_json(MAX_CONTRIBUTION_BYTES, ACCEPTED_STROKES)
    with bad_input():
        contribution = parse_contribution(body)
    model = find_model(contribution.model)
    room = get_room()
    connection = (request.environ.get("REMOTE_ADDR"), request.environ.get("REMOTE_PORT"))
    wait = room.contributions.wait_seconds(connection)
    if wait:
        raise TooManyRequests(
            f"More than {MAX_CONTRIBUTIONS} drawings in a minute. Try again in {ceil(wait)} s.",
            retry_after=ceil(wait),
        )
    # After the limit, because it takes longer than all that is before.
    strokes = msgspec.json.encode(contribution.strokes)
    with bad_input():
        pixels = pixels_of(strokes)
    (prediction,) = predict_all(model, pixels[np.newaxis], frozenset())
    reading = Reading(prediction.digit, prediction.sure, model.digest)
    token = contribution.token or secrets.token_urlsafe(_TOKEN_BYTES)
    given = room.database.add(strokes, contribution.label, token, reading)
    answer = Given(given.id, token, given.reading.digit, given.reading.is_sure, given.is_shown)
    response = uncached(json_response(answer))
    response.status_code = HTTPStatus.CREATED
    return response


@routes.api_route(
    f"{ROOM_API}/drawings", query=WallQuery, answer=Wall, errors=(401,), access="optional key"
)
def show_wall(query: WallQuery) -> Response:
    """List drawings, or what has changed; drawings that wait for approval only with the key."""
    database, with_waiting = get_room().database, has_key()
    if query.since is not None and query.after is not None:
        raise BadRequest("Query: after and since. Accepted: one of them.")
    if query.since is not None:
        changes = database.changes_since(query.since, with_waiting=with_waiting)
        drawings, has_more = changes.drawings, changes.has_more
        wall = Wall([], changes.removed, changes.revision, changes.is_complete, has_more)
    else:
        after = query.after or 0
        # Read first: a change in the meantime is then in the next response again.
        revision = database.read_state().revision
        drawings, has_more = database.drawings_after(after, with_waiting=with_waiting)
        wall = Wall([], [], revision, after == 0, has_more)
    wall.drawings = [on_wall(drawing) for drawing in drawings]
    return uncached(json_response(wall))


@routes.api_route(
    f"{ROOM_API}/drawings",
    method="DELETE",
    answer=None,
    status=HTTPStatus.NO_CONTENT,
    errors=(401, 507),
    access="key",
)
def remove_all_drawings() -> Response:
    """Remove all drawings."""
    require_key()
    get_room().database.remove_all()
    return no_content()


@routes.api_route(
    f"{ROOM_API}/drawings/<number>", answer=DrawingAnswer, errors=(401, 404), access="key"
)
def show_drawing(number: str) -> Response:
    """Tell whether a drawing is shown, with the key of the room or the token of the drawing."""
    identifier = require_key_or_token(number)
    answer = DrawingAnswer(get_room().database.is_shown(identifier))
    return uncached(json_response(answer))


@routes.api_route(
    f"{ROOM_API}/drawings/<number>",
    method="DELETE",
    answer=None,
    status=HTTPStatus.NO_CONTENT,
    errors=(401, 404, 507),
    access="key",
)
def remove_drawing(number: str) -> Response:
    """Remove a drawing, with the key of the room or the token of the drawing."""
    identifier = require_key_or_token(number)
    get_room().database.remove(identifier)
    return no_content()


@routes.api_route(
    f"{ROOM_API}/drawings/<number>",
    method="PATCH",
    bodies={JSON: DrawingChange},
    answer=None,
    status=HTTPStatus.NO_CONTENT,
    errors=(401, 404, 413, 415, 422, 507),
    access="key",
)
def change_drawing(number: str) -> Response:
    """Approve a drawing, or take it off the wall."""
    require_key()
    change = parse_body(DrawingChange, '{"shown": true or false} as JSON')
    get_room().database.show(parse_id(number), is_shown=change.shown)
    return no_content()


@routes.api_route(
    f"{ROOM_API}/readings",
    query=ReadingsQuery,
    answer=Readings,
    errors=(401, 404),
    access="optional key",
)
def read_drawings_again(query: ReadingsQuery) -> Response:
    """Show what a model reads in the drawings of the wall."""
    model, with_waiting = find_model(query.model), has_key()
    found, has_more = get_room().database.drawings_after(query.after, with_waiting=with_waiting)
    drawings = found[:MAX_READINGS]
    predictions = []
    if drawings:
        pixels = np.stack([pixels_of(drawing.strokes) for drawing in drawings])
        predictions = predict_all(model, pixels, frozenset())
    readings = Readings(
        model.digest,
        [drawing.id for drawing in drawings],
        [prediction.digit for prediction in predictions],
        [prediction.sure for prediction in predictions],
        has_more or len(found) > MAX_READINGS,
    )
    return uncached(json_response(readings))


@routes.api_route(f"{ROOM_API}/drawings.jsonl", answer=JSON_LINES, errors=(401,), access="key")
def download_drawings() -> Response:
    """Return all drawings, a line for each, in the format that `tests.drawn` reads."""
    require_key()
    lines = [
        b'{"label": %d, "hand": "room", "strokes": %b}\n' % (drawing.label, drawing.strokes)
        for drawing in get_room().database.all_drawings(with_waiting=True)
    ]
    return uncached(Response(b"".join(lines), content_type=JSON_LINES))


@routes.api_route(f"{ROOM_API}/join.svg", query=QrQuery, answer=SVG)
def draw_join_code(query: QrQuery) -> Response:  # noqa: ARG001 - only makes the URL another one
    """Draw the QR code of the URL that phones open."""
    room = get_room()
    code = segno.make_qr(room.join_url(room.database.read_state()))
    svg = io.BytesIO()
    code.save(svg, kind="svg", border=QUIET_ZONE, light="white", omitsize=True, xmldecl=False)
    return uncached(Response(svg.getvalue(), content_type=SVG))


@routes.errorhandler(RoomClosedError)
def explain_closed(_error: RoomClosedError) -> Response:
    """Say that the room is closed."""
    return problem_response(HTTPStatus.FORBIDDEN, "The room takes no drawings at the moment.")


@routes.errorhandler(RoomFullError)
def explain_full(_error: RoomFullError) -> Response:
    """Say that the room is full."""
    detail = "The room is full. The presenter can remove drawings."
    return problem_response(HTTPStatus.CONFLICT, detail)


@routes.errorhandler(RoomBusyError)
def explain_busy(_error: RoomBusyError) -> Response:
    """Say that others are writing."""
    detail = "Too many people are giving drawings at the same time. Try again in 1 s."
    return problem_response(HTTPStatus.SERVICE_UNAVAILABLE, detail, Retry_After="1")


@routes.errorhandler(RoomStorageError)
def explain_storage(error: RoomStorageError) -> Response:
    """Say that the room's file cannot be written or read, without SQLite's words."""
    _log_once(f"The room's file: {error}")
    if request.method in ("GET", "HEAD"):
        detail = "The server cannot read the room's file. Try again later."
        return problem_response(HTTPStatus.SERVICE_UNAVAILABLE, detail, Retry_After="1")
    detail = (
        "The server cannot store it: its disk may be full, or the room's file was moved or deleted."
    )
    return problem_response(HTTPStatus.INSUFFICIENT_STORAGE, detail)


@lru_cache(maxsize=64)
def _log_once(message: str) -> None:
    """Log an error that hundreds of pages may ask for every second."""
    _log.error(message)


@routes.errorhandler(NoDrawingError)
def explain_missing(_error: NoDrawingError) -> Response:
    """Say that there is no such drawing."""
    return problem_response(
        HTTPStatus.NOT_FOUND, "The room has no such drawing; it may be removed."
    )


def get_room() -> Room:
    """Return the room of the application that handles the current request."""
    room = get_context().room
    assert room is not None
    return room


def has_key() -> bool:
    """Tell whether the request has the presenter's key.

    :raise Unauthorized: it has another one
    """
    secret = sent_secret()
    if secret and not is_same_secret(secret, get_room().database.read_state().key):
        raise unauthorized("This is not the key of the room.")
    return bool(secret)


def require_key() -> None:
    """Refuse a request without the presenter's key.

    :raise Unauthorized: it has none, or another one
    """
    if not has_key():
        raise unauthorized("The request has no key.")


def require_key_or_token(number: str) -> int:
    """Return the ID of a drawing, for a request with the presenter's key or the drawing's token.

    :raise NoDrawingError: there is no such drawing
    :raise Unauthorized: the request has neither
    """
    database, secret = get_room().database, sent_secret()
    identifier = parse_id(number)
    if not secret:
        raise unauthorized("The request has neither the key of the room nor the drawing's token.")
    is_key = is_same_secret(secret, database.read_state().key)
    if not is_key and not database.may_withdraw(identifier, secret):
        detail = "This is neither the key of the room nor the token of this drawing."
        raise unauthorized(detail, WrongTokenError)
    return identifier


def answer_room(room: Room, *, is_presenter: bool) -> Response:
    """Return the state of the room."""
    state = room.database.read_state()
    join = room.join_url(state)
    answer = RoomAnswer(
        open=state.is_open,
        drawings=state.shown,
        digest=f"{state.revision}-{state.devices}",
        revision=state.revision,
        devices=state.devices,
        approval=state.needs_approval,
        join=join,
        is_local=is_local_url(join),
        presenter=for_presenter(room, state) if is_presenter else None,
    )
    return uncached(json_response(answer))


def for_presenter(room: Room, state: RoomState) -> PresenterAnswer:
    """Return what only the presenter sees."""
    path = room.database.path
    choices = [
        JoinChoice(address.url, address.interface, address.is_virtual)
        for address in room.addresses()
    ]
    file, command = as_text(str(path)), as_text(training_command(path))
    return PresenterAnswer(state.waiting, file, command, choices)


def as_text(path: str) -> str:
    """Return a path without the surrogates that stand for bytes that are not UTF-8."""
    return os.fsencode(path).decode("utf-8", "replace")


def training_command(file: Path) -> str:
    """Return the command that trains on a room, for a terminal in the server's directory."""
    # The environment that the server runs in may not be activated in the terminal.
    program = Path(sys.executable)
    # OSError: the directory has been deleted. ValueError: the environment is not in it.
    with suppress(OSError, ValueError):
        program = program.relative_to(Path.cwd())
    words = [str(program), "-m", "training", "--room", str(file)]
    models = get_context().store.directory
    if models != MODELS:
        words += ["--models", str(models)]
    return shlex.join(words)


def on_wall(drawing: RoomDrawing) -> WallDrawing:
    """Return a drawing as the wall gets it."""
    return WallDrawing(
        drawing.id,
        msgspec.Raw(drawing.strokes),
        drawing.label,
        drawing.reading.digit,
        drawing.reading.is_sure,
        drawing.reading.model,
        drawing.is_shown,
        drawing.minute,
    )


def read_json(limit: int, accepted: str) -> bytes:
    """Return the request's body, which must be JSON.

    :raise RequestEntityTooLarge: it is longer than the limit, in bytes
    :raise UnsupportedMediaType: its content type is another one
    """
    body = request.get_data(cache=False)
    if request.content_encoding or request.mimetype != JSON:
        encoding = f"Content-Encoding {request.content_encoding}"
        sent = encoding if request.content_encoding else request.mimetype or "no content type"
        raise UnsupportedMediaType(f"Got {sent}. Accepted: {accepted}, without an encoding.")
    if len(body) > limit:
        raise RequestEntityTooLarge(f"Got {len(body)} bytes. Accepted: {accepted}.")
    return body


def parse_body(kind: type[Body], accepted: str) -> Body:
    """Return the request's body as a struct.

    :raise HTTPException: it is too long, not JSON, or something else
    """
    body = read_json(MAX_CONTRIBUTION_BYTES, accepted)
    with bad_input():
        return decode_json(msgspec.json.Decoder(kind).decode, body, accepted)


@contextmanager
def bad_input() -> Iterator[None]:
    """Answer 400 to a malformed body, and 422 to one with wrong content."""
    try:
        yield
    except MalformedDrawingError as error:
        raise BadRequest(str(error)) from error
    except NotADrawingError as error:
        raise UnprocessableEntity(str(error)) from error


def no_content() -> Response:
    """Return a response without a body."""
    return Response(status=HTTPStatus.NO_CONTENT)


def parse_id(text: str) -> int:
    """Return the ID of a drawing in a path.

    :raise NoDrawingError: it cannot be one
    """
    if not text.isascii() or not text.isdecimal() or len(text) > 18:
        raise NoDrawingError(text)
    return int(text)
