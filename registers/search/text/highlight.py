"""Where a search's words stand in a text: the words to mark, and the passage around the first."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from registers.models import Name, Protocol
from registers.search.text.query import Term
from registers.search.text.search import Search
from registers.search.text.words import MAX_FIELD_LENGTH, SHORT_TEXT, Word, words_of

PASSAGE_WORDS = 30
WORDS_BEFORE = 10
SHOWN_WORDS = 28  # of a purpose, in a list
SHOWN_PARTNERS = 5

Segments = list[tuple[str, bool]]


@dataclass(frozen=True, kw_only=True)
class Passage:
    """A place where words were found, cut in pieces: each with whether it is to be marked."""

    label: str
    pieces: Segments


def highlight(text: str, terms: Iterable[Term]) -> Segments:
    """Return `text` in pieces, each with whether it is what a term asks for.

    Together the pieces are the text. What is marked is whole words, as they are written.
    """
    # The same titles and names stand in line after line.
    return (_highlight_short if len(text) <= SHORT_TEXT else _highlight)(text, tuple(terms))


def _highlight(text: str, terms: tuple[Term, ...]) -> Segments:
    return _cut(text, _spans(words_of(text[:MAX_FIELD_LENGTH]), terms), 0, len(text))


_highlight_short = lru_cache(maxsize=4_000)(_highlight)


def passage(text: str, terms: Iterable[Term]) -> Segments:
    """Return the part of `text` around its first hit, in pieces; none if nothing is found there.

    It has about 30 words, with '…' where the text goes on.
    """
    words = words_of(text[:MAX_FIELD_LENGTH])
    spans = _spans(words, terms)
    if not spans:
        return []
    hit = next(index for index, word in enumerate(words) if word.end > spans[0][0])
    first = max(0, min(hit - WORDS_BEFORE, len(words) - PASSAGE_WORDS))
    last = min(first + PASSAGE_WORDS, len(words)) - 1
    start = words[first].start if first else 0
    whole = last == len(words) - 1 and len(text) <= MAX_FIELD_LENGTH
    end = len(text) if whole else words[last].end
    pieces = _cut(text, spans, start, end)
    return [*([("… ", False)] if start else []), *pieces, *([] if whole else [(" …", False)])]


def passages(protocols: Iterable[Protocol], search: Search) -> dict[str, list[Passage]]:
    """Return by reference the passages to show below each protocol in a list.

    A word that can be seen in the list itself (reference, title, the beginning
    of the purpose, the first parties' names) needs none. `protocols` come
    with_parties(); the names of their organisations cost one query, where any
    word was not found in the texts.
    """
    protocols = list(protocols)
    found = {each.pk: _passages_in_texts(each, search.terms) for each in protocols}
    keys = {
        party.organisation_id
        for protocol in protocols
        if found[protocol.pk][1]
        for party in protocol.all_parties
    }
    names: dict[int, list[Name]] = defaultdict(list)
    for name in Name.objects.filter(organisation__in=keys) if keys else ():
        names[name.organisation_id].append(name)
    return {
        protocol.pk: [
            *found[protocol.pk][0],
            *_passages_in_names(protocol, found[protocol.pk][1], names),
        ]
        for protocol in protocols
    }


def _passages_in_texts(
    protocol: Protocol, terms: Iterable[Term]
) -> tuple[list[Passage], list[Term]]:
    """Return the passages of a protocol's own texts, and the terms that stand in none."""
    lead, partners = protocol.parts
    parties = [party for party in [lead, *partners[:SHOWN_PARTNERS]] if party]
    left = list(terms)
    # The shortest first: a text is only taken apart into words while a term is wanting.
    for shown in (
        [protocol.reference, protocol.reference.lstrip("0"), protocol.title],
        [party.organisation.name for party in parties],
        [" ".join(protocol.purpose.split()[:SHOWN_WORDS])],
    ):
        left = left and _terms_not_in(shown, left)
    found: list[Passage] = []
    for label, text in (
        ("Purpose", protocol.purpose),
        ("Summary", protocol.summary),
        ("Information shared", protocol.information_items),
    ):
        pieces = left and passage(text, left)
        if pieces:
            found.append(Passage(label=label, pieces=pieces))
            left = _terms_not_in([text], left)
    return found, left


def _passages_in_names(
    protocol: Protocol, left: list[Term], names: dict[int, list[Name]]
) -> Iterator[Passage]:
    """Give each name of a party in which a term stands that was not yet found, once."""
    for party in protocol.all_parties if left else ():
        official = party.organisation.name
        ways = [("", official)]
        for name in names[party.organisation_id]:
            former = name.kind == Name.Kind.FORMER
            ways.append((", once called " if former else ", also called ", name.text))
        ways.append((", published as ", party.name_as_published))
        for way, text in ways:
            if not _spans(words_of(text), left):
                continue
            pieces = highlight(text, left)
            before: Segments = [(official + way, False)] if way else []
            yield Passage(label="Organisation", pieces=[*before, *pieces])
            left = _terms_not_in([text], left)


def _terms_not_in(texts: list[str], terms: Iterable[Term]) -> list[Term]:
    words = [words_of(text[:MAX_FIELD_LENGTH]) for text in texts]
    return [term for term in terms if not any(_spans(each, [term]) for each in words)]


def _spans(words: Sequence[Word], terms: Iterable[Term]) -> list[tuple[int, int]]:
    """Return where terms stand, from and to which character, in order and apart."""
    found = [
        (word.start, words[index + len(term.stems) - 1].end if side_by_side else word.end)
        for term in terms
        for index, word in enumerate(words)
        if (side_by_side := _matches_at(term, words, index))
        or (term.prefix and word.plain.startswith(term.prefix))
        or word.plain == term.reference
    ]
    apart: list[tuple[int, int]] = []
    for start, end in sorted(found):
        if apart and start < apart[-1][1]:
            apart[-1] = (apart[-1][0], max(end, apart[-1][1]))
        else:
            apart.append((start, end))
    return apart


def _matches_at(term: Term, words: Sequence[Word], index: int) -> bool:
    """Say whether the term's stems stand from this word on."""
    if words[index].stem != term.stems[0]:
        return False
    return tuple(word.stem for word in words[index : index + len(term.stems)]) == term.stems


def _cut(text: str, spans: list[tuple[int, int]], start: int, end: int) -> Segments:
    """Return `text` from `start` to `end`, cut where the spans begin and end."""
    pieces: Segments = []
    at = start
    for first, last in spans:
        if first >= start and last <= end:
            pieces += [(text[at:first], False), (text[first:last], True)]
            at = last
    pieces.append((text[at:end], False))
    return [(part, hit) for part, hit in pieces if part]
