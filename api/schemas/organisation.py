"""An organisation: a provider, an authority, or a body that decides."""

from api.schemas.document import Coded, DistrictReference, Entity, NamedReference


class Organisation(Entity):
    name: str
    alternate_name: str | None
    kind: Coded | None
    description: str | None
    parent: NamedReference | None
    district: DistrictReference | None
    street: str | None
    postcode: str | None
    town: str | None
    phone: str | None
    email: str | None
    url: str | None
