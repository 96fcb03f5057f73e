"""The register as of a past day, compared with what was stored on that day, slowly and plainly."""

from __future__ import annotations

import copy
import datetime
from collections import Counter
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext

from registers import changes
from registers.history import index_as_of as module
from registers.history.as_of import as_of, end_of
from registers.history.index_as_of import changed_since, index_as_of, records_at
from registers.models import Change, Merge, Organisation, Party, Protocol, Slug, Theme
from registers.search.index import current_index
from registers.search.results import Results
from tests import editing
from tests.lengths import times
from tests.makers import DAY
from tests.models.making import a_party, a_protocol, make_cast, saved, shared_by_a_module
from tests.search import slowly
from tests.search.questions import MONTHS, query_string
from tests.search.slowly import REVIEWS, ROLES, STATUSES

pytestmark = pytest.mark.django_db
LAST = 12  # days after the first
TODAY = DAY + datetime.timedelta(days=LAST + 30)
SORTS = ("theme", "reference", "title", "review", "-review")
# A way that makes a succession would make lists of organisations longer.
WAYS = [way for way in editing.WAYS[Protocol] if way.__name__ != "_taken_on"]
EXTRA = ("Dogwood Trust", "Elder Council")


def at(days: int, hour: int = 0) -> datetime.datetime:
    return editing.days_on(days) + datetime.timedelta(hours=hour)


def day(days: int) -> datetime.date:
    return DAY + datetime.timedelta(days=days)


