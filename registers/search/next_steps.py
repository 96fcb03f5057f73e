"""What somebody can do whose words found nothing, or nothing that has them all."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache

from django.conf import settings
from django.db import connection

from registers.models import Identifier, Name, Organisation, Protocol
from registers.models.keys import key_of
from registers.search.binding import ANY, OWN, Binding
from registers.search.index import Index, Mask
from registers.search.organisation_names import letters_of
from registers.search.text.search import Search, search
from registers.search.text.words import words_of

BETWEEN = re.compile(r" and |\s?[&,]\s?", re.IGNORECASE)
MAX_WORDS = 10  # offered, of a query that can have a hundred
MAX_ORGANISATIONS = 5
MOST_COMPARED = 500  # of those with every word
MAX_NAME_LENGTH = 100  # characters of a query that are compared with names
MIN_NAME_LENGTH = 5  # letters: shorter ones are like anything


@dataclass(frozen=True, kw_only=True)
class FoundWord:
    """One word of a query as it was typed, and how many protocols it finds by itself."""

    text: str
    count: int


def words_that_find(query: Search, index: Index, among: Mask) -> Iterator[FoundWord]:
    """Yield each word of `query` that finds any of the protocols `among` by itself.

    The count is that of a search for the word alone.
    """
    words = (query.text[slice(*term.span)].strip() for term in query.terms if query.finds(term))
    for word in [*dict.fromkeys(words)][:MAX_WORDS]:
        count = int((search(word, index).mask & among).sum())
        if count:
            yield FoundWord(text=word, count=count)


@dataclass(frozen=True, kw_only=True)
class FoundOrganisation:
    """An organisation that may be meant, and how many protocols in force bind it.

    Of these, `through` name it only through another: a body whose place it took, or a group.
    """

    organisation: Organisation
    count: int
    through: int


def pair_meant(query: Search) -> tuple[Organisation, Organisation] | None:
    """Return the two organisations whose names were typed with 'and', '&' or a comma between.

    A name can hold such a word itself, so each place is tried. None where the whole is a name.
    """
    typed = " ".join((query.corrected or query.query)[: 2 * MAX_NAME_LENGTH].split())
    halves = [
        (_key(typed[: word.start()]), _key(typed[word.end() :])) for word in BETWEEN.finditer(typed)
    ]
    if not halves:
        return None
    keys = {_key(typed), *(key for pair in halves for key in pair)}
    names = Name.objects.filter(key__in=keys).select_related("organisation")
    called = {name.key: name.organisation for name in names}
    for one, other in halves if _key(typed) not in called else ():
        if one in called and other in called and called[one] != called[other]:
            return called[one], called[other]
    return None


def _key(typed: str) -> str:
    return key_of(typed.strip(' "“”?'))


def organisations_meant(
    query: Search, index: Index, *, on: datetime.date, has_some: bool, has_every: bool
) -> list[FoundOrganisation]:
    """Return the organisations that somebody may mean by what was typed, the likeliest first.

    One that is called exactly so, or has this identifier; if there is none, those with every
    word of several in their names and identifiers, and the groups that one of this name may
    belong to. Where no protocol has every word, also those with the only word, or with what
    stands for it; where none has some, also those with the names most like it. `on` is the day
    on which protocols bind them.
    """
    found = exactly = _called_exactly(query.corrected or query.query)
    if not has_every or (len(query.terms) > 1 and not exactly):
        named = query.organisations(as_typed=has_every)[:MOST_COMPARED]
        known = Organisation.objects.filter(pk__in=named).order_by("name")
        found = [*exactly, *(known[:MAX_ORGANISATIONS] if named else ())]
    if has_some and not has_every and not found:
        typed = query.query[:MAX_NAME_LENGTH]
        found += index.organisation_names.with_every_word(typed, most=MAX_ORGANISATIONS)
    if not has_some and query.terms:
        found += organisations_called_like(query)
    found = list(dict.fromkeys(found))[:MAX_ORGANISATIONS]
    groups = [] if exactly else _groups_with_such_members(query, index)
    return [
        *(_counted(each, index, on) for each in found if each not in groups),
        *(counted for each in groups if (counted := _counted(each, index, on)).count),
    ]


def _groups_with_such_members(query: Search, index: Index) -> list[Organisation]:
    """Return the groups that one with such a name may belong to: All Essex Schools, of a school.

    With every word, where a protocol has them all as they were typed; else with any, or one
    that stands for it. Words of the partnership's own name say nothing.
    """
    everywhere = {word.stem for word in words_of(settings.PARTNERSHIP.name)}
    wanted = []
    for term in query.terms:
        forms = (*term.forms, *(term.synonym_groups[0] if term.synonym_groups else ()))
        stems = {form.stems[0] for form in forms if len(form.stems) == 1}
        if not everywhere.issuperset(stem for form in term.forms[:1] for stem in form.stems):
            wanted.append(stems)
    suffices = all if query.has_all_as_typed else any
    found = [
        key
        for key, words in _words_of_groups(index.version)
        if wanted and suffices(stems & words for stems in wanted)
    ]
    some = found[:MAX_ORGANISATIONS]
    return list(Organisation.objects.filter(pk__in=some).order_by("name")) if some else []


@lru_cache(maxsize=1)
def _words_of_groups(_: str) -> list[tuple[int, frozenset[str]]]:
    """Return the id of each group with the words of its names; the version is the cache's key."""
    words: dict[int, set[str]] = {}
    names = Name.objects.filter(organisation__kind=Organisation.Kind.GROUP)
    for key, text in names.order_by("organisation").values_list("organisation", "text"):
        words.setdefault(key, set()).update(word.stem for word in words_of(text))
    return [(key, frozenset(stems)) for key, stems in words.items()]


def _counted(organisation: Organisation, index: Index, on: datetime.date) -> FoundOrganisation:
    current = index.in_status(Protocol.Status.PUBLISHED)
    own, bound = (
        int((Binding(index, organisation.pk, on=on, through=through).mask() & current).sum())
        for through in (OWN, ANY)
    )
    return FoundOrganisation(organisation=organisation, count=bound, through=bound - own)


def _called_exactly(typed: str) -> list[Organisation]:
    """Return the organisations with a name or an identifier that is all that was typed."""
    name = typed.strip(' "“”')
    code = "".join(name.split()).upper()
    with connection.cursor() as cursor:
        cursor.execute(_exactly(), [key_of(name), *Identifier.Scheme.values, code])
        keys = [key for (key,) in cursor.fetchall()]
    return list(Organisation.objects.filter(pk__in=keys).order_by("name")) if keys else []


@cache
def _exactly() -> str:
    """Return the SQL of that, written once: for most questions it finds nothing."""
    names, codes = Name._meta.db_table, Identifier._meta.db_table
    schemes = ", ".join(["%s"] * len(Identifier.Scheme.values))  # for an index of the database
    one = f"SELECT organisation_id FROM {names} WHERE key = %s"  # noqa: S608 (no word of a visitor)
    return f"{one} UNION SELECT organisation_id FROM {codes} WHERE scheme IN ({schemes}) AND value = %s"  # noqa: S608, E501


def organisations_called_like(query: Search) -> list[Organisation]:
    """Return the organisations with names most like what was typed, the likest first."""
    typed = query.query[:MAX_NAME_LENGTH]
    is_name = len(letters_of(typed)) >= MIN_NAME_LENGTH
    return query.index.organisation_names.like(typed, most=MAX_ORGANISATIONS) if is_name else []
