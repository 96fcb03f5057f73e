"""Parses a search query into terms, as people ask. No query is an error.

Words such as 'who', 'about' and 'data' fall away where other words remain; a reference
is recognised in a sentence; acronyms and quotes are taken as they are written.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace

from registers.search.text.expand import NO_SYNONYMS, Synonyms, joined, parted, with_synonyms
from registers.search.text.terms import (
    QUESTION_WORDS,
    WEAK_WORDS,
    Form,
    Term,
    acronym_forms,
    as_it_is,
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

# Before a reference: 'protocol 36', 'ISP no 12'.
_KINDS = frozenset(
    ["isp", "isa", "dsa", "protocol", "reference", "ref", "no", "number", "agreement"]
)
_IN_FORCE = ("in", "force")


def no_reference(_: str) -> str:
    """Return that a text is no reference of the register."""
    return ""


def no_words(_: Collection[str]) -> Collection[str]:
    """Return that the register has none of some words."""
    return ()


def parse_query(
    query: str,
    *,
    reference_of: Callable[[str], str] = no_reference,
    known_words: Callable[[Collection[str]], Collection[str]] = no_words,
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
    every = _whole_question(every, reference_of)
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
        excluded, span = match["minus"] is not None, (start, match.end())
        if match["phrase"] is not None:
            yield Term(
                forms=(exactly(words),),
                excluded=excluded,
                quoted=True,
                word=words[0].plain if len(words) == 1 else "",
                words=words,
                span=span,
            )
            continue
        reference = "" if excluded else _reference_in(text, reference_of)
        is_one = reference or excluded or _ONE_WORD.search(text) or _has_digits(words)
        if len(words) > 1 and is_one:
            yield Term(
                forms=(Form(stems=tuple(word.stem for word in words)),),
                reference=reference,
                excluded=excluded,
                words=words,
                span=span,
            )
            continue
        # Each part of 'anti-social' is a term, so that it can be a prefix, or be corrected.
        for word in words:
            part = (start + word.start, start + word.end)
            written = text[word.start : word.end]
            acronym = None if shouting else _ACRONYM_OR_SEVERAL.fullmatch(written)
            forms: tuple[Form, ...] = (Form(stems=(word.stem,)),)
            meant = word
            if acronym:
                plain = acronym[1].lower()
                meant = word._replace(plain=plain, stem=plain)
                forms = tuple(dict.fromkeys((*acronym_forms(acronym[1]), *as_it_is(word))))
            yield Term(
                forms=forms,
                reference=reference,
                excluded=excluded,
                word=meant.plain,
                acronym=acronym is not None,
                words=(meant,),
                span=span if len(words) == 1 else part,
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
    """Join 'ISP', 'protocol no' and the like with the reference after them."""
    kinds: list[Term] = []
    for term in terms:
        candidate = _candidate(query[slice(*term.span)]) if kinds and term.is_plain else ""
        if kinds and (candidate or (term.reference and not term.excluded)):
            reference = term.reference or reference_of(candidate)
            if not (reference or candidate.isdigit()):
                # No such protocol: '16-19' in 'the agreement 16-19' can be words of a title.
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
            kinds = []
            continue
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


# What falls away ---------------------------------------------------------------------------------


def _without_stop_words(terms: list[Term]) -> list[Term]:
    """Leave out the words that say least: those of questions, then those of any agreement.

    Of a question's words alone nothing is left: 'who' and 'who and why' ask for no protocol.
    """
    wanted = [term for term in terms if not term.excluded]
    if wanted and all(_is_of_questions(term) for term in wanted):
        return []
    weights = dict(zip(map(id, wanted), _weights(wanted), strict=True))
    most = max(weights.values(), default=0)
    return [term for term in terms if term.excluded or weights[id(term)] == most]


def _is_of_questions(term: Term) -> bool:
    return bool(term.word) and term.is_plain and term.word in QUESTION_WORDS


def _weights(terms: Sequence[Term]) -> list[int]:
    """Return for each term how much it says: 0 a question's word, 1 a weak word, 2 any other."""
    weights = [
        2 if not (term.word and term.is_plain)
        # The World Health Organization is not the question 'who'.
        else 0 if _is_of_questions(term) and not (term.acronym and term.word == "who")
        else 1 if term.word in WEAK_WORDS
        else 2
        for term in terms
    ]  # fmt: skip
    for place in range(len(terms) - 1):
        if (terms[place].word, terms[place + 1].word) == _IN_FORCE and terms[place + 1].is_plain:
            weights[place + 1] = 0
    return weights


def _last_as_prefix(terms: list[Term]) -> list[Term]:
    """Let the last word match longer ones; one letter is no prefix, but one Chinese sign is.

    Nor is 'me', which does not ask for Medway.
    """
    for place in range(len(terms) - 1, -1, -1):
        term = terms[place]
        if term.excluded:
            continue
        word = term.word
        is_word = word and not (term.quoted or term.acronym or _is_of_questions(term))
        if is_word and (len(word) > 1 or not word.isascii()):
            longer = replace(term, forms=(*term.forms, Form(prefix=word)))
            return [*terms[:place], longer, *terms[place + 1 :]]
        break
    return terms
