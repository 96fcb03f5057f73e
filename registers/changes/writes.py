"""Save and remove one thing: the only ways in which an editor's pages write a row.

What belongs to an organisation is kept in step: its official name, and its addresses.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from django.core.exceptions import ValidationError
from django.db import models

from registers.changes.papers import delete, save_paper
from registers.changes.public_text import refuse_new_emails
from registers.changes.synonyms import check_synonyms
from registers.changes.transaction import update_search_and_version
from registers.models import (
    Document,
    Identifier,
    Name,
    Organisation,
    Party,
    Protocol,
    Resource,
    Slug,
    SynonymSet,
    UsedReference,
)
from registers.models.keys import key_of, slug_of
from registers.models.organisation import OFFICIAL_IS_ITS_OWN

SUPPLIED = (
    "This set came with the register, and would come again with the next version. Untick ‘In use’"
    " instead."
)
HAS_MEMBERS = "This group has members, so it cannot become one body. Remove its members first."


def save(thing: models.Model) -> None:
    """Check and save one thing; an organisation's names and addresses are kept in step.

    Raises ValidationError, with its sentences by field, and then nothing is saved.
    """
    # One row is saved or not; of these several are.
    several = isinstance(thing, Organisation | Name | Document | Resource)
    with update_search_and_version(savepoint=several) as touched:
        if isinstance(thing, Party | Name | Identifier) and thing.pk:
            # It may have belonged to another before.
            for stored in type(thing).objects.filter(pk=thing.pk):
                touched.add(stored)
        refuse_new_emails(thing)
        if isinstance(thing, Organisation):
            if _save_organisation(thing):
                touched.links = True
        elif isinstance(thing, Document | Resource):
            save_paper(thing)
        elif isinstance(thing, SynonymSet):
            check_synonyms(thing)
            thing.save()
        else:
            thing.full_clean()
            thing.save()
        if isinstance(thing, Name):
            _keep_address(thing.organisation, slug_of(thing.text))
        touched.add(thing)


def remove(thing: models.Model) -> None:
    """Delete one thing, with its files. Raises ValidationError for what must stay.

    A document that was public stays too: it is taken off, and can be put back.
    """
    if isinstance(thing, Protocol) and thing.status != Protocol.Status.DRAFT:
        raise ValidationError("A published protocol stays for ever. Withdraw it instead.")
    if isinstance(thing, Name) and thing.kind == Name.Kind.OFFICIAL:
        raise ValidationError(OFFICIAL_IS_ITS_OWN)
    if isinstance(thing, SynonymSet) and thing.code:
        raise ValidationError(SUPPLIED)
    try:
        with update_search_and_version(savepoint=True) as touched:
            touched.add(thing)
            # With either go the links that belong to it.
            if isinstance(thing, Organisation | Protocol):
                touched.links = True
            if isinstance(thing, Protocol):
                UsedReference.objects.get_or_create(reference=thing.pk)
            delete(thing)
    except models.ProtectedError as refusal:
        raise ValidationError(f"{thing} is in use, so it cannot be deleted.") from refusal


def _save_organisation(organisation: Organisation) -> bool:
    """Save it, and return whether it is new or of another kind than before.

    A new name gives it a new address, and the old name and address stay.
    """
    official = Name.objects.filter(organisation=organisation.pk, kind=Name.Kind.OFFICIAL).first()
    renamed = official is not None and key_of(official.text) != key_of(organisation.name)
    rows = Organisation.objects.filter(pk=organisation.pk).values_list("slug", "kind")
    slug, kind = rows.first() or (None, None)
    if kind == Organisation.Kind.GROUP != organisation.kind and organisation.members.exists():
        raise ValidationError({"kind": HAS_MEMBERS})
    if not organisation.slug or (renamed and organisation.slug == slug):
        organisation.slug = free_slug(organisation)
    # What was stored before names that look the same were one can still be saved.
    is_new = official is None or official.text != organisation.name
    holder = Organisation.objects.named(organisation.name).exclude(pk=organisation.pk).first()
    if holder and is_new:
        raise ValidationError({"name": f"{holder} has the name '{organisation.name}' already."})
    taken = Slug.objects.filter(text=organisation.slug).exclude(organisation=organisation.pk)
    if taken.exists():
        raise ValidationError(
            {"slug": "This address already leads to another organisation. Enter a different one."}
        )
    organisation.full_clean()
    organisation.save()
    _keep_official_name(organisation, official)
    _keep_address(organisation, organisation.slug)
    return kind != organisation.kind


def _keep_official_name(organisation: Organisation, official: Name | None) -> None:
    """Let the organisation's own name be the official one among its names."""
    if official and key_of(official.text) != key_of(organisation.name):
        official.kind = Name.Kind.FORMER
        official.save()
        official = None
    name = (
        official
        or organisation.names.filter(key=key_of(organisation.name)).first()
        or Name(organisation=organisation)
    )
    if (name.text, name.kind) != (organisation.name, Name.Kind.OFFICIAL):
        name.text, name.kind = organisation.name, Name.Kind.OFFICIAL
        save(name)


def _keep_address(organisation: Organisation, slug: str) -> None:
    """Let `slug` lead to the organisation, unless it leads to another since before."""
    if slug:
        Slug.objects.get_or_create(text=slug, defaults={"organisation": organisation})


def free_slug(organisation: Organisation) -> str:
    """Return an address made from the name, with a number behind it where that is taken."""
    wanted = wanted_slug(organisation.name)
    others = Slug.objects.exclude(organisation=organisation.pk)
    taken = set(others.filter(text__startswith=wanted).values_list("text", flat=True))
    return next(slug for slug in slug_candidates(wanted) if slug not in taken)


def wanted_slug(name: str) -> str:
    """Return the address that an organisation with this name has if it is free."""
    return slug_of(name)[:240] or "organisation"


def slug_candidates(wanted: str) -> Iterator[str]:
    """Give the addresses that are tried one after the other, without end."""
    yield wanted
    yield from (f"{wanted}-{number}" for number in itertools.count(2))
