"""The tables of django-simple-history become changes: each save is a change with a snapshot.

Where an official change with the same state was dated just before a save, it is that
save's: what only the history knew, notes for administrators and contacts, is added to
its snapshot. All else (drafts, notes, contacts, deletions, and saves of changes that
kept no snapshot) becomes a change of its own, which is not public. Everything is done in one transaction: where it is interrupted,
it begins anew.
"""

import copy
import datetime
from bisect import bisect_right
from itertools import islice
from types import SimpleNamespace

from django.db import migrations
from django.db.models import F, Q

ADDED = "Added to this register."
TAKEN_OUT = "Taken out of this register."
WITHDRAWN = "Status changed from Published to Withdrawn."
REINSTATED = "Status changed from Withdrawn to Published."

PARTS = {
    "protocol": {
        "parties": ("party", "protocol_id"),
        "overarching": ("overarching", "protocol_id"),
        "documents": ("document", "protocol_id"),
        "reviews": ("review", "protocol_id"),
    },
    "organisation": {
        "names": ("name", "organisation_id"),
        "successions": ("succession", "organisation_id"),
        "approvers": ("approver", "organisation_id"),
        "contact": ("contact", "organisation_id"),
    },
    "theme": {},
    "news": {},
    "resource": {},
    "gap": {},
}
# How the words of a change begin that pointed at nothing.
NOUNS = {
    "Theme": "theme",
    "News": "news",
    "Resource": "resource",
    "Reference without a protocol": "gap",
    "Organisation": "organisation",
}
# How the lines begin that the differences of two snapshots say too.
LABELS = {
    "protocol": (
        "Reference", "Title", "Version", "Theme", "Status", "Purpose", "Summary",
        "Information shared", "Whose information it is", "Lawful basis for sharing",
        "List of parties is complete", "Note on the parties", "Review date", "Review note",
        "Published on", "Updated on", "Withdrawn on", "Withdrawn reason", "Replaced by",
        "Note for administrators", "Lead organisation", "Other organisations", "Comes under",
        "Documents",
    ),
    "organisation": (
        "Id", "Official name", "Slug", "Kind", "Note", "Note for administrators", "Names",
        "Became part of", "Approvers",
    ),
}
# How such a line goes on after its label.
VERBS = ("recorded: ", "changed", "taken out", "added: ", "put in another order")
# The line that says a new name, and the field of the name.
RENAMED = {
    "organisation": ("Official name", "name"),
    "theme": ("Name", "name"),
    "protocol": ("Title", "title"),
}
EXCLUDED = {"key", "by"}
PRIVATE_PARTS = {"contact"}
AT_ONCE = datetime.timedelta(seconds=1)  # rows so close, by one user, are of one save
BEFORE_IT = datetime.timedelta(seconds=5)  # a change was dated so long before its rows at most,
BULK = datetime.timedelta(hours=1)  # and one of many that a spreadsheet made, so long
INSTANT = datetime.timedelta(microseconds=1)
BATCH = 200


def move_history(apps, schema_editor):
    """Give every change its subject and kind, and turn the history's rows into changes."""
    database = schema_editor.connection.alias

    def get(name):
        """Return a model whose manager asks the database that is migrated."""
        model = apps.get_model("registers", name)
        model.rows = model._base_manager.db_manager(database)
        return model

    _describe_changes(get)
    used = get("historicalprotocol").rows.order_by().values_list("reference", flat=True)
    gone = used.exclude(reference__in=get("protocol").rows.values("pk")).distinct()
    get("usedreference").rows.bulk_create(
        (get("usedreference")(reference=reference) for reference in gone), ignore_conflicts=True
    )
    names = _Names(get, database)
    for subject in PARTS:
        _replay_all(get, subject, names)
    for subject in RENAMED:
        _add_baselines(get, subject)


# What every change is about ------------------------------------------------------------------


