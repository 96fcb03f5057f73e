"""Links between organisations: who took another's place, and who belongs to a group.

After a split, also who took a protocol on.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models

from registers.models.organisation import Organisation

SUCCESSION_RING = (
    "These organisations would take each other’s place in a ring: {ring}. An organisation that"
    " only changed its name has a former name instead."
)
GROUP_RING = "These groups would contain each other in a ring: {ring}."
NO_GROUP = "{organisation} is one body, so it has no members. Make it a group first."
NO_SUCCESSOR = (
    "The register does not record that {successor} took the place of {predecessor}, or a part"
    " of it."
)
OVERLAP = "It is a member on some of these days already: change the days of that membership."
OWN_MEMBER = "A group cannot be a member of itself."


class LinkQuerySet(models.QuerySet[Any]):
    """Edges from one organisation to another."""

    def nexts(self) -> dict[int, list[int]]:
        """Return the keys at the far ends of the edges, by the key at the near end: one query."""
        start, end = self.model.EDGE
        nexts: dict[int, list[int]] = {}
        for one, other in self.order_by("pk").values_list(f"{start}_id", f"{end}_id"):
            nexts.setdefault(one, []).append(other)
        return nexts


def ring_through(start: int, end: int, nexts: Mapping[int, Iterable[int]]) -> list[int]:
    """Return the keys on a shortest way from `start` to `end` along edges, or none.

    From a key to itself the way has one edge at least: it is a ring, the key at both ends.
    """
    came_from: dict[int, int] = {}
    rim = [start]
    while rim and end not in came_from:
        reached = []
        for one in rim:
            for other in nexts.get(one, ()):
                if other not in came_from:
                    came_from[other] = one
                    reached.append(other)
        rim = reached
    if end not in came_from:
        return []
    way = [end, came_from[end]]
    while way[-1] != start:
        way.append(came_from[way[-1]])
    return way[::-1]


def ring_in_words(keys: Iterable[int], words: str) -> str:
    """Return a ring of organisations in words: 'A became part of B became part of A'."""
    keys = list(keys)
    names = dict(Organisation.objects.filter(pk__in=keys).values_list("pk", "name"))
    return f" {words} ".join(names[key] for key in keys)


class Succession(models.Model):
    """An organisation's place was taken by another, or will be on a day to come.

    One with several successors was split. Without a day it is past, and always was.
    """

    EDGE = ("organisation", "successor")

    organisation = models.ForeignKey(Organisation, models.CASCADE, related_name="successions")
    successor = models.ForeignKey(Organisation, models.PROTECT, related_name="predecessions")
    happened_on = models.DateField(
        "day",
        null=True,
        blank=True,
        help_text="From this day on, the successor stands in its place. It can be a day to come."
        " Empty if not known: then the place was always taken.",
    )
    source = models.CharField(
        max_length=255, blank=True, help_text="Public. Where this can be read, such as an Order."
    )

    objects = LinkQuerySet.as_manager()

    class Meta:
        # Not by key: one that is put back has another.
        ordering = ["happened_on", "successor__name"]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "successor"],
                name="one_succession_each",
                violation_error_message="This successor is named already.",
            ),
            models.CheckConstraint(
                condition=~models.Q(organisation=models.F("successor")),
                name="no_own_successor",
                violation_error_message="An organisation cannot succeed itself.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.organisation} became part of {self.successor}"

    def clean(self) -> None:
        """Refuse a ring. Raises ValidationError, which names it."""
        others = Succession.objects.exclude(pk=self.pk)
        _refuse_ring(self, others, "successor", SUCCESSION_RING, "became part of")


class MembershipQuerySet(LinkQuerySet):
    """Members of groups, in an officer's words."""

    def on(self, day: datetime.date) -> MembershipQuerySet:
        """Keep those that belong to their group on a day."""
        return self.filter(
            models.Q(from_day=None) | models.Q(from_day__lte=day),
            models.Q(to_day=None) | models.Q(to_day__gte=day),
        )

    def overlapping(self, row: Membership) -> MembershipQuerySet:
        """Keep other memberships of the same member in the same group, on any of its days."""
        same = self.filter(group=row.group_id, member=row.member_id).exclude(pk=row.pk)
        if row.to_day:
            same = same.filter(models.Q(from_day=None) | models.Q(from_day__lte=row.to_day))
        if row.from_day:
            same = same.filter(models.Q(to_day=None) | models.Q(to_day__gte=row.from_day))
        return same


