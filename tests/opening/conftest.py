"""The other evaluator is a package that web/ installs for tests."""

from __future__ import annotations

import pytest

from db.cluster import default_data_folder
from tests.servers import ROOT
from web.build import build


@pytest.fixture(scope="session")
def scripts() -> None:
    """What tests need is in web/node_modules."""
    build(default_data_folder(ROOT), progress=lambda _: None, development=True)
