"""Addresses of /px, as the caller has come by: each names the language it leads to."""

from dataclasses import dataclass
from urllib.parse import quote, urlencode

from fastapi import Request

from api.links import base_url

HOME = "/px"
LONG_HOME = "/px/api/v2"
"""The same addresses once more: some clients know the version of an API by its path only."""
OLDER_HOME = "/px/api/v1"


@dataclass(frozen=True, slots=True)
class Links:
    base: str
    home: str
    lang: str

    def table(self, rel: str, id_: str, lang: str | None = None) -> dict[str, str]:
        return self._link(rel, f"tables/{quote(id_)}", lang)

    def metadata(self, id_: str) -> dict[str, str]:
        return self._link("metadata", f"tables/{quote(id_)}/metadata")

    def data(self, id_: str) -> dict[str, str]:
        return self._link("data", f"tables/{quote(id_)}/data", outputFormat="json-stat2")

    def default_selection(self, id_: str) -> dict[str, str]:
        return self._link("self", f"tables/{quote(id_)}/defaultselection")

    def codelist(self, rel: str, id_: str) -> dict[str, str]:
        return self._link(rel, f"codelists/{quote(id_)}")

    def tables(self, rel: str, **query: str) -> dict[str, str]:
        return self._link(rel, "tables", **query)

    def native(self, id_: str) -> dict[str, str]:
        """The indicator in the native API, as JSON-stat links are."""
        href = f"{self.base}/v1/indicators/{quote(id_)}?lang={self.lang}"
        return {"type": "application/json", "href": href}

    def _link(self, rel: str, path: str, lang: str | None = None, **query: str) -> dict[str, str]:
        lang = lang or self.lang
        asked = urlencode({"lang": lang, **query})
        return {
            "rel": rel,
            "hreflang": lang,
            "href": f"{self.base}{self.home}/{path}?{asked}",
        }


def links(request: Request, lang: str) -> Links:
    home = LONG_HOME if request.scope["path"].startswith(f"{LONG_HOME}/") else HOME
    return Links(base_url(request), home, lang)