class Membership(models.Model):
    """An organisation belongs to a group: from a day and to a day, or without end.

    Both days are days on which it belongs to it. A member can be a group itself.
    """

    EDGE = ("group", "member")

    group = models.ForeignKey(Organisation, models.CASCADE, related_name="members")
    member = models.ForeignKey(Organisation, models.PROTECT, related_name="memberships")
    from_day = models.DateField(
        "from", null=True, blank=True, help_text="The first day. Empty if it was always a member."
    )
    to_day = models.DateField(
        "to", null=True, blank=True, help_text="The last day. Empty if it has no end."
    )
    source = models.CharField(
        max_length=255, blank=True, help_text="Public. Where this can be read, such as a list."
    )

    objects = MembershipQuerySet.as_manager()

    class Meta:
        ordering = ["group", "member__name", "from_day"]
        constraints = [
            models.UniqueConstraint(
                fields=["group", "member", "from_day"],
                name="one_membership_from_a_day",
                violation_error_message="It is a member from this day already.",
            ),
            # No two without a day are equal to a database.
            models.UniqueConstraint(
                fields=["group", "member"],
                condition=models.Q(from_day=None),
                name="one_membership_from_the_first",
                violation_error_message="It is a member already, without a first day.",
            ),
            models.CheckConstraint(
                condition=models.Q(from_day=None)
                | models.Q(to_day=None)
                | models.Q(from_day__lte=models.F("to_day")),
                name="membership_ends_after_it_begins",
                violation_error_message="The last day must not be before the first day.",
            ),
            models.CheckConstraint(
                condition=~models.Q(group=models.F("member")),
                name="no_own_member",
                violation_error_message=OWN_MEMBER,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.member} as a member of {self.group}"

    def clean(self) -> None:
        """Refuse members of what is no group, twice on a day, and groups in a ring.

        Raises ValidationError.
        """
        if not (self.group_id and self.member_id):
            return
        if self.group.kind != Organisation.Kind.GROUP:
            # Beside no field: the group is no field of most forms.
            raise ValidationError(NO_GROUP.format(organisation=self.group))
        if self.member.kind == Organisation.Kind.GROUP:
            groups = Membership.objects.filter(member__kind=Organisation.Kind.GROUP)
            others = groups.exclude(pk=self.pk)
            _refuse_ring(self, others, "member", GROUP_RING, "contains")
        # Constraints say it of two from the same day.
        overlapping = Membership.objects.overlapping(self)
        if overlapping.exclude(from_day=self.from_day).exists():
            raise ValidationError(OVERLAP)


def _refuse_ring(
    edge: Succession | Membership, others: LinkQuerySet, field: str, message: str, words: str
) -> None:
    start, end = (getattr(edge, f"{name}_id") for name in edge.EDGE)
    if start is None or end is None or start == end:
        return
    if way := ring_through(end, start, others.nexts()):
        ring = ring_in_words([start, *way], words)
        raise ValidationError({field: message.format(ring=ring)})


def refuse_rings(*, successions: Iterable[int], groups: Iterable[int]) -> None:
    """Raise ValidationError where one of these organisations stands in a ring, and name it.

    `successions` are keys of organisations whose successors changed, `groups` those of
    groups with other groups as members that changed.
    """
    among_groups = Membership.objects.filter(member__kind=Organisation.Kind.GROUP)
    for edges, keys, message, words in (
        (Succession.objects.all(), successions, SUCCESSION_RING, "became part of"),
        (among_groups, groups, GROUP_RING, "contains"),
    ):
        nexts = edges.nexts() if keys else {}
        for key in sorted(keys):
            if ring := ring_through(key, key, nexts):
                raise ValidationError(message.format(ring=ring_in_words(ring, words)))


class TakenOnQuerySet(models.QuerySet["TakenOn"]):
    """Who took protocols on, in an officer's words."""

    def in_force(self) -> TakenOnQuerySet:
        """Keep those whose succession the register still records."""
        recorded = Succession.objects.filter(
            organisation=models.OuterRef("predecessor"), successor=models.OuterRef("successor")
        )
        return self.filter(models.Exists(recorded))


class TakenOn(models.Model):
    """Which successor took a protocol on after an organisation was split. There can be several.

    Where nobody recorded it, all successors are shown the protocol. One whose succession
    was removed since says nothing, and counts again when that is put back.
    """

    EDGE = ("predecessor", "successor")

    protocol = models.ForeignKey("Protocol", models.CASCADE, related_name="taken_on")
    predecessor = models.ForeignKey(
        Organisation,
        models.PROTECT,
        related_name="+",
        help_text="The organisation that was split, or will be.",
    )
    successor = models.ForeignKey(
        Organisation,
        models.PROTECT,
        related_name="+",
        verbose_name="taken on by",
        help_text="One of its successors.",
    )

    objects = TakenOnQuerySet.as_manager()

    class Meta:
        verbose_name = "successor that took the protocol on"
        verbose_name_plural = "successors that took the protocol on"
        ordering = ["predecessor__name", "successor__name"]
        constraints = [
            models.UniqueConstraint(
                fields=["protocol", "predecessor", "successor"],
                name="taken_on_once",
                violation_error_message="This is recorded already.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.protocol_id} taken on by {self.successor}"

    def clean(self) -> None:
        """Refuse an organisation that is no successor. Raises ValidationError."""
        if not (self.predecessor_id and self.successor_id):
            return
        recorded = Succession.objects.filter(
            organisation=self.predecessor_id, successor=self.successor_id
        )
        if not recorded.exists():
            sentence = NO_SUCCESSOR.format(predecessor=self.predecessor, successor=self.successor)
            raise ValidationError({"successor": sentence})
