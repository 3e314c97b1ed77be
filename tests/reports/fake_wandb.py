"""A stand-in for W&B's server on loopback: as much of its GraphQL as reading a project takes."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self


class Server:
    """Serves runs given as (spec, lines, summary); counts what it is asked for.

    `sampled` counts requests for the sampled history, `scanned` those for the exact one.
    """

    def __init__(self, runs: list[tuple[Any, list[dict[str, Any]], dict[str, Any]]]) -> None:
        self.runs = {one.id: (one, lines, summary) for one, lines, summary in runs}
        self.sampled = self.scanned = 0
        self.log: list[str] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                answer = server.answer(asked["query"], asked.get("variables") or {})
                content = json.dumps({"data": answer}).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: Any) -> None:
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._http.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._http.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: Any) -> None:
        self._http.shutdown()
        self._http.server_close()

    def answer(self, query: str, variables: dict[str, Any]) -> dict[str, Any]:
        """The data for one query."""
        self.log.append(json.dumps([query, variables]))
        return {}
