"""Parses a search query into terms, as people ask. No query is an error.

Words such as 'who', 'about' and 'data' fall away where other words remain; a reference
is recognised in a sentence; acronyms and quotes are taken as they are written.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache

from registers.search.text.words import STOP_WORDS, Word, words_of

MAX_LENGTH = 1000  # characters that are read; the form accepts fewer

_QUOTES = str.maketrans(dict.fromkeys("“”„‟«»＂", '"'))
# "a phrase", perhaps without its closing quote, or a word; either with a minus before it.
_CHUNK = re.compile(r'(?P<minus>(?<!\S)[-−–])?(?:"(?P<phrase>[^"]*)"?|(?P<word>[^\s",;]+))')
_ONE_WORD = re.compile(r"[^\W_]&[^\W_]")  # A&E
_ACRONYM = re.compile(r"[A-Z]{2,5}")
_ACRONYM_OR_SEVERAL = re.compile(r"([A-Z]{2,5})(?:['’]?s)?")  # GP, GPs
_LONGEST_ACRONYM = 5
_VOWELS = frozenset("AEIOU")
_SHORT_NUMBER = re.compile(r"[0-9]{1,3}")
_NUMBER = re.compile(r"[0-9]+")
_WITH_DIGIT = re.compile(r"(?=[^0-9]*[0-9])[0-9A-Za-z._/-]{1,40}")
_WITH_KIND = re.compile(r"(?:isp|isa|dsa)[-._/ ]?([0-9]+)", re.IGNORECASE)

# Before a reference: 'protocol 36', 'ISP no 12'.
_KINDS = frozenset(
    ["isp", "isa", "dsa", "protocol", "reference", "ref", "no", "number", "agreement"]
)
# Words of a question, and words that say nothing in a register of agreements to share data.
# None of them counts where a word of neither kind remains.
_QUESTION_WORDS = STOP_WORDS | frozenset(
    re.findall(
        r"\w+",
        "who whom whose what why when where how do does did done has have had having am been being"
        " can could may might must shall should will would i me my mine we us our ours you your"
        " yours he she him his her hers they them these those there here any some anyone anybody"
        " everyone somebody someone about between but if so than then if not or out up still also"
        " please tell find show give get know want wants see list many much happen happens"
        " happened looking whats whos im ive dont doesnt isnt",
    )
)
_WEAK_WORDS = frozenset(
    re.findall(
        r"\w+",
        "data information info share shares shared sharing protocol protocols agreement agreements"
        " isp isps isa isas dsa dsas register record records recorded reference ref",
    )
)
_IN_FORCE = ("in", "force")


@dataclass(frozen=True, kw_only=True)
class Form:
    """One way in which a term can stand in a field.

    The `stems` are adjacent, each of the words `plain` stands as it is written, and a
    word begins with `prefix`: all that is not empty.
    """

    stems: tuple[str, ...] = ()
    plain: tuple[str, ...] = ()
    prefix: str = ""


@dataclass(frozen=True, kw_only=True)
class Term:
    """One term of a query: it matches where any of its `forms` does.

    `reference` is set where the term names a protocol of the register, as it is
    written there, and `missing` where it names one that is not. `span` is its position in
    the query, which makes no difference to what is found.
    """

    forms: tuple[Form, ...]
    synonym_forms: tuple[Form, ...] = ()  # of what stands for it, and not of its own words
    reference: str = ""
    missing: str = field(default="", compare=False)
    excluded: bool = field(default=False, compare=False)
    quoted: bool = field(default=False, compare=False)
    word: str = field(default="", compare=False)  # the plain word, where the term is just one
    acronym: bool = field(default=False, compare=False)
    words: tuple[Word, ...] = field(default=(), compare=False)
    synonyms: tuple[str, ...] = field(default=(), compare=False)  # searched for too
    span: tuple[int, int] = field(default=(0, 0), compare=False)

    def __hash__(self) -> int:
        """Return a hash that is worked out once: pages look terms up again and again."""
        return self._hash

    @cached_property
    def _hash(self) -> int:
        return hash((self.forms, self.synonym_forms, self.reference))

    @property
    def all_forms(self) -> tuple[Form, ...]:
        """Every form in which it is found."""
        return (*self.forms, *self.synonym_forms)

    @property
    def is_plain(self) -> bool:
        """Whether it is meant loosely: neither quoted, left out, nor a reference."""
        return not (self.quoted or self.excluded or self.reference or self.missing)


def no_reference(_: str) -> str:
    """Return that a text is no reference of the register."""
    return ""


Key = tuple[str, ...]  # the stems of a word or phrase; of one word as it is written, after '='


class NoSynonyms:
    """That no words stand for each other. `longest` is the number of words of the longest key."""

    longest = 0

    def others(self, _: Key) -> Sequence[str]:
        """Return what is searched for too where the words of a key are: nothing."""
        return ()


NO_SYNONYMS = NoSynonyms()


def no_words(_: Collection[str]) -> Collection[str]:
    """Return that the register has none of some words."""
    return ()


def parse_query(
    query: str,
    *,
    reference_of: Callable[[str], str] = no_reference,
    known_words: Callable[[Collection[str]], Collection[str]] = no_words,
    synonyms: NoSynonyms = NO_SYNONYMS,
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
    terms = _with_synonyms(_joined(every), synonyms)
    terms = _without_stop_words(terms)
    terms = _parted(_last_as_prefix(terms), known_words)
    return list({(term, term.excluded): term for term in terms}.values())


def is_acronym(text: str) -> bool:
    """Return whether `text` is 2 to 5 capital letters."""
    return _ACRONYM.fullmatch(text) is not None


@lru_cache(maxsize=2_000)
def forms_of(text: str) -> tuple[Form, ...]:
    """Return the forms of a word, or of several that stand side by side."""
    words = words_of(text)
    if is_acronym(text.strip()):
        return _acronym_forms(text.strip())
    return (Form(stems=tuple(word.stem for word in words)),) if words else ()


def _acronym_forms(text: str) -> tuple[Form, ...]:
    """Return the forms of an acronym: as it is, and GPs where no other word can be meant."""
    plain = text.lower()
    several = () if _VOWELS & set(text) else (Form(plain=(f"{plain}s",)),)
    return (Form(plain=(plain,)), *several)


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
                forms=(_exactly(words),),
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
                forms = tuple(dict.fromkeys((*_acronym_forms(acronym[1]), *_as_it_is(word))))
            yield Term(
                forms=forms,
                reference=reference,
                excluded=excluded,
                word=meant.plain,
                acronym=acronym is not None,
                words=(meant,),
                span=span if len(words) == 1 else part,
            )


def _as_it_is(word: Word) -> tuple[Form, ...]:
    return (Form(plain=(word.plain,)),)


def _exactly(words: Sequence[Word]) -> Form:
    """Return the form of a quoted phrase, whose words stand as they are written."""
    stems = tuple(word.stem for word in words) if len(words) > 1 else ()
    return Form(stems=stems, plain=tuple(word.plain for word in words))


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
    """Let a number that is the whole question name a protocol; 'ISP99' does in any case."""
    if len(terms) != 1 or not terms[0].is_plain or not terms[0].words:
        return terms
    (term,) = terms
    text = "".join(word.plain for word in term.words)
    with_kind = _WITH_KIND.fullmatch(text)
    number = with_kind[1] if with_kind else text
    if not _NUMBER.fullmatch(number):
        return terms
    reference = reference_of(number) if _SHORT_NUMBER.fullmatch(number) else ""
    return [replace(term, reference=reference, missing="" if reference else number)]


# What falls away ---------------------------------------------------------------------------------


def _without_stop_words(terms: list[Term]) -> list[Term]:
    """Leave out the words that say least: those of questions, then those of any agreement."""
    wanted = [term for term in terms if not term.excluded]
    weights = dict(zip(map(id, wanted), _weights(wanted), strict=True))
    most = max(weights.values(), default=0)
    return [term for term in terms if term.excluded or weights[id(term)] == most]


def _weights(terms: Sequence[Term]) -> list[int]:
    """Return for each term how much it says: 0 a question's word, 1 a weak word, 2 any other."""
    weights = [
        2 if not (term.word and term.is_plain)
        # The World Health Organization is not the question 'who'.
        else 0 if term.word in _QUESTION_WORDS and not (term.acronym and term.word == "who")
        else 1 if term.word in _WEAK_WORDS
        else 2
        for term in terms
    ]  # fmt: skip
    for place in range(len(terms) - 1):
        if (terms[place].word, terms[place + 1].word) == _IN_FORCE and terms[place + 1].is_plain:
            weights[place + 1] = 0
    return weights


