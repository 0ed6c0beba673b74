"""An HTTP server whose answers a test makes: for what no real server can be brought to say (another clock, a torn cluster)."""
from __future__ import annotations

import json
import ssl
import threading
import time
import urllib.request
from collections.abc import Callable
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Optional

from standin.certs import Certificate

# Path and header Authorization to the answer.
Answer = Callable[[str, str], Any]


class Answers:
    def __init__(self, answer: Answer, certificate: Optional[Certificate] = None, clock: float = 0) -> None:
        """clock: how many seconds its clock is before the real one."""

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:  # noqa: N802, the name that the base class asks for
                body = json.dumps(answer(self.path, self.headers.get("Authorization", ""))).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def date_time_string(self, timestamp: Optional[float] = None) -> str:
                return formatdate(time.time() + clock, usegmt=True)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.host = f"localhost:{self.server.server_port}"
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate.cert, certificate.key)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)

    def __enter__(self) -> Answers:
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()


def changed(url: str, change: Callable[[str, Any], Any]) -> Answer:
    """The answers of a real server, changed: so they have the form that this server gives them."""

    def answer(path: str, authorization: str) -> Any:
        request = urllib.request.Request(url + path, headers={"Authorization": authorization})
        with urllib.request.urlopen(request, timeout=30) as real:
            return change(path, json.load(real))

    return answer
