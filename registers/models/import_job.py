"""Imports: spreadsheets that somebody uploaded, what was found in them, and what became of them."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models

from weisf.reference_form import MAX_LENGTH


class ImportQuerySet(models.QuerySet["ImportJob"]):
    """Imports, in an officer's words."""

    def waiting(self) -> ImportQuerySet:
        """Keep those that would change the register, and are not applied."""
        return self.filter(status=ImportJob.Status.CHECKED, found__does_something=True)

    def with_same_before(self) -> ImportQuerySet:
        """Add `same_before`: when the same file was uploaded the last time before."""
        same = ImportJob.objects.filter(
            size=models.OuterRef("size"),
            content=models.OuterRef("content"),
            pk__lt=models.OuterRef("pk"),
        )
        return self.annotate(same_before=same.order_by("-pk").values("uploaded_at")[:1])


class ImportManager(models.Manager["ImportJob"]):
    """Without the files, which are large and are wanted when they are read alone."""

    def get_queryset(self) -> ImportQuerySet:
        """Return imports whose `content` and `first_rows` are read when they are asked for."""
        return ImportQuerySet(self.model, using=self._db).defer("content", "first_rows")

    def waiting(self) -> ImportQuerySet:
        """Return those that would change the register, and are not applied."""
        return self.get_queryset().waiting()


class ImportJob(models.Model):
    """One spreadsheet. It changes nothing until it is applied.

    `choices` holds what was chosen for names that the register does not know, as
    registers/imports/spreadsheet/choices.py keeps it. `found` holds what the check said of the
    whole file, and `digest` is the digest of its plan.
    """

    class Kind(models.TextChoices):
        """What its rows are."""

        PROTOCOLS = "protocols", "Protocols"
        ORGANISATIONS = "organisations", "Organisations"

    class Status(models.TextChoices):
        """How far it has come."""

        UPLOADED = "uploaded", "Not checked yet"
        CHECKED = "checked", "Checked, not applied"
        APPLIED = "applied", "Applied"
        UNDONE = "undone", "Undone"

    kind = models.CharField(max_length=13, choices=Kind.choices, default=Kind.PROTOCOLS)
    name = models.CharField("file", max_length=255)
    content = models.BinaryField(editable=False)
    size = models.PositiveIntegerField(help_text="Bytes.")
    uploaded_at = models.DateTimeField()
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    # Who was the last to choose which column or name is what; empty: nobody did.
    prepared_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    # What a new protocol's days are where the file does not say.
    published_before = models.BooleanField(default=False)
    # Which column is what, as imports/mapping/mapping.py keeps it; empty: as is likely.
    mapping: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(default=dict)
    # When the saved mapping of that name was used before, where it was found again.
    mapping_used_at = models.DateTimeField(null=True, blank=True)
    # The rows that tell how it is to be read, as spreadsheet/job_columns.py keeps them.
    first_rows = models.TextField(default="", blank=True, editable=False)
    choices: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(default=dict)
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.UPLOADED)
    found: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(default=dict)
    digest = models.CharField(max_length=64, blank=True)
    checked_at = models.DateTimeField(null=True, blank=True)
    applied_at = models.DateTimeField(null=True, blank=True)
    applied_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    why = models.TextField(blank=True, help_text="Public. Why the register changes.")
    # Whether new protocols that may be published were.
    published = models.BooleanField(default=False)
    # The last change when it was applied: what has a later one was edited since.
    last_change = models.BigIntegerField(null=True, blank=True, editable=False)
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )

    objects = ImportManager()

    class Meta:
        ordering = ["-uploaded_at", "-pk"]
        # Whoever may import may do all of it: Protocol's own permission says who.
        default_permissions = ()

    def __str__(self) -> str:
        return self.name

    @property
    def same_file(self) -> ImportJob | None:
        """The last import of the same file that was uploaded before this one."""
        content = ImportJob.objects.filter(pk=self.pk).values("content")[:1]
        same = ImportJob.objects.filter(size=self.size, content=content, pk__lt=self.pk)
        return same.select_related("uploaded_by").order_by("-pk").first()

    @property
    def is_applied(self) -> bool:
        """Whether it was applied, and perhaps undone: then it stays as it is."""
        return self.status in {self.Status.APPLIED, self.Status.UNDONE}


