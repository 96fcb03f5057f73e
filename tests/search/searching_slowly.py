"""Searches answered by a plain loop over every word of every public protocol."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from registers.models import Protocol, SynonymSet
from registers.search.text.expand import compile_synonyms
from registers.search.text.query import parse_query
from registers.search.text.terms import Term
from registers.search.text.words import STOP_WORDS, words_of

PARTED = range(5, 31)  # letters of a word that is looked for in two parts


class Slow:
    """Every protocol as lists of words: its fields in order of trust, and its parties' names."""

    def __init__(self) -> None:
        self.texts = {}
        self.synonyms = compile_synonyms(SynonymSet.objects.filter(in_use=True))
        for each in Protocol.public.get_queryset().with_parties():
            parties = each.parties.all()
            # The names as published stand in one row, those of each organisation in another.
            fields = [
                [[each.title]],
                [[each.reference, each.reference.lstrip("0")]],
                [[each.purpose]],
                [[each.summary]],
                [[each.information_items]],
                [
                    [party.name_as_published for party in parties],
                    *([n.text for n in party.organisation.names.all()] for party in parties),
                ],
            ]
            self.texts[each.pk] = [
                [[words_of(text) for text in row] for row in field] for field in fields
            ]

    def reference_of(self, text: str) -> str:
        same = [pk for pk in self.texts if text.isdigit() and int(pk) == int(text)]
        return same[0] if same else ""

    def rank(self, reference: str, term: Term) -> tuple[int, list[tuple[int, bool]]] | None:
        """The tier of the first field with the term, or the groups of synonyms that are there.

        A tier of 4 and the groups, each with whether it is in the title; None without any.
        """
        if term.reference == reference:
            return 0, []
        fields = self.texts[reference]
        for tier, field in zip(FIELDS, fields, strict=True):
            if any(has(row, term) for row in field):
                return tier, []
        groups = []
        for number, forms in enumerate(term.synonym_groups):
            meant = replace(term, forms=forms, word="")
            where = [any(has(row, meant) for row in field) for field in fields]
            if forms and any(where):
                groups.append((number, where[0]))
        return (4, groups) if groups else None

    def search(self, typed: str) -> dict[str, int]:
        """By reference of what has every word, its tier."""
        return {
            reference: tier_of([rank for term, rank in pairs if not term.excluded])
            for reference, pairs in self._pairs(typed)
            if all((rank is None) == term.excluded for term, rank in pairs if not term.leads)
            and (leading := [rank for term, rank in pairs if term.leads]).count(None)
            < max(1, len(leading))
        }

    def most_words(self, typed: str) -> set[str]:
        """The references of what has the most of the words, and none that is left out."""
        numbers = {
            reference: sum(rank is not None for term, rank in pairs if not term.excluded)
            for reference, pairs in self._pairs(typed)
            if all(rank is None for term, rank in pairs if term.excluded)
        }
        most = max(numbers.values(), default=0)
        return {reference for reference, number in numbers.items() if number == most > 0}

    def _pairs(self, typed: str):
        terms = parse_query(typed, reference_of=self.reference_of, synonyms=self.synonyms)
        for reference in self.texts if terms else ():
            ranks = [self.rank(reference, term) for term in terms]
            yield reference, list(zip(terms, ranks, strict=True))


# By group of synonyms: the tier in the title and elsewhere. The groups between are the near ones.
GROUPS = [(4, 5), (6, 9), (7, 10), (8, 11), (12, 12)]
FIELDS = [1, 2, 2, 2, 2, 3]  # tiers


def tier_of(ranks: list[tuple[int, list[tuple[int, bool]]]]) -> int:
    """0 for a reference; else the worst field or group, and less for each near group there."""
    if any(field == 0 for field, _ in ranks):
        return 0
    worst, count = 1, 0
    for field, groups in ranks:
        places = [GROUPS[number][0 if in_title else 1] for number, in_title in groups]
        worst = max(worst, min(places, default=field))
        near = [in_title for number, in_title in groups if number < len(GROUPS) - 1]
        count += len(near) + sum(near)
    return worst * 16 + 15 - min(count, 15)


def has(row: list, term: Term) -> bool:
    """Whether any of the texts of a row has any form of the term, or the term's word parted."""
    every = {word.plain for words in row for word in words}
    for form in term.forms:
        length = len(form.stems)
        stands = [
            tuple(word.stem for word in words[start : start + length]) == form.stems
            for words in row
            for start in range(len(words))
        ]
        longer = any(word.startswith(form.prefix) for word in every)
        if (any(stands) or not form.stems) and every.issuperset(form.plain) and longer:
            return True
    if not (term.is_plain and not term.acronym and len(term.word) in PARTED):
        return False
    return any(
        one.plain + other.plain == term.word and not STOP_WORDS & {one.plain, other.plain}
        for words in row
        for one, other in pairwise(words)
    )
