"""Reference data of a register's JSON file, for a register that is running already.

Names, their sources, identifiers and notes of organisations are taken from the file. What
somebody changed here since is left as it is: the changes of an organisation say what that is.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from django.core.exceptions import ValidationError

from registers import changes
from registers.history.snapshot import Snapshot, snapshot_of
from registers.imports.fixture import Entry, naming
from registers.models import Change, Identifier, Name, Organisation
from registers.models.keys import key_of

# By this reason an update knows what it changed itself. Change it, and it takes that for
# an officer's.
WHY = "Names and identifiers were taken from public sources."
FIELDS = ("note", "admin_note")
VALUES = ("text", "kind", "also_written", "source")
Values = Mapping[str, str]


@dataclass(kw_only=True)
class UpdateReport:
    """What an update did, and what it left as it is, as one line each."""

    changed: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)


def update_register(register: Entry, *, at: datetime.datetime) -> UpdateReport:
    """Take the names, identifiers and notes of `register`, as `read_register` gives it.

    Each organisation that changes gets an official change, made at the aware time `at`.
    No organisation is added. Needs a transaction. Raises FixtureError, which names the
    entry that is wrong.
    """
    report = UpdateReport()
    for entry in register["organisations"]:
        with naming("Organisation", entry):
            organisation = _find(entry)
            if organisation is None:
                report.left.append(f"{entry['name']}: is not in this register.")
            else:
                with changes.record_change(organisation, at=at, why=WHY):
                    _Update(organisation, entry, report).apply()
    return report


def _find(entry: Entry) -> Organisation | None:
    """Return the stored organisation that an entry is about.

    An acronym decides only where it is the official name: several bodies share one.
    """
    wanted = _wanted_names(entry)
    acronyms = [each["text"] for each in wanted if each["kind"] == Name.Kind.ACRONYM]
    sure = [each["text"] for each in wanted if each["kind"] != Name.Kind.ACRONYM]
    for text in sure:
        if found := Organisation.objects.named(text).first():
            return found
    keys = [key_of(text) for text in acronyms]
    official = Name.objects.filter(key__in=keys, kind=Name.Kind.OFFICIAL)
    name = official.select_related("organisation").first()
    return name.organisation if name else None


def _wanted_names(entry: Entry) -> list[dict[str, str]]:
    """Return the names of an entry, the official one first, each with all its values."""
    official = {
        "text": entry["name"],
        "kind": Name.Kind.OFFICIAL.value,
        "also_written": entry.get("also_written", ""),
        "source": entry.get("name_source", ""),
    }
    blank = {"kind": Name.Kind.ALIAS.value, "also_written": "", "source": ""}
    return [official, *({**blank, **name} for name in entry.get("names", []))]


class _Update:
    """The update of one stored organisation from its entry."""

    def __init__(self, organisation: Organisation, entry: Entry, report: UpdateReport) -> None:
        self.organisation, self.entry, self.report = organisation, entry, report
        self.called = str(organisation)
        self.past = _Past(organisation)

    def apply(self) -> None:
        """Change what differs, unless somebody changed it here."""
        self._rename()
        official, *others = _wanted_names(self.entry)
        if key_of(official["text"]) != key_of(self.organisation.name):
            # It has another one here. It is found by this one all the same.
            official["kind"] = Name.Kind.ALIAS.value
        for wanted in (official, *others):
            self._take_name(wanted)
        for wanted in self.entry.get("identifiers", []):
            self._take_identifier(Identifier(organisation=self.organisation, **wanted))
        self._take_fields()

    def _changed(self, what: str) -> None:
        self.report.changed.append(f"{self.called}: {what}")

    def _left(self, what: str) -> None:
        self.report.left.append(f"{self.called}: {what}")

    def _save(self, thing: Organisation | Name | Identifier, what: str) -> None:
        try:
            changes.save(thing)
        except ValidationError as refusal:
            self._left(f"not {what}: {' '.join(refusal.messages)}")
        else:
            self._changed(what)

    def _rename(self) -> None:
        """Give it the official name of the entry, where the file knows the one that it has."""
        wanted, stored = self.entry["name"], self.organisation.name
        if wanted == stored:
            return
        known = {key_of(each["text"]) for each in _wanted_names(self.entry)}
        if key_of(stored) not in known or not self.past.is_own_field("name"):
            self._left(f"the official name was chosen here, so it is not {wanted}.")
            return
        self.organisation.name = wanted
        self._save(self.organisation, f"renamed {wanted}")
        self.organisation.refresh_from_db()
        self.past.take_name(wanted)

    def _take_name(self, wanted: dict[str, str]) -> None:
        key, text = key_of(wanted["text"]), wanted["text"]
        name = Name.objects.filter(key=key).select_related("organisation").first()
        if name is None and key in self.past.names:
            self._left(f"the name ‘{text}’ was removed here.")
        elif name is None:
            new = Name(organisation=self.organisation, **wanted)
            self._save(new, f"name added: {_in_words(wanted)}")
        elif name.organisation_id != self.organisation.pk:
            self._left(f"the name ‘{text}’ is one of {name.organisation}.")
        elif differ := _differing(name, wanted):
            self._change_name(name, wanted, differ)

    def _change_name(self, name: Name, wanted: Values, differ: Iterable[str]) -> None:
        if not self.past.is_own_name(name):
            self._left(f"the name ‘{name}’ was changed here.")
            return
        for each in differ:
            setattr(name, each, wanted[each])
        self._save(name, f"name changed: {_in_words(wanted)}")

    def _take_identifier(self, wanted: Identifier) -> None:
        same = Identifier.objects.filter(scheme=wanted.scheme, value=wanted.value)
        stored = same.select_related("organisation").first()
        if stored is None and (wanted.scheme, wanted.value) in self.past.identifiers:
            self._left(f"{wanted} was removed here.")
        elif stored is None:
            self._save(wanted, f"identifier added: {wanted}")
        elif stored.organisation_id != self.organisation.pk:
            self._left(f"{wanted} is one of {stored.organisation}.")

    def _take_fields(self) -> None:
        for name in FIELDS:
            wanted = self.entry.get(name, "")
            if getattr(self.organisation, name) == wanted:
                continue
            label = str(Organisation._meta.get_field(name).verbose_name)  # type: ignore[union-attr]  # no relation
            if self.past.is_own_field(name):
                setattr(self.organisation, name, wanted)
                self._save(self.organisation, f"{label} changed")
            else:
                self._left(f"the {label} was changed here.")


def _differing(name: Name, wanted: Values) -> list[str]:
    return [each for each in VALUES if getattr(name, each) != wanted[each]]


def _in_words(name: Values) -> str:
    kind = str(dict(Name.Kind.choices).get(name["kind"], name["kind"])).lower()
    source = f"; source: {name['source']}" if name["source"] else ""
    return f"{name['text']} ({kind}{source})"


class _Past:
    """What an organisation was, from its changes: what it ever had, and whose each value is.

    A value is the register's own where it was last set by the loading of the whole
    register, with the first change of an organisation and what was saved at its time, or
    by an update; and somebody's where any other change set it, or none says who.
    """

    def __init__(self, organisation: Organisation) -> None:
        self.names: set[str] = set()
        self.identifiers: set[tuple[str, str]] = set()
        self._own_names: dict[str, bool] = {}
        self._own_fields: dict[str, bool] = {}
        before: dict[str, Any] | None = None
        for own, snapshot in _states(organisation):
            now = _flat(snapshot)
            for kind, owned in (("names", self._own_names), ("fields", self._own_fields)):
                for key, value in now[kind].items():
                    if before is None or before[kind].get(key) != value:
                        owned[key] = own
            self.names |= now["names"].keys()
            self.identifiers |= now["identifiers"]
            before = now

    def is_own_name(self, name: Name) -> bool:
        """Return whether nobody but the register itself said what the name is."""
        return self._own_names.get(name.key, False)

    def take_name(self, text: str) -> None:
        """Remember a name that this update gives."""
        self._own_names.setdefault(key_of(text), True)

    def is_own_field(self, name: str) -> bool:
        """Return whether nobody but the register itself filled the field."""
        return self._own_fields.get(name, False)


def _states(organisation: Organisation) -> Iterator[tuple[bool, Snapshot]]:
    """Give each recorded state, the oldest first, with whether the register itself made it.

    The last is as it is stored now.
    """
    recorded = Change.objects.about(Organisation, organisation.pk).order_by("made_at", "pk")
    loaded_at, is_own, has_snapshot = None, True, False
    for change in recorded.only("by", "why", "made_at", "snapshot").iterator():
        loaded_at = loaded_at or change.made_at
        is_own = change.by_id is None and (change.made_at == loaded_at or change.why == WHY)
        if change.snapshot is not None:
            has_snapshot = True
            yield is_own, change.snapshot
    # What no change says was done by somebody, unless the first was the only one.
    yield is_own and not has_snapshot, cast(Snapshot, snapshot_of(organisation))


def _flat(snapshot: Snapshot) -> dict[str, Any]:
    """Return the names by their keys, the fields, and the identifiers of a snapshot."""
    names = {
        key_of(each["text"]): tuple(each.get(name, "") for name in VALUES)
        for each in snapshot["parts"]["names"]
    }
    identifiers = {
        (each["scheme"], each["value"]) for each in snapshot["parts"].get("identifiers", [])
    }
    fields = {name: snapshot["fields"].get(name) for name in (*FIELDS, "name")}
    return {"names": names, "identifiers": identifiers, "fields": fields}
