"""App: the Flask application: webhooks, health and metrics. Also runs under any WSGI server."""

import json
from collections.abc import Iterable
from typing import Any

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from bridge.engine.receive import JSON, RETRY_AFTER_S, Answer, Deferred
from bridge.log import logger
from bridge.model.signed import Request
from bridge.store.database import Unavailable
from bridge.web.health import Health
from bridge.web.metrics import exposition
from bridge.web.one_look import OneLook
from bridge.web.wsgi import Headers
from bridge.wiring.receiving import Receiving

MAX_BODY_BYTES = 16 * 1024 * 1024  # a daily post of 10,000 records is 2.4 MB

log = logger("web")


class _Later(Response):
    """Stands for an answer that our own server will get from somewhere else: nothing of it is ever sent."""

    def __call__(self, environ: Any, start_response: Any) -> Iterable[bytes]:
        start_response("202 Accepted", [])
        return ()


LATER = _Later()


def create_app(receiving: Receiving) -> Flask:
    """The application of one web process; the receiving must have started."""
    app = Flask("bridge.web", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    app.config["PROVIDE_AUTOMATIC_OPTIONS"] = False  # no page of another site has business here: 405
    app.url_map.merge_slashes = False  # a wrong address is not found, and leads nowhere else
    receiver = receiving.receiver
    health = Health(receiving)
    metrics_now = OneLook(lambda: exposition(receiving.bridge.database), name="metrics")

    @app.post("/webhooks/<source>")
    def webhook(source: str) -> Response:
        environ = request.environ
        later = environ.get("bridge.later")  # our own server's: no thread waits for the disk
        whole = environ.get("bridge.body")  # as well; of any other server the body is a stream
        answer = receiver.receive(
            source,
            Request(
                whole if isinstance(whole, bytes) else request.get_data(cache=False),
                Headers(environ),
                query=environ.get("QUERY_STRING", ""),
            ),
            address=environ.get("REMOTE_ADDR", ""),
            answer_later=later,
        )
        if later is not None and isinstance(answer, Deferred):
            later.deferred = answer
            return LATER
        assert isinstance(answer, Answer)  # noqa: S101  deferred only where somebody takes it later
        return _respond(answer)

    @app.get("/webhooks/<source>")
    def challenge(source: str) -> Response:
        environ = request.environ
        answer = None
        if request.method == "GET":
            answer = receiver.challenge(source, environ.get("QUERY_STRING", ""), address=environ.get("REMOTE_ADDR", ""))
        if answer is None:
            raise MethodNotAllowed(valid_methods=["POST"])
        return _respond(answer)

    @app.get("/healthz")
    def healthz() -> Response:
        return Response(b'{"status":"ok"}', mimetype="application/json")

    @app.get("/readyz")
    def readyz() -> Response:
        ready, details = health.readiness()
        return Response(json.dumps(details), status=200 if ready else 503, mimetype="application/json")

    @app.get("/metrics")
    def metrics() -> Response:
        try:
            found = metrics_now()
        except (TimeoutError, Unavailable):  # whoever stores says it in the log
            return error_response(503, "the database does not answer")
        return Response(found, mimetype="text/plain; version=0.0.4")

    app.register_error_handler(HTTPException, _refuse)
    app.register_error_handler(Exception, _fail)
    return app


def _respond(answer: Answer) -> Response:
    response = Response(answer.body, status=answer.status, content_type=answer.mimetype)
    if answer.mimetype != JSON:  # it holds what a sender wrote
        response.headers["X-Content-Type-Options"] = "nosniff"
    if answer.retry_after_s is not None:
        response.headers["Retry-After"] = str(answer.retry_after_s)
    return response


def _refuse(error: HTTPException) -> Response:
    """404, 405, 413 and their like, in the words of the contract. Nothing is ever moved: a redirect is not found."""
    moved = error.code is not None and error.code < 400
    response = error_response(404, "not found") if moved else error_response(error.code or 400, error.name.lower())
    if allowed := getattr(error, "valid_methods", None):
        to_webhook = request.path.startswith("/webhooks/")  # GET is only for a sender's check of its address
        response.headers["Allow"] = "POST" if to_webhook else ", ".join(sorted(allowed))
    return response


def _fail(error: Exception) -> Response:
    """The last border: nothing that a stranger sends may show more than this; the sender tries again."""
    log.error("request failed", path=request.path, raised=error)
    response = error_response(503, "cannot answer now, try again")
    response.headers["Retry-After"] = str(RETRY_AFTER_S)
    return response


def error_response(status: int, text: str) -> Response:
    body: dict[str, Any] = {"status": "error", "error": text}
    return Response(json.dumps(body, separators=(",", ":")), status=status, mimetype="application/json")
