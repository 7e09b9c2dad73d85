"""What open-data portals make of us: CKAN's own harvester, over HTTP, into a CKAN of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from db.publication import publish
from tests.databases import Database
from tests.harvest.conftest import Portal, Registry, extra, running_registry
from tests.web.sites import running_site
