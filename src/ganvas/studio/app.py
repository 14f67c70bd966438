"""The studio as an ASGI application: the guard before everything, the routes, and what answers errors."""

import asyncio
import mimetypes
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, JSONResponse
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp

from ..errors import GanvasError
from ..translation import N_, _
from .context import Studio
from .guard import Guard
from .routes import ROUTERS
from .texts import STATIC
from .uploads import TooLargeError
from .workspace import NotHereError

# Later releases of FastAPI hand spans, metrics and errors to OpenTelemetry, where a machine has that set up.
NO_TELEMETRY: Any = dict.fromkeys(("tracing", "metrics", "logs", "operation_spans", "auto_configure"), False)
QUEUE_SECONDS = 2.0  # between two looks at the queue

STATUSES: dict[type[GanvasError], int] = {NotHereError: 404, TooLargeError: 413}
STATUS_TEXTS = {404: N_("There is no such page."), 405: N_("The studio does not know this request.")}


def create_app(studio: Studio, names: Collection[str] = ("localhost",)) -> ASGIApp:
    """Return the application of a studio.

    Args:
        names: host names by which it is reached.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        queue = asyncio.create_task(_serve_queue(studio))
        yield
        queue.cancel()

    app = FastAPI(
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        telemetry=NO_TELEMETRY,
    )
    app.state.studio = studio
    for suffix in (".js", ".mjs"):  # Windows may call them text, and a browser would not run that
        mimetypes.add_type("text/javascript", suffix)
    for router in ROUTERS:
        app.include_router(router)
    app.mount("/static", StaticFiles(directory=STATIC))

    @app.get("/")
    def page() -> FileResponse:
        return FileResponse(STATIC / "index.html")

    app.add_exception_handler(GanvasError, _on_error)
    app.add_exception_handler(RequestValidationError, _on_wrong_request)
    app.add_exception_handler(HTTPException, _on_status)
    app.add_exception_handler(OSError, _on_system_error)
    return Guard(app, studio.access, names)


async def _serve_queue(studio: Studio) -> None:
    """Start trainings when it is their turn."""
    while True:
        await asyncio.to_thread(studio.trainings.start_waiting)
        await asyncio.sleep(QUEUE_SECONDS)


async def _on_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, GanvasError)
    status = next((status for kind, status in STATUSES.items() if isinstance(error, kind)), 400)
    return _answer(status, error.message, error.hint)


async def _on_wrong_request(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    fields = ", ".join(str(each["loc"][-1]) for each in error.errors()[:3])
    return _answer(422, _("The studio does not understand: {fields}.").format(fields=fields))


async def _on_status(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    return _answer(error.status_code, _(STATUS_TEXTS.get(error.status_code, str(error.detail))))


async def _on_system_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, OSError)
    return _answer(
        507,
        _("{file} cannot be read or written: {reason}.").format(
            file=error.filename or _("A file"), reason=error.strerror or error
        ),
        _("Check its permissions and the free disk space."),
    )


def _answer(status: int, message: str, hint: str = "") -> JSONResponse:
    return JSONResponse({"message": message, "hint": hint}, status)
