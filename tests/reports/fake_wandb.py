"""A stand-in for W&B's server on loopback: as much of its GraphQL as reading a project takes."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

VIEWER = {
    "id": "V",
    "entity": "someone",
    "username": "someone",
    "email": "someone@example.org",
    "flags": "{}",
    "teams": {"edges": [{"node": {"name": "someone"}}]},
}


class Server:
    """Serves runs given as (spec, lines, summary); counts what it is asked for.

    `sampled` counts requests for the sampled history, `scanned` those for the exact one.
    """

    def __init__(self, runs: list[tuple[Any, list[dict[str, Any]], dict[str, Any]]]) -> None:
        self.runs = {one.id: (one, lines, summary) for one, lines, summary in runs}
        self.sampled = self.scanned = 0
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
        if "viewer" in query:
            return {"viewer": VIEWER}
        return {"project": self.project(query, variables)}

    def project(self, query: str, variables: dict[str, Any]) -> dict[str, Any]:
        """What is asked of the project."""
        if "runs(" in query:
            edges = [{"node": self.run(name), "cursor": name} for name in self.runs]
            page = {"endCursor": None, "hasNextPage": False}
            runs = {"edges": edges, "pageInfo": page}
            return {"internalId": "1", "runCount": len(edges), "readOnly": True, "runs": runs}
        if "historyKeys }" in query:
            return {"run": {"historyKeys": self.run(variables["name"])["historyKeys"]}}
        if "parquetHistory" in query:
            rows = self.rows(variables["runName"])
            return {"run": {"parquetHistory": {"parquetUrls": [], "liveData": rows}}}
        if "HistoryPage" in query:
            self.scanned += 1
            steps = range(variables["minStep"], variables["maxStep"])
            kept = [row for row in self.rows(variables["run"]) if row["_step"] in steps]
            return {"run": {"history": [json.dumps(row) for row in kept]}}
        self.sampled += "istory" in query
        return {}

    def rows(self, name: str) -> list[dict[str, Any]]:
        """The logged lines as the server keeps them, its own step counting calls."""
        _, lines, _ = self.runs[name]
        return [
            {**line, "_step": number, "trainer/global_step": line["step"]}
            for number, line in enumerate(lines)
        ]

    def run(self, name: str) -> dict[str, Any]:
        """A run as the server tells of it: config and summary are JSON texts."""
        one, lines, summary = self.runs[name]
        config = {key: {"value": value} for key, value in one.to_json().items()}
        return {
            "id": f"storage-{name}",
            "name": name,
            "displayName": one.title,
            "state": "finished",
            "group": "degradation",
            "config": json.dumps(config),
            "summaryMetrics": json.dumps(summary),
            "systemMetrics": "{}",
            "tags": [],
            "historyLineCount": len(lines),
            "historyKeys": {"lastStep": len(lines) - 1, "keys": {}},
            "projectId": "1",
            "sweepName": None,
            "createdAt": "2026-03-01T12:00:00Z",
            "heartbeatAt": "2026-03-01T12:00:00Z",
            "user": {"name": "someone", "username": "someone"},
        }
