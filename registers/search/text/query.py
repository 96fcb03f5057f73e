"""Parses a search query into terms, as people ask. No query is an error.

Words such as 'who', 'about' and 'data' fall away where other words remain; a reference
is recognised in a sentence; acronyms and quotes are taken as they are written.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from registers.search.text.expand import NO_SYNONYMS, Synonyms, joined, parted, with_synonyms
from registers.search.text.terms import (
    QUESTION_WORDS,
    WEAK_WORDS,
    Form,
    Term,
    acronym_forms,
    exactly,
)
from registers.search.text.words import Word, words_of

MAX_LENGTH = 1000  # characters that are read; the form accepts fewer

_QUOTES = str.maketrans(dict.fromkeys("“”„‟«»＂", '"'))
# "a phrase", perhaps without its closing quote, or a word; either with a minus before it.
# Two single letters with a sign between them are a word too: A & E, A and E.
_LETTERS = r"(?<!\S)(?:[^\W\d_] +& +[^\W\d_]|[A-Z] +and +[A-Z])\b"
_CHUNK = re.compile(
    rf'(?P<minus>(?<!\S)[-−–])?(?:"(?P<phrase>[^"]*)"?|(?P<word>{_LETTERS}|[^\s",;]+))'
)
_ONE_WORD = re.compile(rf"[^\W_]&[^\W_]|{_LETTERS}")  # A&E
_ACRONYM_OR_SEVERAL = re.compile(r"([A-Z]{2,5})(?:['’]?s)?")  # GP, GPs
_LONGEST_ACRONYM = 5
_SHORT_NUMBER = re.compile(r"[0-9]{1,3}")
_WITH_DIGIT = re.compile(r"(?=[^0-9]*[0-9])[0-9A-Za-z._/-]{1,40}")
_WITH_KIND = re.compile(r"(?:isp|isa|dsa)[-._/ ]?([0-9]+)", re.IGNORECASE)

# Before a reference: 'protocol 36', 'ISP no 12'; and before several: 'protocols 12 and 17'.
_KIND = frozenset(
    ["isp", "isa", "dsa", "protocol", "reference", "ref", "no", "number", "agreement"]
)
_KINDS = _KIND | {f"{kind}s" for kind in _KIND}
_BETWEEN_REFERENCES = re.compile(r"\W{0,3}(?:[,;&+/]|\b(?:and|or))\W{0,3}", re.IGNORECASE)
_YEAR = re.compile(r"(?:19|20)[0-9]{2}")
_IN_FORCE = ("in", "force")


def parse_query(
    query: str,
    *,
    reference_of: Callable[[str], str] = lambda _: "",
    known_words: Callable[[Collection[str]], Collection[str]] = lambda _: (),
    synonyms: Synonyms = NO_SYNONYMS,
) -> list[Term]:
    """Return the terms of `query`, without duplicates.

    `reference_of` returns a reference of the register as it is written there, for any
    spelling of it, and '' for all else. `known_words` returns those of some plain words
    that the register has; `synonyms` what is searched for beside a word. The last word that
    is not `excluded` also matches longer words that begin with it.
    """
    text = query[:MAX_LENGTH].translate(_QUOTES)
    every = list(_join_references(_terms(text, reference_of), text, reference_of))
    every = _about_references(_whole_question(every, reference_of))
    terms = with_synonyms(joined(every), synonyms)
    terms = _without_stop_words(terms)
    terms = parted(_last_as_prefix(terms), known_words)
    return list({(term, term.excluded): term for term in terms}.values())


def _terms(query: str, reference_of: Callable[[str], str]) -> Iterator[Term]:
    shouting = query.isupper() and any(
        len(word.plain) > _LONGEST_ACRONYM for word in words_of(query)
    )
    for match in _CHUNK.finditer(query):
        start = match.start() + len(match["minus"] or "")
        text = match["word"] if match["phrase"] is None else match["phrase"]
        words = tuple(words_of(text))
        if not words:
            continue
        quoted, excluded = match["phrase"] is not None, match["minus"] is not None
        reference = "" if quoted or excluded else _reference_in(text, reference_of)
        is_one = reference or excluded or _ONE_WORD.search(text) or _has_digits(words)
        if quoted or (len(words) > 1 and is_one):
            adjacent = Form(stems=tuple(word.stem for word in words))
            yield Term(
                forms=(exactly(words) if quoted else adjacent,),
                reference=reference,
                excluded=excluded,
                quoted=quoted,
                word=words[0].plain if len(words) == 1 else "",
                words=words,
                span=(start, match.end()),
            )
            continue
        # Each part of 'anti-social' is a term, so that it can be a prefix, or be corrected.
        for word in words:
            written = text[word.start : word.end]
            acronym = None if shouting else _ACRONYM_OR_SEVERAL.fullmatch(written)
            forms: tuple[Form, ...] = (Form(stems=(word.stem,)),)
            meant = word
            if acronym:
                plain = acronym[1].lower()
                meant = word._replace(plain=plain, stem=plain)
                as_it_is = Form(plain=(word.plain,))
                forms = tuple(dict.fromkeys((*acronym_forms(acronym[1]), as_it_is)))
            yield Term(
                forms=forms,
                reference=reference,
                excluded=excluded,
                word=meant.plain,
                acronym=acronym is not None,
                words=(meant,),
                span=(start, match.end())
                if len(words) == 1
                else (start + word.start, start + word.end),
            )


def _has_digits(words: Sequence[Word]) -> bool:
    """Return whether it is one thing with a number, such as 16-19 and 2018/19."""
    return any(any(character.isdigit() for character in word.plain) for word in words)


# References ------------------------------------------------------------------------------------


def _candidate(text: str) -> str:
    """Return the part of a word that can be a reference: without marks around it, or ''."""
    text = text.strip("()[]{}<>.,:;!?'\"#*/-_\u2018\u2019")
    return text if _WITH_DIGIT.fullmatch(text) else ""


def _reference_in(text: str, reference_of: Callable[[str], str]) -> str:
    """Return the reference that a word names by itself: 0012, ISP12 or ISA-012, not 12."""
    candidate = _candidate(text)
    if not candidate or _SHORT_NUMBER.fullmatch(candidate):
        return ""
    with_kind = _WITH_KIND.fullmatch(candidate)
    return reference_of(candidate) or (with_kind and reference_of(with_kind[1])) or ""


def _join_references(
    terms: Iterator[Term], query: str, reference_of: Callable[[str], str]
) -> Iterator[Term]:
    """Join 'ISP', 'protocol no' and the like with the reference after them.

    A short number is a reference too after another one and a comma, 'and' or 'or'.
    """
    kinds: list[Term] = []
    last = len(query)  # where the reference before ends
    for each in terms:
        candidate = _candidate(query[slice(*each.span)]) if each.is_plain else ""
        joins = candidate and _BETWEEN_REFERENCES.fullmatch(query[last : each.span[0]])
        term = replace(each, reference=reference_of(candidate)) if joins and not kinds else each
        if kinds and (candidate or (term.reference and not term.excluded)):
            reference = term.reference or reference_of(candidate)
            if not (reference or (candidate.isdigit() and kinds[-1].word in _KIND)):
                # No such protocol: '16-19' in 'the agreement 16-19' can be words of a title,
                # and 'agreements 2022' asks for those of a year.
                yield from kinds
                yield replace(term, missing=candidate)
                kinds = []
                continue
            words = (*(word for kind in kinds for word in kind.words), *term.words)
            yield replace(
                term,
                forms=(Form(stems=tuple(word.stem for word in words)),),
                reference=reference,
                missing="" if reference else candidate,
                word="",
                words=words,
                span=(kinds[0].span[0], term.span[1]),
            )
            kinds, last = [], term.span[1]
            continue
        if term.reference and not term.excluded:
            last = term.span[1]
        if term.word in _KINDS and term.is_plain:
            kinds.append(term)
            continue
        yield from kinds
        kinds = []
        yield term
    yield from kinds


def _whole_question(terms: list[Term], reference_of: Callable[[str], str]) -> list[Term]:
    """Let a short number that is the whole question name a protocol; 'ISP99' does in any case."""
    if len(terms) != 1 or not terms[0].is_plain:
        return terms
    (term,) = terms
    if with_kind := _WITH_KIND.fullmatch("".join(word.plain for word in term.words)):
        return [replace(term, missing=with_kind[1])]
    number = term.words[0].plain if len(term.words) == 1 else ""
    return [replace(term, reference=reference_of(number))] if number.isdigit() else terms


def _about_references(terms: list[Term]) -> list[Term]:
    """Let a question with references in it be about these protocols, whatever it says of them.

    Quotes and what is left out still count. A year is no reference among other words.
    """
    about = [
        term
        for term in terms
        if term.reference and not term.excluded and not _YEAR.fullmatch(term.word)
    ]
    if not about or len(terms) == 1:
        return terms
    kept = [term for term in terms if term in about or term.quoted or term.excluded]
    return [replace(t, forms=(), word="", leads=True) if t in about else t for t in kept]


# What falls away ---------------------------------------------------------------------------------


def _without_stop_words(terms: list[Term]) -> list[Term]:
    """Leave out the words that say least: those of questions, then those of any agreement.

    Of a question's words alone nothing is left: 'who' and 'who and why' ask for no protocol.
    """
    wanted = [term for term in terms if not term.excluded]
    weights = [_weight(term) for term in wanted]
    for place, (one, other) in enumerate(pairwise(wanted), start=1):
        if (one.word, other.word) == _IN_FORCE and other.is_plain:
            weights[place] = 0
    most = max(weights, default=0)
    left = {id(term) for term, weight in zip(wanted, weights, strict=True) if weight == most}
    return (
        [term for term in terms if term.excluded or id(term) in left] if most or not wanted else []
    )


def _weight(term: Term) -> int:
    """Return how much a term says: 0 a question's word, 1 a weak word, 2 any other."""
    if not term.is_plain:
        return 2
    if term.word in QUESTION_WORDS:
        # The World Health Organization is not the question 'who'.
        return 2 if term.acronym and term.word == "who" else 0
    return 1 if term.word in WEAK_WORDS else 2


def _last_as_prefix(terms: list[Term]) -> list[Term]:
    """Let the last word match longer ones; one letter is no prefix, but one Chinese sign is."""
    last = next((term for term in reversed(terms) if not term.excluded), None)
    if last is None or last.quoted or last.acronym or not last.word:
        return terms
    if len(last.word) == 1 and last.word.isascii():
        return terms
    longer = replace(last, forms=(*last.forms, Form(prefix=last.word)))
    return [longer if term is last else term for term in terms]
