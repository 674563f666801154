"""A small web server: each request is from one person and gets the homepage as the Space shows it to them."""

from __future__ import annotations

import json
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from mtspace.vod import Banner, Carousel, Collections, Hero, HomepageBodyItem, Pair, create_space

space = create_space(api_key=os.environ.get("MTRIBES_KEY", ""))


def card(item: HomepageBodyItem) -> dict[str, Any]:
    """Return what the page shows of an item. A type checker makes sure that no kind is missing."""
    match item:
        case Hero():
            return {"picture": item.properties.source, "title": item.properties.title}
        case Carousel():
            return {"heading": item.properties.heading, "titles": item.properties.title_ids}
        case Banner():
            return {"label": item.properties.label, "discount": item.properties.discount_percent}


def homepage(collections: Collections) -> dict[str, Any]:
    """Return the homepage as data."""
    header, body = collections.homepage.header, collections.homepage.body
    items = [card(item) for item in body.items if item.enabled] if body.enabled else []
    return {"background": header.properties.background.value, "sticky": header.properties.sticky, "items": items}


class Handler(BaseHTTPRequestHandler):
    """Handles `GET /`; the person is in the header `X-User`."""

    def do_GET(self) -> None:
        """Start a session of the person and send what the homepage shows them."""
        session = space.start(user_id=self.headers.get("X-User"))
        session.track("homepage/seen", pair1=Pair("path", self.path))
        text = json.dumps(homepage(session.collections)).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)


def main() -> None:
    """Serve until the program is stopped, then send the waiting events."""
    with space, ThreadingHTTPServer(("127.0.0.1", 8080), Handler) as server:
        server.serve_forever()


if __name__ == "__main__":
    main()
