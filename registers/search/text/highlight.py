"""Highlights search words in a text, and finds the passage around the first."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from registers.models import Name, Protocol
from registers.models.protocol_fields import PROTOCOL_FIELDS
from registers.models.references import without_zeros
from registers.search.text.search import Search
from registers.search.text.terms import Form, Term
from registers.search.text.words import MAX_FIELD_LENGTH, SHORT_TEXT, Word, words_of

PASSAGE_WORDS = 30
WORDS_BEFORE = 10
SHOWN_WORDS = 28  # of a purpose, in a list
SHOWN_PARTNERS = 5
# The title is always shown whole.
TEXTS = [field for field in PROTOCOL_FIELDS if field.searched and field.name != "title"]

Segments = list[tuple[str, bool]]


@dataclass(frozen=True, kw_only=True)
class Passage:
    """A passage of a text in segments: each with whether it is highlighted."""

    label: str
    segments: Segments


def highlight(text: str, terms: Iterable[Term]) -> Segments:
    """Return `text` in segments, each with whether it matches a term.

    Together the segments are the text. Matches are whole words, as written.
    """
    # The same titles and names occur in many rows.
    return (_highlight_short if len(text) <= SHORT_TEXT else _highlight)(text, tuple(terms))


def _highlight(text: str, terms: tuple[Term, ...]) -> Segments:
    return _cut(text, _spans(words_of(text[:MAX_FIELD_LENGTH]), terms), 0, len(text))


_highlight_short = lru_cache(maxsize=4_000)(_highlight)


def passage(text: str, terms: Iterable[Term]) -> Segments:
    """Return about 30 words of `text` around the first match, in segments; none without a match.

    It has '…' where the text continues.
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
    segments = _cut(text, spans, start, end)
    return [*([("… ", False)] if start else []), *segments, *([] if whole else [(" …", False)])]


def passages(protocols: Iterable[Protocol], search: Search) -> dict[str, list[Passage]]:
    """Return by reference the passages to show below each protocol in a list.

    None for words that the list itself shows (reference, title, the beginning of the
    purpose, the first parties' names). `protocols` must come with_parties(). One query
    for the names of organisations, if any word was not found in the texts.
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
    """Return the passages of a protocol's own texts, and the terms that occur in none."""
    lead, partners = protocol.parts
    parties = [party for party in [lead, *partners[:SHOWN_PARTNERS]] if party]
    left = list(terms)
    # The shortest first: a text is only split into words while a term is still missing.
    for shown in (
        [protocol.reference, without_zeros(protocol.reference), protocol.title],
        [party.organisation.name for party in parties],
        [" ".join(protocol.purpose.split()[:SHOWN_WORDS])],
    ):
        left = left and _terms_not_in(shown, left)
    found: list[Passage] = []
    for field in TEXTS:
        text = getattr(protocol, field.name)
        segments = left and passage(text, left)
        if segments:
            found.append(Passage(label=field.label, segments=segments))
            left = _terms_not_in([text], left)
    return found, left


def _passages_in_names(
    protocol: Protocol, left: list[Term], names: dict[int, list[Name]]
) -> Iterator[Passage]:
    """Yield a passage for each name of a party with a term that was not found before."""
    for party in protocol.all_parties if left else ():
        official = party.organisation.name
        forms = [("", official)]
        for name in names[party.organisation_id]:
            former = name.kind == Name.Kind.FORMER
            forms.append((", once called " if former else ", also called ", name.text))
        forms.append((", published as ", party.name_as_published))
        for form, text in forms:
            if not _spans(words_of(text), left):
                continue
            segments = highlight(text, left)
            before: Segments = [(official + form, False)] if form else []
            yield Passage(label="Organisation", segments=[*before, *segments])
            left = _terms_not_in([text], left)


def _terms_not_in(texts: list[str], terms: Iterable[Term]) -> list[Term]:
    words = [words_of(text[:MAX_FIELD_LENGTH]) for text in texts]
    return [term for term in terms if not any(_has(each, term) for each in words)]


def _has(words: Sequence[Word], term: Term) -> bool:
    match = _match_of((term,))
    return any(match(words, index, word) for index, word in enumerate(words))


def _spans(words: Sequence[Word], terms: Iterable[Term]) -> list[tuple[int, int]]:
    """Return the start and end of each match, in order and without overlaps."""
    match = _match_of(tuple(terms))
    found = [
        (word.start, words[index + length - 1].end)
        for index, word in enumerate(words)
        if (length := match(words, index, word))
    ]
    merged: list[tuple[int, int]] = []
    for start, end in sorted(found):
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


@lru_cache(maxsize=500)
def _match_of(terms: tuple[Term, ...]) -> Callable[[Sequence[Word], int, Word], int]:
    """Return a function of words, a place and its word: how many words match from there on.

    It looks a word up, whatever the number of forms: a page has thousands of words.
    """
    forms = [form for term in terms for form in term.all_forms]
    whole = {term.reference for term in terms if term.reference}
    whole |= {word for form in forms if not form.stems for word in form.plain}
    prefixes = tuple(form.prefix for form in forms if form.prefix)
    by_stem: defaultdict[str, list[Form]] = defaultdict(list)
    for form in forms:
        if form.stems:
            by_stem[form.stems[0]].append(form)

    def match(words: Sequence[Word], index: int, word: Word) -> int:
        length = int(word.plain in whole or word.plain.startswith(prefixes))
        for form in by_stem.get(word.stem, ()):
            here = words[index : index + len(form.stems)]
            # The plain words of a phrase stand side by side as its stems do.
            if tuple(each.stem for each in here) == form.stems and (
                not form.plain or tuple(each.plain for each in here) == form.plain
            ):
                length = max(length, len(here))
        return length

    return match


def _cut(text: str, spans: list[tuple[int, int]], start: int, end: int) -> Segments:
    """Return `text` from `start` to `end` in segments, cut where spans begin and end."""
    segments: Segments = []
    at = start
    for first, last in spans:
        if first >= start and last <= end:
            segments += [(text[at:first], False), (text[first:last], True)]
            at = last
    segments.append((text[at:end], False))
    return [(part, hit) for part, hit in segments if part]
