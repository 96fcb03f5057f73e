"""Highlights search words in a text, and finds the passage with the first."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import takewhile

from registers.models import Name
from registers.models.references import without_zeros
from registers.search.listed import TEXTS, ListedProtocol
from registers.search.text.search import Search
from registers.search.text.terms import Form, Term
from registers.search.text.words import MAX_FIELD_LENGTH, SHORT_TEXT, Word, words_of

PASSAGE_WORDS = 30
MOST_BEFORE, WORDS_BEFORE = 20, 10  # of a sentence, before its hit: with more, the last ten
_SENTENCE_END = re.compile(r"[.!?]['\"’”)]*\s+|[\r\n]+")

Segments = list[tuple[str, bool]]
Spans = list[tuple[int, int]]


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
    return _cut(text, _spans(text_words(text), terms), 0, len(text))


_highlight_short = lru_cache(maxsize=4_000)(_highlight)


def passage(
    text: str, words: Sequence[Word], terms: tuple[Term, ...], wanted: Sequence[Term]
) -> Segments:
    """Return about 30 words of `text` from the sentence with the first hit on, in segments.

    That is the first of the terms `wanted`; without one there are no segments. Hits of all
    `terms` are marked. It has '…' where the text continues, with a space that ends no line.
    `words` are those of the text.
    """
    first_hit = next(_hits(words, tuple(wanted)), None)
    if first_hit is None:
        return []
    hit = next(at for at, word in enumerate(words) if word.end > first_hit[0])
    ends = takewhile(
        lambda end: end <= first_hit[0], map(re.Match.end, _SENTENCE_END.finditer(text))
    )
    sentence = max(ends, default=0)
    first = next(at for at, word in enumerate(words) if word.start >= sentence)
    if hit - first > MOST_BEFORE:
        first = max(0, min(hit - WORDS_BEFORE, len(words) - PASSAGE_WORDS))
        sentence = words[first].start if first else 0
    last = min(first + PASSAGE_WORDS, len(words)) - 1
    whole = last == len(words) - 1 and len(text) <= MAX_FIELD_LENGTH
    segments = _cut(text, _spans(words, terms), sentence, len(text) if whole else words[last].end)
    before, after = [("…\u00a0", False)], [("\u00a0…", False)]
    return [*(before if sentence else []), *segments, *([] if whole else after)]


def passages(protocols: Iterable[ListedProtocol], search: Search) -> dict[str, list[Passage]]:
    """Return by reference the passages to show below each protocol in a list.

    None for words that every list shows: in the reference, the title, the name of the lead, and
    that of a partner who is alone.
    One query for the names of organisations, if
    any word was not found in the texts.
    """
    protocols = list(protocols)
    found = {each.reference: _in_texts(each, search.terms_of(each.reference)) for each in protocols}
    keys = {
        party.organisation_id
        for protocol in protocols
        if found[protocol.reference][1]
        for party in protocol.all_parties
    }
    names: dict[int, list[Name]] = defaultdict(list)
    for name in Name.objects.filter(organisation__in=keys) if keys else ():
        names[name.organisation_id].append(name)
    return {
        each.reference: [
            *found[each.reference][0],
            *_in_names(each, found[each.reference][1], names),
        ]
        for each in protocols
    }


def _in_texts(protocol: ListedProtocol, terms: Sequence[Term]) -> tuple[list[Passage], list[Term]]:
    """Return the passages of a protocol's own texts, and the terms that occur in none."""
    left = _terms_not_in(map(text_words, (protocol.reference, protocol.title)), terms)
    if left:
        lead, partners = protocol.lead, protocol.partners
        parties = [*([lead] if lead else []), *(partners if len(partners) == 1 else [])]
        names = [party.name for party in parties]
        left = _terms_not_in(map(text_words, (without_zeros(protocol.reference), *names)), left)
    found: list[Passage] = []
    for field, text in zip(TEXTS, protocol.texts, strict=True):
        if not left:
            break
        words = text_words(text)
        segments = passage(text, words, tuple(terms), left)
        if segments:
            found.append(Passage(label=field.label, segments=segments))
            left = _terms_not_in([words], left)
    return found, left


def _in_names(
    protocol: ListedProtocol, left: list[Term], names: dict[int, list[Name]]
) -> Iterator[Passage]:
    """Yield a passage for each name of a party with a term that was not found before."""
    for party in protocol.all_parties if left else ():
        official = party.name
        forms = [("", official)]
        for name in names[party.organisation_id]:
            former = name.kind == Name.Kind.FORMER
            forms.append((", once called " if former else ", also called ", name.text))
        forms.append((", published as ", party.name_as_published))
        for form, text in forms:
            segments = highlight(text, left)
            if any(hit for _, hit in segments):
                before: Segments = [(official + form, False)] if form else []
                yield Passage(label="Organisation", segments=[*before, *segments])
                left = _terms_not_in([text_words(text)], left)


def text_words(text: str) -> Sequence[Word]:
    """Return the words of a text, as far as it is searched."""
    return words_of(text[:MAX_FIELD_LENGTH])


def _terms_not_in(texts: Iterable[Sequence[Word]], terms: Iterable[Term]) -> list[Term]:
    left = list(terms)
    for words in texts:
        left = [term for term in left if next(_hits(words, (term,)), None) is None]
    return left


def _spans(words: Sequence[Word], terms: tuple[Term, ...]) -> Spans:
    """Return the start and end of each match, in order and without overlaps."""
    merged: Spans = []
    for start, end in _hits(words, terms):
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _hits(words: Sequence[Word], terms: tuple[Term, ...]) -> Iterator[tuple[int, int]]:
    """Yield where matches start, in order, and where the longest from there ends."""
    whole, prefixes, by_stem = _lookups(terms)
    for at, (plain, stem, start, end) in enumerate(words):
        for form in by_stem.get(stem, ()):
            here = words[at : at + len(form.stems)]
            # The plain words of a phrase stand side by side as its stems do.
            if tuple(each.stem for each in here) == form.stems and (
                not form.plain or tuple(each.plain for each in here) == form.plain
            ):
                yield start, here[-1].end
                break
        else:
            if plain in whole or plain.startswith(prefixes):
                yield start, end


@lru_cache(maxsize=500)
def _lookups(
    terms: tuple[Term, ...],
) -> tuple[set[str], tuple[str, ...], dict[str, list[Form]]]:
    """Return what a word is looked up in: whole words, beginnings, and forms by their first stem.

    So that each costs the same, whatever the number of forms: a page has thousands of words.
    The longest forms come first.
    """
    forms = [form for term in terms for form in term.all_forms]
    whole = {term.reference for term in terms if term.reference}
    whole |= {word for form in forms if not form.stems for word in form.plain}
    by_stem: defaultdict[str, list[Form]] = defaultdict(list)
    for form in sorted(forms, key=lambda form: -len(form.stems)):
        if form.stems:
            by_stem[form.stems[0]].append(form)
    return whole, tuple(form.prefix for form in forms if form.prefix), dict(by_stem)


def _cut(text: str, spans: Spans, start: int, end: int) -> Segments:
    """Return `text` from `start` to `end` in segments, cut where spans begin and end."""
    segments: Segments = []
    at = start
    for first, last in spans:
        if first >= start and last <= end:
            segments += [(text[at:first], False), (text[first:last], True)]
            at = last
    segments.append((text[at:end], False))
    return [(part, hit) for part, hit in segments if part]
