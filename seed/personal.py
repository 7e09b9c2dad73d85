"""What looks like data about a private person: names, personal e-mail addresses, mobile numbers.

The contract has no field for it, so that what is found is dropped unless mapped on purpose. Precise
rather than greedy: a wrong alarm takes an institution's address from the people who need it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

from seed.given_names import given_names, namesakes
from seed.identity import slugify

MOSTLY = 0.5  # of the values of a column: what has to be personal


def examine(column: str, values: Iterable[object]) -> str | None:
    """Why a column holds data about persons, by its name or by most of its values; else None."""
    stated = [text for value in values if value is not None and (text := str(value).strip())]
    slug = _slug(column)
    named = _by_name(slug)
    if named and not _mostly(stated, _is_count) and not _mostly(stated, _is_institution):
        return named
    rules = [(_is_personal_mail, "personal e-mail addresses"), (_is_addressed, "names of persons")]
    of_phones = not _PHONE_WORDS.isdisjoint(slug.split("-"))
    phones = _is_mobile_or_cut if of_phones else _is_mobile
    for rule, called in [*rules, (phones, "mobile numbers")]:
        if _mostly(stated, rule):
            return f"{sum(map(rule, stated))} of {len(stated)} values are {called}"
    return None


def is_personal_value(value: object) -> str | None:
    """Why a value holds data about a person, also within a longer text; else None."""
    if not isinstance(value, str):
        return None
    if _is_personal_mail(value):
        return "a personal e-mail address"
    return "a mobile number" if _is_mobile(value) else None


def _mostly(stated: Sequence[str], rule: Callable[[str], bool]) -> bool:
    return bool(stated) and sum(map(rule, stated)) >= MOSTLY * len(stated)


# --- names of columns ----------------------------------------------------------------------------

_PERSON = re.compile(
    r"ansprechpartner(?:in|innen)?|ansprechpersone?n?|kontaktperson(?:en|er)?|kontaktpartner(?:in)?|"
    r"(?:schul|kita|hort|heim|haus|einrichtungs|gruppen|team|projekt|bereichs|amts|abteilungs|"
    r"stellen|pflegedienst|verwaltungs|gesamt)?(?:leiter(?:in|innen)?|leitung)|"
    r"vorname|nachname|familienname|zuname|rufname|geburtsname|firstname|lastname|surname|forename|"
    r"givenname|familyname|foernamn|efternamn|tilltalsnamn|"
    r"direktor(?:in)?|director|principal|headteacher|headmaster|rektor(?:in|n)?|manager(?:in)?|"
    r"coordinator|koordinator(?:in)?|geschaeftsfuehr(?:er|erin|ung)|inhaber(?:in)?|"
    r"vorsitzende[rn]?|vorstand|(?:sach)?bearbeiter(?:in)?|betreuer(?:in)?|"
    r"(?:projekt)?verantwortliche[rn]?|beauftragte[rn]?|mitarbeiter(?:in|innen)?|anrede|salutation|"
    r"foerestaandare|forestandare|foerestandare|verksamhetschef|enhetschef|handlaeggare|ansvarig|"
    r"geburtsdatum|geburtstag|birthdate|birthday|foedelsedatum|personnummer|"
    r"privat(?:adresse|anschrift|telefon|nummer)"
)
_PERSON_PHRASE = re.compile(
    r"(?:^|-)(?:contact-(?:name|person)|(?:first|last|given|family)-name|date-of-birth|head-teacher|"
    r"kontakt-(?:name|person)|name-(?:kontakt|contact))(?:-|$)"
)
_MOBILE = re.compile(
    r"handy(?:nummer|nr)?|mobil(?:nummer|nr|telefon|telefonnummer|funk|funknummer)|cellphone|"
    r"mobilephone"
)
_MOBILE_PHRASE = re.compile(r"(?:^|-)(?:(?:mobile|cell)-phone|tel(?:efon)?-mobil)(?:-|$)")
_PHONE_WORDS = {
    "tel",
    "telefon",
    "telefonnummer",
    "phone",
    "telephone",
    "fon",
    "rufnummer",
    "mobil",
}
# A number of persons, or a key that stands for one, is no data about one.
_COUNTED = re.compile("anzahl|zahl|antal|count|number|stellen|quote|anteil|besetzt|id|key|nr")

_CAMEL = re.compile(r"(?<=[a-zäöüå])(?=[A-ZÄÖÜÅ])")
_COUNT = re.compile(r"[0-9]{1,6}(?:[.,][0-9]+)?|ja|nein|yes|no|true|false|x", re.IGNORECASE)
_INSTITUTION = re.compile(
    r"\b(?:\w*(?:amt|verein|stiftung|verwaltung|dienst|stadt|gemeinde)|landkreis|fachbereich|dezernat|"
    r"referat|g?gmbh)\b|\be\. ?v\.",
    re.IGNORECASE,
)


def _slug(column: str) -> str:
    return slugify(_CAMEL.sub(" ", column))


def _by_name(slug: str) -> str | None:
    words = slug.split("-")
    if any(_COUNTED.fullmatch(word) for word in words):
        return None
    if _PERSON_PHRASE.search(slug) or any(_PERSON.fullmatch(word) for word in words):
        return "the column is named like one of persons"
    if _MOBILE_PHRASE.search(slug) or any(_MOBILE.fullmatch(word) for word in words):
        return "the column is named like one of mobile numbers"
    return None


def _is_count(text: str) -> bool:
    return _COUNT.fullmatch(text) is not None


def _is_institution(text: str) -> bool:
    return _INSTITUTION.search(text) is not None


_ADDRESSED = re.compile(
    r"(?:Frau|Herr|Herrn|Fr\.|Hr\.|Mr\.?|Mrs\.?|Ms\.?)\s+(?:[A-Z][\w-]*\.\s*)*[A-ZÄÖÜÅ][\w-]+.*"
)


def _is_addressed(text: str) -> bool:
    """`Frau Dr. Muster`; Frau Holle is a kindergarten."""
    return _ADDRESSED.fullmatch(text) is not None and not text.startswith("Frau Holle")


# --- e-mail --------------------------------------------------------------------------------------

_MAIL = re.compile(r"(?P<local>[\w.+%-]{1,64})@(?P<host>[\w-]+(?:\.[\w-]+)+)")
# Where people have a mailbox of their own; the other hosts are mostly an institution's.
_MAILBOXES = re.compile(
    r"gmx\.\w+|web\.de|t-online\.de|(?:google|g)mail\.com|hotmail\.\w+|outlook\.\w+|live\.\w+|"
    r"yahoo\.\w+|freenet\.de|arcor\.de|aol\.\w+|icloud\.com|me\.com|posteo\.\w+|mailbox\.org|"
    r"telia\.com|bredband\.net|comhem\.se|spray\.se"
)
# Parts of addresses that are a role, an institution or a part of town: by their beginnings, by
# their ends, and whole. A surname may end like a house (Neuhaus) or begin like a school (Schulz).
_HOUSE = re.compile(
    r"(?:kinder|kita|kiga|krippe|jugend|familien|frauen|senioren|zwerg|wichtel|maeuse|strolch|"
    r"regenbogen|schmetterling|entdecker|beratung|sekretariat|verwaltung|geschaefts|personal|"
    r"presse|buchhalt|bewerb|ausbild|pflege|sozial|schuldner|quartier|gemeinde|bibliothek|"
    r"buecherei|kirchen|pfarr|grundschul|oberschul|mittelschul|hauptschul|realschul|gesamtschul|"
    r"foerder|gymnasium|berufs|volkshoch|verein|danske|consumer|service|customer|support|intake|"
    r"referral|admission|info|kontakt|contact|anmeld|empfang|poststelle).*|"
    r".*(?:schule|schulen|skole|skolen|skolan|skola|amt|zentrum|center|centre|stelle|dienst|hilfe|"
    r"hilfen|treff|team|buero|hort|kirche|stiftung|akademie|strasse)|"
    r".+(?:verein|beratung|kita|paradies|kaefer|blume|nest|stube)|"
    r"office|haus|villa|post|mail|email|leitung|vorstand|hotline|gs|os|fs|ms|rs|bs|gym|bsz|bbz|fz|"
    r"mgh|mpz|awo|drk|asb|vs|cjd|vhs|jc|qm|ev|caritas|diakonie|nord|sued|ost|west|mitte|stadt|ort|"
    r"sankt|st|am|im|an|der|die|das|zur|zum|bei|und"
)
_INITIAL = re.compile(r"[a-z]")
_SURNAME = re.compile(r"[a-z]{3,}")


def _is_personal_mail(text: str) -> bool:
    return "@" in text and any(map(_is_personal_address, _MAIL.finditer(text)))


def _is_personal_address(found: re.Match[str]) -> bool:
    """`vorname.nachname@`, `v.nachname@`; in a mailbox of one's own `vorname-nachname@` as well."""
    own = _MAILBOXES.fullmatch(found["host"].lower()) is not None
    names = re.split(r"[._-]" if own else r"[._]", found["local"].lower())
    if len(names) < 2 and not own:
        return False
    parts = [re.sub("[0-9]+$", "", slugify(name)) for name in names]
    if not (_are_names(parts) or (len(parts) == 1 and parts[0] in given_names())):
        return False
    return not any(_HOUSE.fullmatch(word) for part in parts for word in part.split("-"))


