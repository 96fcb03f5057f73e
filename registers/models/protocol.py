"""Protocols, in the words by which an officer asks for some, and the numbers that none has."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterable
from typing import Any, NamedTuple, Self

from django.core.exceptions import FieldError, ValidationError
from django.db import models, router
from django.db.models.functions import Trim
from django.db.models.lookups import Exact

from registers.models.addresses import address
from registers.models.keys import refuse_email
from registers.models.options import NO_PAGE, LinesField, OptionsField, lines_of
from registers.models.organisation import Organisation, Party
from registers.models.pages import Theme
from registers.models.references import (
    ReferenceKeyField,
    check_new_reference,
    check_reference,
    keys_of,
    reference_key,
)
from registers.models.review_dates import (
    DayOfMonth,
    ReviewStatus,
    last_day,
    months_overdue,
    review_status,
)
from weisf.reference_form import MAX_LENGTH

REFERENCE_STAYS = "A reference never changes. Make a new protocol instead."


def _check_new_reference(reference: str) -> None:
    """Raise ValidationError for the field where no new row can have this reference."""
    try:
        check_new_reference(reference)
    except ValidationError as refusal:
        raise ValidationError({"reference": refusal.messages}) from refusal


class ProtocolQuerySet(models.QuerySet["Protocol"]):
    """Protocols, in an officer's words. `on` is always a day in Europe/London."""

    def public(self) -> Self:
        """Leave out drafts."""
        return self.exclude(status=self.model.Status.DRAFT)

    def current(self) -> Self:
        """Keep those in force."""
        return self.filter(status=self.model.Status.PUBLISHED)

    def decided_after(self, on: datetime.date) -> Self:
        """Keep those that were reviewed or withdrawn after the day `on`."""
        reviewed = models.Q(reviews__reviewed_on__gt=on)
        return self.filter(reviewed | models.Q(withdrawn_on__gt=on)).distinct()

    def of_organisations(
        self, organisations: Iterable[Organisation], role: str | None = None
    ) -> Self:
        """Keep those in which any of `organisations` has a part, or the part `role`."""
        parties = Party.objects.filter(organisation__in=organisations)
        return self.filter(
            pk__in=(parties.filter(role=role) if role else parties).values("protocol")
        )

    def with_reference(self, written: str) -> Self:
        """Keep the one that is meant by a reference in any spelling: 12, isa-012."""
        return self.filter(reference_key__in=keys_of(written))

    def with_parties(self) -> Self:
        """Bring the parties with their organisations: one query more, whatever the number."""
        return self.prefetch_related(
            # To a list of its own: Django makes a queryset for each protocol otherwise.
            models.Prefetch(
                "parties",
                Party.objects.select_related("organisation"),
                to_attr="prefetched_parties",
            )
        )

    def update(self, **kwargs: Any) -> int:
        """Refuse to renumber; else as Django's."""
        if "reference" in kwargs:
            raise ValidationError({"reference": REFERENCE_STAYS})
        return super().update(**kwargs)


class PublicManager(models.Manager["Protocol"]):
    """Never a draft: nobody has to remember the filter."""

    def get_queryset(self) -> ProtocolQuerySet:
        """Return published and withdrawn protocols."""
        return ProtocolQuerySet(self.model, using=self._db).public()

    def current(self) -> ProtocolQuerySet:
        """Return those in force."""
        return self.get_queryset().current()


STAYS_PUBLIC = "A published protocol stays public. Withdraw it instead."
NEEDS_THEME = "Select a theme: only a draft may lack one."
# Else the page of a public protocol would tell of the draft.
DRAFT_UNNAMED = "This is a draft. Publish it first."
HAS_VALUE = (
    "This says that the {} does not apply, and what it is. Untick ‘Does not apply’, or remove the"
    " other."
)
GAP_EXPLAINED = (
    "The reference log records {reference} as '{fate}'. Clear that there first,"
    " or use another reference."
)


class PartiesByRole(NamedTuple):
    """The parties of one protocol."""

    lead: Party | None
    partners: list[Party]


