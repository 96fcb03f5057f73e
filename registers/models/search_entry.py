"""What search keeps: the small number of each public protocol, and the register's own words."""

from __future__ import annotations

from django.db import models

from registers.models.protocol import Protocol


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
