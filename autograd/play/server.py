"""The server of the playground: one page, and a stream of what its training does, for this machine only.

A page of another site can make the browser send requests here, so a request is answered only if it names
this server as its host and, where it tells one, as its origin, and all but that for the page have a token
that stands in the page. No path is one of the disk.
"""

import json
import os
import secrets
import socket
import socketserver
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

from autograd.errors import AutogradError
from autograd.play.session import LARGEST_TABLE, Session
from autograd.play.settings import CHOICES, MOST_LAYERS, MOST_NEURONS, OWN_DATA, Settings

__all__ = ["Server"]

HOST = "127.0.0.1"
LARGEST_BODY = 2 * LARGEST_TABLE  # bytes; a table is longer in JSON than in its file
SECONDS = 10.0  # in which a request must be complete, and an answer taken
FRAMES_PER_SECOND = 20
MOST_CONNECTIONS = 64
MOST_SESSIONS = 8

COMMANDS: dict[str, Callable[[Session, dict[str, Any]], dict[str, Any]]] = {
    "/build": lambda session, body: session.build(body.get("settings")),
    "/table": lambda session, body: session.table(body.get("name"), body.get("text")),
    "/play": lambda session, body: session.play(),
    "/pause": lambda session, body: session.pause(),
    "/step": lambda session, body: session.step(),
    "/reset": lambda session, body: session.reset(),
    "/explain": lambda session, body: session.explain(*map(body.get, ("layer", "neuron", "input"))),
    "/program": lambda session, body: session.program(),
}