def _describe_changes(get):
    changes = get("change").rows
    changes.update(public=True)
    changes.filter(what=ADDED).update(kind="added", event=ADDED)
    protocols = changes.filter(protocol__isnull=False)
    protocols.update(subject_type="protocol", subject_key=F("protocol_id"))
    rest = changes.exclude(what=ADDED, protocol__isnull=False)
    altered = []
    for change in rest.order_by("pk").iterator(chunk_size=500):
        _describe(get, change)
        altered.append(change)
        if len(altered) == BATCH:
            changes.bulk_update(altered, ["subject_type", "subject_key", "kind", "event"])
            altered = []
    changes.bulk_update(altered, ["subject_type", "subject_key", "kind", "event"])


def _describe(get, change):
    lines = change.what.splitlines()
    fields = (change.snapshot or {}).get("fields", {})
    if change.protocol_id:
        change.subject_type, change.subject_key = "protocol", change.protocol_id
    elif change.organisation_id:
        change.subject_type = "organisation"
        change.subject_key = str(fields.get("id", change.organisation_id))
    else:
        noun, _, words = change.what.partition(" '")
        change.subject_type = NOUNS.get(noun, "")
        name, _, first = words.partition("': ")
        lines = [first.splitlines()[0] if first else "", *lines[1:]]
        change.subject_key = str(
            fields.get("id", fields.get("reference", "")) or _key_of_gone(get, change.subject_type, name)
        )
    change.kind = next(
        (
            kind
            for line, kind in (
                (ADDED, "added"),
                (TAKEN_OUT, "removed"),
                (WITHDRAWN, "withdrawn"),
                (REINSTATED, "reinstated"),
            )
            if line in lines
        ),
        "changed",
    )
    labels = tuple(
        f"{label} {verb}" for label in LABELS.get(change.subject_type, ()) for verb in VERBS
    )
    change.event = "\n".join(line for line in lines if not line.startswith(labels))
    if change.subject_type not in LABELS:
        change.event = next((line for line in lines if line in {ADDED, TAKEN_OUT}), "")


def _key_of_gone(get, subject, name):
    """Return the key of what was deleted, by its last name; empty where that is not known."""
    if not subject:
        return ""
    if subject == "gap":
        return name[:20]
    called = "name" if subject in {"theme", "organisation"} else "title"
    rows = get(f"historical{subject}").rows.filter(**{called: name}, history_type="-")
    return next(iter(rows.order_by("-history_date").values_list("id", flat=True)[:1]), "")


# What the history's rows say -----------------------------------------------------------------


class _Names:
    """What organisations, themes and protocols were called at a time, for snapshots."""

    def __init__(self, get, database):
        self._get, self.database = get, database
        self._known = {}

    def of(self, model, key, at):
        """Return a relation as a snapshot holds it."""
        names = self._timeline(model, key)
        earlier = [said for since, said in names if since <= at]
        says = earlier[-1] if earlier else names[0][1] if names else {"says": "No longer in this register"}
        return {"key": key} | says

    def _timeline(self, model, key):
        if (model, key) not in self._known:
            history = self._get(f"historical{model}").rows.filter(
                **{"reference" if model == "protocol" else "id": key}
            )
            rows = [(row.history_date, _says(model, row)) for row in history.order_by("history_date", "history_id")]
            if not rows:
                rows = [
                    (datetime.datetime.min.replace(tzinfo=datetime.UTC), _says(model, row))
                    for row in self._get(model).rows.filter(pk=key)
                ]
            self._known[model, key] = rows
        return self._known[model, key]


def _says(model, row):
    if model == "protocol":
        return {"says": f"{row.reference} - {row.title}"}
    return {"says": row.name, "slug": row.slug}


