"""The organisations in one cell: where each name begins and ends, and its note.

Names hold commas, semicolons and brackets themselves. So no sign is sure to
part two names, and what is known as a name speaks for taking it whole.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from registers.imports.cells import says_nothing, visible

# So many pieces at most are tried as one name that holds the signs itself.
LONGEST_NAME = 12
BRACKET = re.compile("[()]")
WRAPPED = re.compile('[()"]')  # half of what a sign may stand in
# No protocol has as many parties, and the time that it takes grows with them.
MOST_PIECES = 1_000
# So many brackets at most are tried as the one with which a note begins, the first of a text.
MOST_BRACKETS = 12
# A text of several pieces, or before a note, is no name where it is longer. Names have 255.
NAME_CHARACTERS = 300
# A note that holds a sign is likely where its bracket is closed, and else less likely than a
# name that nobody knows.
NOTE_WITH_SIGN, UNKNOWN, ODD_NOTE = 1, 1_000, 1_500

Known = Callable[[str], bool]


class TwoWays(Exception):  # noqa: N818 (no fault of the code)
    """The words can be read as one name or as several, and all of these are known."""


class TooMany(Exception):  # noqa: N818 (no fault of the code)
    """A cell has more pieces than are parted."""


def part(cell: str, signs: str, known: Known, begins: Known, *, odd_notes: bool) -> list[str]:
    """Return the names with their notes that `signs` part in a cell.

    `known` says whether some words are a name, and `begins` whether one may go on after them:
    else no more pieces are tried with them. `odd_notes` says whether a note may hold signs
    beside half a bracket. Raises TwoWays and TooMany.
    """
    if sum(map(cell.count, signs)) >= MOST_PIECES:
        raise TooMany
    if cell.isascii() and not WRAPPED.search(cell):  # most cells: nothing has to be weighed
        texts = [text.strip() for text in re.split(f"[{signs}]", cell)]
        if all(known(text) and not begins(text) for text in texts):
            return texts
    parting = _Parting(cell, signs, known, begins, odd_notes=odd_notes)
    return list(filter(None, parting.best()))


def closed(text: str) -> dict[int, int]:
    """Return where each bracket stands that is closed, with its other half's place."""
    opened: list[int] = []
    halves: dict[int, int] = {}
    for found in BRACKET.finditer(text):
        at = found.start()
        if found[0] == "(":
            opened.append(at)
        elif opened:
            other = opened.pop()
            halves |= {at: other, other: at}
    return halves


def ends(depths: list[int]) -> list[int]:
    """Return where each piece ends that nobody knows: a sign within its brackets ends nothing."""
    found = [len(depths)] * len(depths)
    waiting: list[int] = []
    for at, depth in enumerate(depths):
        while waiting and depths[waiting[-1]] >= depth:
            found[waiting.pop()] = at
        waiting.append(at)
    return found


def with_notes(text: str) -> Iterator[tuple[str, int]]:
    """Give every name that may be followed by a note, the longest first, and where it opens."""
    if text.endswith(")"):
        yield from reversed(list(_before_brackets(text, 0, len(text))))


def _before_brackets(text: str, start: int, end: int) -> Iterator[tuple[str, int]]:
    """Give what stands before each of the first brackets, from `start` on, and where it opens."""
    at = start - 1
    for _ in range(MOST_BRACKETS):
        at = text.find("(", at + 1, min(end, start + NAME_CHARACTERS))
        if at < 0:
            return
        if name := text[start:at].strip():
            yield name, at