class Protocol(models.Model):
    """One information sharing protocol (also called a data sharing agreement)."""

    class Status(models.TextChoices):
        """Where it is in its life. What was public never becomes a draft again."""

        DRAFT = "draft", "Draft"  # only editors see it; it can be deleted
        PUBLISHED = "published", "Published"  # in force, public: 'current' in addresses
        WITHDRAWN = "withdrawn", "Withdrawn"  # public for ever, with the day and the reason

    reference = models.CharField(
        max_length=MAX_LENGTH,
        primary_key=True,
        error_messages={"unique": "A protocol has this reference already."},
        validators=[check_reference],
        help_text="As the partnership writes it. It never changes and is never used again.",
    )
    reference_key = ReferenceKeyField()
    title = models.CharField(max_length=300)
    version = models.CharField(max_length=50, blank=True, help_text="As written: V2.0.")
    # A draft may have none. What is public has one, so those who read that need not ask.
    theme: models.ForeignKey[Any, Any] = models.ForeignKey(
        Theme, models.PROTECT, null=True, blank=True, related_name="protocols"
    )
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.DRAFT)

    purpose = models.TextField(blank=True)
    summary = models.TextField(blank=True, help_text="In plain English, for the public.")
    information_items = models.TextField(
        "information shared", blank=True, help_text="The information items that are shared."
    )
    data_subjects = models.TextField(
        "whose information it is", blank=True, help_text="Such as: children in care."
    )
    lawful_basis = models.TextField(
        "lawful basis for sharing",
        blank=True,
        help_text="Public. In the partners’ own words, where the articles below do not say it all.",
    )

    parties_complete = models.BooleanField(
        "list of parties is complete", null=True, blank=True, help_text="Unknown if not recorded."
    )
    parties_note = models.TextField(
        "note on the parties", blank=True, help_text="Public. How to find parties not listed."
    )

    review_date = models.DateField(
        null=True, blank=True, help_text="The first day of the review month. Due on its last day."
    )
    review_note = models.CharField(
        max_length=255, blank=True, help_text="Public. Such as: Under review."
    )
    published_on = models.DateField(null=True, blank=True, help_text="Empty if not known.")
    updated_on = models.DateField(null=True, blank=True, editable=False)
    withdrawn_on = models.DateField(null=True, blank=True)
    withdrawn_reason = models.TextField(blank=True, help_text="Public.")
    replaced_by = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="replaces"
    )
    comes_under = models.ManyToManyField(
        "self",
        through="Overarching",
        through_fields=("protocol", "overarching"),
        symmetrical=False,
        related_name="covers",
    )
    admin_note = models.TextField(
        "note for administrators", blank=True, help_text="Never public. What is still unclear."
    )

    agreement_kind = OptionsField(
        "kind of agreement", options="agreement-kinds", several=False, blank=True
    )
    people = OptionsField(
        "categories of people",
        options="people",
        blank=True,
        help_text="Public. Tick all whose information is shared.",
    )
    special_categories = OptionsField(
        "special category data",
        options="special-categories",
        blank=True,
        help_text="Public. UK GDPR Article 9(1). Tick None if there is none.",
    )
    criminal_offence_data = models.BooleanField(
        "criminal offence data", null=True, blank=True, help_text="Public. UK GDPR Article 10."
    )
    sharing_methods = OptionsField(
        "how it is shared", options="sharing-methods", blank=True, help_text="Public."
    )
    sharing_frequency = OptionsField(
        "how often it is shared", options="sharing-frequency", several=False, blank=True
    )
    bases = OptionsField(
        "basis in UK GDPR Article 6",
        options="bases",
        blank=True,
        help_text="Public. Tick all that the partners rely on.",
    )
    special_conditions = OptionsField(
        "condition in UK GDPR Article 9",
        options="special-conditions",
        blank=True,
        help_text="Public. Needed for special category data.",
    )
    schedule_1_conditions = OptionsField(
        "condition in Schedule 1",
        options="schedule-1-conditions",
        blank=True,
        help_text="Public. Of the Data Protection Act 2018, where Article 9 or 10 needs one.",
    )
    law_enforcement = models.BooleanField(
        "law enforcement processing",
        null=True,
        blank=True,
        help_text="Public. Whether any of it is under Part 3 of the Data Protection Act 2018.",
    )
    legal_power = models.TextField(
        "legal power or duty",
        blank=True,
        help_text="Public. The act and section: Children Act 2004, section 10.",
    )
    confidentiality = OptionsField(
        "duty of confidence",
        options="confidentiality",
        blank=True,
        help_text="Public. How the common law duty of confidentiality is met.",
    )
    retention = models.TextField(
        "how long it is kept", blank=True, help_text="Public. Such as: until the child is 25."
    )
    disposal = models.TextField(
        "how it is disposed of", blank=True, help_text="Public. Such as: deleted, and confirmed."
    )
    security_measures = models.TextField(
        "how it is kept safe",
        blank=True,
        help_text="Public. One sentence that gives no attacker a hint.",
    )
    transfers_abroad = models.TextField(
        "transfers outside the UK",
        blank=True,
        help_text="Public. Where to, and under what safeguard. Or: None.",
    )
    dpia_state = OptionsField(
        "impact assessment (DPIA)", options="dpia-states", several=False, blank=True
    )
    dpia_on = models.DateField("day of the DPIA", null=True, blank=True, help_text="Public.")
    dpia_outcome = models.TextField(
        "outcome of the DPIA", blank=True, help_text="Public. Such as: approved, low risk."
    )
    dpia_link = models.URLField(
        "link to the DPIA",
        max_length=500,
        blank=True,
        error_messages={"invalid": NO_PAGE},
        help_text="Public. The address of its page: https://…",
    )
    privacy_notice = models.URLField(
        max_length=500,
        blank=True,
        error_messages={"invalid": NO_PAGE},
        help_text="Public. The address of its page: https://…",
    )
    rights_how = models.TextField(
        "how people use their rights",
        blank=True,
        help_text="Public. Such as: each partner answers for what it holds.",
    )
    rights_contact = models.TextField(
        "whom to ask about rights",
        blank=True,
        help_text="Public. A role, a page or a telephone number; never a person. Empty: the contact"
        " of the lead organisation.",
    )
    benefits = models.TextField(
        "benefits to people", blank=True, help_text="Public. What is better for whom."
    )
    starts_on = models.DateField("start", null=True, blank=True, help_text="Public.")
    ends_on = models.DateField(
        "end",
        null=True,
        blank=True,
        help_text="Public. The last day. Nothing is withdrawn by it.",
    )
    at_end = models.TextField(
        "what happens at the end",
        blank=True,
        help_text="Public. To the information, and to the sharing.",
    )
    does_not_apply = LinesField(
        "does not apply", blank=True, editable=True, help_text="Names of fields, one a line."
    )

    objects = ProtocolQuerySet.as_manager()
    public = PublicManager()

    class Meta:
        ordering = ["reference_key"]
        permissions = [
            ("publish_protocol", "Can publish, withdraw and put back in force"),
            ("import_protocol", "Can import a spreadsheet"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(review_date=None)
                | models.Q(Exact(DayOfMonth("review_date"), 1)),
                name="review_month_first",
                violation_error_message="A review date is a month. Enter its first day.",
            ),
            models.CheckConstraint(
                condition=(
                    models.Q(status="withdrawn", withdrawn_on__isnull=False)
                    & ~models.Q(Exact(Trim("withdrawn_reason"), ""))
                )
                | (
                    ~models.Q(status="withdrawn") & models.Q(withdrawn_on=None, withdrawn_reason="")
                ),
                name="withdrawn_why",
                violation_error_message=(
                    "Only a withdrawn protocol has a withdrawal date and a reason,"
                    " and it must have both."
                ),
            ),
            models.CheckConstraint(
                condition=models.Q(status="draft") | models.Q(theme__isnull=False),
                name="theme_to_publish",
                violation_error_message=NEEDS_THEME,
            ),
            # 0012 and 00012 are one reference, and so are ISA-012 and isa-012.
            models.UniqueConstraint(
                fields=["reference_key"],
                name="one_protocol_a_reference",
                violation_error_message="A protocol has this reference already.",
            ),
            models.CheckConstraint(
                condition=models.Q(starts_on=None)
                | models.Q(ends_on=None)
                | models.Q(ends_on__gte=models.F("starts_on")),
                name="ends_after_start",
                violation_error_message="The end is before the start. Correct one of the two days.",
            ),
            models.CheckConstraint(
                condition=models.Q(replaced_by=None) | ~models.Q(replaced_by=models.F("reference")),
                name="no_own_replacement",
                violation_error_message="A protocol cannot replace itself.",
            ),
        ]
        indexes = [
            models.Index(fields=["theme", "reference_key"], name="by_theme"),
            models.Index(fields=["review_date"], name="by_review_date"),
        ]

    def __str__(self) -> str:
        return f"{self.reference} - {self.title}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save. Raises ValidationError when the reference was changed: it would be a copy."""
        if getattr(self, "_reference_as_read", self.reference) != self.reference:
            raise ValidationError({"reference": REFERENCE_STAYS})
        # Without this a new protocol would overwrite the one that has its reference.
        kwargs.setdefault("force_insert", self._state.adding)
        super().save(*args, **kwargs)
        self.remember_as_stored()

    def get_absolute_url(self) -> str:
        """Return the protocol's own page."""
        return address("protocol", self.reference)

    def validate_constraints(self, exclude: Collection[str] | None = None) -> None:
        """Check the constraints, the checks among them with one query if all hold.

        Django asks one for each, in a savepoint. Raises ValidationError.
        """
        checks = [
            each for each in self._meta.constraints if isinstance(each, models.CheckConstraint)
        ]
        condition = models.Q(*(models.Q(each.condition) for each in checks))
        values = self._get_field_expression_map(meta=self._meta, exclude=exclude)  # type: ignore[attr-defined]  # Django's own
        using = router.db_for_write(Protocol, instance=self)
        try:
            all_hold = condition.check(values, using=using)
        except FieldError:  # a check names a field in `exclude`
            all_hold = False
        if not all_hold:
            super().validate_constraints(exclude)
            return
        if not self._state.adding:
            return  # what else must be unique is the reference, which never changes
        for constraint in self._meta.constraints:
            if constraint not in checks:
                constraint.validate(Protocol, self, exclude=set(exclude or ()), using=using)

    @property
    def is_stored_public(self) -> bool:
        """Whether it is public as stored, whatever its status was set to since."""
        return getattr(self, "_status_as_read", None) not in {None, Protocol.Status.DRAFT}

    @classmethod
    def from_db(cls, *args: Any, **kwargs: Any) -> Self:
        """Return what the database holds, and remember it."""
        protocol = super().from_db(*args, **kwargs)
        protocol.remember_as_stored()
        return protocol

    def remember_as_stored(self) -> None:
        """Remember the reference and the status as stored, to notice that somebody changes them."""
        self._reference_as_read = self.reference
        # Not by its name: where a query left the status out, that would ask for it.
        self._status_as_read: str | None = self.__dict__.get("status")

    def clean(self) -> None:
        """Refuse a used reference, a way back to a draft, no theme, and no true replacement."""
        if self._state.adding:
            self._refuse_used_reference()
        draft, before = Protocol.Status.DRAFT, getattr(self, "_status_as_read", None)
        if self.status == draft and before not in {None, draft}:
            raise ValidationError({"status": STAYS_PUBLIC})
        if self.status != draft and self.theme_id is None:
            raise ValidationError({"theme": NEEDS_THEME})
        self._refuse_value_that_does_not_apply()
        newer = self.replaced_by
        if newer is not None and newer.status == Protocol.Status.DRAFT:
            raise ValidationError({"replaced_by": DRAFT_UNNAMED})
        seen: set[str] = set()
        while newer is not None and newer.pk not in seen:
            if newer.pk == self.pk:
                raise ValidationError({"replaced_by": "These protocols would replace each other."})
            seen.add(newer.pk)
            newer = newer.replaced_by

    def _refuse_value_that_does_not_apply(self) -> None:
        fields = {field.name: field for field in self._meta.fields}
        for name in self.not_applying:
            if name not in fields:
                raise ValidationError({"does_not_apply": f"‘{name}’ is no field of a protocol."})
            if getattr(self, name) not in {None, ""}:
                raise ValidationError({name: HAS_VALUE.format(fields[name].verbose_name)})

    def _refuse_used_reference(self) -> None:
        _check_new_reference(self.pk)
        key = reference_key(self.pk)
        for taken in Protocol.objects.filter(reference_key=key).exclude(pk=self.pk):
            raise ValidationError({"reference": f"Protocol {taken.pk} has this number already."})
        for gap in Gap.objects.filter(reference_key=key):
            said = GAP_EXPLAINED.format(reference=gap.pk, fate=gap.get_fate_display().lower())
            raise ValidationError({"reference": said})

    @property
    def theme_name(self) -> str:
        """The name of its theme; empty for a draft that has none."""
        return self.theme.name if self.theme_id else ""

    @property
    def not_applying(self) -> list[str]:
        """The names of the fields that are recorded as not applying to it."""
        return lines_of(self.does_not_apply)

    def has_ended(self, on: datetime.date) -> bool | None:
        """Return whether its last day has passed on the day `on`; None where none is recorded."""
        return None if self.ends_on is None else self.ends_on < on

    @property
    def all_words(self) -> str:
        """Its title, summary and purpose."""
        return "\n".join((self.title, self.summary, self.purpose))

    @property
    def all_parties(self) -> list[Party]:
        """Every party, in the published order. In a list, use `with_parties()` first."""
        prefetched: list[Party] | None = self.__dict__.get("prefetched_parties")
        return list(self.parties.all()) if prefetched is None else prefetched

    @property
    def parts(self) -> PartiesByRole:
        """The lead, and the partners in order."""
        parties = self.all_parties
        lead = next((party for party in parties if party.role == Party.Role.LEAD), None)
        return PartiesByRole(lead, [party for party in parties if party.role == Party.Role.PARTNER])

    @property
    def lead(self) -> Party | None:
        """The lead, if there is one."""
        return self.parts.lead

    @property
    def partners(self) -> list[Party]:
        """The partners, in the published order."""
        return self.parts.partners

    @property
    def review_due_on(self) -> datetime.date | None:
        """The day the review falls due: the last of its month."""
        return self.review_date and last_day(self.review_date)

    def review_status(self, on: datetime.date) -> ReviewStatus:
        """Return how its review stands on the day `on`."""
        return review_status(self.review_date, on)

    def months_overdue(self, on: datetime.date) -> int:
        """Return for how many whole months its review has been overdue on the day `on`."""
        return months_overdue(self.review_date, on)