def _replay_all(get, subject, names):
    """Turn the rows of every object of one model, and of its parts, into changes."""
    pk = get(subject)._meta.pk.attname
    keys = set(get(f"historical{subject}").rows.order_by().values_list(pk, flat=True).distinct())
    for table, owner in PARTS[subject].values():
        rows = get(f"historical{table}").rows.order_by()
        keys |= set(rows.values_list(owner, flat=True).distinct())
    ordered = iter(sorted(key for key in keys if key is not None))
    while some := list(islice(ordered, BATCH)):
        _replay_some(get, subject, pk, some, names)


def _replay_some(get, subject, pk, keys, names):
    rows = {subject: _grouped(get(f"historical{subject}").rows.filter(**{f"{pk}__in": keys}), pk)}
    stored = {subject: get(subject).rows.in_bulk(keys)}
    owners = {subject: {}}
    for table, owner in PARTS[subject].values():
        history = get(f"historical{table}").rows
        theirs = history.filter(**{f"{owner}__in": keys}).values("id")
        rows[table] = _grouped(history.filter(id__in=theirs), "id")
        stored[table] = {row.pk: row for row in get(table).rows.filter(**{f"{owner}__in": keys})}
        owners[table] = {}
        for key, several in rows[table].items():
            for row in several:
                owners[table].setdefault(getattr(row, owner), set()).add(key)
    changes = {}
    for change in get("change").rows.filter(
        subject_type=subject, subject_key__in=[str(key) for key in keys]
    ).order_by("made_at", "pk"):
        changes.setdefault(change.subject_key, []).append(change)
    made, altered = [], []
    for key in keys:
        replay = _Replay(get, subject, key, names, changes.get(str(key), []))
        replay.begin(rows, stored, owners)
        replay.run()
        made += replay.made
        altered += replay.altered.values()
    get("change").rows.bulk_create(made)
    get("change").rows.bulk_update(altered, ["snapshot"], batch_size=100)


def _grouped(rows, by):
    found = {}
    for row in rows.order_by("history_date", "history_id"):
        found.setdefault(getattr(row, by), []).append(row)
    return found