class RefusedError(Exception):
    """A request that is not answered, with the status and what the client is told."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Server(socketserver.ThreadingMixIn, socketserver.TCPServer):
    """A server of the playground on 127.0.0.1, for a ``with`` block, whose end ends all trainings.

    Args:
        port: the port; 0 stands for any that is free.

    Attributes:
        address: where a browser finds the page.

    Raises:
        OSError: the port cannot be had.

    >>> with Server() as server:
    ...     server.address.startswith("http://127.0.0.1:")
    True
    """

    allow_reuse_address = os.name != "nt"  # Linux keeps a port for a while after its use
    daemon_threads = True
    request_queue_size = MOST_CONNECTIONS

    def __init__(self, port: int = 0) -> None:
        self.token = secrets.token_urlsafe(24)
        self.page = Path(__file__).with_name("page.html").read_text(encoding="utf-8")
        self.sessions: dict[str, Session] = {}
        self.lock = threading.Lock()
        self.deadlines: dict[socket.socket, float] = {}  # of requests that are not complete
        self.free = threading.Semaphore(MOST_CONNECTIONS)
        super().__init__((HOST, port), Handler)
        self.port = self.server_address[1]
        suffix = "" if self.port == 80 else f":{self.port}"  # browsers leave 80 out
        self.address = f"http://{HOST}{suffix}/"
        self.hosts = {f"{HOST}{suffix}", f"localhost{suffix}"}

    def process_request(self, request: Any, client_address: Any) -> None:
        """Answer in a new thread; close the connection if there are too many already."""
        if not self.free.acquire(blocking=False):
            self.shutdown_request(request)
            return
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Answer a request, in its thread."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self.free.release()

    def service_actions(self) -> None:
        """End the connections whose requests take too long to come, byte by byte or not at all."""
        now = time.monotonic()
        with self.lock:
            late = [connection for connection, deadline in self.deadlines.items() if deadline < now]
        for connection in late:
            with suppress(OSError):  # it has ended by itself
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Print the traceback of a mistake of ours; a client that has gone is none."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)

    def server_close(self) -> None:
        """End all trainings, and give the port back."""
        with self.lock:
            sessions = [*self.sessions.values()]
        for session in sessions:
            session.end()
        super().server_close()


class Handler(BaseHTTPRequestHandler):
    """One request; its connection ends with the answer."""

    server: Server
    timeout = SECONDS

    def setup(self) -> None:
        """Note until when the request must be complete."""
        super().setup()
        with self.server.lock:
            self.server.deadlines[self.connection] = time.monotonic() + SECONDS

    def finish(self) -> None:
        """Forget that, if the request never was complete."""
        self._complete()
        super().finish()

    def _complete(self) -> None:
        with self.server.lock:
            self.server.deadlines.pop(self.connection, None)

    # Requests

    def do_GET(self) -> None:
        """Send the page."""
        self._complete()
        try:
            self._check_sender()
            if self.path != "/":
                raise RefusedError(404, "there is nothing here; the playground is at /")
        except RefusedError as refusal:
            self._answer(refusal.status, {"error": str(refusal)})
            return
        nonce = secrets.token_urlsafe(16)
        page = self.server.page
        for name, text in (("NONCE", nonce), ("TOKEN", self.server.token), ("CHOICES", choices())):
            page = page.replace(f"%{name}%", text)
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header(
            "Content-Security-Policy",
            f"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; img-src data:; "
            "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        )
        self.end_headers()
        self.wfile.write(page.encode())

    def do_POST(self) -> None:
        """Carry out a command of the page, or begin its training and tell of it until the page is closed."""
        try:
            self._check_sender()
            body = self._body()
            self._complete()
            if self.path == "/live":
                self._live()
                return
            if self.path not in COMMANDS:
                raise RefusedError(404, "there is no such command")
            with self.server.lock:
                session = self.server.sessions.get(str(body.get("session")))
            if session is None:
                raise RefusedError(410, "this training has ended; reload the page to begin another")
            self._answer(200, COMMANDS[self.path](session, body))
        except RefusedError as refusal:
            self._answer(refusal.status, {"error": str(refusal)})
        except AutogradError as error:  # a user's mistake is no failed request, of which consoles would tell
            self._answer(200, {"error": str(error)})

    def _check_sender(self) -> None:
        hosts = self.headers.get_all("Host", [])
        if len(hosts) != 1 or hosts[0].lower() not in self.server.hosts:
            raise RefusedError(403, f"the playground answers at {self.server.address} only")
        if any(origin != f"http://{hosts[0].lower()}" for origin in self.headers.get_all("Origin", [])):
            raise RefusedError(403, "the playground answers to its own page only")

    def _body(self) -> dict[str, Any]:
        """The JSON object of a request whose token is right."""
        given = self.headers.get("X-Playground-Token", "")
        if not secrets.compare_digest(given.encode(), self.server.token.encode()):
            raise RefusedError(403, "the token is that of another server; reload the page")
        if self.headers.get_content_type() != "application/json":
            raise RefusedError(415, "a command must be JSON")
        lengths = self.headers.get_all("Content-Length", [])
        if len(lengths) != 1 or "Transfer-Encoding" in self.headers or not lengths[0].isdecimal():
            raise RefusedError(411, "a command must tell its length")
        digits = lengths[0].lstrip("0") or "0"
        if len(digits) > 12 or int(digits) > LARGEST_BODY:
            raise RefusedError(413, f"a command has at most {LARGEST_BODY:,} bytes, and a table 1 MB")
        try:
            body = json.loads(self.rfile.read(int(digits)))
        except (ValueError, RecursionError):  # no JSON, or brackets in brackets without end
            raise RefusedError(400, "a command must be a JSON object") from None
        if not isinstance(body, dict):
            raise RefusedError(400, "a command must be a JSON object")
        return body

    def _answer(self, status: int, answer: dict[str, Any]) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(answer, allow_nan=False).encode())

    # The stream

    def _live(self) -> None:
        """Train as the page commands, and send a line of JSON for what is new, until the page is closed."""
        name = secrets.token_urlsafe(16)
        with self.server.lock:
            if len(self.server.sessions) >= MOST_SESSIONS:
                raise RefusedError(
                    503, f"{MOST_SESSIONS} pages train already; close one, and reload this one"
                )
            session = self.server.sessions[name] = Session()
        try:
            self.send_response(200)
            self.send_header("Content-Type", "application/x-ndjson")
            self.end_headers()
            self._line({"session": name})
            while not (session.ended or self._gone()):
                begin = time.monotonic()
                if news := session.news(timeout=0.2):
                    self._line(news)
                    time.sleep(max(0.0, begin + 1 / FRAMES_PER_SECOND - time.monotonic()))
        finally:
            session.end()
            with self.server.lock:
                del self.server.sessions[name]

    def _line(self, news: dict[str, Any]) -> None:
        self.wfile.write(json.dumps(news, allow_nan=False).encode() + b"\n")

    def _gone(self) -> bool:
        """Whether the page has closed the connection."""
        self.connection.settimeout(0)
        try:
            return not self.connection.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return False
        except OSError:
            return True
        finally:
            self.connection.settimeout(self.timeout)

    # What all answers have

    def end_headers(self) -> None:
        """Add what keeps browsers from guessing, keeping and telling."""
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("Cache-Control", "no-store")
        self.send_header("Cross-Origin-Resource-Policy", "same-origin")
        super().end_headers()

    def version_string(self) -> str:
        """Name no versions."""
        return "autograd"

    def log_message(self, format: str, *args: Any) -> None:
        """Write no log."""


def choices() -> str:
    """What there is to choose from, as JSON that may stand in a script."""
    told = {
        "choices": CHOICES,
        "settings": asdict(Settings()),
        "most_layers": MOST_LAYERS,
        "most_neurons": MOST_NEURONS,
        "largest_table": LARGEST_TABLE,
        "own_data": OWN_DATA,
    }
    return json.dumps(told).replace("<", "\\u003c")
