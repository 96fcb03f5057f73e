"""Searches answered by a plain loop over every word of every public protocol."""

from __future__ import annotations

from registers.models import Protocol
from registers.search.text.query import Term, parse_query
from registers.search.text.words import words_of


class Slow:
    """Every protocol as lists of words: its fields in order of trust, and its parties' names."""

    def __init__(self) -> None:
        self.texts = {}
        for each in Protocol.public.get_queryset().with_parties():
            parties = each.parties.all()
            fields = [
                [each.title],
                [each.reference, each.reference.lstrip("0")],
                [each.purpose],
                [each.summary],
                [each.information_items],
                [
                    *(party.name_as_published for party in parties),
                    *(n.text for party in parties for n in party.organisation.names.all()),
                ],
            ]
            self.texts[each.pk] = [[words_of(text) for text in field] for field in fields]

    def first_field(self, reference: str, term: Term) -> int | None:
        if term.reference == reference:
            return 0
        for number, field in enumerate(self.texts[reference], start=1):
            if any(has(words, term) for words in field):
                return number
        return None

    def search(self, typed: str) -> dict[str, int]:
        """By reference of what is found, its tier."""
        terms, found = parse_query(typed), {}
        for reference in self.texts if terms else ():
            fields = [self.first_field(reference, term) for term in terms]
            pairs = list(zip(terms, fields, strict=True))
            if all((field is None) == term.excluded for term, field in pairs):
                wanted = [field for term, field in pairs if not term.excluded]
                found[reference] = 0 if 0 in wanted else max(wanted, default=1)
        return found


def has(words: list, term: Term) -> bool:
    stems = [word.stem for word in words]
    length = len(term.stems)
    return any(
        tuple(stems[start : start + length]) == term.stems for start in range(len(stems))
    ) or bool(term.prefix and any(word.plain.startswith(term.prefix) for word in words))
