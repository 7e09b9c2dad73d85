"""A real browser before a real server. Requests to anybody else are refused and fail the test."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Route, sync_playwright

from db.cluster import default_data_folder
from tests.servers import ROOT
from tests.web.sites import Site, running_site
from web.build import build

NAMES = ("chromium", "chromium-browser", "google-chrome")
OURS = ("data", "blob", "about")  # schemes that leave nobody's machine


@dataclass
class Traffic:
    """Which origins a page may ask, what it asked of others, and what the browser complained of."""

    allowed: set[str]
    asked: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def allow(self, url: str) -> None:
        self.allowed.add(_origin(url))

    def handle(self, route: Route) -> None:
        url = route.request.url
        self.asked.append(url)
        if urlsplit(url).scheme in OURS or _origin(url) in self.allowed:
            route.continue_()
        else:
            self.foreign.append(url)
            route.abort()

    def hear(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.complaints.append(message.text)

    def watch(self, page: Page) -> None:
        page.on("console", self.hear)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))


OpenPage = Callable[..., AbstractContextManager[Page]]
"""A new page in a context of its own; keyword arguments are those of `Browser.new_context()`."""


@pytest.fixture(scope="session")
def scripts() -> None:
    """web/dist is built, and what tests need is in web/node_modules."""
    build(default_data_folder(ROOT), progress=lambda _: None, development=True)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Of one module, not of the run: while it runs there is an event loop in this thread, and
    tests elsewhere that start their own could not."""
    program = next(filter(None, map(shutil.which, NAMES)), None)
    assert program, "no Chromium is on PATH; ./quartier test installs it"
    with sync_playwright() as playwright:
        # As root there is no sandbox; only pages of ours are opened.
        found = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield found
        found.close()


@pytest.fixture(scope="session")
def registry(request: pytest.FixtureRequest) -> str:
    """The base URL of a real server on the demonstration set, with its scripts built."""
    request.getfixturevalue("scripts")
    url: str = request.getfixturevalue("live_server")
    return url


@pytest.fixture(scope="session")
def running() -> Iterator[Site]:
    with running_site() as site:
        yield site


@pytest.fixture
def site(running: Site) -> Site:
    """Somebody else's web site, empty: put pages up with `add()` or `embed()`."""
    running.pages.clear()
    return running


@pytest.fixture
def traffic(live_server: str, running: Site) -> Iterator[Traffic]:
    """What the pages of this test ask for; allowed are `registry` and `site`.

    A test that means to ask another empties `foreign` when it has looked at it.
    """
    watched = Traffic({_origin(live_server), _origin(running.url)})
    yield watched
    assert watched.foreign == []


@pytest.fixture
def open_page(browser: Browser, traffic: Traffic) -> OpenPage:
    """For pages with other settings: `with open_page(java_script_enabled=False) as page`."""

    @contextmanager
    def opened(**settings: Any) -> Iterator[Page]:
        context = browser.new_context(**settings)
        try:
            context.route("**/*", traffic.handle)
            page = context.new_page()
            page.set_default_timeout(10_000)
            traffic.watch(page)
            yield page
        finally:
            context.close()

    return opened


@pytest.fixture
def page(open_page: OpenPage) -> Iterator[Page]:
    """A desktop browser with nothing remembered."""
    with open_page(viewport={"width": 1280, "height": 900}, locale="de-DE") as opened:
        yield opened


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
