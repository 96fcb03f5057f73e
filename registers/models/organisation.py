"""Organisations: their names, addresses, approvers and contact, and their parties."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Left

from registers.models.addresses import address
from registers.models.keys import key_of, refuse_email, refuse_new_invisible

# A key can be longer than its name: ß is ss, and a few characters are many.
KEY_LENGTH = 300
OFFICIAL_IS_ITS_OWN = (
    "The official name is the organisation's own. Rename the organisation instead."
)
RULE_OF_BODY = "Only a group has a rule for who belongs to it."


class OrganisationQuerySet(models.QuerySet["Organisation"]):
    """Organisations, in an officer's words."""

    def named(self, text: str) -> OrganisationQuerySet:
        """Return the one organisation that has `text` as any of its names, or none."""
        return self.filter(names__key=key_of(text))

    def called_like(self, text: str) -> OrganisationQuerySet:
        """Return those with `text` in any of their names, none twice."""
        # PostgreSQL takes no NUL, SQLite no long pattern; no name has either.
        if "\0" in text or len(text) > KEY_LENGTH:
            return self.none()
        names = Name.objects.filter(key__contains=key_of(text))
        return self.filter(pk__in=names.values("organisation"))

    def at(self, slug: str) -> OrganisationQuerySet:
        """Return the one organisation that `slug` leads to, now or in the past, or none."""
        return self.filter(slugs__text=slug)

    def lacking_contact(self) -> OrganisationQuerySet:
        """Keep those that lead a current protocol, and cannot be reminded of its review.

        And those that took the place of one that does, or will: they are reminded instead.
        """
        leading = Organisation.objects.filter(
            parties__role="lead", parties__protocol__status="published"
        )
        successors = leading.values("successions__successor")
        return self.filter(
            models.Q(pk__in=leading.values("pk"))
            | models.Q(pk__in=successors.filter(successions__isnull=False)),
            contact=None,
        )

    def with_protocol_count(self) -> OrganisationQuerySet:
        """Give each `protocol_count`: the current protocols that it has a part in."""
        current = models.Q(parties__protocol__status="published")
        return self.annotate(
            protocol_count=models.Count("parties__protocol", filter=current, distinct=True)
        )


class NameQuerySet(models.QuerySet["Name"]):
    """Names, in an officer's words."""

    def initials(self) -> list[str]:
        """Return every letter or digit that a name stands under in an index, in order."""
        found = self.order_by().values_list(Left("key", 1), flat=True).distinct()
        return sorted({initial.upper() for initial in found})


class Organisation(models.Model):
    """A body that can take part in protocols, or a group of bodies ('All Essex Schools')."""

    class Kind(models.TextChoices):
        """What stands behind the name. The order has no meaning."""

        BODY = "body", "One body"  # a council, a trust, a company: it can sign
        GROUP = "group", "A group of bodies"  # 'All Essex Schools': what binds it binds its members

    name = models.CharField("official name", max_length=255)
    slug = models.SlugField(
        max_length=255,
        unique=True,
        blank=True,
        help_text="The end of its web address. If you leave this empty, it is made from the name.",
    )
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.BODY)
    group_rule = models.TextField(
        "who belongs to the group",
        blank=True,
        help_text="Public. Only for a group: its rule in words, such as"
        " ‘Every maintained school in the county’.",
    )
    note = models.TextField(blank=True, help_text="Public. Something a reader should know.")
    rights_contact = models.TextField(
        "contact for rights",
        blank=True,
        help_text="Public. Whom people ask about their rights: a role, a page, a telephone number."
        " Never a person.",
    )
    admin_note = models.TextField(
        "note for administrators", blank=True, help_text="Never public. What is still unclear."
    )

    objects = OrganisationQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        permissions = [("merge_organisation", "Can merge and split organisations")]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        """Return the organisation's own page."""
        return address("organisation", self.slug)

    def clean(self) -> None:
        """Refuse a new name that holds what nobody sees, and a rule of membership for one body.

        Raises ValidationError.
        """
        refuse_new_invisible(self, name="name")
        if self.group_rule and self.kind != Organisation.Kind.GROUP:
            raise ValidationError({"group_rule": RULE_OF_BODY})


