"""What search and the page cache need: the register's version, entries and vocabulary.

The version is one row that moves with every official change, in its transaction. Cached
pages and the index in memory are of one version, and out of date with the next.
"""

from __future__ import annotations

import secrets
from functools import cache
from typing import Any

from django.db import connection, models

from registers.models.protocol import Protocol


class RegisterVersion(models.Model):
    """Which state of the register this is. What is kept of an earlier one is out of date.

    `number` counts the moves. Whoever moves it holds the row until the
    transaction ends, so numbers are committed in their order. `token` is drawn
    afresh at every move: a database that was put back to an earlier state and
    went on from there has other tokens for the same numbers. `links` is the number
    with which the links between organisations last changed: their successions, members,
    who took protocols on, and which organisations there are, of which kind.
    """

    ONLY = 1  # the key of the one row

    number = models.BigIntegerField(default=0)
    token = models.CharField(max_length=16)
    links = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.number}-{self.token}"

    @classmethod
    def now(cls) -> RegisterVersion:
        """Return the version of the register that is read here: one light query."""
        # This is asked at every request, and Django takes longer to write the query than to ask.
        with connection.cursor() as cursor:
            cursor.execute(cls._now_sql())
            row = cursor.fetchone()
        return cls(*row) if row else cls(pk=cls.ONLY, token="")

    @classmethod
    @cache
    def _now_sql(cls) -> str:
        return str(cls.objects.filter(pk=cls.ONLY).query)

    @classmethod
    def lock(cls) -> int:
        """Keep others from moving it until the transaction ends, and return its number."""
        row = cls.objects.filter(pk=cls.ONLY)
        row.update(number=models.F("number"))  # locks on both databases
        return cls.now().number

    @classmethod
    def move(cls, *, links: bool = False) -> int:
        """Move to the next version, within a transaction, and return its number.

        `links` says that links between organisations changed.
        """
        token = secrets.token_hex(8)
        row = cls.objects.filter(pk=cls.ONLY)
        values: dict[str, Any] = {"number": models.F("number") + 1, "token": token}
        if links:
            values["links"] = models.F("number") + 1
        if not row.update(**values):
            cls.objects.create(pk=cls.ONLY, number=1, links=1, token=token)
        return int(row.values_list("number", flat=True).get())


class SearchEntry(models.Model):
    """A public protocol in the search index. Written by registers/changes alone.

    Its key is a small number, never used again, for which there is room in a
    bit of memory where a reference would be text. `changed_in` is the number
    of the register's version in which the protocol last changed: what has read
    the register up to a version asks for the entries beyond it. `title_key` is
    what its title is sorted by.
    """

    id = models.AutoField(primary_key=True)
    protocol = models.OneToOneField(Protocol, models.CASCADE, related_name="search_entry")
    changed_in = models.BigIntegerField(db_index=True)
    title_key = models.TextField()

    class Meta:
        verbose_name_plural = "search entries"

    def __str__(self) -> str:
        return f"{self.protocol_id} in version {self.changed_in}"


class VocabularyWord(models.Model):
    """A word that stands in the register's texts or names, or once did.

    In small plain letters, as search folds it; none that holds a digit.
    `seen_in` is the version of the register in which it was last written: what
    a rebuild did not see is gone.
    """

    text = models.CharField(max_length=60, primary_key=True)
    length = models.PositiveSmallIntegerField(db_index=True)
    seen_in = models.BigIntegerField()

    class Meta:
        verbose_name = "word of the vocabulary"
        verbose_name_plural = "vocabulary"

    def __str__(self) -> str:
        return self.text
