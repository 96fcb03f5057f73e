"""Parses a search query into terms. No query is an error."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from registers.search.text.words import STOP_WORDS, Word, words_of

MAX_LENGTH = 1000  # characters that are read; the form accepts fewer
REFERENCE_DIGITS = 4

_QUOTES = str.maketrans(dict.fromkeys("“”„‟«»＂", '"'))
# "a phrase", perhaps without its closing quote, or a word; either with a minus before it.
_CHUNK = re.compile(r'(?P<minus>(?<!\S)[-−–])?(?:"(?P<phrase>[^"]*)"?|(?P<word>[^\s",;]+))')
_KINDS = {"isp", "isa", "dsa"}
_REFERENCE = re.compile(r"(?:isp|isa|dsa)?([0-9]{1,8})")


@dataclass(frozen=True, kw_only=True)
class Term:
    """One term of a query: it matches adjacent `stems`, or a word that begins with `prefix`.

    `reference` is set where the term names a protocol. `span` is the position in the
    query, which makes no difference to what is found.
    """

    stems: tuple[str, ...]
    prefix: str = ""
    reference: str = ""
    excluded: bool = field(default=False, compare=False)
    quoted: bool = field(default=False, compare=False)
    word: str = field(default="", compare=False)  # the plain word, where the term is just one
    span: tuple[int, int] = field(default=(0, 0), compare=False)


def parse_query(query: str) -> list[Term]:
    """Return the terms of `query`, without duplicates.

    Stop words such as 'and' are left out unless there is nothing else. The last word
    that is not `excluded` also matches longer words that begin with it.
    """
    terms = list(_join_references(_terms(query[:MAX_LENGTH].translate(_QUOTES))))
    if any(not _is_stop_word(term) and not term.excluded for term in terms):
        terms = [term for term in terms if term.excluded or not _is_stop_word(term)]
    wanted = [index for index, term in enumerate(terms) if not term.excluded]
    if wanted and terms[wanted[-1]].word and not terms[wanted[-1]].quoted:
        terms[wanted[-1]] = replace(terms[wanted[-1]], prefix=terms[wanted[-1]].word)
    return list({(term, term.excluded): term for term in terms}.values())


def _terms(query: str) -> Iterator[Term]:
    for match in _CHUNK.finditer(query):
        quoted = match["phrase"] is not None
        words = words_of(match["phrase"] if quoted else match["word"])
        excluded = match["minus"] is not None
        if not quoted and not excluded and len(words) > 1 and not _reference(words):
            # Each part of 'anti-social' is a term, so that it can be a prefix, or be corrected.
            for word in words:
                yield Term(
                    stems=(word.stem,),
                    word=word.plain,
                    span=(match.start("word") + word.start, match.start("word") + word.end),
                )
        elif words:
            yield Term(
                stems=tuple(word.stem for word in words),
                reference="" if quoted else _reference(words),
                excluded=excluded,
                quoted=quoted,
                word=words[0].plain if len(words) == 1 else "",
                span=(match.end() - len(match["word"] or ""), match.end()),
            )


def _join_references(terms: Iterator[Term]) -> Iterator[Term]:
    """Join 'ISP' and the number after it: they name one protocol."""
    kind: Term | None = None
    for term in terms:
        if kind and term.reference and not term.excluded and term.word.isdigit():
            yield replace(
                term, stems=kind.stems + term.stems, word="", span=(kind.span[0], term.span[1])
            )
            kind = None
            continue
        if kind:
            yield kind
        kind = term if term.word in _KINDS and not (term.quoted or term.excluded) else None
        if not kind:
            yield term
    if kind:
        yield kind


def _reference(words: Sequence[Word]) -> str:
    """Return the reference that '12', 'ISP0012' or 'ISP-12' names, or ''."""
    number = _REFERENCE.fullmatch("".join(word.plain for word in words))
    return number[1].zfill(REFERENCE_DIGITS) if number and _is_one_number(words) else ""


def _is_one_number(words: Sequence[Word]) -> bool:
    return len(words) == 1 or (len(words) == 2 and words[0].plain in _KINDS)  # noqa: PLR2004 (ISP, 12)


def _is_stop_word(term: Term) -> bool:
    return term.word in STOP_WORDS and not term.quoted
