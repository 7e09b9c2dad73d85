"""Confirm links: signed addresses by which a provider confirms or corrects its own entries."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from uuid import UUID

from itsdangerous import BadSignature, URLSafeSerializer

SALT = "quartier confirm link"


class LinkRefused(ValueError):  # noqa: N818 - reads as the state it reports
    """The link opens nothing; the message says why."""


class LinkForged(LinkRefused):
    """It was not made here, or with a key that is no longer known."""


class LinkExpired(LinkRefused):
    """It was good once."""


class ConfirmLinks:
    """Makes and reads tokens with a key, or several, separated by commas.

    The first one signs; the others only read what they once signed.
    """

    def __init__(self, secret_key: str) -> None:
        keys = [key.strip() for key in secret_key.split(",")]
        # itsdangerous signs with the last of its keys.
        self._serializer = URLSafeSerializer(
            keys[::-1], salt=SALT, signer_kwargs={"digest_method": hashlib.sha256}
        )

    def token(self, organisation: UUID, expires: datetime) -> str:
        written = self._serializer.dumps([organisation.hex, int(expires.timestamp())])
        assert isinstance(written, str)
        return written

    def organisation(self, token: str, at: datetime) -> UUID:
        """Whose link it is, if it was valid at that time."""
        try:
            identity, expires = self._serializer.loads(token)
        except (BadSignature, UnicodeEncodeError):
            raise LinkForged("the link is not signed by this registry") from None
        if at.timestamp() > expires:
            day = datetime.fromtimestamp(expires, UTC).date()
            raise LinkExpired(f"the link expired on {day}")
        return UUID(identity)