class Overarching(models.Model):
    """A protocol comes under another, broader one."""

    protocol = models.ForeignKey(Protocol, models.CASCADE, related_name="+")
    overarching = models.ForeignKey(Protocol, models.PROTECT, related_name="+")

    class Meta:
        verbose_name = "overarching protocol"
        constraints = [
            models.UniqueConstraint(
                fields=["protocol", "overarching"],
                name="comes_under_once",
                violation_error_message="It comes under this protocol already.",
            ),
            models.CheckConstraint(
                condition=~models.Q(protocol=models.F("overarching")),
                name="not_under_itself",
                violation_error_message="A protocol cannot come under itself.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.protocol_id} comes under {self.overarching_id}"

    def clean(self) -> None:
        """Refuse a draft as the overarching protocol."""
        drafts = Protocol.objects.filter(status=Protocol.Status.DRAFT)
        if drafts.filter(pk=self.overarching_id).exists():
            raise ValidationError({"overarching": DRAFT_UNNAMED})


class Gap(models.Model):
    """A reference that no protocol here has, with what an administrator said of it. Public."""

    class Fate(models.TextChoices):
        """What became of the number. The order has no meaning."""

        NEVER = "never", "Never issued"  # no protocol ever had it
        WITHDRAWN = "withdrawn", "Withdrawn before this register began"  # it had one once
        UNKNOWN = "unknown", "Unknown"  # somebody looked, and could not find out

    reference = models.CharField(
        max_length=MAX_LENGTH, primary_key=True, validators=[check_reference]
    )
    reference_key = ReferenceKeyField()
    fate = models.CharField("what became of it", max_length=9, choices=Fate.choices)
    note = models.TextField(blank=True, help_text="Public. Such as: where this was found out.")

    class Meta:
        ordering = ["reference_key"]
        constraints = [
            models.UniqueConstraint(
                fields=["reference_key"],
                name="one_gap_a_reference",
                violation_error_message="This reference is explained already.",
            ),
        ]
        verbose_name = "reference without a protocol"
        verbose_name_plural = "references without a protocol"

    def __str__(self) -> str:
        return self.reference

    def clean(self) -> None:
        """Refuse a number that is used or is explained already, and an e-mail address."""
        if self._state.adding:
            _check_new_reference(self.reference)
        key = reference_key(self.reference)
        if Protocol.objects.filter(reference_key=key).exists():
            raise ValidationError({"reference": "A protocol has this reference."})
        for other in Gap.objects.filter(reference_key=key).exclude(pk=self.reference):
            raise ValidationError({"reference": f"This number is explained as {other.pk} already."})
        try:
            refuse_email(self.note)
        except ValidationError as refusal:
            raise ValidationError({"note": refusal.messages}) from refusal