class _Replay:
    """One object's rows, saved one after the other, and the changes that they are."""

    def __init__(self, get, subject, key, names, changes):
        self.get, self.subject, self.key, self.names = get, subject, key, names
        self.changes = changes
        self.open = [change for change in changes if change.snapshot]
        self.is_told_as_gone = any(change.kind == "removed" for change in changes)
        self.own, self.parts, self.events = None, {}, []
        self.made, self.altered, self.guessed = [], {}, set()
        self.marks = sorted(change.made_at for change in changes)
        self.last = datetime.datetime.min.replace(tzinfo=datetime.UTC)  # of the save before

    def begin(self, rows, stored, owners):
        """Find how it stood before its first row, and the rows in their order."""
        own = rows[self.subject].get(self.key, [])
        if not own or own[0].history_type != "+":
            # It was there before its history began: what it was called, its changes say.
            first = own[0] if own else stored[self.subject].get(self.key)
            if first is not None:
                columns = [field.attname for field in self.get(self.subject)._meta.concrete_fields]
                self.own = SimpleNamespace(**{each: getattr(first, each) for each in columns})
                self._call_as_at_first()
        self.events += [(row.history_date, 0, row.history_id, self.subject, row) for row in own]
        for order, (kind, (table, owner)) in enumerate(PARTS[self.subject].items(), 1):
            self.parts[kind] = {}
            theirs = owners[table].get(self.key, set())
            for key in theirs:
                several = rows[table][key]
                first = several[0]
                if first.history_type != "+" and getattr(first, owner) == self.key:
                    self.parts[kind][key] = first
                self.events += [
                    (row.history_date, order, row.history_id, kind, row)
                    for row in self._own_rows(several, owner)
                ]
            for key, row in stored[table].items():
                if key not in theirs and getattr(row, owner) == self.key and key not in rows[table]:
                    self.parts[kind][key] = row
        self.events.sort(key=lambda event: event[:3])
        seen = set()
        for *_, number, kind, row in self.events:
            thing = (kind, getattr(row, "id", None))
            if thing not in seen and row.history_type != "+":
                self.guessed.add((kind, number))  # how it stood before is not known
            seen.add(thing)

    def _own_rows(self, rows, owner):
        """Give the rows of a part from when it was here, and the one by which it went."""
        was_here = False
        for row in rows:
            is_here = getattr(row, owner) == self.key
            if is_here or was_here:
                yield row
            was_here = is_here and row.history_type != "-"

    def _call_as_at_first(self):
        """Let it have the name from before the first change that renamed it."""
        label, name = RENAMED.get(self.subject, ("", ""))
        renames = [change for change in self.open if label and f"{label} changed" in change.what]
        for change in renames[:1]:
            setattr(self.own, name, _value_before(change.what, label, change.snapshot["fields"][name]))

    def run(self):
        """Apply the rows save by save, and note the change that each save is."""
        number = 0
        while number < len(self.events):
            at, *_, row = self.events[number]
            first, user = at, row.history_user_id
            existed = self.own is not None
            before = self._snapshot(first) if existed else None
            is_guessed = False
            while number < len(self.events):
                next_at, _, row_number, kind, row = self.events[number]
                if next_at - at > AT_ONCE or row.history_user_id != user:
                    break
                if bisect_right(self.marks, next_at) != bisect_right(self.marks, first):
                    break  # an official change began in between
                self._apply(kind, row)
                is_guessed |= (kind, row_number) in self.guessed
                at, number = next_at, number + 1
            if not existed and self.own is None:
                continue
            number_made = len(self.made)
            self._note(first, at, user, before, is_guessed)
            self.last = at
            if before and len(self.made) > number_made and not self._is_known(first):
                # Else nothing would say what this save altered.
                self._make(first - INSTANT, None, "baseline", before)

    def _apply(self, kind, row):
        if kind == self.subject:
            self.own = None if row.history_type == "-" else row
            return
        _, owner = PARTS[self.subject][kind]
        if row.history_type == "-" or getattr(row, owner) != self.key:
            self.parts[kind].pop(row.id, None)
        else:
            self.parts[kind][row.id] = row

    def _is_known(self, at):
        """Return whether a snapshot says how it stood just before `at`."""
        known = [*self.changes, *self.made]
        return any(change.snapshot and change.made_at < at for change in known)

    def _note(self, first, at, user, before, is_guessed):
        """Note one save. `before` is the state before it, None for none, or a guess."""
        state = self._snapshot(at)
        if state is None:
            if not self.is_told_as_gone:
                self._make(at, user, "removed", None)
            return
        said = _comparable(state)
        # A save that altered nothing public is no official change, unless one says so then:
        # the state before may not be known.
        altered = before is None or is_guessed or _comparable(before) != said
        for change in reversed(self.open):
            since = first - change.made_at
            if not -AT_ONCE <= since <= (BULK if altered else BEFORE_IT):
                continue
            if since > BEFORE_IT and change.made_at < self.last:
                continue  # another save came after it
            if _comparable(change.snapshot) == _only(said, change.snapshot):
                self.open.remove(change)
                if _private(state) != _private(change.snapshot):
                    change.snapshot["fields"] |= _private(state)[0]
                    change.snapshot["parts"] |= _private(state)[1]
                    self.altered[change.pk] = change
                return
        self._make(at, user, "changed" if before else "added", state)

    def _make(self, at, user, kind, state):
        self.made.append(
            self.get("change")(
                made_at=at,
                subject_type=self.subject,
                subject_key=str(self.key),
                public=False,
                kind=kind,
                what="",
                event="",
                why="",
                by_id=user if user in self._users() else None,
                snapshot=state,
            )
        )

    def _users(self):
        users = getattr(self.names, "users", None)
        if users is None:
            model = self.get("change")._meta.get_field("by").related_model
            users = self.names.users = set(model._base_manager.db_manager(self.names.database).values_list("pk", flat=True))
        return users

    def _snapshot(self, at):
        if self.own is None:
            return None
        snapshot = {"fields": self._values(self.subject, self.own, at, ""), "parts": {}}
        for kind, (table, owner) in PARTS[self.subject].items():
            rows = [row for row in self.parts[kind].values() if not getattr(row, "taken_off", False)]
            values = [self._values(table, row, at, owner) for row in rows]
            values.sort(key=lambda each: (each.get("position", 0), str(each.get("text", "")), each["id"]))
            snapshot["parts"][kind] = values
        return snapshot

    def _values(self, table, row, at, owner):
        values = {}
        for field in self.get(table)._meta.fields:
            if field.name in EXCLUDED or field.attname == owner:
                continue
            value = getattr(row, field.attname)
            if field.is_relation and value is not None:
                value = self.names.of(field.related_model._meta.model_name, value, at)
            elif hasattr(value, "isoformat"):
                value = value.isoformat()
            elif field.get_internal_type() == "FileField":
                value = str(value or "")
            values[field.name] = value
        return values