class Officer:
    """Edits a small register at random, and keeps what it said at the end of each day."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.stored: list[dict[str, Any]] = []
        self.names: list[dict[str, Any]] = []
        self.merge: Merge | None = None

    def work(self) -> None:
        self._begin()
        for days in range(LAST):
            if days:
                self._edit(days)
            self._keep()

    def _begin(self) -> None:
        Protocol.objects.update(status="draft")
        Change.objects.all().delete()
        make_cast()
        for position, name in enumerate(("Old Theme", "Odd Theme")):
            saved(Theme(name=name, slug=name.lower().replace(" ", "-"), position=90 + position))
        for name in EXTRA:
            saved(Organisation(name=name))
        for number in range(9010, 9022):
            status = self.random.choice(("published", "published", "draft"))
            theme = self.random.choice(list(Theme.objects.filter(position__gte=10)))
            saved(
                a_protocol(f"{number}", title=f"Made {number}", status=status, theme=theme),
                *(
                    a_party(f"{number}", name, "partner" if place else "lead", position=place)
                    for place, name in enumerate(self.random.sample(EXTRA, 2))
                    if self.random.random() < 0.7
                ),
            )

    def _edit(self, days: int) -> None:
        random = self.random
        # What others come under cannot come under itself.
        edited = list(Protocol.public.exclude(pk__in=("9002", "9003")))
        for hour, protocol in enumerate(random.sample(edited, 2)):
            with changes.record_change(protocol, at=at(days, hour)):
                for way in random.sample(WAYS, random.randint(1, 3)):
                    way(random, Protocol.objects.get(pk=protocol.pk), at(days, hour))
        drafts = list(Protocol.objects.filter(status="draft", reference__gte="9004"))
        draft = random.choice(drafts) if drafts else None
        if draft and random.random() < 0.5:
            draft.status = "published"
            saved(draft, at=at(days, 3))
        elif draft and random.random() < 0.5:
            with changes.record_change(draft, at=at(days, 3)):
                changes.remove(draft)
        self._rename(days)
        if days == 5:
            elder, dogwood = (Organisation.objects.named(name).get() for name in self._extra())
            self.merge = changes.merge(dogwood, elder, at=at(days, 5))
        if days == 9 and self.merge:
            changes.undo_merge(self.merge, at=at(days, 5))
        if days == 7:
            self._empty_and_remove_theme(days)

    def _extra(self) -> list[str]:
        slugs = ("elder-council", "dogwood-trust")
        return [Organisation.objects.at(slug).get().name for slug in slugs]

    def _rename(self, days: int) -> None:
        if self.random.random() < 0.5:
            one = self.random.choice(list(Organisation.objects.filter(slugs__text="birch-trust")))
            one.name = f"Birch Trust {days}"
            saved(one, at=at(days, 4))
        if self.random.random() < 0.3:
            theme = self.random.choice(list(Theme.objects.filter(slug="housing")))
            theme.name = f"Housing {days}"
            saved(theme, at=at(days, 4))

    def _empty_and_remove_theme(self, days: int) -> None:
        odd = Theme.objects.get(slug="odd-theme")
        for protocol in Protocol.objects.filter(theme=odd):
            protocol.theme = Theme.objects.get(slug="housing")
            saved(protocol, at=at(days, 6))
        with changes.record_change(odd, at=at(days, 7)):
            changes.remove(odd)

    def _keep(self) -> None:
        self.stored.append(slowly.read())
        self.names.append(
            {
                protocol.reference: (
                    protocol.title,
                    protocol.purpose,
                    protocol.status,
                    protocol.theme.name,
                    [
                        (party.organisation.name, party.role, party.name_as_published, party.note)
                        for party in protocol.all_parties
                    ],
                )
                for protocol in Protocol.public.get_queryset().with_parties()
            }
        )

    def register(self, days: int) -> dict[str, Any]:
        """What was stored, with each organisation at the address that it has today."""
        register = copy.deepcopy(self.stored[days])
        slugs = Slug.objects.select_related("organisation")
        today = {slug.text: slug.organisation.slug for slug in slugs}
        for protocol in register["protocols"]:
            protocol["parts"] = [(today[slug], role) for slug, role in protocol["parts"]]
        register["organisations"] = {
            today[slug]: name for slug, name in register["organisations"].items()
        }
        return register


@pytest.fixture(
    params=[
        pytest.param(seed, marks=pytest.mark.has_long_form)
        for seed in range(1, 1 + times(1, long=6))
    ],
    ids="seed-{}".format,
    scope="module",
)
def officer(request, django_db_setup, django_db_blocker) -> Iterator[Officer]:
    with shared_by_a_module(django_db_blocker):
        made = Officer(request.param)
        made.work()
        yield made


def results_on(query: str, on: datetime.date | None) -> Results:
    whole = "&".join(filter(None, [query, f"on={on}" if on else ""]))
    return Results(QueryDict(whole), on=TODAY, past=index_as_of)


def a_question(random: Random, register: dict[str, Any]) -> dict[str, Any]:
    organisations = sorted(register["organisations"]) or ["ashdown-council"]
    parts = {
        "theme": random.sample(register["themes"], random.randint(1, 2)),
        "organisation": random.sample(organisations, min(2, len(organisations))),
        "role": random.choice(ROLES),
        "review": random.sample(REVIEWS, 2),
        "review_from": random.choice(MONTHS),
        "status": random.choice(STATUSES),
        "sort": random.choice(SORTS),
    }
    return {name: parts[name] for name in random.sample(sorted(parts), random.randint(0, 3))}


def references(protocols) -> list[str]:
    return [protocol.reference for protocol in protocols]


def test_lists_and_counts_are_those_of_the_day(officer):
    random = Random(7)
    asked_in_all = 0
    for days in range(LAST):
        register, on = officer.register(days), day(days)
        for _ in range(times(5, long=50)):
            asked = a_question(random, register)
            results = results_on(query_string(asked), on)
            assert (results.errors, results.is_past, results.on) == ({}, True, on)
            found = slowly.answer(register, asked, on)
            assert references(results.iterator()) == [each["reference"] for each in found], asked
            assert references(results.page_protocols) == [each["reference"] for each in found]
            assert results.count == len(found)
            if results.is_grouped:
                assert [
                    (group.theme.slug, group.count, [row.reference for row in group.rows])
                    for group in results.groups
                ] == [(slug, number, of) for slug, number, _, of in slowly.groups(found, 1)]
            counts = slowly.counts(register, asked, on)
            for name in ("theme", "role", "review", "status", "organisation"):
                shown = {each.value: each.count for each in getattr(results.facets, name)}
                wanted = {value: counts[name].get(value, 0) for value in shown}
                assert shown == wanted, (name, asked)
                left_out = {value for value, number in counts[name].items() if number} - set(shown)
                assert not left_out, (name, asked)
            asked_in_all += bool(found)
    assert asked_in_all > LAST


@pytest.mark.both_databases
def test_every_protocol_is_as_it_was_and_as_its_own_page_says(officer):
    differences = Counter[str]()
    for days in range(LAST):
        on = day(days)
        shown = {each.reference: each for each in results_on("status=all", on).iterator()}
        assert shown.keys() == officer.names[days].keys()
        for reference, protocol in shown.items():
            today = Protocol.objects.get(pk=reference)
            own = as_of(today, on)
            assert own is not None
            assert own.known
            facts = _facts(protocol)
            assert facts == _facts(own.protocol)
            title, purpose, status, theme, parties = officer.names[days][reference]
            assert facts[:4] == (title, purpose, status, theme)
            assert [party[1:] for party in facts[4]] == [party[1:] for party in parties]
            assert sorted(party[0] for party in facts[4]) == sorted(p[0] for p in parties)
            differences["title"] += title != today.title
            differences["theme"] += theme != today.theme.name
            differences["status"] += status != today.status
        for reference in Protocol.public.exclude(pk__in=shown).values_list("pk", flat=True):
            own = as_of(Protocol.objects.get(pk=reference), on)
            assert own.absent
            differences["absent"] += 1
    assert min(differences[name] for name in ("title", "theme", "status", "absent")) > 0


def _facts(protocol: Protocol) -> tuple[Any, ...]:
    parties = [
        (party.organisation.name, party.role, party.name_as_published, party.note)
        for party in protocol.all_parties
    ]
    return protocol.title, protocol.purpose, protocol.status, protocol.theme.name, parties


def test_names_of_facets_are_those_of_the_day(officer):
    for days in range(LAST):
        facets = results_on("status=all", day(days)).facets
        names = officer.stored[days]["organisations"]
        for choice in facets.organisation:
            if choice.value in names and choice.value not in {"elder-council", "dogwood-trust"}:
                assert choice.label == names[choice.value]


def test_days_without_changes_share_an_index(officer):
    quiet = [day(days) for days in (LAST, LAST + 1, LAST + 20)]
    assert len({id(index_as_of(on)) for on in quiet}) == 1
    assert index_as_of(quiet[0]) is not index_as_of(day(3))
    with CaptureQueriesContext(connection) as queries:
        index_as_of(day(3))
    assert len(queries) == 3  # the first day, the version, the last change
    for days in range(LAST):
        index_as_of(day(days))
    assert len(module._cached) == module.MAX_CACHED


def test_what_did_not_change_since_has_no_record(officer):
    end = end_of(day(LAST - 1))
    assert changed_since(end) == []
    assert list(records_at(["9001", "9002", "none"], end)) == []
    half = end_of(day(LAST // 2))
    every = Protocol.objects.values_list("pk", flat=True)
    assert sorted(key for key, _ in records_at(every, half)) == changed_since(half)


def test_it_is_not_today_s_and_leaves_that_as_it_is(officer):
    before = {name: copy.copy(value) for name, value in vars(current_index()).items()}
    index = index_as_of(day(2))
    assert index.version != current_index().version
    list(results_on("status=all&sort=title", day(2)).iterator())
    for name in ("theme", "status", "month", "party_key", "party_entry"):
        assert (getattr(current_index(), name) == before[name]).all()
    assert Theme.objects.get(slug="housing").name == next(
        theme.name for theme in current_index().themes if theme.slug == "housing"
    )


def test_a_new_version_of_the_register_has_new_ones(officer):
    old = index_as_of(day(3))
    protocol = Protocol.objects.get(pk="9001")
    protocol.title = "Newest"
    saved(protocol, at=at(LAST + 10))
    new = index_as_of(day(3))
    assert new is not old
    assert all(key[0] == current_index().version for key in module._cached)
    assert "Newest" not in {each.title for each in results_on("status=all", day(3)).iterator()}


def test_a_party_of_one_merged_organisation_twice_counts_once(officer):
    """Both organisations had a part on the day, and are one today."""
    if not Merge.objects.filter(undone_at=None).exists():
        dogwood = Organisation.objects.at("dogwood-trust").get()
        elder = Organisation.objects.at("elder-council").get()
        saved(a_protocol("9050"), a_party("9050", dogwood.name), a_party("9050", elder.name))
        changes.merge(dogwood, elder, at=at(LAST))
    results = results_on("organisation=elder-council&status=all", day(LAST - 1))
    found = {each.reference for each in results.iterator()}
    assert "9050" in found
    (choice,) = (each for each in results.facets.organisation if each.chosen)
    assert (choice.value, choice.count) == ("dogwood-trust", len(found))
    assert Party.objects.filter(protocol="9050").count() == 1