def _last_as_prefix(terms: list[Term]) -> list[Term]:
    """Let the last word match longer ones; one letter is no prefix, but one Chinese sign is."""
    for place in range(len(terms) - 1, -1, -1):
        term = terms[place]
        if term.excluded:
            continue
        word = term.word
        if word and not (term.quoted or term.acronym) and (len(word) > 1 or not word.isascii()):
            longer = replace(term, forms=(*term.forms, Form(prefix=word)))
            return [*terms[:place], longer, *terms[place + 1 :]]
        break
    return terms


# Synonyms ----------------------------------------------------------------------------------------


def says_nothing(text: str) -> bool:
    """Return whether search leaves out every word of `text` where others remain."""
    return all(word.plain in _QUESTION_WORDS | _WEAK_WORDS for word in words_of(text))


def synonym_keys(text: str) -> list[Key]:
    """Return the keys by which a word or phrase of a set is looked up.

    An acronym is looked up as it is written, so that 'sent' is no form of it.
    """
    words = words_of(text)
    stems = tuple(word.stem for word in words)
    if len(words) > 1:
        return [stems]
    written: list[Key] = [(f"={word.plain}",) for word in words]
    return written if is_acronym(text.strip()) else [*written, stems]


def _with_synonyms(terms: list[Term], synonyms: NoSynonyms) -> list[Term]:
    """Let each term match what stands for it, or for the phrase that it is a part of.

    Each word of a phrase matches all that stands for the phrase: so both have to be there,
    or one of these. The longest phrase comes first.
    """
    words = [
        (place, word, term.acronym)
        for place, term in enumerate(terms)
        for word in (term.words if term.is_plain else ())
    ]
    extra: dict[int, dict[str, None]] = {}
    start = 0
    while start < len(words):
        length, others = _longest_at(words[start : start + synonyms.longest], synonyms)
        for place, _, _ in words[start : start + length]:
            extra.setdefault(place, {}).update(dict.fromkeys(others))
        start += length or 1
    return [
        replace(
            term,
            synonym_forms=tuple(
                dict.fromkeys(form for other in extra[place] for form in forms_of(other))
            ),
            synonyms=tuple(extra[place]),
        )
        if place in extra
        else term
        for place, term in enumerate(terms)
    ]


