"""The steps of a merge, table by table, and what an officer should know before it."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.formats import date_format

from registers.changes.journal import Step, delete_step, update_step
from registers.changes.merge_links import LinkSteps
from registers.models import (
    Apart,
    Approver,
    Contact,
    Identifier,
    Membership,
    Name,
    Organisation,
    OrganisationAltered,
    Party,
    Reminded,
    Reminder,
    Slug,
    Succession,
    TakenOn,
)
from registers.models.keys import key_of
from registers.models.organisation import NO_APPROVAL

LONGEST = 255
RULE_LOST = (
    "The rule of {goes}, which says who belongs to the group, will be removed: {stays} is one body."
)
ROLE_LOST = (
    "In {protocol} the two have different roles in law. That of {goes} can be read on the"
    " protocol’s changes page."
)
KNOWN_BY: dict[type[models.Model], list[str]] = {Slug: ["text"], Identifier: ["value"]}


@dataclass(frozen=True, kw_only=True)
class MergeSteps:
    """Two organisations that are to be one, and the kind that the name of `goes` becomes."""

    stays: Organisation
    goes: Organisation
    kind_of_name: str
    notes: list[str] = field(default_factory=list)

    def steps(self) -> Iterator[Step]:
        """Give every step, in an order in which no row stands in another's way.

        Every row of the register that points at `goes` moves, whatever its model, but
        for what a hook knows better: two of a kind that cannot both be of one.
        Sentences that warn stand in `notes` afterwards. Raises ValidationError for
        what cannot be joined.
        """
        links = LinkSteps(stays=self.stays, goes=self.goes, notes=self.notes)
        hooks = {
            Party: self._parties,
            Name: self._names,
            Approver: self._approvers,
            Succession: links.successions,
            Membership: links.memberships,
            TakenOn: links.taken_on,
            Contact: self._contact,
            Reminder: self._reminders,
            Apart: self._apart,
        }
        for model, fields in relations().items():
            if hook := hooks.get(model):
                yield from hook()
            else:
                yield from self._moved(model, fields)
        yield from self._own_words()
        yield delete_step(self.goes)

    def _moved(self, model: type[models.Model], fields: list[str]) -> Iterator[Step]:
        """Let what points at the one that goes point at the one that stays."""
        for name in fields:
            rows = model._default_manager.filter(**{name: self.goes.pk}).order_by("pk")
            # By these the row is known when the merge is undone.
            kept = KNOWN_BY.get(model, [])
            for row in rows.only("pk", name, *kept):
                said = {each: getattr(row, each) for each in kept}
                yield update_step(row, **{f"{name}_id": self.stays.pk}, **said)

    def _parties(self) -> Iterator[Step]:
        """Move its parties; where both have one role, one row says what both said."""
        theirs = {(p.protocol_id, p.role): p for p in self.stays.parties.all()}
        joined = []
        for party in self.goes.parties.order_by("protocol", "pk"):
            published = party.name_as_published or self.goes.name
            if other := theirs.get((party.protocol_id, party.role)):
                joined.append((party, other))
            else:
                yield update_step(
                    party,
                    protocol_id=party.protocol_id,
                    organisation_id=self.stays.pk,
                    name_as_published=published,
                )
        for party, _ in joined:
            yield delete_step(party)
        for party, other in joined:
            if said := self._both(party, other):
                yield update_step(other, protocol_id=other.protocol_id, **said)

    def _both(self, party: Party, other: Party) -> dict[str, Any]:
        """Return what alters in the row that stays, so that nothing of the other is lost."""
        names = [
            other.name_as_published or self.stays.name,
            party.name_as_published or self.goes.name,
        ]
        notes, signed = [other.note, party.note], other.signed_on or party.signed_on
        if party.signed_on and party.signed_on != signed:
            notes.append(f"{names[1]} signed {_day(party.signed_on)}")
        wanted = {
            "name_as_published": self._together(names, party, "published names"),
            "note": self._together(notes, party, "notes"),
            **{name: getattr(other if other.signed_on else party, name) for name in NO_APPROVAL},
            "legal_role": other.legal_role or party.legal_role,
            "flow": other.flow if party.flow in {"", other.flow} else party.flow,
        }
        if other.flow and wanted["flow"] != other.flow:
            wanted["flow"] = Party.Flow.BOTH.value
        if "" != party.legal_role != wanted["legal_role"]:
            self.notes.append(ROLE_LOST.format(protocol=party.protocol_id, goes=self.goes))
        return {name: value for name, value in wanted.items() if value != getattr(other, name)}

    def _together(self, words: list[str], party: Party, what: str) -> str:
        """Return words side by side, each once; the first alone where the box is too short."""
        once = [word for word in dict.fromkeys(words) if word]
        text = "; ".join(once)
        if len(text) <= LONGEST:
            return text
        self.notes.append(
            f"In {party.protocol_id} the {what} of both are too long to stand side by side. The"
            " other’s can be read on the protocol’s changes page."
        )
        return once[0]

    def _names(self) -> Iterator[Step]:
        for name in self.goes.names.order_by("pk"):
            kind = self.kind_of_name if name.kind == Name.Kind.OFFICIAL else name.kind
            yield update_step(name, organisation_id=self.stays.pk, kind=kind, text=name.text)

    def _approvers(self) -> Iterator[Step]:
        titles = {key_of(each.job_title) for each in self.stays.approvers.all()}
        approvers = list(Approver.objects.filter(organisation=self.goes).order_by("pk"))
        equal = [each for each in approvers if key_of(each.job_title) in titles]
        yield from map(delete_step, equal)
        for each in approvers:
            if each not in equal:
                yield update_step(each, organisation_id=self.stays.pk, job_title=each.job_title)

    def _contact(self) -> Iterator[Step]:
        contacts = {
            each.organisation_id: each
            for each in Contact.objects.filter(organisation__in=[self.stays, self.goes])
        }
        gone = contacts.get(self.goes.pk)
        if gone and self.stays.pk in contacts:
            yield delete_step(gone)
        elif gone:
            yield update_step(gone, organisation_id=self.stays.pk, email=gone.email)

    def _reminders(self) -> Iterator[Step]:
        """Let its reminders be the other's. Of two on one day, one holds the lines of both."""
        theirs = {each.day: each for each in self.stays.reminders.all()}
        moves, lines, left = [], [], []
        statuses: list[Step] = []
        for reminder in Reminder.objects.filter(organisation=self.goes).order_by("pk"):
            other = theirs.get(reminder.day)
            if other is None:
                moves.append(update_step(reminder, organisation_id=self.stays.pk, day=reminder.day))
                continue
            self._refuse_reminded_twice(reminder, other)
            of_it = Reminded.objects.filter(reminder=reminder).order_by("pk")
            lines += [update_step(line, reminder_id=other.pk) for line in of_it]
            left.append(delete_step(reminder))
            statuses += _worse(other, reminder)
        yield from (*moves, *lines, *left, *statuses)

    def _refuse_reminded_twice(self, one: Reminder, other: Reminder) -> None:
        lines = Reminded.objects.filter(reminder__in=[one, other]).values("protocol")
        twice = lines.annotate(number=models.Count("pk")).filter(number__gt=1).order_by("protocol")
        for line in twice:
            raise ValidationError(
                f"Both were reminded of {line['protocol']} on {_day(one.day)}, and the link in"
                " each e-mail must keep working. So these two cannot be merged."
            )

    def _apart(self) -> Iterator[Step]:
        """Let what it is not the same as be said of the one that stays, once."""
        stays, goes = self.stays.pk, self.goes.pk
        known = set(Apart.objects.values_list("one", "other"))
        moves = []
        either = models.Q(one=goes) | models.Q(other=goes)
        for row in Apart.objects.filter(either).order_by("pk"):
            third = row.other_id if row.one_id == goes else row.one_id
            pair = (min(stays, third), max(stays, third))
            if third == stays:
                self.notes.append("An editor has said that these two are different.")
            if third == stays or pair in known:
                yield delete_step(row)
            else:
                moves.append(update_step(row, one_id=pair[0], other_id=pair[1]))
        yield from moves

    def _own_words(self) -> Iterator[Step]:
        """Add its notes, and a group's rule, to those of the one that stays."""
        said = {}
        names = ["note", "rights_contact", "admin_note"]
        if self.stays.kind == Organisation.Kind.GROUP:
            names.append("group_rule")
        elif self.goes.group_rule:
            self.notes.append(RULE_LOST.format(goes=self.goes, stays=self.stays))
        for name in names:
            stays, goes = getattr(self.stays, name), getattr(self.goes, name)
            if goes and goes != stays:
                said[name] = f"{stays}\n\n{goes}" if stays else goes
        if said:
            yield update_step(self.stays, **said)


def relations() -> dict[type[models.Model], list[str]]:
    """Return the models that point at an organisation, each with its foreign keys.

    Parties come first: their protocols are what the merge is about for the public.
    """
    found: dict[type[models.Model], list[str]] = {Party: []}
    for relation in Organisation._meta.get_fields(include_hidden=True):
        # When it was altered is no part of it: the merge is a later change.
        if (
            isinstance(relation, models.ManyToOneRel)
            and relation.related_model != OrganisationAltered
        ):
            found.setdefault(relation.related_model, []).append(relation.field.name)
    return found


def _worse(kept: Reminder, gone: Reminder) -> Iterable[Step]:
    """Let the reminder that stays say that one of the two was not sent, if so."""
    worse = kept.status == Reminder.Status.SENT != gone.status
    return [update_step(kept, status=gone.status, problem=gone.problem)] if worse else []


def _day(day: datetime.date) -> str:
    return date_format(day, "j F Y")
