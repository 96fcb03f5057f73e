"""The register's own words: from these, and no dictionary, search mends a slip of the pen."""

from __future__ import annotations

from django.db import models


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
