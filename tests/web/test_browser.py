"""The tests' own eyes: what they cannot see would pass for absent."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests.web.axe import violations
from tests.web.conftest import Traffic
from tests.web.sites import Site


def test_a_request_to_a_third_party_is_refused_and_counted(
    page: Page, site: Site, traffic: Traffic
) -> None:
    page.goto(site.add("<!doctype html><img src='http://192.0.2.1/pixel.png'>"))
    assert traffic.foreign == ["http://192.0.2.1/pixel.png"]
    traffic.foreign.clear()


def test_a_broken_policy_is_heard(page: Page, site: Site, traffic: Traffic) -> None:
    policy = "default-src 'none'"
    page.goto(site.add("<!doctype html><script>1</script>", Content_Security_Policy=policy))
    assert "Content Security Policy" in traffic.complaints[0]


@pytest.mark.usefixtures("scripts")
def test_axe_finds_what_is_wrong_also_in_a_shadow_root(page: Page, site: Site) -> None:
    page.goto(
        site.add(
            "<!doctype html><html lang=en><title>Wrong</title><div id=host></div><script>"
            "document.getElementById('host').attachShadow({mode: 'open'}).innerHTML ="
            "'<img src=\"data:,\">'</script></html>"
        )
    )
    assert [found.split(":")[0] for found in violations(page)] == ["image-alt"]