class Name(models.Model):
    """What an organisation is or was called. No two organisations share one, whatever its case."""

    class Kind(models.TextChoices):
        """How the name relates to the organisation. Pages list them in this order."""

        OFFICIAL = "official", "Official name"  # exactly one each; the organisation's own `name`
        ACRONYM = "acronym", "Acronym"  # EPUT
        FORMER = "former", "Former name"  # it was called this once
        ALIAS = "alias", "Also known as"  # right, but not official: 'Medway'
        MISSPELLING = "misspelling", "Misspelling"  # published so, by a slip

    organisation = models.ForeignKey(Organisation, models.CASCADE, related_name="names")
    text = models.CharField("name", max_length=255)
    key = models.CharField(
        max_length=KEY_LENGTH,
        unique=True,
        editable=False,
        error_messages={"unique": "An organisation has this name already."},
    )
    kind = models.CharField(max_length=12, choices=Kind.choices, default=Kind.ALIAS)
    also_written = models.CharField(
        max_length=255,
        blank=True,
        help_text="The same name in other capitals, as once published: HARBOUR for Harbour.",
    )
    source = models.CharField(
        max_length=255,
        blank=True,
        validators=[refuse_email],
        help_text="Public. Where this name can be read, such as the organisation's own site.",
    )

    objects = NameQuerySet.as_manager()

    class Meta:
        ordering = ["text"]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation"],
                condition=models.Q(kind="official"),
                name="one_official_name",
                violation_error_message="An organisation can have only one official name.",
            )
        ]

    def __str__(self) -> str:
        return self.text

    @property
    def initial(self) -> str:
        """The letter or digit that it stands under in an index."""
        return self.key[:1].upper()

    def clean(self) -> None:
        """Put the key in step, and refuse a spelling that is another name.

        Raises ValidationError, beside the field.
        """
        refuse_new_invisible(self, name="text")
        refuse_new_invisible(self, name="also_written")
        self.key = key_of(self.text)
        if not self.key:
            raise ValidationError({"text": "Enter the name."})
        if len(self.key) > KEY_LENGTH:
            raise ValidationError({"text": "This name is too long. Enter a shorter one."})
        if self.also_written and key_of(self.also_written) != self.key:
            raise ValidationError(
                {"also_written": "This differs in more than capitals. Add it as a name of its own."}
            )
        same = Name.objects.filter(key=self.key).exclude(pk=self.pk)
        if name := same.select_related("organisation").first():
            raise ValidationError(
                {"text": f"{name.organisation} has the name '{self.text}' already."}
            )
        self._keep_to_official()

    def _keep_to_official(self) -> None:
        """Refuse an official name that is not the organisation's own, and the other way round."""
        own = Organisation.objects.filter(pk=self.organisation_id).values_list("name", flat=True)
        official = self.kind == Name.Kind.OFFICIAL
        for name in own:
            if official != (self.key == key_of(name)) or (official and self.text != name):
                raise ValidationError({"kind": OFFICIAL_IS_ITS_OWN})


class Slug(models.Model):
    """An address that leads to an organisation, for ever: from a name, or from before a rename."""

    organisation = models.ForeignKey(Organisation, models.CASCADE, related_name="slugs")
    text = models.SlugField(max_length=255, unique=True)

    class Meta:
        ordering = ["text"]

    def __str__(self) -> str:
        return self.text


class Approver(models.Model):
    """A job title, such as 'Caldicott Guardian', that approves protocols for an organisation."""

    organisation = models.ForeignKey(Organisation, models.CASCADE, related_name="approvers")
    job_title = models.CharField(
        max_length=150,
        validators=[refuse_email],
        help_text="Public. A job title, never a person's name.",
    )

    class Meta:
        ordering = ["organisation__name", "job_title"]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "job_title"],
                name="one_approver_per_title",
                violation_error_message="This job title is already here.",
            )
        ]

    def __str__(self) -> str:
        return self.job_title


class Contact(models.Model):
    """The role mailbox of an organisation that is reminded of its reviews.

    No public page or export shows it: `history/diff.py` keeps it out of what changed, all
    else lists what it shows, and a test searches every public address for it.
    """

    organisation = models.OneToOneField(Organisation, models.CASCADE, related_name="contact")
    email = models.EmailField(
        "e-mail address",
        help_text=(
            "Never public. A mailbox of a role, such as information.governance@example.org,"
            " not of a person."
        ),
    )

    class Meta:
        ordering = ["organisation__name"]

    def __str__(self) -> str:
        return self.email


# What a party says of its approval while there is none, by the columns.
NO_APPROVAL: dict[str, Any] = {
    "signed_on": None,
    "approved_by": "",
    "approved_version": "",
    "approval_source": "",
    "approval_paper_id": None,
}