class _Parting:
    """A cell with every sign in it as a place where a name may end."""

    def __init__(
        self, cell: str, signs: str, known: Known, begins: Known, *, odd_notes: bool
    ) -> None:
        self.cell, self.signs, self.known, self.odd_notes = cell, signs, known, odd_notes
        # Other characters can be of a name and not be seen: then all pieces are tried.
        self.begins = begins if cell.isascii() else lambda _: True
        self.halves = halves = closed(cell)
        within = set() if odd_notes else _quoted(cell)
        self.spans: list[tuple[int, int]] = []
        depths = [0]  # in how many brackets each piece begins
        start = depth = 0
        for found in re.finditer(f"[(){signs}]", cell):
            at, sign = found.start(), found[0]
            if at in halves:
                depth += 1 if sign == "(" else -1
            elif sign in signs and at not in within:
                self.spans.append((start, at))
                depths.append(depth)
                start = at + 1
        self.spans.append((start, len(cell)))
        self.ends = ends(depths)

    def best(self) -> list[str]:
        """Return the texts of the cheapest way. Raises TwoWays where there are several."""
        number = len(self.spans)
        # From each piece to the end: what it costs, in how many ways, and the first step of one.
        costs, ways, steps = [0] * (number + 1), [1] * (number + 1), [0] * (number + 1)
        for first in range(number - 1, -1, -1):
            found: dict[int, int] = {}
            for after, cost in self._steps(first):
                found[after] = min(cost + costs[after], found.get(after, cost + costs[after]))
            costs[first] = min(found.values())
            cheapest = [after for after, cost in found.items() if cost == costs[first]]
            ways[first] = min(2, sum(ways[after] for after in cheapest))
            steps[first] = cheapest[0]
        if ways[0] > 1:
            raise TwoWays(self.cell.strip())
        texts, at = [], 0
        while at < number:
            texts.append(self._text(at, steps[at]))
            at = steps[at]
        return texts

    def _text(self, first: int, after: int) -> str:
        return self.cell[self.spans[first][0] : self.spans[after - 1][1]].strip()

    def _steps(self, first: int) -> Iterator[tuple[int, int]]:
        """Give where a name that begins at a piece may end, and what that costs."""
        number = len(self.spans)
        empty = not self._text(first, first + 1)
        yield self.ends[first], 0 if empty else UNKNOWN
        if empty and self.cell.startswith("\n", self.spans[first][1]):
            return  # a line end before a name is no part of it, as other signs may be
        last = min(first + LONGEST_NAME, number)
        start, end = self.spans[first][0], self.spans[last - 1][1]
        opens = [at for name, at in _before_brackets(self.cell, start, end) if self.known(name)]
        before = ""
        for after in range(first + 1, last + 1):
            text = self._text(first, after)
            if text == before:
                continue  # a line end behind a name is no part of it
            before = text
            if (after == first + 1 or len(text) <= NAME_CHARACTERS) and self.known(text):
                yield after, 0
            elif text.endswith(")"):
                closes = self.cell.rindex(")", start, self.spans[after - 1][1])
                yield from ((after, cost) for cost in self._costs_of_note(opens, closes))
            if not opens and not self.begins(text):
                return

    def _costs_of_note(self, opens: list[int], closes: int) -> Iterator[int]:
        """Give what it costs to take what follows a known name, up to a bracket, as its note."""
        for at in opens:
            if at < closes:
                signs = sum(self.cell.count(sign, at, closes) for sign in self.signs)
                if not signs:
                    yield 0
                elif self.halves.get(closes) == at:
                    yield NOTE_WITH_SIGN
                elif self.odd_notes:
                    yield ODD_NOTE * signs