class ImportMapping(models.Model):
    """Which column is what in the files that come again, such as each month, kept by a name."""

    name = models.CharField(max_length=100, unique=True)
    # JSON, kept as the text that a person can read and edit.
    text = models.TextField()
    saved_at = models.DateTimeField()
    saved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    used_at = models.DateTimeField()

    class Meta:
        ordering = ["-used_at", "-pk"]
        default_permissions = ()

    def __str__(self) -> str:
        return self.name


class ImportLine(models.Model):
    """What the check found in one row of the file."""

    class Outcome(models.TextChoices):
        """What would become of the row."""

        NEW = "new", "New"
        CHANGED = "changed", "Changed"
        UNCHANGED = "unchanged", "Unchanged"
        WAITING = "waiting", "Waiting for a choice"  # it names what the register does not know
        REFUSED = "refused", "Refused"

    job = models.ForeignKey(ImportJob, models.CASCADE, related_name="lines")
    position = models.PositiveIntegerField()
    sheet = models.CharField(max_length=255, blank=True)
    row = models.PositiveIntegerField()
    outcome = models.CharField(max_length=9, choices=Outcome.choices)
    reference = models.CharField(max_length=MAX_LENGTH, blank=True)
    title = models.TextField(blank=True)
    # For each cell that differs: the column, the text before, the text after.
    edits: models.JSONField[list[Any], list[Any]] = models.JSONField(default=list)
    # For each: the letter of the column, what is wrong, what to do.
    problems: models.JSONField[list[Any], list[Any]] = models.JSONField(default=list)
    # What a new protocol lacks to be published: 'theme', 'purpose', 'lead organisation'.
    lacks: models.JSONField[list[Any], list[Any]] = models.JSONField(default=list)
    # Sentences that are no refusals.
    remarks: models.JSONField[list[Any], list[Any]] = models.JSONField(default=list)

    class Meta:
        ordering = ["job", "position"]
        default_permissions = ()
        indexes = [models.Index(fields=["job", "outcome", "position"], name="lines_by_outcome")]

    def __str__(self) -> str:
        return f"{self.sheet} {self.row}"


class ImportSteps(models.Model):
    """What some hundred rows of an import did, row by row of the database, to be undone."""

    job = models.ForeignKey(ImportJob, models.CASCADE, related_name="steps")
    steps = models.JSONField(help_text="As registers/changes/journal.py reads it.")

    class Meta:
        ordering = ["job", "pk"]
        default_permissions = ()

    def __str__(self) -> str:
        return f"Steps of {self.job_id}"


class ImportName(models.Model):
    """One name as the file has it, of an organisation or a theme, and what it was matched to."""

    class Kind(models.TextChoices):
        """What is named."""

        ORGANISATION = "organisation", "Organisation"
        THEME = "theme", "Theme"

    class How(models.TextChoices):
        """How it was matched. The order is that of urgency."""

        UNKNOWN = "unknown", "Not known: choose"
        NEW = "new", "New"
        CHOSEN = "chosen", "Chosen"
        PUBLISHED = "published", "Published like this before"
        NAME = "name", "By its name"

    MOST_OF_CELL = 1_000  # characters

    job = models.ForeignKey(ImportJob, models.CASCADE, related_name="names")
    position = models.PositiveIntegerField()
    kind = models.CharField(max_length=12, choices=Kind.choices)
    key = models.TextField()
    written = models.TextField()
    how = models.CharField(max_length=9, choices=How.choices)
    # The official name that it leads to, there or to be made; empty while it is not known.
    becomes = models.TextField(blank=True)
    uses = models.PositiveIntegerField()
    sheet = models.CharField(max_length=255, blank=True)
    row = models.PositiveIntegerField()
    # A cell of ten thousand names would else be stored ten thousand times.
    cell = models.TextField(help_text="The cell in which it stands first, or what is around it.")

    class Meta:
        ordering = ["job", "position"]
        default_permissions = ()
        indexes = [models.Index(fields=["job", "how", "position"], name="names_by_how")]

    def __str__(self) -> str:
        return self.written

    @property
    def is_cell_cut(self) -> bool:
        """Whether `cell` is but a part of the cell, with … where it is cut."""
        return len(self.cell) > self.MOST_OF_CELL
