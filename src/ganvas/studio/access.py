"""Who may use the studio: a link with a random token, or a password where others can reach it; then a cookie."""

import hashlib
import hmac
import secrets
import time
from collections import deque

TOKEN_BYTES = 32
MAX_SESSIONS = 1000  # the oldest goes
ATTEMPTS, ATTEMPT_SECONDS = 10, 60.0  # wrong answers in so many seconds, from one address
ADDRESSES = 10_000  # that are remembered
LEAST_PASSWORD = 8  # characters


class TooManyAttemptsError(Exception):
    """There were too many wrong answers from one address."""


class Access:
    """What opens the studio, and the sessions that it was opened for.

    Args:
        password: None for a link with a token, which whoever sees this machine's screen has.
    """

    def __init__(self, password: str | None = None) -> None:
        self.token = secrets.token_urlsafe(TOKEN_BYTES) if password is None else ""
        self.needs_password = password is not None
        self._secret = (self.token if password is None else password).encode()
        self._sessions: dict[bytes, None] = {}
        self._tickets: set[bytes] = set()
        self._wrong: dict[str, deque[float]] = {}

    def ticket(self) -> str:
        """Return what opens the studio once: others on this machine can read how a browser was started."""
        ticket = secrets.token_urlsafe(TOKEN_BYTES)
        self._tickets.add(_digest(ticket))
        return ticket

    def enter(self, secret: str, address: str) -> str | None:
        """Return a new session for the right token or password, None for a wrong one.

        Raises:
            TooManyAttemptsError: there were too many wrong ones from this address; a token is too long to be guessed,
                so that the right one is always let in.
        """
        wrong = self._wrong.setdefault(address, deque(maxlen=ATTEMPTS))
        now = time.monotonic()
        while wrong and now - wrong[0] > ATTEMPT_SECONDS:
            wrong.popleft()
        is_ticket = _digest(secret) in self._tickets
        is_right = is_ticket or hmac.compare_digest(secret.encode("utf-8", "surrogateescape"), self._secret)
        self._tickets.discard(_digest(secret))
        if len(wrong) >= ATTEMPTS and not is_ticket and (self.needs_password or not is_right):
            raise TooManyAttemptsError
        if not is_right:
            wrong.append(now)
            while len(self._wrong) > ADDRESSES:
                self._wrong.pop(next(iter(self._wrong)))
            return None
        session = secrets.token_urlsafe(TOKEN_BYTES)
        self._sessions[_digest(session)] = None
        while len(self._sessions) > MAX_SESSIONS:
            self._sessions.pop(next(iter(self._sessions)))
        return session

    def knows(self, session: str) -> bool:
        """Return whether this is a session that was opened, and not closed since."""
        return _digest(session) in self._sessions

    def leave(self, session: str) -> None:
        """Close a session."""
        self._sessions.pop(_digest(session), None)


def _digest(session: str) -> bytes:
    """Return what a session is looked up by: the time of the look-up tells nothing of the session itself."""
    return hashlib.sha256(session.encode("utf-8", "surrogateescape")).digest()