class Party(models.Model):
    """An organisation's part in one protocol, with the words that were published."""

    class Role(models.TextChoices):
        """What the organisation does in the protocol. A lead stands before partners."""

        LEAD = "lead", "Lead"  # answers for the protocol and its reviews; one at most
        PARTNER = "partner", "Partner"  # every other organisation involved

    class LegalRole(models.TextChoices):
        """What it is in law for what is shared: UK GDPR Articles 4(7), 26 and 28."""

        CONTROLLER = "controller", "Controller"  # decides on its own why and how
        JOINT = "joint", "Joint controller"  # decides together with others
        PROCESSOR = "processor", "Processor"  # acts for a controller

    class Flow(models.TextChoices):
        """Which way information goes. The order has no meaning."""

        GIVES = "gives", "Gives"
        RECEIVES = "receives", "Receives"
        BOTH = "both", "Gives and receives"

    class ApprovalSource(models.TextChoices):
        """How the approval came. Empty: recorded as a day alone, as all were before."""

        LINK = "link", "By link"  # the approver answered by a signed link
        PAPER = "paper", "From paper"  # an officer read it in a document of the protocol

    protocol = models.ForeignKey("Protocol", models.CASCADE, related_name="parties")
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="parties")
    role = models.CharField(max_length=8, choices=Role.choices, default=Role.PARTNER)
    name_as_published = models.CharField(
        max_length=255,
        blank=True,
        validators=[refuse_email],
        help_text="The name in the protocol. It is kept even if the organisation is renamed.",
    )
    note = models.CharField(
        max_length=255,
        blank=True,
        validators=[refuse_email],
        help_text="Public, shown in brackets: Temp workers.",
    )
    signed_on = models.DateField(
        "signed on", null=True, blank=True, help_text="When its approver signed. Empty if unknown."
    )
    approved_by = models.CharField(
        "approved by",
        max_length=150,
        blank=True,
        validators=[refuse_email],
        help_text="Public. The job title that approved, never a person's name.",
    )
    approved_version = models.CharField(
        "version approved",
        max_length=50,
        blank=True,
        help_text="The protocol's version when it was approved.",
    )
    approval_source = models.CharField(
        "how the approval came", max_length=5, choices=ApprovalSource.choices, blank=True
    )
    approval_paper = models.ForeignKey(
        "Document",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="document that shows the approval",
    )
    legal_role = models.CharField(
        "role in law",
        max_length=10,
        choices=LegalRole.choices,
        blank=True,
        help_text="UK GDPR Articles 4, 26 and 28. Empty if not recorded.",
    )
    flow = models.CharField(
        "gives or receives",
        max_length=8,
        choices=Flow.choices,
        blank=True,
        help_text="Empty if not recorded.",
    )
    position = models.PositiveIntegerField(default=0, help_text="The order as published.")

    class Meta:
        ordering = ["position", "pk"]
        verbose_name_plural = "parties"
        constraints = [
            models.UniqueConstraint(
                fields=["protocol", "organisation", "role"],
                name="once_per_role",
                violation_error_message="This organisation has this role in the protocol already.",
            ),
            models.UniqueConstraint(
                fields=["protocol"],
                condition=models.Q(role="lead"),
                name="one_lead",
                violation_error_message="A protocol can have only one lead organisation.",
            ),
            models.CheckConstraint(
                condition=models.Q(signed_on__isnull=False)
                | models.Q(approved_by="", approved_version="", approval_source=""),
                name="approval_has_a_day",
                violation_error_message="An approval must have the day on which it was given.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.organisation} in {self.protocol_id}"

    def clean(self) -> None:
        """Leave nothing of an approval whose day was taken away."""
        if self.signed_on is None:
            self.set_approval(NO_APPROVAL)

    def set_approval(self, values: Mapping[str, Any]) -> None:
        """Let it say of its approval what the keys of NO_APPROVAL are given."""
        for name in NO_APPROVAL:
            setattr(self, name, values[name])

    @property
    def organisation_name(self) -> str:
        """The official name of the organisation."""
        return self.organisation.name


def once_each(parties: Iterable[Party]) -> list[Party]:
    """Return one part of each organisation: one with its approval, where it has one."""
    once: dict[int, Party] = {}
    for party in parties:
        if party.signed_on or party.organisation_id not in once:
            once[party.organisation_id] = party
    return list(once.values())


def version_approved(parties: Iterable[Party], version: str) -> str:
    """Return `version`, where all who have approved approved that one; else the empty text."""
    versions = {party.approved_version for party in parties if party.signed_on}
    return version if versions == {version} else ""
