"""A site of somebody else, which embeds the registry: another origin, with a policy of its own."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

STRICT = (
    "default-src 'none'; script-src {registry}; connect-src {registry}{also}; "
    "style-src {registry}; frame-src {registry}; base-uri 'none'"
)
"""What docs/reference/components.md promises to be enough."""


class Site:
    """Pages by path; what is not there is 404."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.pages: dict[str, tuple[str, bytes, dict[str, str]]] = {}

    def add(
        self,
        content: str,
        path: str = "/",
        media_type: str = "text/html; charset=utf-8",
        **headers: str,
    ) -> str:
        """Put up a page; its address. An underscore in a header's name stands for a hyphen."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.pages[path] = (media_type, content.encode(), named)
        return self.url + path

    def embed(self, registry: str, body: str, *, lang: str = "de", also: str = "") -> str:
        """Put up a page under the strict policy that has the components in it; its address.

        `also` is asked besides the registry.
        """
        source = f"{registry}/embed/quartier.js"
        return self.add(
            f'<!doctype html><html lang="{lang}"><meta charset="utf-8"><title>Amt</title>'
            f'<script type="module" src="{source}"></script><main><h1>Amt</h1>{body}</main></html>',
            Content_Security_Policy=STRICT.format(registry=registry, also=f" {also}"),
        )


@contextmanager
def running_site() -> Iterator[Site]:
    """On a port of its own, so that its origin is not the registry's."""

    class Pages(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.split("?")[0]
            media_type, content, headers = site.pages.get(path, ("text/plain", b"", {}))
            self.send_response(200 if path in site.pages else 404)
            for name, value in {"Content-Type": media_type, **headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *arguments: object) -> None:
            """Nobody reads it."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Pages) as server:
        site = Site(f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield site
        finally:
            server.shutdown()
            thread.join()
