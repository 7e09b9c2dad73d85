"""Forms for people: report wrong data, and for providers, confirm or correct what is published.

What is sent lands in the inbox, which nobody can read from here. No account, no cookie, no session.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import Field

from api import lists, responses
from api.confirm_links import ConfirmLinks, LinkExpired, LinkForged, LinkRefused
from api.dependencies import Service, service
from api.errors import BrokenRule, Problem, TooManyRequests, Unavailable
from api.forms import Fields, read_form, take, typed
from api.negotiation import choose_language, prefers_html
from api.pages.face import pages_of
from api.parameters import HomeParameters
from api.resources import OFFERINGS
from api.routing import ModelRoute
from db import queries
from db.conditions import called
from db.statements import Order, Selection
from db.submissions import (
    LONGEST_ADDRESS,
    LONGEST_TEXT,
    TOPICS,
    Offered,
    Outcome,
    Submission,
    offered_by,
    submit,
)

TRAP = "website"
"""A field that people do not see; programs that fill in everything fill it in too."""
MAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
A_PAGE = 25
HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex",
    "Vary": responses.VARY,
}
LATER = {"full": "86400", "busy": "3600"}
"""Seconds until it may be worth another try."""


class PagedParameters(HomeParameters):
    """What the page of a confirm link understands."""

    page: int = Field(1, ge=1, le=1000, description="Which part of a long list.")


Asked = Annotated[HomeParameters, Query()]
AskedPage = Annotated[PagedParameters, Query()]
Errors = list[tuple[str, str]]
"""What is wrong with which field: its name, and the name of a text in the template."""


def router() -> APIRouter:
    routes = APIRouter(route_class=ModelRoute, include_in_schema=False)
    routes.add_api_route("/report/{offering}", _report_form)
    routes.add_api_route("/report/{offering}", _report, methods=["POST"])
    routes.add_api_route("/report/{offering}/thanks", _report_thanks)
    routes.add_api_route("/confirm/{token}", _confirm_form)
    routes.add_api_route("/confirm/{token}", _confirm, methods=["POST"])
    routes.add_api_route("/confirm/{token}/thanks", _confirm_thanks)
    return routes


@dataclass(frozen=True, slots=True)
class Asking:
    """A request for one of the forms: who answers it, in which language, and about what."""

    request: Request
    service: Service
    lang: str
    languages: Sequence[str]
    about: dict[str, Any]

    def page(self, template: str, *, status: int = 200, **context: Any) -> Response:
        known = {"languages": self.languages, "default_lang": self.languages[0], **self.about}
        body = pages_of(self.request).simple(
            self.request, f"inbox/{template}", self.lang, **known, **context
        )
        headers = {**HEADERS, "Content-Security-Policy": responses.policy()}
        return Response(body, status, headers, "text/html; charset=utf-8")

    def form(self, template: str, fields: Fields, errors: Errors, problem: Problem) -> Response:
        """The form again, with what was typed; for a program just the problem."""
        if not prefers_html(self.request):
            raise problem
        shown = self.page(template, status=problem.status, fields=fields, errors=errors)
        shown.headers.update(problem.headers)
        return shown

    def later(self, template: str, fields: Fields, outcome: Outcome) -> Response:
        """The database took nothing; whether it is worth another try."""
        if outcome in LATER:
            headers = {"Retry-After": LATER[outcome]}
            problem: Problem = TooManyRequests("The inbox takes no more for now.", headers=headers)
        else:
            problem = BrokenRule("One of the entries is not published, or not of this provider.")
        return self.form(template, fields, [("", outcome)], problem)


# --- reports -------------------------------------------------------------------------------------


async def _report_form(request: Request, offering: str, parameters: Asked) -> Response:
    """What is wrong with an offering?"""
    asking = await _about_offering(request, offering, parameters)
    return asking.page("report.html", fields={}, errors=[])


async def _report(request: Request, offering: str, parameters: Asked) -> Response:
    fields = await read_form(request)
    asking = await _about_offering(request, offering, parameters)
    try:
        take(request, asking.service.reports)
    except TooManyRequests as problem:
        return asking.form("report.html", fields, [("", "busy")], problem)
    if errors := _wrong_with_report(fields):
        return asking.form("report.html", fields, errors, _broken(errors))
    item = asking.about["item"]
    report = Submission(
        "report",
        [UUID(item["id"])],
        topics=_topics(fields),
        text=typed(fields, "text") or None,
        reply_to=typed(fields, "reply_to") or None,
    )
    if not typed(fields, TRAP):
        outcome = await submit(asking.service.pool, [report])
        if outcome != "accepted":
            return asking.later("report.html", fields, outcome)
    return _see_other(f"{item['slug']}/thanks", parameters.lang)


async def _report_thanks(request: Request, offering: str, parameters: Asked) -> Response:
    asking = await _about_offering(request, offering, parameters)
    return asking.page("report_thanks.html")


async def _about_offering(request: Request, name: str, parameters: HomeParameters) -> Asking:
    known = service(request)
    languages = await known.languages()
    lang = choose_language(request, parameters.lang, languages)
    selection = Selection(
        OFFERINGS.table,
        (called([name]),),
        Order("name"),
        "json",
        lang=None if lang == languages[0] else lang,
        limit=1,
    )
    found = await queries.item(known.pool, selection)
    if found is None:
        await lists.require(request, OFFERINGS, name)  # 404, or 410 with why
        raise Unavailable(lists.BETWEEN)
    about = {
        "item": json.loads(found[0]),
        "topics": TOPICS,
        "longest_text": LONGEST_TEXT,
        "longest_address": LONGEST_ADDRESS,
        "trap": TRAP,
    }
    return Asking(request, known, lang, languages, about)


def _wrong_with_report(fields: Fields) -> Errors:
    text, address = typed(fields, "text"), typed(fields, "reply_to")
    rules = (
        ("text", "missing", not text and not _topics(fields)),
        ("text", "too_long", len(text) > LONGEST_TEXT),
        ("reply_to", "no_mail", bool(address) and not MAIL.fullmatch(address)),
        ("reply_to", "too_long", len(address) > LONGEST_ADDRESS),
    )
    return [(name, error) for name, error, is_broken in rules if is_broken]


def _topics(fields: Fields) -> list[str]:
    return [topic for topic in TOPICS if topic in fields.get("topic", ())]


# --- confirmations -------------------------------------------------------------------------------


async def _confirm_form(request: Request, token: str, parameters: AskedPage) -> Response:
    """A provider's entries as they are published."""
    asking = await _about_provider(request, token, parameters)
    if isinstance(asking, Response):
        return asking
    return asking.page("confirm.html", fields={}, errors=[])