def _longest_at(
    words: Sequence[tuple[int, Word, bool]], synonyms: NoSynonyms
) -> tuple[int, Sequence[str]]:
    """Return how many words stand for others, from the first on, and these; 0 for none."""
    for length in range(len(words), 0, -1):
        places = [place for place, _, _ in words[:length]]
        if places[-1] - places[0] >= length:
            continue  # with a quote or a reference between them
        keys: list[Key] = [tuple(word.stem for _, word, _ in words[:length])]
        if length == 1:
            _, word, acronym = words[0]
            keys = [(f"={word.plain}",), *([] if acronym else keys)]
        for key in keys:
            if others := synonyms.others(key):
                return length, others
    return 0, ()


# Joined, hyphened and parted words meet ----------------------------------------------------------

_SHORTEST_PARTED, _LONGEST_PARTED = 5, 30  # letters


def _joined(terms: list[Term]) -> list[Term]:
    """Let 'anti social' and 'anti-social' match 'antisocial': either word matches the joined."""
    extra: dict[int, list[Form]] = {}
    for place in range(len(terms) - 1):
        one, other = terms[place], terms[place + 1]
        if not all(_can_join(term) for term in (one, other)):
            continue
        whole = one.word + other.word
        for each in (place, place + 1):
            extra.setdefault(each, []).extend(forms_of(whole))
    return [
        replace(term, forms=tuple(dict.fromkeys((*term.forms, *extra.get(place, ())))))
        for place, term in enumerate(terms)
    ]


def _can_join(term: Term) -> bool:
    common = term.acronym or term.word in _QUESTION_WORDS or term.word in _WEAK_WORDS
    return term.is_plain and term.word.isalpha() and not common


def _parted(
    terms: list[Term], known_words: Callable[[Collection[str]], Collection[str]]
) -> list[Term]:
    """Let 'antisocial' match 'anti social' and 'anti-social', if the register has both parts."""
    parts = {term.word: _parts(term.word) for term in terms if term.is_plain and not term.acronym}
    wanted = {part for pairs in parts.values() for pair in pairs for part in pair}
    known = known_words(wanted) if wanted else frozenset()
    return [
        replace(
            term,
            forms=(
                *term.forms,
                *(
                    _exactly(words_of(" ".join(pair)))
                    for pair in parts.get(term.word, ())
                    if all(part in known for part in pair)
                ),
            ),
        )
        if term.is_plain
        else term
        for term in terms
    ]


def _parts(word: str) -> list[tuple[str, str]]:
    """Return the ways to part a word in two, neither a stop word."""
    if not word.isalpha() or not _SHORTEST_PARTED <= len(word) <= _LONGEST_PARTED:
        return []
    pairs = [(word[:cut], word[cut:]) for cut in range(1, len(word))]
    return [pair for pair in pairs if not STOP_WORDS.intersection(pair)]
