"""HTTP connections that do not wait for ever: a client that says nothing, or hardly anything, loses its own."""

import asyncio

from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_SECONDS = 15.0  # until the head of a request has to be there


class PatientProtocol(H11Protocol):
    """uvicorn's protocol, with an end to waiting for a request's head; the guard waits for what follows."""

    _clock: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait."""
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        """Take what came; wait on if it is not yet a request."""
        super().data_received(data)
        if self.cycle is not None and not self.cycle.response_complete:
            self._stop_waiting()
        elif self._clock is None:
            self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget about it."""
        self._stop_waiting()
        super().connection_lost(exc)

    def _wait(self) -> None:
        self._clock = self.loop.call_later(HEAD_SECONDS, self.transport.close)

    def _stop_waiting(self) -> None:
        if self._clock is not None:
            self._clock.cancel()
            self._clock = None