async def _confirm(request: Request, token: str, parameters: AskedPage) -> Response:
    fields = await read_form(request)
    asking = await _about_provider(request, token, parameters)
    if isinstance(asking, Response):
        return asking
    try:
        take(request, asking.service.confirmations)
    except TooManyRequests as problem:
        return asking.form("confirm.html", fields, [("", "busy")], problem)
    if errors := _wrong_with_confirmation(fields):
        return asking.form("confirm.html", fields, errors, _broken(errors))
    submissions = list(_said(fields, asking.about["organisation"], token))
    outcome = await submit(asking.service.pool, submissions)
    if outcome != "accepted":
        return asking.later("confirm.html", fields, outcome)
    return _see_other(f"{token}/thanks", parameters.lang)


async def _confirm_thanks(request: Request, token: str, parameters: AskedPage) -> Response:
    asking = await _about_provider(request, token, parameters)
    return asking if isinstance(asking, Response) else asking.page("confirm_thanks.html")


async def _about_provider(
    request: Request, token: str, parameters: PagedParameters
) -> Asking | Response:
    """What the link opens, or the page that says why it does not."""
    known = service(request)
    languages = await known.languages()
    lang = choose_language(request, parameters.lang, languages)
    try:
        organisation = _organisation(known.confirm_links, token)
    except LinkRefused as refused:
        asking = Asking(request, known, lang, languages, {})
        is_expired = isinstance(refused, LinkExpired)
        status = 410 if is_expired else 403
        return asking.page("link_refused.html", status=status, is_expired=is_expired)
    skip = (parameters.page - 1) * A_PAGE
    found = await offered_by(known.pool, organisation, skip=skip, limit=A_PAGE)
    about = _offered(found or Offered("", b"[]", 0), parameters.page)
    about |= {"organisation": organisation, "token": token, "longest_text": LONGEST_TEXT}
    return Asking(request, known, lang, languages, about)


def _organisation(links: ConfirmLinks | None, token: str) -> UUID:
    if links is None:
        raise LinkForged("there are no confirm links here")
    return links.organisation(token, datetime.now(UTC))


def _offered(found: Offered, page: int) -> dict[str, Any]:
    return {
        "provider": found.name,
        "offerings": json.loads(found.documents),
        "total": found.total,
        "page": page,
        "pages": max(1, -(-found.total // A_PAGE)),
    }


def _wrong_with_confirmation(fields: Fields) -> Errors:
    answers = _answers(fields)
    if not answers:
        return [("", "nothing_chosen")]
    errors: Errors = []
    for identity, answer in answers.items():
        text = typed(fields, f"text-{identity}")
        if answer == "correct" and not text:
            errors.append((f"text-{identity}", "missing"))
        if len(text) > LONGEST_TEXT:
            errors.append((f"text-{identity}", "too_long"))
    return errors


def _answers(fields: Fields) -> dict[UUID, str]:
    """What was said of which offering. Who wrote something has something to correct."""
    found: dict[UUID, str] = {}
    for name in fields:
        kind, _, identity = name.partition("-")
        if kind not in ("answer", "text") or not _is_id(identity):
            continue
        answer = "correct" if typed(fields, f"text-{identity}") else typed(fields, name)
        if answer in ("right", "correct"):
            found[UUID(identity)] = answer
    return found


def _is_id(text: str) -> bool:
    """As our own form writes it, so that its fields are found again."""
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False


def _said(fields: Fields, organisation: UUID, token: str) -> Sequence[Submission]:
    """One confirmation of all that is right, and a suggestion for each that is not."""
    answers = _answers(fields)
    right = [identity for identity, answer in answers.items() if answer == "right"]
    said = [Submission("confirmation", right, organisation, token=token)] if right else []
    for identity, answer in answers.items():
        if answer == "correct":
            text = typed(fields, f"text-{identity}")
            said.append(Submission("suggestion", [identity], organisation, text=text, token=token))
    return said


# --- both ----------------------------------------------------------------------------------------


def _broken(errors: Errors) -> BrokenRule:
    listed = [{"pointer": f"/{name}", "detail": error.replace("_", " ")} for name, error in errors]
    detail = "; ".join(f"{name or 'form'}: {error.replace('_', ' ')}" for name, error in errors)
    return BrokenRule(detail, errors=listed)


def _see_other(place: str, lang: str | None) -> Response:
    """Relative, so that it holds under whatever address the form was reached."""
    query = f"?lang={lang}" if lang else ""
    return Response(status_code=303, headers={**HEADERS, "Location": f"{place}{query}"})
