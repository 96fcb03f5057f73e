"""Many organisations and names become official at once, as a spreadsheet brings them.

Each is as if it had been saved within an `official_change` of its own.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.utils.text import slugify

from registers.changes.many import batches, official_changes
from registers.changes.official import slugs_like, wanted_slug
from registers.changes.rows import make_rows
from registers.models import Name, Organisation, Slug
from registers.models.organisation import KEY_LENGTH
from registers.models.words import key_of


@dataclass(frozen=True, slots=True)
class IncomingOrganisation:
    """A new organisation, or names for the stored one with the key `stored`.

    `names` are those that it gets beside its official one: texts and kinds.
    """

    name: str = ""
    kind: str = Organisation.Kind.BODY
    names: Sequence[tuple[str, str]] = ()
    stored: int | None = None


def import_organisations(
    incoming: Sequence[IncomingOrganisation],
    *,
    at: datetime.datetime,
    by: User | None = None,
    why: str = "",
) -> Iterator[list[int]]:
    """Save organisations with their names, each as an official change; give their keys, in order.

    They come some at a time. Raises ValidationError, and the database's own
    refusals, such as of a name that another has. Within a transaction.
    """
    addresses = _Addresses()
    for some in batches(incoming):
        stored = [each.stored for each in some if each.stored is not None]
        with official_changes(Organisation, stored, at=at, by=by, why=why) as keys:
            new, slugs = [], list[list[str]]()
            for each in some:
                slug, kept = addresses.of(each)
                slugs.append(kept)
                if each.stored is None:
                    new.append(Organisation(name=each.name, slug=slug, kind=each.kind))
            make_rows(new, by=by)
            made = iter(new)
            keys[:] = [next(made).pk if each.stored is None else each.stored for each in some]
            names = [
                _name(key, *name)
                for key, each in zip(keys, some, strict=True)
                for name in _names(each)
            ]
            make_rows(names, by=by)
            Slug.objects.bulk_create(
                Slug(organisation_id=key, text=text)
                for key, texts in zip(keys, slugs, strict=True)
                for text in texts
            )
        yield keys


class _Addresses:
    """Every address that leads to an organisation, with those that come."""

    def __init__(self) -> None:
        self.taken = set(Slug.objects.values_list("text", flat=True))
        # By the address that is wanted, the ones that are still to be tried.
        self.tried: dict[str, Iterator[str]] = {}

    def of(self, incoming: IncomingOrganisation) -> tuple[str, list[str]]:
        """Return the own address of a new organisation, and all that are to lead to it."""
        slug, kept = "", []
        if incoming.stored is None:
            wanted = wanted_slug(incoming.name)
            tried = self.tried.setdefault(wanted, slugs_like(wanted))
            slug = next(each for each in tried if each not in self.taken)
            kept = [slugify(incoming.name), slug]
        kept = [each for each in (*kept, *(slugify(text) for text, _ in incoming.names)) if each]
        kept = [each for each in dict.fromkeys(kept) if each not in self.taken]
        self.taken.update(kept)
        return slug, kept


def _names(incoming: IncomingOrganisation) -> list[tuple[str, str]]:
    """Return the names that are new, the official one of a new organisation first."""
    official = [] if incoming.stored is not None else [(incoming.name, Name.Kind.OFFICIAL.value)]
    return [*official, *incoming.names]


def _name(organisation: int, text: str, kind: str) -> Name:
    key = key_of(text)
    if not key or len(key) > KEY_LENGTH:
        raise ValidationError(f"The name '{text}' is empty, or too long.")
    return Name(organisation_id=organisation, text=text, key=key, kind=kind)
