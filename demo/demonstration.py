"""What a demonstration shows beside the bulk: official changes, reviews, papers, news, a draft.

It is bounded: as much in a register of 250,000 protocols as in one of 120.
"""

from __future__ import annotations

import datetime
from random import Random

from django.core.files.base import ContentFile
from django.db import models
from django.utils.text import slugify

from demo.days import office_hour
from demo.papers import example_pdf
from demo.reviews import add_reviews
from demo.words import VOCABULARY, happens
from registers import changes
from registers.models import Document, Gap, News, Overarching, Protocol, Resource, Theme

CHOSEN_FROM, CHOSEN = 400, 24
EVERYTHING, WITHDRAWN = 2, 4  # how many protocols have everything, and how many come to an end
REVIEWED = 8  # beside those with everything
ENOUGH_FOR_DRAFT = 30
NEWS_EVERY = 55  # days


def demonstrate(random: Random, *, protocols: int, on: datetime.date) -> None:
    """Change and review protocols officially, add news, resources and a draft, up to `on`."""
    recent = Protocol.objects.current().exclude(pk__in=Overarching.objects.values("overarching"))
    stored = list(recent.exclude(published_on=None).order_by("-pk")[:CHOSEN_FROM])
    chosen = random.sample(stored, min(CHOSEN, len(stored)))
    # Those that are to have everything come first.
    chosen.sort(key=lambda each: not (each.information_items and _is_signed(each)))
    for index, protocol in enumerate(chosen):
        days = _days(random, protocol, on)
        _mend(random, protocol, days, everything=index < EVERYTHING)
        _add_documents(random, protocol, days[-1], everything=index < EVERYTHING)
        if index < EVERYTHING:
            _place_under(protocol, days[-1])
    ending = chosen[EVERYTHING : EVERYTHING + WITHDRAWN]
    for protocol, newer in zip(ending, chosen[EVERYTHING + WITHDRAWN :], strict=False):
        _withdraw(random, protocol, newer, on)
    add_reviews(random, [*chosen[:EVERYTHING], *chosen[EVERYTHING + WITHDRAWN :][-REVIEWED:]], on)
    if protocols >= ENOUGH_FOR_DRAFT:
        _add_draft(protocols, on)
        _add_gaps(protocols + 1, on)
    _add_news(on)
    _add_resources(on)


def _is_signed(protocol: Protocol) -> bool:
    return protocol.parties.filter(signed_on__isnull=False).exists()


def _days(random: Random, protocol: Protocol, on: datetime.date) -> list[datetime.date]:
    """Return days on which the protocol can have been changed, in their order."""
    since = protocol.published_on or on
    lived = (on - since).days
    number = len(VOCABULARY["changes"]["mended"])
    return sorted(since + datetime.timedelta(random.randint(0, lived)) for _ in range(number))


def _mend(
    random: Random, protocol: Protocol, days: list[datetime.date], *, everything: bool
) -> None:
    """Change what the protocol says, one thing at a time, each with its reason."""
    mended = VOCABULARY["changes"]["mended"]
    some = mended if everything else random.sample(mended, random.randint(1, 3))
    for (field, words, why), day in zip(some, days, strict=False):
        setattr(protocol, field, words)
        _save(protocol, day, why)


def _place_under(protocol: Protocol, day: datetime.date) -> None:
    """Let the protocol come under the overarching one of its theme, if there is one."""
    broad = Protocol.objects.filter(theme=protocol.theme, covers__isnull=False).first()
    if broad and not protocol.comes_under.exists():
        under = Overarching(protocol=protocol, overarching=broad)
        _save(protocol, day, f"Agreed with the partners of {broad.pk}.", under)


def _add_documents(
    random: Random, protocol: Protocol, on: datetime.date, *, everything: bool
) -> None:
    """Add papers, the signed protocol first; with `everything`, all kinds of them."""
    titles = VOCABULARY["documents"]["titles"]
    lines = [str(protocol), f"Published on {protocol.published_on:%d %B %Y}"]
    papers = [
        Document(
            protocol=protocol,
            title=title,
            file=_paper(title, lines, f"{protocol.pk}-{slugify(title)}"),
        )
        for title in titles[: len(titles) if everything else random.choice((0, 1, 1, 2))]
    ]
    _save(protocol, on, "The lead organisation sent its papers.", *papers)


def _withdraw(random: Random, protocol: Protocol, newer: Protocol, on: datetime.date) -> None:
    """Withdraw a protocol today, in favour of a newer one or of none."""
    protocol.status = Protocol.Status.WITHDRAWN
    protocol.withdrawn_on = on
    protocol.withdrawn_reason = random.choice(VOCABULARY["details"]["withdrawn"])
    if happens(random, "withdrawn_for_another"):
        protocol.replaced_by = newer
        protocol.withdrawn_reason = f"It was merged into protocol {newer.pk}."
    _save(protocol, on, "Agreed at the partnership's meeting.")


def _add_draft(protocols: int, on: datetime.date) -> None:
    """Add what only editors see."""
    draft = Protocol(
        reference=str(protocols + 1).zfill(4),
        title="A draft that only administrators see",
        theme=Theme.objects.all()[0],
    )
    _save(draft, on, "")


def _add_gaps(last: int, on: datetime.date) -> None:
    """Say of numbers after the last one what became of them."""
    for number, (fate, note) in enumerate(VOCABULARY["gaps"]["fates"], last + 1):
        _save(Gap(reference=str(number).zfill(4), fate=fate, note=note), on, "")


def _add_news(on: datetime.date) -> None:
    """Add the news, the newest first; the oldest has no day."""
    items = VOCABULARY["news"]["items"]
    for age, (title, body) in reversed(list(enumerate(items))):
        day = on - datetime.timedelta(2 + age * NEWS_EVERY)
        published_on = None if age == len(items) - 1 else day
        item = News(title=title, slug=slugify(title), body=body, published_on=published_on)
        _save(item, day, "")


def _add_resources(on: datetime.date) -> None:
    """Add the papers that belong to no protocol; one of them is not here yet."""
    for position, (title, body, is_here) in enumerate(VOCABULARY["resources"]["items"]):
        resource = Resource(
            title=title,
            slug=slugify(title),
            body=body,
            position=position,
            file=_paper(title, [body], slugify(title)) if is_here else "",
        )
        _save(resource, on, "")


def _paper(title: str, lines: list[str], name: str) -> ContentFile[bytes]:
    """Return a PDF to be stored."""
    return ContentFile(example_pdf(title, lines), f"{name}.pdf")


def _save(subject: models.Model, day: datetime.date, why: str, *parts: models.Model) -> None:
    """Save a thing and what is new under it as one official change within one day."""
    with changes.record_change(subject, at=office_hour(day), why=why):
        for thing in (subject, *parts):
            changes.save(thing)