# Typed by hand, all of these part the names. The register's own files part them by semicolons.
BULLETS = "•‣▪▫●○◦∙\uf0b7\uf0a7"
TYPED, OWN = f",;\n{BULLETS}", ";\n"
# How a line of a list begins: '-', '1.', '(a)', 'i)'. Known names that begin so stay whole.
MARKS = (
    r"(?:[-–—*·>→✓✔](?:\s+|\Z)|\d{1,3}\.(?!\d)\s*|(?:[a-z]|[ivx]{2,4})\.\s+"
    r"|\(?(?:\d{1,3}|[A-Za-z]|[ivxIVX]{2,4})\)\s*|(?:and|&)\s+)+"
)
MARKED = re.compile(MARKS)
QUOTES = r'"(?:[^"\n]|"")++"|“[^”\n]++”'
QUOTED = re.compile(rf"(?:\A|(?<=[{TYPED}]))\s*(?:{MARKS})?({QUOTES})\s*(?=[{TYPED}(]|\Z)")
QUOTED_NAME = re.compile(rf"({QUOTES})(\s*\(.*)?", re.DOTALL)
# So a list of SharePoint goes on: 'Name;#12;#Other;#13'.
SHAREPOINT = ";#"
# Signs and words that can stand between two names, or within one.
JOINED = (r"\s+(?:and|&)\s+|\s*[/|]\s*", r"\s+and\s+", r"\s+&\s+", r"\s*/\s*", r"\s*\|\s*")
# Words at the end of a list that say that others take part too.
OTHERS = r"others?(?:\s+(?:\w+\s+)?(?:partners|organisations|agencies|bodies|parties))?"
MORE = re.compile(
    rf"(?:(?:\A|[\s,(])(?:etc|et\s+al)|\A{OTHERS}|\s*(?:…|\.{{3}})"
    rf"|[\s(](?:and|&|plus)\s+(?:(?:many|various|all)\s+)?(?:more|{OTHERS}))[.\s)]*\Z",
    re.IGNORECASE,
)
# A list may end as a sentence does; these words end with a full stop of their own.
SHORTENED = re.compile(r"\b(?:ltd|inc|co|plc|dept|st|no|assoc|univ|[a-z])\.\Z", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Piece:
    """One organisation as it is written, and the note that stands in brackets after it."""

    written: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class NameList:
    """The organisations that a cell names, in its order, and whether more are to take part."""

    pieces: list[Piece]
    has_more: bool = False


def pieces(cell: str, *, own: bool, known: Known) -> list[Piece]:
    """Return the organisations that a cell names, as `split_names` does."""
    return split_names(cell, own=own, known=known).pieces


def split_names(
    cell: str,
    *,
    own: bool,
    known: Known,
    begins: Known = lambda _: True,
    are_several: Known = lambda _: False,
) -> NameList:
    """Return the organisations that a cell names.

    `own` says that the register wrote it; `known` whether some words are a name, `begins` whether
    one may go on after them, behind a sign or a space, and `are_several` whether they are to be
    parted at each word or sign such as 'and'. A comma
    within brackets parts nothing, and a bracket that is never closed is no bracket. Of what was
    typed, marks and numbers before a name are taken off, names in quotes are whole, 'None' is no
    name, 'and', '&', '/' and '|' part names that are known, and a name that goes on in the next
    line is one. Raises TwoWays and TooMany.
    """
    if own:
        texts = part(cell, OWN, known, begins, odd_notes=True)
        return NameList(_pieces(texts, known, are_several))

    def is_known(text: str) -> bool:
        bare = unmarked(text)
        return known(text) or (bare != text and known(bare))

    def may_begin(text: str) -> bool:
        return begins(text) or begins(unmarked(text)) or bool(MARKED.fullmatch(f"{text} "))

    cell = visible(cell)
    texts = _of_sharepoint(cell) or unwrapped(
        cell, part(cell, TYPED, is_known, may_begin, odd_notes=False), is_known
    )
    found, has_more = list[str](), False
    for at, text in enumerate(texts):
        name = text if known(text) else unmarked(text)
        name, others = _without_more(name, known)
        has_more |= others
        found += _joined(_without_stop(name, known, is_last=at == len(texts) - 1 > 0), known)
    named = [text for text in found if text and (known(text) or not says_nothing(text))]
    return NameList(_pieces(named, known, are_several), has_more)


def unmarked(text: str) -> str:
    """Return a name without the mark or number of a list before it, and without its quotes."""
    bare = text[found.end() :] if (found := MARKED.match(text)) else text
    if quoted := QUOTED_NAME.fullmatch(bare):
        return quoted[1][1:-1].replace('""', '"').strip() + (quoted[2] or "")
    return bare


def _quoted(cell: str) -> set[int]:
    """Return the places of all characters that stand in quotes around a whole name."""
    return {at for found in QUOTED.finditer(cell) for at in range(*found.span(1))}


def _of_sharepoint(cell: str) -> list[str]:
    """Return the names of a list as SharePoint exports it, without their numbers."""
    texts = re.split(f"{SHAREPOINT}|\n", cell) if 0 < cell.count(SHAREPOINT) < MOST_PIECES else ()
    return [text.strip() for text in texts if text.strip() and not text.strip().isdigit()]


def _without_more(text: str, known: Known) -> tuple[str, bool]:
    """Return a name without words that say that others take part too, and whether they do."""
    if len(text) > NAME_CHARACTERS or known(text):
        return text, False
    bare = MORE.sub("", text)
    return bare.rstrip(" ,("), bare != text


def _joined(text: str, known: Known) -> list[str]:
    """Return the names that words or signs such as 'and' part, where all of them are known."""
    if len(text) <= NAME_CHARACTERS and not _is_known(text, known):
        for sign in JOINED:
            names = re.split(sign, text)
            if len(names) > 1 and all(_is_known(name, known) for name in names):
                return names
    return [text]


def _is_known(text: str, known: Known) -> bool:
    """Return whether a text is a known name, perhaps with a note in brackets."""
    opens = closed(text).get(len(text) - 1, 0)
    return known(text) or (opens > 0 and known(text[:opens].strip()))


def as_in_cell(written: str, cell: str) -> str:
    """Return a name as it stands in its cell, where it may have line ends."""
    found = re.search(r"\s+".join(map(re.escape, written.split())), cell)
    return found[0] if found else written


def parted(text: str) -> list[str]:
    """Return what stands between the words, signs and line ends of a text, as long as a name."""
    names = list(filter(None, re.split(rf"{JOINED[0]}|\s*\n\s*", text[: NAME_CHARACTERS + 1])))
    return names if len(text) <= NAME_CHARACTERS and names else [text]


def _pieces(texts: list[str], known: Known, are_several: Known) -> list[Piece]:
    """Part each name from its note, and those that are several."""
    found: list[Piece] = []
    for piece in (_piece(text, known) for text in texts):
        several = are_several(piece.written)
        *names, last = parted(piece.written) if several else [" ".join(piece.written.split())]
        found += [*map(Piece, names), Piece(last, piece.note)]
    return found


# Words for a kind of body. No list has a line with one of the first alone: the name began above.
ENDS = re.compile(
    r"(?:nhs\s+)?(?:foundation\s+|hospitals?\s+)*trust|care\s+board|commissioning\s+group"
    r"|(?:and\s+|&\s+)?rescue\s+(?:service|authority)|ltd\.?|limited|c\.?i\.?c\.?|llp|plc",
    re.IGNORECASE,
)
# A list may have one of these, in short, where the line above names another kind of body.
KIND = (
    r"(?:(?:county|borough|city|district|town|parish|metropolitan)\s+)*council|trust|board"
    r"|authority|partnership|association|services?|group"
)
BODY = re.compile(rf"{ENDS.pattern}|{KIND}", re.IGNORECASE)
SAYS_KIND = re.compile(
    rf".*\b(?:{KIND}|councils|trusts|police|constabulary|fire|university|college|school"
    r"|hospital|ltd\.?|limited|cic|plc|llp|agency|commission|department)",
    re.IGNORECASE | re.DOTALL,
)


def unwrapped(cell: str, texts: list[str], known: Known) -> list[str]:
    """Return the texts of a cell, those as one that are a name in two lines nobody knows.

    Its second line says what kind of body it is, or begins with a small letter, as in
    'Essex Partnership University', 'NHS Foundation Trust'. Its line end stays, so that it can be
    parted there after all.
    """
    if "\n" not in cell:
        return texts
    found: list[str] = []
    end = 0
    for text in texts:
        start = cell.index(text, end)
        is_next_line = bool(found) and cell[end:start].strip(" \t") == "\n"
        if is_next_line and _goes_on(found[-1], text, known):
            found[-1] += f"\n{text}"
        else:
            found.append(text)
        end = start + len(text)
    return found


def _goes_on(line: str, below: str, known: Known) -> bool:
    """Return whether a name that begins in one line goes on in the one below."""
    is_long = len(line) + len(below) > NAME_CHARACTERS
    if is_long or BODY.fullmatch(line) or _is_known(line, known) or _is_known(below, known):
        return False
    name = below.partition(" (")[0]  # without a note
    if BODY.fullmatch(name):
        return ENDS.fullmatch(name) is not None or not SAYS_KIND.fullmatch(line)
    is_small = below[0].islower() and line[0].isupper()
    return is_small and not (MARKED.match(below) or MORE.search(below) or says_nothing(below))


def _without_stop(text: str, known: Known, *, is_last: bool) -> str:
    """Return a name without the full stop that ends the list as a sentence."""
    bare = text.removesuffix(".").strip()
    if bare == text or not bare or known(text):
        return text
    return bare if known(bare) or (is_last and not SHORTENED.search(text)) else text


def _piece(text: str, known: Known) -> Piece:
    """Part the name from its note."""
    if known(text):
        return Piece(text)
    for name, opens in with_notes(text):
        if known(name):
            note = text[opens + 1 : -1].strip()
            return Piece(text) if known(note) and are_initials(note, name) else Piece(name, note)
    opens = closed(text).get(len(text) - 1, 0) if text.endswith(")") else 0
    name, note = text[:opens].strip(), text[opens + 1 : -1].strip()
    return Piece(name, note) if name and not are_initials(note, name) else Piece(text)


def are_initials(short: str, name: str) -> bool:
    """Say whether `short` is made of first letters of the words of `name`, in their order."""
    letters = [each for each in short if each.isalnum()]
    if len(letters) < 2 or not short.isupper():  # noqa: PLR2004 (one letter abbreviates nothing)
        return False
    initials = iter(word[0].upper() for word in re.findall(r"\w+", name))
    return all(letter in initials for letter in letters)
