"""The panel in a small server of its own, mounted under a prefix, for a browser.

Who the user is stands in the cookie "user"; there is a page of the host at "/" with the banner.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from http.cookies import SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import unquote

from attrs import define, field

from cancelkit.adapters.web import Panel, PanelRequest, PanelResponse
from tests.world import World

PREFIX = "/crm/cancelling"
HOST_PAGE = b"""<!doctype html><html lang="en"><title>CRM</title><link rel="icon" href="data:,">
<main><h1>Harbour Cafe</h1></main>"""


@define
class Site:
    """A server that runs.

    Attributes:
        world: the CRM behind it.
        requests: every request to the panel that it has answered, as method, path and status.
    """

    world: World
    panel: Panel
    address: str = ""
    requests: list[tuple[str, str, int]] = field(factory=list)

    def url(self, path: str = "customers/C-1") -> str:
        """Return the address of a page of the panel."""
        return f"{self.address}{PREFIX}/{path}"

    def answer(self, request: PanelRequest) -> PanelResponse:
        """Answer a request as the user whom the cookie names."""
        user = SimpleCookie(request.headers.get("cookie", "")).get("user")
        answer = self.panel.handle(request, self.world.desk(user.value if user else "alice"))
        self.requests.append((request.method, request.path, answer.status))
        return answer


@contextmanager
def served(world: World, panel: Panel) -> Generator[Site]:
    """Serve a panel on a free port of this machine alone."""
    site = Site(world, panel)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            path, _, query = self.path.partition("?")
            if not path.startswith(PREFIX):
                self._send(PanelResponse(200, HOST_PAGE, (("Content-Type", "text/html"),)))
                return
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            where = unquote(path.removeprefix(PREFIX))
            headers = dict(self.headers.items())
            self._send(site.answer(PanelRequest(self.command, where, query, headers, body)))

        do_POST = do_GET  # noqa: N815 - the base's name

        def _send(self, answer: PanelResponse) -> None:
            self.send_response(answer.status)
            for name, value in answer.headers:
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
            pass  # standard error is for what went wrong

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    site.address = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
