"""What JSON says beside the published columns: every other public fact.

Each function reads the facts of several things at once: a few queries, however many there are.
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Callable, Iterable
from itertools import chain
from typing import Any

from django.db.models import Max, OuterRef, Q, QuerySet, Subquery
from django.urls import reverse

from registers.exports.columns import BOOLEANS, WRITERS, ExportContext, day, month
from registers.history.snapshot import Values, comparable_value, field_values
from registers.models import (
    Approver,
    Change,
    Document,
    EarlierVersion,
    Membership,
    Organisation,
    OrganisationAltered,
    Overarching,
    Party,
    Protocol,
    ProtocolAltered,
    Review,
    Succession,
    TakenOn,
    Theme,
)
from registers.models.options import lines_of
from registers.models.protocol_fields import PROTOCOL_FIELDS, Kind, ProtocolField

Facts = dict[str, Any]


def _is_plain(field: ProtocolField) -> bool:
    return (
        field.public
        and not field.column
        and field.model_field is not None
        and not field.model_field.is_relation
    )


# The public fields that have no column, by their keys: 'withdrawn_on' is 'withdrawn'.
PLAIN_FIELDS = {
    field.name.removesuffix("_on"): field for field in PROTOCOL_FIELDS if _is_plain(field)
}


# What another protocol says: no snapshot of this one has it.
UNKNOWN_OF_THE_PAST = ("replaces", "covers")
# What a snapshot has of the parts of a protocol. Where it differs from today's, no more is given
# of that day: a file may be published no more, and a succession recorded no more.
OWNER = frozenset({"protocol"})
COMPARED_WITH_TODAY = {
    "taken_on": ("predecessor", "successor"),
    "documents": ("title", "file"),
}


def plain_facts(protocol: Protocol) -> Facts:
    """Return the public fields that have no column. A value that is not recorded is null."""
    return {
        key: _plain(field, getattr(protocol, field.name)) for key, field in PLAIN_FIELDS.items()
    }


def _plain(field: ProtocolField, value: Any) -> Any:
    if field.kind is Kind.OPTIONS:
        return lines_of(value) or None
    text = WRITERS[field.kind](value)
    return BOOLEANS.get(text) if field.kind is Kind.BOOLEAN else text or None


def time(at: datetime.datetime | None) -> str | None:
    """Return a moment as it is published: 2026-11-22T09:00:00Z, or None."""
    return at.astimezone(datetime.UTC).isoformat().replace("+00:00", "Z") if at else None


def last_changes(
    owner: str,
    keys: list[Any],
    altered: type[ProtocolAltered | OrganisationAltered],
    *,
    until: datetime.datetime | None = None,
) -> dict[Any, str | None]:
    """Return when each of these was last changed officially, or altered by a change of another.

    With `until`, what was changed before that moment, by its own changes alone.
    """
    changes = Change.objects.public().filter(**{f"{owner}__in": keys}).order_by()
    if until:
        changes = changes.filter(made_at__lt=until)
    rows = changes.values_list(owner).annotate(last=Max("made_at"))
    if not until:
        others = altered._default_manager.filter(pk__in=keys)
        rows = rows.union(others.values_list("pk", "made_at"), all=True)
    last: dict[Any, datetime.datetime] = {}
    for key, at in rows:
        last[key] = max(at, last.get(key, at))
    return {key: time(at) for key, at in last.items()}


def protocol_facts(
    protocols: list[Protocol], context: ExportContext, *, until: datetime.datetime | None = None
) -> Callable[[Protocol], Facts]:
    """Return a function that gives the facts of each of the protocols: seven queries in all.

    With `until`, the protocols are as they were just before that moment, and so are the
    facts. What is not a protocol's own, and is not known of a past day here, is null.
    """
    keys = [protocol.pk for protocol in protocols]
    parts = {each.pk: each.recorded["parts"] for each in protocols if hasattr(each, "recorded")}
    broader = {
        key: [row["overarching"]["key"] for row in each["overarching"]]
        for key, each in parts.items()
    }
    changed = last_changes("protocol", keys, ProtocolAltered, until=until)
    near = Protocol.public.filter(
        Q(pk__in={*(each.replaced_by_id for each in protocols), *chain(*broader.values())})
        | Q(replaced_by__in=keys)
    )
    replaces: dict[str | None, list[Protocol]] = defaultdict(list)
    for older in near:
        replaces[older.replaced_by_id].append(older)
    newer = {each.pk: each for each in near}
    under: dict[str, list[Protocol]] = defaultdict(list)
    covers: dict[str, list[Protocol]] = defaultdict(list)
    links = Overarching.objects.filter(Q(protocol__in=keys) | Q(overarching__in=keys))
    for link in links.select_related("protocol", "overarching").order_by("pk"):
        if Protocol.Status.DRAFT not in {link.protocol.status, link.overarching.status}:
            under[link.protocol_id].append(link.overarching)
            covers[link.overarching_id].append(link.protocol)
    recorded_by = {"recorded_at__lt": until} if until else {}
    held = Review.objects.filter(**recorded_by).select_related("replaced_by")
    reviews = _by(held, "protocol", keys)
    documents = _by(Document.objects.listed(), "protocol", keys)
    recorded = Succession.objects.filter(
        organisation=OuterRef("predecessor"), successor=OuterRef("successor")
    )
    decided = TakenOn.objects.in_force().select_related("predecessor", "successor")
    taken_on = _by(decided.annotate(on=Subquery(recorded.values("happened_on"))), "protocol", keys)

    def facts(protocol: Protocol) -> Facts:
        found = todays_facts(protocol)
        if until:
            found |= dict.fromkeys(UNKNOWN_OF_THE_PAST)
        if said := parts.get(protocol.pk):
            past = [newer[key] for key in broader[protocol.pk] if key in newer]
            found["comes_under"] = [_link(each, context) for each in _in_order(past)]
            now = {"taken_on": taken_on[protocol.pk], "documents": documents[protocol.pk]}
            for name, values in COMPARED_WITH_TODAY.items():
                today = [field_values(each, without=OWNER) for each in now[name]]
                if _compared(said[name], values) != _compared(today, values):
                    found[name] = None
        return found

    def todays_facts(protocol: Protocol) -> Facts:
        return {
            **plain_facts(protocol),
            "modified": changed.get(protocol.pk),
            "parties": [party_facts(party) for party in protocol.all_parties],
            "taken_on": [_taken_on(each) for each in taken_on[protocol.pk]],
            "replaced_by": _link(newer.get(protocol.replaced_by_id or ""), context),
            "replaces": [_link(each, context) for each in replaces[protocol.pk]],
            "comes_under": [_link(each, context) for each in _in_order(under[protocol.pk])],
            "covers": [_link(each, context) for each in _in_order(covers[protocol.pk])],
            "reviews": [_review(each, context) for each in reviews[protocol.pk]],
            "documents": [_document(each, context) for each in documents[protocol.pk]],
        }

    return facts


def _compared(rows: Iterable[Values], names: tuple[str, ...]) -> set[tuple[Any, ...]]:
    return {tuple(comparable_value(row[name]) for name in names) for row in rows}


def _by(things: QuerySet[Any], owner: str, keys: list[Any]) -> dict[Any, list[Any]]:
    """Return the things of each of the keys, in their usual order."""
    found: dict[Any, list[Any]] = defaultdict(list)
    for thing in things.filter(**{f"{owner}__in": keys}):
        found[getattr(thing, f"{owner}_id")].append(thing)
    return found


def _in_order(protocols: Iterable[Protocol]) -> list[Protocol]:
    return sorted(protocols, key=lambda each: each.reference_key)


def _link(protocol: Protocol | None, context: ExportContext) -> Facts | None:
    # A draft is named by nothing public.
    if protocol is None or protocol.status == Protocol.Status.DRAFT:
        return None
    return {
        "reference": protocol.reference,
        "title": protocol.title,
        "url": f"{context.site}{protocol.get_absolute_url()}",
    }


def named(thing: Organisation | Theme) -> Facts:
    """Return the name of an organisation or a theme, and the end of its address."""
    return {"name": thing.name, "slug": thing.slug}


def party_facts(party: Party) -> Facts:
    """Return what is public of a party."""
    return named(party.organisation) | {
        "role": party.role,
        "name_as_published": party.name_as_published or None,
        "note": party.note or None,
        "signed": day(party.signed_on) or None,
        "approved_by": party.approved_by or None,
        "approved_version": party.approved_version or None,
        "approval_source": party.approval_source or None,
        "legal_role": party.legal_role or None,
        "flow": party.flow or None,
    }


def _taken_on(taken_on: Any) -> Facts:
    # A TakenOn, with the day of the succession as `on`.
    return {
        "from": named(taken_on.predecessor),
        "by": named(taken_on.successor),
        "on": day(taken_on.on) or None,
    }


def _review(review: Review, context: ExportContext) -> Facts:
    return {
        "reviewed": day(review.reviewed_on),
        "outcome": review.outcome,
        "next_review": month(review.next_review) or None,
        "replaced_by": _link(review.replaced_by, context),
        "job_title": review.job_title,
        "note": review.note or None,
    }


def _document(document: Document, context: ExportContext) -> Facts:
    versions: Iterable[EarlierVersion] = document.replaced
    return _file(document, document.get_absolute_url(), context) | {
        "title": document.title,
        "earlier_versions": [
            _file(
                each,
                reverse("document-version", args=[document.protocol_id, document.pk, each.pk]),
                context,
            )
            for each in versions
        ],
    }


def _file(stored: Document | EarlierVersion, path: str, context: ExportContext) -> Facts:
    return {
        "file_name": stored.file_name,
        "bytes": stored.size,
        "uploaded": time(stored.uploaded_at),
        "url": f"{context.site}{path}",
    }


def organisation_facts(
    keys: list[int], *, with_members: bool = False
) -> Callable[[Organisation], Facts]:
    """Return a function that gives the facts of the organisations with these keys: four queries.

    `with_members`: also those of a group, of which there can be thousands; one query more.
    """
    changed = last_changes("organisation", keys, OrganisationAltered)
    approvers = _by(Approver.objects.all(), "organisation", keys)
    came_from = _by(Succession.objects.select_related("organisation"), "successor", keys)
    memberships = Membership.objects.select_related("group", "member")
    groups = _by(memberships.order_by("group__name", "from_day", "pk"), "member", keys)
    members = _by(memberships, "group", keys) if with_members else {}

    def facts(organisation: Organisation) -> Facts:
        own = {
            "approvers": [each.job_title for each in approvers[organisation.pk]],
            "came_from": [
                succession_facts(each, each.organisation) for each in came_from[organisation.pk]
            ],
            "groups": [named(each.group) | _membership(each) for each in groups[organisation.pk]],
            "group_rule": organisation.group_rule or None,
            "modified": changed.get(organisation.pk),
        }
        if with_members:
            own["members"] = [
                named(each.member) | _membership(each) for each in members.get(organisation.pk, ())
            ]
        return own

    return facts


def succession_facts(succession: Succession, other: Organisation) -> Facts:
    """Return what is public of a succession, for the one of its two ends that is not `other`."""
    return named(other) | {
        "on": day(succession.happened_on) or None,
        "source": succession.source or None,
    }


def _membership(membership: Membership) -> Facts:
    return {
        "from": day(membership.from_day) or None,
        "to": day(membership.to_day) or None,
        "source": membership.source or None,
    }
