"""What the register holds of the protocols in a file: read some at a time."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator

from registers.exports.columns import COLUMNS, Place
from registers.models import Gap, Protocol
from registers.models.keys import LAST, SHORTEST, key_of
from registers.search.reference_log import next_reference


class Stored:
    """Every reference that was ever used, by its number; the protocols when they are asked for."""

    def __init__(self, on: datetime.date) -> None:
        references = Protocol.objects.order_by().values_list("pk", flat=True)
        self._references = {int(reference): reference for reference in references.iterator()}
        self._gaps = {int(gap.pk): gap for gap in Gap.objects.all()}
        self._place = Place(site="", on=on)
        self._next = next_reference()
        self._titles: dict[str, str] | None = None

    def reference(self, written: str) -> str | None:
        """Return the reference of the protocol that has this number, however it is written."""
        return self._references.get(int(written))

    def gap(self, written: str) -> Gap | None:
        """Return what is said of this number where no protocol has it."""
        return self._gaps.get(int(written))

    def free(self, used: Iterable[str]) -> Iterator[str]:
        """Give the next free references, without those that the file uses: above the register's.

        It ends where there is no number left.
        """
        taken = {int(each) for each in used}
        for number in range(int(self._next) if self._next else LAST + 1, LAST + 1):
            if number not in taken:
                yield str(number).zfill(max(len(self._next), SHORTEST))

    def unused_before(self, reference: str) -> int:
        """Return how many numbers lie between the register's last and this one."""
        return int(reference) - int(self._next or LAST)

    def with_title(self, title: str) -> str | None:
        """Return the reference of a protocol that has this very title."""
        if self._titles is None:
            said = Protocol.objects.order_by("-pk").values_list("title", "pk")
            self._titles = {key_of(text): reference for text, reference in said.iterator()}
        return self._titles.get(key_of(title))

    def protocols(self, references: Iterable[str]) -> dict[str, Protocol]:
        """Return the protocols with their parties, by their references."""
        return (
            Protocol.objects.select_related("theme", "replaced_by")
            .with_parties()
            .in_bulk(list(references))
        )

    def written(self, protocol: Protocol) -> dict[str, str]:
        """Return what the register's own files say of a protocol, by the columns' names."""
        return {column.name: column.write(protocol, self._place) for column in COLUMNS}
