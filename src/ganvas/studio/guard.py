"""The gate of the studio: each request passes it before anything of it is looked at.

It looks at Host (a foreign name that leads here, DNS rebinding), Origin and Sec-Fetch-Site (another site that sends a
request through the user's browser), the session, the type and the length of what is sent, and how slowly it comes. To
each answer it adds the headers that keep a browser from running what is not ours.
"""

import asyncio
import ipaddress
import math
import time
from collections.abc import Collection
from http.cookies import CookieError, SimpleCookie
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..translation import N_, _
from .access import Access

SAFE_METHODS = ("GET", "HEAD")
JSON, BYTES = "application/json", "application/octet-stream"
MAX_JSON = 1 << 20  # bytes of a request; files come as bytes, and have limits of their own
BODY_SECONDS = 30.0  # that a client may take to send, and more for each byte that came
LEAST_RATE = 2000.0  # bytes a second
OPEN_TO_ALL = ("/enter", "/api/enter", "/api/texts", "/static/")  # what the page needs to ask for the password

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; "
    "connect-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}

NOT_HERE = N_("The studio has another address.")
FROM_ELSEWHERE = N_("This request comes from another page than the studio.")
NOT_OPEN = N_("Open the studio by the link that it printed.")
NOT_A_TYPE = N_("The studio takes JSON and files, nothing else.")
TOO_LONG = N_("This is too long.")
TOO_SLOW = N_("What was sent came too slowly.")
NO_METHOD = N_("The studio does not know this request.")


class CutOffError(Exception):
    """More was sent than is taken, or what was announced does not come."""


class Guard:
    """ASGI middleware that lets through what comes from the studio's own page, in a session that was opened.

    Args:
        names: host names by which the studio is reached besides addresses in digits, which nobody can redirect.
    """

    def __init__(self, app: ASGIApp, access: Access, names: Collection[str] = ("localhost",)) -> None:
        self._app, self._access, self._names = app, access, frozenset(names)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or pass it on."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":  # there are no web sockets here
            await send({"type": "websocket.close", "code": 1008})
            return
        body, has_begun = _Body(receive, Headers(scope=scope)), False

        async def send_guarded(message: Message) -> None:
            nonlocal has_begun
            if body.is_cut_off and not has_begun:
                raise CutOffError  # what the application says of half a request is not told
            if message["type"] == "http.response.start":
                has_begun = True
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():  # a route may have stricter ones
                    headers.setdefault(name, value)
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        refusal = self._refusal(scope)
        if refusal is None:
            try:
                await self._app(scope, body.receive, send_guarded)
                return
            except CutOffError:
                if has_begun:
                    raise
                refusal, body.is_cut_off = _refuse(*body.reason), False
        await refusal(scope, receive, send_guarded)

    def _refusal(self, scope: Scope) -> Response | None:
        """Return the answer to a request that is not let through."""
        headers, method, path = Headers(scope=scope), scope["method"], scope["path"]
        hosts = headers.getlist("host")
        if len(hosts) != 1 or not _is_ours(hosts[0], self._names):
            return _refuse(421, NOT_HERE)
        own = f"{scope['scheme']}://{hosts[0]}".lower()
        origin = headers.get("origin")
        is_safe = method in SAFE_METHODS
        if "\0" in path:  # systems cannot open it, and say so in many ways
            return _refuse(404, NO_METHOD)
        if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            return _refuse(403, FROM_ELSEWHERE)
        if (origin is not None or not is_safe) and (origin or "").lower() != own:
            return _refuse(403, FROM_ELSEWHERE)
        if not is_safe and method not in ("POST", "DELETE", "PUT"):
            return _refuse(405, NO_METHOD)
        if not path.startswith(OPEN_TO_ALL) and not self._access.knows(session_of(scope)):
            if path == "/":
                return RedirectResponse("/enter", 303)
            return _refuse(401, NOT_OPEN)
        if not is_safe and headers.get("content-type", "").lower() not in (JSON, BYTES):
            return _refuse(415, NOT_A_TYPE)
        return None


def cookie_name(scope: Scope) -> str:
    """Return the name of the session's cookie: browsers keep cookies by host, not by port."""
    server = scope.get("server") or ("", 0)
    return f"ganvas_studio_{server[1]}"


def session_of(scope: Scope) -> str:
    """Return the session that a request says it belongs to."""
    jar: SimpleCookie = SimpleCookie()
    try:
        jar.load(Headers(scope=scope).get("cookie", ""))
    except CookieError:
        return ""
    found = jar.get(cookie_name(scope))
    return found.value if found else ""


def _is_ours(host: str, names: frozenset[str]) -> bool:
    """Return whether Host names this server: by an address in digits, or by one of `names`."""
    name = host.lower()
    if name.startswith("["):
        name, closed, port = name[1:].partition("]")
        port = port.removeprefix(":")
        if not closed:
            return False
    else:
        name, _colon, port = name.partition(":")
    if port and not (port.isascii() and port.isdigit()):
        return False
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return name in names
    return True


class _Body:
    """What comes with a request: there is an end to waiting for it, and to its length where it is JSON."""

    def __init__(self, receive: Receive, headers: Headers) -> None:
        self._receive = receive
        self._limit = MAX_JSON if headers.get("content-type", "").lower() == JSON else math.inf
        self._seen, self._is_whole, self._began = 0, False, time.monotonic()
        self.is_cut_off, self.reason = False, (0, "")

    async def receive(self) -> Message:
        """Return the next message."""
        if self._is_whole:  # what comes now is that the client has gone, whenever that may be
            return await self._receive()
        left = BODY_SECONDS + self._seen / LEAST_RATE - (time.monotonic() - self._began)
        try:
            message = await asyncio.wait_for(self._receive(), max(0.01, left))
        except TimeoutError:
            raise self._cut_off(408, TOO_SLOW) from None
        self._seen += len(message.get("body", b""))
        self._is_whole = not message.get("more_body", False)
        if self._seen > self._limit:
            raise self._cut_off(413, TOO_LONG)
        return message

    def _cut_off(self, *reason: Any) -> CutOffError:
        self.is_cut_off, self.reason = True, reason
        return CutOffError()


def _refuse(status: int, text: str) -> Response:
    """Return the answer to what is refused."""
    return JSONResponse({"message": _(text), "hint": ""}, status, {"Connection": "close"})