def _are_names(parts: list[str]) -> bool:
    """A given name or its initial, and a surname; which of them comes first is custom."""
    if len(parts) < 2 or f"{parts[0]} {parts[-1]}" in namesakes():
        return False
    return _is_name(parts[0], parts[-1]) or _is_name(parts[-1], parts[0])


def _is_name(given: str, surname: str) -> bool:
    first, last = given.partition("-")[0], surname.rpartition("-")[2]
    known = first in given_names() or _INITIAL.fullmatch(given) is not None
    return known and _SURNAME.fullmatch(last) is not None


# --- telephone -----------------------------------------------------------------------------------

# Bundesnetzagentur: mobile numbers begin with 015, 016 or 017, with ten or eleven digits after the
# zero; no place has such an area code.
_GERMAN_MOBILE = re.compile(
    r"(?<![\d+])(?:(?:\+|00)49[ ./-]*(?:\(0\)[ ./-]*)?|\(?0 ?)1[567](?:[ ()./–-]*\d){8,9}(?!\d)"
)
# PTS: 070, 072, 073, 076, 079 and seven digits. In Germany 07… are places in the south-west, whose
# codes have more digits, so that a national number needs its mark after the third.
_SWEDISH_MOBILE = re.compile(
    r"(?<![\d+])(?:(?:\+|00)46[ -]*(?:\(0\)[ -]*)?7[02369][ -]*|07[02369][ /–-]+)"
    r"\d(?:[ -]?\d){6}(?!\d)"
)
_PERHAPS_MOBILE = re.compile(r"1[567]|7[02369]")  # tells quickly that most texts have none
_WITHOUT_ZERO = re.compile(r"1[567][0-9]{8,9}(?:\.0)?")


def _is_mobile(text: str) -> bool:
    if not _PERHAPS_MOBILE.search(text):
        return False
    return bool(_GERMAN_MOBILE.search(text) or _SWEDISH_MOBILE.search(text))


def _is_mobile_or_cut(text: str) -> bool:
    """In a column of telephone numbers also one that a spreadsheet took the zero from."""
    return _is_mobile(text) or _WITHOUT_ZERO.fullmatch(text) is not None
