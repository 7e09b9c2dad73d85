"""Validators (RFC 9110, section 13): whether a caller already has an answer."""


def matches(held: str, tag: str) -> bool:
    """Weak comparison of an If-None-Match header with the tag of the current answer."""
    weak = {entry.strip().removeprefix("W/") for entry in held.split(",")}
    return "*" in weak or tag.removeprefix("W/") in weak
