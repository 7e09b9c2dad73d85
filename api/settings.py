"""Everything that can be set from outside, read once from environment variables.

The reference page is docs/reference/settings.md; a test compares it with this class.
"""

from __future__ import annotations

import re
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

HOSTNAME = re.compile(r"[A-Za-z0-9.-]+(:[0-9]{1,5})?")
CONTACT = re.compile(r"(https://|mailto:[!-~]+@|tel:\+?)[!-~]+")
FREQUENCY = re.compile(r"[A-Z][A-Z0-9_]*")
EMAIL = re.compile(r"[^\s@<>\"]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
Networks = tuple[IPv4Network | IPv6Network, ...]
Pairs = tuple[tuple[str, str], ...]
"""What names a dataset, and what is said of it."""
PublisherType = Literal[
    "LocalAuthority",
    "RegionalAuthority",
    "NationalAuthority",
    "Academia-ScientificOrganisation",
    "Company",
    "IndustryConsortium",
    "NonGovernmentalOrganisation",
    "NonProfitOrganisation",
    "StandardisationBody",
]
"""ADMS publisher types."""

SHORTEST_KEY = 32


def is_web_address(text: str) -> bool:
    """Whether it is an address as RDF can hold it: without a blank or a bracket."""
    return re.fullmatch(r"https?://[^\s<>\"{}|\\^`]+", text) is not None


class Settings(BaseSettings):
    """One field is one environment variable of the same name in capitals."""

    model_config = SettingsConfigDict(
        frozen=True,
        extra="ignore",
        env_ignore_empty=True,
        hide_input_in_errors=True,  # a mistyped URL may hold a password
    )

    database_url: SecretStr | None = Field(
        default=None,
        description="PostgreSQL URL of the role that owns the registry. "
        "Unset: Quartier creates and runs a private database.",
    )
    database_public_url: SecretStr | None = Field(
        default=None,
        description="PostgreSQL URL of the role the API reads with. It may see published data "
        "and nothing else. Needed together with `DATABASE_URL`.",
    )
    quartier_data: Path | None = Field(
        default=None,
        description="Folder of the private database. Unset: `.quartier` in the checkout, or "
        "`/var/lib/quartier/` plus a name made from the checkout's path when run as root.",
    )
    artefacts: Path | None = Field(
        default=None,
        description="Folder of the files that are made of each publication. Unset: `artefacts` "
        "in the folder of the private database, with a folder in it for each database.",
    )
    artefacts_build: bool = Field(
        default=True,
        description="Whether the server makes these files by itself, in the background; "
        "else `quartier artefacts` does.",
    )
    artefacts_keep: int = Field(
        default=3, ge=1, le=100, description="How many states of these files are kept."
    )
    secret_key: SecretStr | None = Field(
        default=None,
        description="Signs confirm links; at least 32 characters (`openssl rand -hex 32`). "
        "Several, separated by commas: the first signs, the others are still known. Unset: there "
        "are no such links, except with the private database, which keeps a key beside it.",
    )
    host: str = Field(default="127.0.0.1", description="Address the server listens on.")
    port: int = Field(default=8000, ge=1, le=65535, description="Port the server listens on.")
    workers: int = Field(
        default=1, ge=1, le=64, description="Server processes that share the port."
    )
    public_url: str | None = Field(
        default=None,
        description="Address under which the public reaches the server, with a path prefix if "
        "there is one. Every link starts with it. Unset: taken from the request.",
    )
    trusted_proxies: Annotated[Networks, NoDecode] = Field(
        default=(),
        description="Addresses or networks, separated by commas, whose `X-Forwarded-*` headers "
        "are believed.",
    )
    pool_size: int = Field(
        default=10, ge=1, le=90, description="Database connections a server process opens at most."
    )
    pool_timeout: float = Field(
        default=0.9,
        gt=0,
        le=60,
        description="Seconds a request waits for a connection before it is answered with 503.",
    )
    statement_timeout: float = Field(
        default=10.0,
        gt=0,
        le=600,
        description="Seconds a single database statement of a request may take.",
    )
    count_timeout: float = Field(
        default=1.0,
        gt=0,
        le=600,
        description="Seconds that counting a list may take; then its answer comes without a total.",
    )
    cache_bytes: int = Field(
        default=64 * 1024**2,
        ge=0,
        description="Bytes of answers that a server process keeps in memory until the next "
        "publication; 0 keeps none.",
    )
    spool_bytes: int = Field(
        default=2 * 1024**3,
        ge=0,
        description="Bytes of temporary files a server process may have for callers who read "
        "slower than the database; beyond that the database waits for them.",
    )
    rate_limit: int = Field(
        default=0,
        ge=0,
        le=1_000_000,
        description="Requests a client may make in a minute to one server process; 0: no limit.",
    )
    shutdown_timeout: int = Field(
        default=10,
        ge=0,
        description="Seconds running requests get to finish when the server stops.",
    )
    max_body_bytes: int = Field(
        default=1_000_000, ge=1_000, description="Largest request body, in bytes."
    )
    max_url_bytes: int = Field(
        default=8_000, ge=500, description="Longest path and query of a request, in bytes."
    )
    max_radius: float = Field(
        default=100_000.0,
        gt=0,
        le=1_000_000,
        description="Largest `radius` around a point, in metres.",
    )
    max_vertices: int = Field(
        default=5_000, ge=4, description="Most vertices of a polygon to search within."
    )
    max_depth: int = Field(
        default=10_000,
        ge=100,
        description="How many results a search by `near` or `q` can be paged through.",
    )
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"], BeforeValidator(str.lower)
    ] = Field(default="info", description="Least severe messages that are logged.")
    log_format: Literal["json", "text"] = Field(
        default="json", description="One JSON object a line, or text for people."
    )
    metrics: bool = Field(
        default=True, description="Whether there is `/metrics` for Prometheus to read."
    )
    access_log: bool = Field(
        default=True, description="Whether every request has a line in the log."
    )

    tiles_url: str | None = Field(
        default=None,
        description="Address of background tiles for the map of the home page, with `{z}`, `{x}`, "
        "`{y}`. Visitors are asked first. Unset: the registry's own boundaries, and no request to "
        "others.",
    )
    tiles_attribution: str | None = Field(
        default=None, description="Who these tiles are from; shown beside the map."
    )

    catalog_title: str | None = Field(
        default=None,
        description="Name of the data catalogue. Unset: made from the place the registry is about.",
    )
    catalog_publisher: str | None = Field(
        default=None,
        description="Authority that publishes the data. Unset: the registry's county or city, if "
        "there is just one.",
    )
    catalog_publisher_url: str | None = Field(
        default=None, description="Its website. Unset: that of the county or city, or this server."
    )
    catalog_publisher_email: str | None = Field(
        default=None, description="Its address for e-mail, never that of a person."
    )
    catalog_publisher_type: PublisherType = Field(
        default="LocalAuthority", description="What kind of publisher it is."
    )
    catalog_contact: str | None = Field(
        default=None,
        description="Office that answers questions about the data. Unset: the publisher.",
    )
    catalog_contact_email: str | None = Field(
        default=None, description="Its address for e-mail. Unset: the publisher's."
    )
    catalog_contact_url: str | None = Field(
        default=None, description="Its contact form or page. Unset: the publisher's website."
    )
    catalog_contributor_id: str | None = Field(
        default=None,
        description="URI of the data provider in GovData's list, "
        "such as `http://dcat-ap.de/def/contributors/…`.",
    )
    catalog_indicators: Literal["all", "theme", "indicator"] = Field(
        default="theme",
        description="How many datasets the indicators are: one for all, one a theme, or one each.",
    )
    catalog_frequency: Annotated[Pairs, NoDecode] = Field(
        default=(),
        description="How often datasets are renewed, where their sources do not say it: "
        "`offerings=WEEKLY`, separated by commas, with codes of the EU's list of frequencies.",
    )
    catalog_hvd: Annotated[Pairs, NoDecode] = Field(
        default=(),
        description="High-value datasets: `districts=http://data.europa.eu/bna/…`, separated by "
        "commas, with the URI of the category.",
    )
    catalog_codelists_license: str = Field(
        default="cc-zero",
        pattern=r"^[A-Za-z0-9]+([_-][A-Za-z0-9]+)*$",
        description="Licence of the codelists, a code of the codelist `license`. "
        "Those that come with Quartier are CC0.",
    )

    security_contact: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="Where weaknesses of this server are to be reported, best first, separated by "
        "commas: `mailto:`, `https:` or `tel:` addresses. Unset: there is no `security.txt`.",
    )
    security_policy: str | None = Field(
        default=None, description="`https:` address of the rules for such reports."
    )
    security_languages: str = Field(
        default="de, en",
        pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]+)*(, *[A-Za-z]{2,3}(-[A-Za-z0-9]+)*)*$",
        description="Languages in which such reports are understood.",
    )

    @field_validator("catalog_frequency", "catalog_hvd", mode="before")
    @classmethod
    def _pairs(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        parts = [part.partition("=") for part in value.split(",") if part.strip()]
        return tuple((name.strip(), meant.strip()) for name, _, meant in parts)

    @field_validator("catalog_frequency")
    @classmethod
    def _are_frequencies(cls, value: Pairs) -> Pairs:
        if not all(name and FREQUENCY.fullmatch(code) for name, code in value):
            raise ValueError("must be like offerings=WEEKLY")
        return value

    @field_validator("catalog_hvd")
    @classmethod
    def _are_categories(cls, value: Pairs) -> Pairs:
        if not all(name and is_web_address(uri) for name, uri in value):
            raise ValueError("must be like districts=http://data.europa.eu/bna/c_ac64a52d")
        return value

    @field_validator("catalog_publisher_url", "catalog_contact_url", "catalog_contributor_id")
    @classmethod
    def _is_page(cls, value: str | None) -> str | None:
        if value is not None and not is_web_address(value):
            raise ValueError("must be an http:// or https:// address")
        return value

    @field_validator("catalog_publisher_email", "catalog_contact_email")
    @classmethod
    def _is_email(cls, value: str | None) -> str | None:
        if value is not None and not EMAIL.fullmatch(value):
            raise ValueError("must be an address for e-mail")
        return value

    @field_validator("security_contact", mode="before")
    @classmethod
    def _contacts(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        return tuple(part.strip() for part in value.split(",") if part.strip())

    @field_validator("security_contact")
    @classmethod
    def _are_addresses(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not all(CONTACT.fullmatch(contact) for contact in value):
            raise ValueError("must be mailto:, https: or tel: addresses")
        return value

    @field_validator("security_policy")
    @classmethod
    def _is_secure(cls, value: str | None) -> str | None:
        if value is not None and not (value.startswith("https:") and CONTACT.fullmatch(value)):
            raise ValueError("must be an https: address")
        return value

    @field_validator("tiles_url")
    @classmethod
    def _is_address_of_tiles(cls, value: str | None) -> str | None:
        if value is None:
            return None
        parts = urlsplit(value)
        if parts.scheme != "https" or not HOSTNAME.fullmatch(parts.netloc):
            raise ValueError("must be an https:// address of one host")
        if not all(part in parts.path for part in ("{z}", "{x}", "{y}")):
            raise ValueError("must have {z}, {x} and {y} in its path")
        return value

    @field_validator("database_url", "database_public_url")
    @classmethod
    def _is_postgresql(cls, value: SecretStr | None) -> SecretStr | None:
        scheme = urlsplit(value.get_secret_value()).scheme if value else "postgresql"
        if scheme not in ("postgresql", "postgres"):
            raise ValueError("must start with postgresql://")
        return value

    @field_validator("secret_key")
    @classmethod
    def _is_long(cls, value: SecretStr | None) -> SecretStr | None:
        keys = value.get_secret_value().split(",") if value else ()
        if any(len(key.strip()) < SHORTEST_KEY for key in keys):
            raise ValueError(f"every key must have at least {SHORTEST_KEY} characters")
        return value

    @field_validator("public_url")
    @classmethod
    def _is_web_address(cls, value: str | None) -> str | None:
        if value is None:
            return None
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("must be an http:// or https:// address")
        if parts.query or parts.fragment or parts.username is not None:
            raise ValueError("must have no query, fragment or user name")
        return value.rstrip("/")

    @field_validator("trusted_proxies", mode="before")
    @classmethod
    def _networks(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        return tuple(ip_network(part.strip(), strict=False) for part in value.split(",") if part)
