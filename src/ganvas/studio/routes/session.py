"""Coming in and going out, the texts of the page, and its language."""

from typing import Any, Literal

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, JSONResponse, RedirectResponse, Response
from pydantic import BaseModel

from ...translation import LANGUAGES, _, language
from ...version import __version__
from ..access import TooManyAttemptsError
from ..context import Here, Studio
from ..guard import cookie_name, session_of
from ..texts import STATIC, page_texts, set_language

router = APIRouter()


class Password(BaseModel):
    """What a visitor typed."""

    password: str


class Language(BaseModel):
    """The language that a visitor chose."""

    language: Literal["en", "id"]


@router.get("/enter")
def enter_by_link(request: Request, studio: Here, token: str = "") -> Response:
    """Open the studio by the link that it printed, or show what asks for the password."""
    if not token:
        return FileResponse(STATIC / "index.html")
    return _entered(request, studio, token) or RedirectResponse("/enter", 303)


@router.post("/api/enter")
def enter_by_password(request: Request, studio: Here, typed: Password) -> Response:
    """Open the studio by its password."""
    entered = _entered(request, studio, typed.password)
    if entered is None:
        return JSONResponse({"message": _("This is not the password."), "hint": ""}, 403)
    if entered.status_code == 303:
        entered.status_code = 200
    return entered


@router.post("/api/leave")
def leave(request: Request, studio: Here) -> dict[str, Any]:
    """Close this session."""
    studio.access.leave(session_of(request.scope))
    return {}


@router.get("/api/texts")
def texts(studio: Here) -> dict[str, Any]:
    """Return the texts of the page in the studio's language."""
    return {
        "language": language(),
        "languages": LANGUAGES,
        "texts": page_texts(),
        "version": __version__,
        "needs_password": studio.access.needs_password,
    }


@router.post("/api/language")
def choose_language(studio: Here, chosen: Language) -> dict[str, Any]:
    """Speak another language from now on."""
    set_language(chosen.language)
    studio.workspace.change_settings(language=chosen.language)
    return {}


def _entered(request: Request, studio: Studio, secret: str) -> Response | None:
    """Return the answer that opens a session, None for a wrong secret; 429 after too many."""
    try:
        session = studio.access.enter(secret, request.client.host if request.client else "")
    except TooManyAttemptsError:
        return JSONResponse({"message": _("Too many tries. Wait a minute."), "hint": ""}, 429, {"Retry-After": "60"})
    if session is None:
        return None
    answer = RedirectResponse("/", 303)
    answer.set_cookie(cookie_name(request.scope), session, httponly=True, samesite="strict", path="/")
    return answer
