"""Before anything is measured: every server must answer every question rightly, and alike."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from http.client import HTTPResponse
from typing import Any, cast
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from bench.load import WrongAnswer
from bench.questions import Question
from bench.servers import Server

SAMPLES = 3  # arguments whose answers are compared
TYPES = {"quartier": "application/geo+json", "tipg": "application/geo+json",
         "pygeoapi": "application/json", "pg_featureserv": "application/geo+json"}  # fmt: skip

Features = Sequence[Mapping[str, Any]]


def fetch(url: str, kind: str) -> Any:
    """The parsed body of an answer that must be JSON of the server's kind."""
    body, told = read(url)
    if told not in (TYPES[kind], "application/geo+json"):
        raise WrongAnswer(f"{url} is {told}, not {TYPES[kind]}")
    return json.loads(body)


def read(url: str) -> tuple[bytes, str]:
    """The body of an answer, and its media type."""
    try:
        with cast("HTTPResponse", urlopen(Request(url), timeout=120)) as answer:  # noqa: S310
            return answer.read(), answer.headers.get_content_type()
    except HTTPError as error:
        raise WrongAnswer(f"{url} answered {error.code}: {error.read(500)!r}") from error


def check(question: Question, servers: Sequence[Server], reference: Sequence[Any]) -> None:
    """`reference` holds the yardstick's answers to the first arguments, if it has a part in it.

    Ours are asked everything, so that what they keep is warm; the others take too long.
    """
    for server in servers:
        paths = question.paths[server.kind]
        for number, path in enumerate(paths if server.kind == "quartier" else paths[:SAMPLES]):
            answer = fetch(server.url + path, server.kind)
            if number < SAMPLES:
                compare(question, number, features(answer), server.name)
            if number < len(reference):
                _alike(question, server, features(answer), features(reference[number]))


def features(answer: Any) -> Features:
    """Those of a collection, or the one that an item is."""
    if answer.get("type") == "Feature":
        return [answer]
    if answer.get("type") != "FeatureCollection":
        raise WrongAnswer(f"neither a Feature nor a FeatureCollection: {str(answer)[:200]}")
    return answer["features"] or []


def compare(question: Question, number: int, given: Features, name: str) -> None:
    if not given:
        raise WrongAnswer(f"{name} has nothing to answer {question.name} number {number} with")
    if question.size is not None and len(given) != question.size:
        raise WrongAnswer(
            f"{name} answers {question.name} number {number} with {len(given)} features, "
            f"not {question.size}"
        )
    if strange := [key(feature) for feature in given if not question.fits(number, feature)]:
        raise WrongAnswer(f"{name} answers {question.name} number {number} with {strange[0]} too")


def _alike(question: Question, server: Server, given: Features, expected: Features) -> None:
    least = question.shared if server.kind == "quartier" else 0.0
    if question.whole:
        least = 1.0
    here, there = ({key(feature) for feature in answer} for answer in (given, expected))
    if len(here & there) < least * len(here | there):
        raise WrongAnswer(
            f"{server.name} and the reference answer {question.name} differently: "
            f"{len(here)} and {len(there)} features, {len(here & there)} of them in common"
        )


def key(feature: Mapping[str, Any]) -> str:
    return str(feature["id"])