def _comparable(snapshot):
    """Return what the public reads of a snapshot, for comparison."""

    def plain(values):
        return {
            name: value["key"] if isinstance(value, dict) else value
            for name, value in values.items()
            if name != "admin_note"
        }

    return plain(snapshot["fields"]), {
        kind: {part["id"]: plain(part) for part in parts}
        for kind, parts in snapshot["parts"].items()
        if kind != "reviews" and kind not in PRIVATE_PARTS
    }


def _only(said, snapshot):
    """Return what was compared, in the fields that the other snapshot has."""
    fields, parts = said
    known = {name: value for name, value in fields.items() if name in snapshot["fields"]}
    return known, {kind: rows for kind, rows in parts.items() if kind in snapshot["parts"]}


def _private(snapshot):
    """Return what of a snapshot only editors read, where there is any of it."""
    note = snapshot["fields"].get("admin_note")
    contact = snapshot["parts"].get("contact")
    return {"admin_note": note} if note else {}, {"contact": contact} if contact else {}


# Names from before the first snapshot -------------------------------------------------------------


def _add_baselines(get, subject):
    """Add the state before a change that renamed something, where no snapshot says it."""
    label, name = RENAMED[subject]
    changes = get("change").rows.filter(subject_type=subject)
    renames = changes.filter(what__contains=f"{label} changed").exclude(snapshot=None)
    seen = set()
    for change in renames.order_by("made_at", "pk"):
        if change.subject_key in seen:
            continue
        seen.add(change.subject_key)
        earlier = changes.filter(subject_key=change.subject_key).filter(
            Q(made_at__lt=change.made_at) | Q(made_at=change.made_at, pk__lt=change.pk)
        )
        if earlier.exclude(snapshot=None).exists():
            continue
        before = _value_before(change.what, label, change.snapshot["fields"][name])
        snapshot = copy.deepcopy(change.snapshot)
        snapshot["fields"][name] = before
        get("change").rows.create(
            made_at=change.made_at - datetime.timedelta(microseconds=1),
            subject_type=subject,
            subject_key=change.subject_key,
            public=False,
            kind="baseline",
            what="",
            event="",
            why="",
            snapshot=snapshot,
        )


def _value_before(what, field, now):
    """Return the value of a field before a change, by its words."""
    said = " ".join(str(now).split()).removesuffix(".")
    for line in what.splitlines():
        line = line.partition("': ")[2] if "': " in line and not line.startswith(field) else line
        for begins, ends in (
            (f"{field} changed from ", f" to {said}."),
            (f"{field} changed. It was: ", "."),
        ):
            if line.startswith(begins) and line.endswith(ends):
                return line.removeprefix(begins).removesuffix(ends)
    return now


class Migration(migrations.Migration):
    dependencies = [
        ("registers", "0011_snapshots"),
    ]

    operations = [
        migrations.RunPython(move_history, migrations.RunPython.noop, elidable=True),
    ]
