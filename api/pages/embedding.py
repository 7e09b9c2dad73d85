"""The code that shows a part of the registry on somebody else's site."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from markupsafe import Markup

WIDTH, HEIGHT = 720, 600
POLICY = "script-src {0}; connect-src {0}; style-src {0}; frame-src {0}"

Filters = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Embedding:
    """Offerings with these filters, as one of the elements. `title` names a frame and a link."""

    base: str
    element: str
    filters: Filters
    title: str

    @property
    def code(self) -> Markup:
        """What is copied into the other site."""
        if self.element == "frame":
            return frame(self.base, "offerings", self.filters, self.title, ("100%", HEIGHT))
        script = Markup('<script type="module" src="{}/embed/quartier.js"></script>\n')
        return script.format(self.base) + self.markup

    @property
    def markup(self) -> Markup:
        """The element, and in it a link for those who have no scripts."""
        pattern = Markup('<quartier-{0}{1}>\n  <a href="{2}">{3}</a>\n</quartier-{0}>')
        address = f"{self.base}/v1/offerings{_query(self.filters)}"
        return pattern.format(self.element, _attributes(self.filters), address, self.title)

    @property
    def frame_address(self) -> str:
        """The same as a document for a frame."""
        return f"{self.base}/embed/offerings{_query(self.filters)}"

    @property
    def policy(self) -> str:
        """What a site with a Content-Security-Policy has to allow."""
        return POLICY.format("/".join(self.base.split("/", 3)[:3]))


def frame(
    base: str, path: str, filters: Filters, title: str, size: tuple[int | str, int]
) -> Markup:
    """An iframe, and the script that gives it the height of what is in it."""
    pattern = Markup(
        '<iframe src="{0}/embed/{1}" title="{2}" width="{3}" height="{4}" loading="lazy"></iframe>'
        '\n<script async src="{0}/embed/resize.js"></script>'
    )
    return pattern.format(base, f"{path}{_query(filters)}", title, *size)


def _query(filters: Filters) -> str:
    return f"?{urlencode(filters)}" if filters else ""


def _attributes(filters: Filters) -> Markup:
    """A repeated parameter is one attribute; `id` is taken in HTML."""
    gathered: dict[str, list[str]] = {}
    for name, value in filters:
        gathered.setdefault("ids" if name == "id" else name, []).append(value)
    written = [
        Markup(' {}="{}"').format(name, ",".join(values)) for name, values in gathered.items()
    ]
    return Markup("").join(written)
