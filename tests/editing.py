"""An officer who edits at random: a protocol, or an organisation, one official change at a time."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from random import Random
from typing import Any

from registers import changes
from registers.models import (
    Approver,
    Document,
    Membership,
    Name,
    Organisation,
    Overarching,
    Party,
    Protocol,
    Succession,
    TakenOn,
    Theme,
)
from tests.models.making import NOW

WORDS = ("alpha", "beta", "gamma", "delta", "It ended.", "")


def days_on(days: int) -> datetime.datetime:
    return NOW + datetime.timedelta(days=days)


def edit(random: Random, thing: Protocol | Organisation, at: datetime.datetime) -> None:
    """Make one official change of `thing`, of one to three small ones."""
    ways = WAYS[type(thing)]
    with changes.record_change(thing, at=at, why="Because."):
        for way in random.sample(ways, random.randint(1, 3)):
            way(random, type(thing).objects.get(pk=thing.pk), at)


def bare(record: Any) -> Any:
    """What a record says, without the keys of rows, places, and the day of the update."""

    def values(part: dict[str, Any], *untold: str) -> dict[str, Any]:
        return {
            name: value["key"] if isinstance(value, dict) else value
            for name, value in part.items()
            if name not in untold
        }

    return (
        values(record["fields"], "updated_on"),
        {
            # Wherever the lead stands among the parties, it is shown apart from them.
            kind: sorted(
                (values(row, "id", "position") for row in rows),
                key=lambda row: row.get("role") != "lead",
            )
            for kind, rows in record["parts"].items()
        },
    )


def _words(random: Random, protocol: Protocol, at: datetime.datetime) -> None:
    field = random.choice(("purpose", "summary", "version", "parties_note", "lawful_basis"))
    setattr(protocol, field, random.choice(WORDS) or "")
    changes.save(protocol)


def _title(random: Random, protocol: Protocol, at: datetime.datetime) -> None:
    protocol.title = f"Title {random.choice(WORDS)}."
    protocol.theme = random.choice(list(Theme.objects.all()))
    changes.save(protocol)


def _dates(random: Random, protocol: Protocol, at: datetime.datetime) -> None:
    protocol.review_date = random.choice((None, datetime.date(2027, random.randint(1, 12), 1)))
    protocol.parties_complete = random.choice((None, True, False))
    protocol.published_on = random.choice((None, datetime.date(2020, 2, 29)))
    changes.save(protocol)


def _status(random: Random, protocol: Protocol, at: datetime.datetime) -> None:
    if protocol.status == "withdrawn":
        protocol.status, protocol.withdrawn_on, protocol.withdrawn_reason = "published", None, ""
        protocol.replaced_by = None
    else:
        protocol.status, protocol.withdrawn_on = "withdrawn", at.date()
        protocol.withdrawn_reason = "It ended."
        protocol.replaced_by = random.choice((None, Protocol.objects.get(pk="9002")))
    changes.save(protocol)


def _parties(random: Random, protocol: Protocol, at: datetime.datetime) -> None:
    for party in protocol.parties.all():
        if random.random() < 0.4:
            changes.remove(party)
    organisations = list(Organisation.objects.filter(slugs__text__in=CAST).distinct())
    random.shuffle(organisations)
    for organisation in organisations[: random.randint(1, 3)]:
        has_lead = protocol.parties.filter(role="lead").exists()
        role = "partner" if has_lead else random.choice(("lead", "partner"))
        if not protocol.parties.filter(organisation=organisation, role=role).exists():
            _party(random, protocol, organisation, role)


def _party(random: Random, protocol: Protocol, organisation: Organisation, role: str) -> None:
    last = max((party.position for party in protocol.parties.all()), default=-1)
    changes.save(
        Party(
            protocol=protocol,
            organisation=organisation,
            role=role,
            position=last + 1,
            note=random.choice(("", "Temp workers")),
            name_as_published=random.choice(("", organisation.name.upper())),
            signed_on=random.choice((None, datetime.date(2021, 1, 31))),
        )
    )


def _order(random: Random, protocol: Protocol, at: datetime.datetime) -> None:
    parties = list(protocol.parties.all())
    random.shuffle(parties)
    for place, party in enumerate(parties):
        party.position = place
        changes.save(party)


def _under(random: Random, protocol: Protocol, at: datetime.datetime) -> None:
    for key in ("9002", "9003"):
        under = Overarching.objects.filter(protocol=protocol, overarching=key).first()
        if under and random.random() < 0.5:
            changes.remove(under)
        elif not under and random.random() < 0.5:
            changes.save(Overarching(protocol=protocol, overarching_id=key))


def _taken_on(random: Random, protocol: Protocol, at: datetime.datetime) -> None:
    cedar = Organisation.objects.at("cedar-charity").get()
    for slug in ("ashdown-council", "birch-trust"):
        successor = Organisation.objects.at(slug).get()
        if not cedar.successions.filter(successor=successor).exists():
            changes.save(Succession(organisation=cedar, successor=successor))
        there = protocol.taken_on.filter(successor=successor).first()
        if there and random.random() < 0.5:
            changes.remove(there)
        elif not there and random.random() < 0.5:
            changes.save(TakenOn(protocol=protocol, predecessor=cedar, successor=successor))


def _documents(random: Random, protocol: Protocol, at: datetime.datetime) -> None:
    documents = list(protocol.documents.all())
    if not documents or random.random() < 0.3:
        name = f"paper{len(documents)}.pdf"
        Document.objects.create(protocol=protocol, title=f"Paper {len(documents)}", file=name)
        return
    document = random.choice(documents)
    document.taken_off = random.random() < 0.5
    document.title = f"Paper {random.choice('xyz')}"
    document.save()


def _rename(random: Random, organisation: Organisation, at: datetime.datetime) -> None:
    organisation.name = random.choice(("Oak Trust", "Birch Trust", "BIRCH TRUST", "Elm Trust"))
    changes.save(organisation)


def _about(random: Random, organisation: Organisation, at: datetime.datetime) -> None:
    organisation.note = random.choice(WORDS)
    organisation.kind = random.choice(("body", "group"))
    if organisation.members.exists():
        organisation.kind = "group"
    organisation.group_rule = random.choice(WORDS) if organisation.kind == "group" else ""
    changes.save(organisation)


def _members(random: Random, organisation: Organisation, at: datetime.datetime) -> None:
    if organisation.kind == "body":
        return
    for slug in ("ashdown-council", "cedar-charity"):
        day = random.choice((None, datetime.date(2020, 4, 1)))
        there = organisation.members.filter(member__slug=slug, from_day=day).first()
        if there and random.random() < 0.5:
            changes.remove(there)
            continue
        member = Organisation.objects.get(slug=slug)
        there = there or Membership(group=organisation, member=member, from_day=day)
        there.to_day = random.choice((None, datetime.date(2021, 4, 1)))
        there.source = random.choice(("", "A list"))
        changes.save(there)


def _names(random: Random, organisation: Organisation, at: datetime.datetime) -> None:
    text = random.choice(("BT", "Birches", "The Birch"))
    name = organisation.names.filter(text=text).first()
    if name and name.kind != "official" and random.random() < 0.5:
        changes.remove(name)
    elif name is None or name.kind != "official":
        name = name or Name(organisation=organisation, text=text)
        name.kind = random.choice(("acronym", "alias", "misspelling"))
        name.also_written = random.choice(("", text.upper()))
        changes.save(name)


def _approvers(random: Random, organisation: Organisation, at: datetime.datetime) -> None:
    title = random.choice(("SIRO", "Caldicott Guardian"))
    if approver := organisation.approvers.filter(job_title=title).first():
        changes.remove(approver)
    else:
        changes.save(Approver(organisation=organisation, job_title=title))


def _successions(random: Random, organisation: Organisation, at: datetime.datetime) -> None:
    successor = Organisation.objects.get(slug=random.choice(("ashdown-council", "cedar-charity")))
    succession = organisation.successions.filter(successor=successor).first()
    if succession and random.random() < 0.5:
        changes.remove(succession)
        return
    succession = succession or Succession(organisation=organisation, successor=successor)
    succession.source = random.choice(("", "An Order"))
    succession.happened_on = random.choice((None, datetime.date(2020, 4, 1)))
    changes.save(succession)


CAST = ("ashdown-council", "birch-trust", "cedar-charity")
Way = Callable[[Random, Any, datetime.datetime], None]
WAYS: dict[type, list[Way]] = {
    Protocol: [_words, _title, _dates, _status, _parties, _order, _under, _taken_on, _documents],
    Organisation: [_rename, _about, _names, _members, _approvers, _successions],
}
