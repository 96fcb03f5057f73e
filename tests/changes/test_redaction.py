"""Words are taken out of every place: the places are derived from all that is installed."""

from __future__ import annotations

import datetime
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.core import signing
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, connections, models, transaction
from django.db.backends.sqlite3.base import DatabaseWrapper
from django.test import Client
from django.test.utils import CaptureQueriesContext, isolate_apps

from registers import changes
from registers.changes.redaction.files import texts_of_file
from registers.changes.redaction.marked import Marked
from registers.changes.redaction.places import How, all_models, fields_of, how_cleaned
from registers.changes.redaction.redact import Reason, Wanted, compact, papers_of
from registers.changes.redaction.rows import find_rows
from registers.changes.redaction.values import cleaned_values
from registers.models import (
    Change,
    Contact,
    Document,
    EarlierVersion,
    FormDraft,
    ImportJob,
    Merge,
    Name,
    News,
    Organisation,
    Protocol,
    Resource,
    Slug,
    UsedReference,
    VocabularyWord,
)
from registers.search.text.engine import PROTOCOLS, TABLE_NAMES, engine
from registers.search.text.words import prepare
from tests import database_copy, papers
from tests.cast import groups
from tests.examples import make_examples
from tests.models.making import NOW, saved
from tests.public.asking import ask, cached

WORD = "Quxzorby"
STEM = b"quxzorb"
ON = datetime.date(2026, 11, 29)
AT = datetime.datetime(2026, 11, 29, 12, tzinfo=datetime.UTC)
MARKER = "[taken out on 29 November 2026: personal data]"


def take_out(subject: models.Model, *texts: str, files: Any = ()) -> int:
    wanted = Wanted(texts=texts, files=frozenset(files), reason=Reason.PERSONAL)
    shown = changes.preview_redaction(wanted, on=ON).digest
    return changes.redact(subject, wanted, shown=shown, at=AT, by=None)


@pytest.mark.parametrize(
    ("stored", "cleaned"),
    [
        ("By Zoë O'Hara.", "By X."),
        ("ZOË  O’HARA’s", "X’s"),
        ("zoë\nO&#x27;Hara", "X"),
        ("Zo\\u00eb O'Hara", "X"),
        ("\\nZoë O'Hara", "\\nX"),
        ("?q=Zo%C3%AB%20O%27Hara", "?q=X"),
        ("/organisations/zoe-ohara/", "/organisations/X/"),
        ("Zoë O'Harana", "Zoë O'Harana"),
        ("McZoë O'Hara", "McZoë O'Hara"),
        ("Zoe\u0308 O'Hara", "X"),
    ],
)
def test_the_forms_in_which_words_are_stored(stored, cleaned):
    assert Marked(["Zoë O'Hara"], marker="X").clean(stored) == cleaned


@pytest.mark.parametrize(
    ("stored", "cleaned"),
    [
        ("of **Quorra** Smith-Jones.", "of **X."),
        ("of [Quorra](https://example.org/a) *Smith-Jones*", "of [X*"),
        ("Quorra&#32;Smith-Jones", "X"),
        ("Quorra&nbsp;Smith\u2011Jones", "X"),
        ("Quor\u200bra\u200b Smith\u2013Jones", "X"),
        (r"Quor\u200bra Smith\u2011Jones", "X"),
        ("Quo\u00adrra, Smith-Jones", "Quo\u00adrra, Smith-Jones"),
        ("07700\u2011900123", "X"),
        ("07700 900 123 or (07700) 900-123", "X or (X"),
        ("07700900123", "X"),
        ("107700900123 or 07700900124", "107700900123 or 07700900124"),
        ("A1 943-476-5919 b", "X"),
    ],
)
@pytest.mark.both_databases
def test_what_readers_see_as_the_same_words_is_found(stored, cleaned):
    texts = ["Quorra Smith-Jones", "07700 900123", "A1 943 476 5919 B"]
    assert Marked(texts, marker="X").clean(stored) == cleaned
    protocol = Protocol.objects.get(pk="0046")
    Protocol.objects.filter(pk="0046").update(purpose=stored)
    found = list(find_rows(Marked(texts[:1], marker="X")))
    assert bool(found) == ("X" in cleaned and "Jones" in stored), protocol


@pytest.mark.both_databases
def test_words_without_english_letters_are_found_in_every_row():
    Protocol.objects.filter(pk="0046").update(purpose="Ask Ωμέγα.")
    (found,) = find_rows(Marked(["Ωμέγα"], marker="X"))
    assert found.key == "0046"


@pytest.mark.parametrize(
    ("text", "longest", "cleaned"),
    [("by Ann Lee", 20, "by [taken out]"), ("by Ann Lee", 8, "by [take"), ("of Ann", 3, "of Ann")],
)
def test_a_short_field_has_a_short_marker(text, longest, cleaned):
    assert Marked(["Ann Lee"], marker=MARKER).clean(text, longest) == cleaned


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("of nobody", ""),
        ("by Ann Lee", "by Ann Lee"),
        ("it was by Ann Lee, I think", "… s by Ann Lee, I t …"),
        ("at/ann-lee/", "at/ann-lee/"),
        ("by A long text that is ticked as a whole here", "by A long  … whole here"),
    ],
)
def test_the_words_around_the_first(text, shown):
    texts = ["Ann Lee", "A long text that is ticked as a whole"]
    assert Marked(texts, marker=MARKER).context(text, 5) == shown


@pytest.mark.parametrize("word", ["李小龙2", "Øl", "Zoë 李"])
def test_what_no_slug_can_write_is_in_none(word):
    assert Marked([word], marker="X").clean_slug("report-2-ol-zoe") == "report-2-ol-zoe"


@pytest.mark.parametrize(
    ("content", "held"),
    [
        (f"of {WORD}".encode(), True),
        (f"x{WORD}".encode("utf-16-le"), False),
        (b"\0" + f" {WORD} ".encode("utf-16-le"), True),
        (papers.archive({"word/document.xml": "<w:t>of Qux</w:t><w:t>zorby</w:t>"}), True),
        (papers.archive({"word/document.xml": "<w:t>of nobody</w:t>"}), False),
        (papers.with_flag(papers.docx()), False),
        (b"PK\x05\x06" + b"\0" * 18 + WORD.encode(), True),
    ],
)
def test_files_are_read_as_bytes_and_unpacked(content, held):
    assert bool(Marked([WORD], marker="X").found_in(texts_of_file(content))) == held


def test_of_a_large_archive_so_much_is_read(monkeypatch):
    monkeypatch.setattr("registers.changes.redaction.files.UNPACKED_BYTES", 10)
    archive = papers.archive({"a.xml": "x" * 10, "b.xml": f"of {WORD}"})
    assert not Marked([WORD], marker="X").found_in(texts_of_file(archive))


def test_each_field_of_each_model_has_a_way():
    for model in all_models():
        assert fields_of(model) is not None
    ways = {each for model in all_models() for each in fields_of(model).values()}
    assert ways == set(How)


@isolate_apps("registers")
def test_a_field_of_a_new_kind_must_be_handled():
    class New(models.Model):  # noqa: DJ008 (never stored)
        content = models.BinaryField()
        file = models.FileField()
        key = models.CharField(max_length=9, primary_key=True)
        text = models.TextField()
        values = models.JSONField()
        at = models.DateTimeField()

        class Meta:
            app_label = "registers"

    for name in ("content", "file", "key"):
        with pytest.raises(LookupError):
            how_cleaned(New._meta.get_field(name))
    assert [how_cleaned(New._meta.get_field(each)) for each in ("text", "values", "at")] == [
        How.TEXT,
        How.JSON,
        None,
    ]


# What is never saved again, or is looked at by a person before it is.
REFUSES_A_MARKER = {
    "registers.abbreviation.short",
    "registers.approvalrequest.email",
    "registers.reminder.email",
}


def test_what_is_left_can_be_saved_again():
    refusing = set()
    for model in apps.get_app_config("registers").get_models():
        for name, how in fields_of(model).items():
            field = model._meta.get_field(name)
            if how == How.TEXT and not field.blank:
                try:
                    field.run_validators("[taken out]")
                except ValidationError:
                    refusing.add(f"{model._meta.label_lower}.{name}")
    assert refusing == REFUSES_A_MARKER


@isolate_apps("registers")
def test_an_address_of_a_web_page_is_emptied():
    class Site(models.Model):  # noqa: DJ008 (never stored)
        url = models.URLField(blank=True)

        class Meta:
            app_label = "registers"

    marked = Marked([WORD], marker=MARKER)
    for url, cleaned in ((f"https://example.org/{WORD}", ""), ("https://example.org/", None)):
        assert cleaned_values(Site, {"url": url}, marked) == {"url": url if cleaned is None else ""}


@pytest.mark.parametrize("text", [WORD, f"{WORD}.pdf"])
@pytest.mark.parametrize("model", [Document, Resource, EarlierVersion])
def test_a_file_can_be_saved_under_its_name(model, text):
    cleaned = cleaned_values(model, {"name": f"{WORD}.pdf"}, Marked([text], marker=MARKER))
    assert cleaned["name"] == "[taken out on 29 November 2026 personal data].pdf"


# Every place ---------------------------------------------------------------------------------


@pytest.fixture
def database(real_register, tmp_path) -> Iterator[Path | None]:
    """A database whose transactions are real; of SQLite, the file that it is in."""
    if connection.vendor == "postgresql":
        groups()
        yield None
        return
    path = tmp_path / "register.sqlite3"
    in_memory = connections["default"]
    file = sqlite3.connect(path)
    database_copy.copy_to(file)
    file.close()
    options = {
        **in_memory.settings_dict["OPTIONS"],
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
    given = {**in_memory.settings_dict, "NAME": str(path), "OPTIONS": options}
    connections["default"] = DatabaseWrapper(given, "default")
    try:
        yield path
    finally:
        connections["default"].close()
        connections["default"] = in_memory


TOKEN = ["x", "1", "", {"fields": {"review_date": WORD, "theme": {"says": WORD}}}, None]
PLANTED = {
    How.TEXT: lambda before, longest: f"Of {WORD}."[: longest or None],
    How.JSON: lambda before, longest: (
        {**before, "planted": [f"a {WORD}", {WORD: None}]}
        if isinstance(before, dict)
        else [["a", f"of {WORD}", "b"]]
    ),
    How.SLUG: lambda before, longest: f"{WORD.lower()}-{before or ''}"[:50],
    How.KEY: lambda before, longest: WORD.lower(),
    How.ROW: lambda before, longest: f"{WORD}@example.org",
    How.DRAFT: lambda before, longest: [
        ["title", f"Of {WORD}"],
        ["review_date", WORD],
        ["parties-0-role", WORD],
        ["status", "published"],
        ["published_on", "2026-11-29"],
        ["edit_token", signing.dumps(TOKEN, salt="edit_token")],
    ],
    How.SESSION: lambda before, longest: SessionStore().encode({"of": [WORD]}),
    How.IMPORT: lambda before, longest: WORD.encode() if isinstance(before, bytes) else WORD,
    How.SEARCH: lambda before, longest: WORD.lower(),
}


def plant() -> list[str]:
    """Write the word into each field that can hold it; return the fields."""
    planted = []
    for model in all_models():
        for name, how in fields_of(model).items():
            if how in {How.CODE, How.ACCOUNT, How.REFUSED, How.PAPER}:
                continue
            field = model._meta.get_field(name)
            for row in rows_of(model):
                before = getattr(row, name)
                before = bytes(before) if isinstance(before, memoryview) else before
                value = PLANTED[how](before, field.max_length)
                try:
                    with transaction.atomic():
                        model._base_manager.filter(pk=row.pk).update(**{name: value})
                except IntegrityError:
                    continue
                planted.append(f"{model._meta.label}.{name}")
                break
            else:
                raise AssertionError(f"Nothing could be planted in {model._meta.label}.{name}.")
    engine().write(PROTOCOLS, [(99_999, [prepare([WORD])] * len(PROTOCOLS.fields))])
    return planted


def rows_of(model: type[models.Model]) -> list[Any]:
    """Return stored rows of a model, or one that is made of what its fields may be."""
    if not model._base_manager.exists():
        values: dict[str, Any] = {}
        for field in model._meta.concrete_fields:
            if isinstance(field, models.ForeignKey):
                values[field.attname] = field.related_model._base_manager.values_list(
                    field.target_field.name, flat=True
                ).first()
            elif isinstance(field, models.DateField):
                values[field.name] = NOW
            elif isinstance(field, models.IntegerField) and not field.primary_key:
                values[field.name] = 1
            elif isinstance(field, models.JSONField):
                values[field.name] = {}
            elif isinstance(field, models.GenericIPAddressField):
                values[field.name] = "192.0.2.1"
        model._base_manager.bulk_create([model(**values)])
    return list(model._base_manager.all()[:40])


def left() -> list[str]:
    """Return the columns of all tables that still hold the word: search tables included."""
    held = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            names = [each[0] for each in cursor.description]
            for row in cursor.fetchall():
                held += [
                    f"{table}.{name}"
                    for name, value in zip(names, row, strict=True)
                    if STEM in as_bytes(value).lower()
                ]
    return held


def as_bytes(value: Any) -> bytes:
    return bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()


# Of SQLite, the database is another one, in a file.
@pytest.mark.both_databases
@pytest.mark.django_db(transaction=connection.vendor == "postgresql")
def test_a_word_in_each_field_is_found_nowhere_afterwards(database, tmp_path, settings):
    settings.MEDIA_ROOT, settings.EMAIL_FILE_PATH = tmp_path / "papers", str(tmp_path)
    make_examples()
    VocabularyWord.objects.create(text="anything", length=8, seen_in=1)
    planted = plant()
    assert len(planted) > 60
    assert {"registers.Change.snapshot", "sessions.Session.session_data"} <= set(planted)
    assert {"registers.Proposal.words", "registers.Proposal.job_title"} <= set(planted)
    cache.set("key", WORD)
    (tmp_path / "mail.log").write_text(f"Subject: A\nContent-Type: text/plain\n\nOf {WORD}.\n")
    (tmp_path / "other.log").write_text("Subject: B\nContent-Type: text/plain\n\nOf nobody.\n")
    assert left()
    subject = Protocol.objects.get(pk="0046")
    (document,) = Document.objects.filter(protocol=subject)
    document.file = ContentFile(papers.pdf(WORD), "of.pdf")
    saved(document, at=NOW)
    files = [each.file.name for each in papers_of(Protocol.objects.get(pk="0046"))]
    take_out(subject, WORD, files=files)
    assert not [each for each in Session.objects.all() if WORD in str(each.get_decoded())]
    (draft,) = FormDraft.objects.exclude(values=[])
    token = signing.loads(dict(draft.values)["edit_token"], salt="edit_token")
    assert token[3] == {"fields": {"review_date": MARKER, "theme": {"says": MARKER}}}
    assert [value for _, value in draft.values[1:5]] == [
        *(MARKER, MARKER),
        *("published", "2026-11-29"),
    ]
    assert cache.get("key") is None
    assert [each.name for each in tmp_path.glob("*.log")] == ["other.log"]
    assert compact()
    assert left() == []
    assert not [p for p in settings.MEDIA_ROOT.rglob("*") if p.is_file() and p.name in files]
    if database:
        for path in (database, database.with_name(f"{database.name}-wal")):
            assert STEM not in path.read_bytes().lower()
    told = Change.objects.public().filter(protocol=subject).first()
    assert MARKER[1:12] in told.what.lower()


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL waits for nobody")
@pytest.mark.parametrize("held_by", ["BEGIN IMMEDIATE", "BEGIN; SELECT * FROM registers_change"])
def test_compacting_says_that_somebody_uses_the_database(database, held_by, capsys):
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout = 0")
    other = sqlite3.connect(database, isolation_level=None)
    for statement in held_by.split("; "):
        other.execute(statement).fetchone()
    assert not compact()
    other.close()
    call_command("compact_database")
    assert "anew" in capsys.readouterr().out


# What stays ----------------------------------------------------------------------------------

pytestmark = pytest.mark.usefixtures("real_register")


@pytest.fixture
def named() -> Protocol:
    """A published protocol with the word in its purpose, and in a purpose that it once had."""
    protocol = Protocol.objects.get(pk="0046")
    for purpose in (f"Ask {WORD}.", "Ask nobody.", f"Ask {WORD.upper()} again."):
        with changes.record_change(protocol, at=NOW):
            protocol.purpose = purpose
            changes.save(protocol)
    return protocol


@pytest.mark.both_databases
def test_the_change_stays_with_the_day_and_the_reason(named, client: Client):
    addresses = [
        "/protocols/0046/",
        "/protocols/0046/changes/",
        f"/protocols/0046/?on={NOW:%Y-%m-%d}",
        "/protocols.atom",
        "/protocols.csv",
        f"/?q={WORD}",
    ]
    before = Change.objects.filter(protocol=named).count()
    take_out(named, WORD)
    for address in addresses:
        answer = client.get(address)
        body = (answer.getvalue() if answer.streaming else answer.content).decode()
        assert WORD.lower() not in body.replace(f"q={WORD}", "").lower() or "?q" in address, address
    changes_page = client.get("/protocols/0046/changes/").content.decode()
    assert MARKER in changes_page
    assert "Taken out on 29 November 2026: personal data." in changes_page
    assert client.get("/protocols/0046/").content.decode().count(MARKER)
    assert Change.objects.filter(protocol=named).count() == before + 1
    assert json.loads(client.get(f"/protocols.json?q={WORD}").getvalue())["count"] == 0


@pytest.mark.both_databases
def test_a_number_alone_is_searched_for_in_the_database():
    protocol = Protocol.objects.get(pk="0046")
    written = ["01632\u2013960\u2013123", "(01632)\n960-123", "0163\u200b2960123"]
    for purpose in (*written, "01632 960124", "1632 960123 0"):
        with changes.record_change(protocol, at=NOW):
            protocol.purpose = f"Call {purpose} first."
            changes.save(protocol)
    with CaptureQueriesContext(connection) as queries:
        preview = changes.preview_redaction(Wanted(texts=("01632960123",)), on=ON)
    snapshots = [row for row in preview.rows if "snapshot" in row.fields]
    assert len(snapshots) == len(written)
    assert Protocol not in {row.model for row in preview.rows}
    asked = next(each["sql"] for each in queries if 'FROM "registers_name"' in each["sql"])
    assert "%0%1%6%3%2%9%6%0%1%2%3%" in asked


def test_a_drafts_change_is_kept_in_the_audit_log():
    draft = saved(Protocol(reference="9001", title=f"Of {WORD}"))
    take_out(draft, WORD)
    draft.refresh_from_db()
    assert draft.title == f"Of {MARKER}"
    told = Change.objects.about(Protocol, "9001").first()
    assert (told.public, told.event[:12]) == (False, "Taken out on")


def test_names_that_became_alike_are_told_apart():
    organisation = saved(Organisation(name=f"{WORD} House"))
    for name in (f"{WORD} Home", f"{WORD} Hut"):
        saved(organisation, Name(organisation=organisation, text=name))
    take_out(organisation, f"{WORD} House", f"{WORD} Home", f"{WORD} Hut")
    organisation.refresh_from_db()
    names = dict(organisation.names.values_list("text", "kind"))
    assert len(names) == 3
    assert names[organisation.name] == Name.Kind.OFFICIAL
    assert not Slug.objects.filter(text__contains=WORD.lower()).exists()
    assert Slug.objects.filter(text=organisation.slug, organisation=organisation).exists()
    saved(organisation)  # it is as the ordinary checks want it
    assert organisation.names.count() == 3


def test_names_that_stay_alike_are_refused(monkeypatch):
    monkeypatch.setattr("registers.changes.redaction.marked.MOST_ALIKE", 2)
    organisation = saved(Organisation(name=f"{WORD} House"))
    saved(organisation, Name(organisation=organisation, text=f"{WORD} Home"))
    with pytest.raises(ValidationError, match="the same"), transaction.atomic():
        take_out(organisation, f"{WORD} House", f"{WORD} Home")


def test_the_file_of_a_resource_is_taken_out(tmp_path, settings):
    settings.MEDIA_ROOT = tmp_path
    file = ContentFile(papers.pdf(), "a.pdf")
    resource = saved(Resource(title="A form", slug="a-form", published_on=ON, file=file), at=NOW)
    (paper,) = papers_of(resource)
    take_out(resource, files=[paper.file.name])
    resource.refresh_from_db()
    assert (resource.file.name, resource.name) == ("", "")


def test_a_slug_with_the_words_is_another_one(client: Client):
    news = saved(News(title=f"Of {WORD}", slug=f"of-{WORD.lower()}", published_on=ON))
    other = saved(News(title="Other", slug="of-taken-out", published_on=ON))
    take_out(news, WORD)
    news.refresh_from_db()
    assert news.slug == f"{other.slug}-2"
    assert client.get(f"/news/of-{WORD.lower()}/").status_code == 404


@pytest.mark.parametrize(
    ("texts", "refused"),
    [
        ((), "choose"),
        (("a b",), "too short"),
        (("Nobodyatall",), "nowhere"),
        (("Personal data",), "stands in"),
        (("taken out",), "stands in"),
        (("November 2026",), "stands in"),
        (("by mistake",), "stands in"),
    ],
)
def test_too_little_is_refused(texts, refused):
    with pytest.raises(ValidationError, match=refused):
        take_out(Protocol.objects.get(pk="0046"), *texts)


def test_a_reference_is_refused_and_an_account_is_counted(administrator):
    UsedReference.objects.create(reference="XAB-1")
    subject = Protocol.objects.get(pk="0046")
    with pytest.raises(ValidationError, match="XAB-1"):
        take_out(subject, "xab-1")
    administrator.last_name = WORD
    administrator.save()
    administrator.authenticator_set.create(type="webauthn", data={"name": f"Of {WORD}"})
    assert changes.preview_redaction(Wanted(texts=(WORD,)), on=ON).accounts == 2


def test_a_place_is_called_as_its_field_is(named):
    places = changes.preview_redaction(Wanted(texts=(WORD,)), on=ON).places
    assert {"Protocol: purpose", "Earlier states of a record"} <= {each.what for each in places}


@pytest.mark.parametrize("most", ["MOST_RECORDS", "MOST_ROWS"])
def test_too_many_are_refused_and_not_all_looked_at(monkeypatch, named, most):
    monkeypatch.setattr(f"registers.changes.redaction.redact.{most}", 0)
    preview = changes.preview_redaction(Wanted(texts=(WORD,)), on=ON)
    assert len(preview.rows) == 1
    with pytest.raises(ValidationError, match="more than"):
        take_out(named, WORD)


@pytest.mark.parametrize(
    "other",
    [
        Wanted(texts=(WORD, "Ask")),
        Wanted(texts=(WORD,), files=frozenset(["a.pdf"])),
        Wanted(texts=(WORD,), reason=Reason.LEGAL),
    ],
    ids=["texts", "files", "reason"],
)
def test_only_what_was_shown_is_taken_out(named, other):
    shown = changes.preview_redaction(Wanted(texts=(WORD,)), on=ON).digest
    with pytest.raises(ValidationError, match="changed after you opened"):
        changes.redact(named, other, shown=shown, at=AT, by=None)
    assert Protocol.objects.filter(purpose__icontains=WORD).exists()


def test_what_changed_since_is_not_taken_out(named):
    wanted = Wanted(texts=(WORD,))
    shown = changes.preview_redaction(wanted, on=ON).digest
    # In the same place, as it was stored.
    Protocol.objects.filter(pk=named.pk).update(purpose=f"Ask {WORD}, and nobody else.")
    with pytest.raises(ValidationError, match="changed after you opened"):
        changes.redact(named, wanted, shown=shown, at=AT, by=None)


def test_a_paper_is_taken_out_and_never_comes_back(client: Client, tmp_path, settings):
    settings.MEDIA_ROOT = tmp_path
    protocol = Protocol.objects.get(pk="0046")
    document = Document(protocol=protocol, title="Signed copy")
    for words in ("before", "now"):
        document.file = ContentFile(papers.pdf(words), f"{words}.pdf")
        saved(document, at=NOW)
    with changes.record_change(protocol, at=NOW):
        protocol.title = "Another title"
        changes.save(protocol)
    first = Change.objects.filter(protocol=protocol).first()
    protocol.refresh_from_db()
    files = [each.file.name for each in papers_of(protocol)]
    assert len(files) == 2
    take_out(protocol, files=files)
    assert client.get(f"/protocols/0046/documents/{document.pk}/").status_code == 410
    assert not Change.objects.filter(snapshot__icontains=files[0]).exists()
    changes.restore(
        Protocol.objects.get(pk="0046"), Change.objects.get(pk=first.pk).snapshot, at=AT
    )
    document.refresh_from_db()
    assert (document.taken_off, document.file.name, document.name) == (True, "", MARKER)


def test_a_contact_and_an_import_go_whole():
    organisation = Organisation.objects.get(name="Provide")
    Contact.objects.create(organisation=organisation, email=f"{WORD}@example.org")
    ImportJob.objects.create(name=f"Of {WORD}.csv", content=b"a", size=1, uploaded_at=NOW)
    ImportJob.objects.create(name="Other.csv", content=b"a", size=1, uploaded_at=NOW)
    take_out(organisation, WORD)
    assert not Contact.objects.filter(organisation=organisation).exists()
    assert [each.name for each in ImportJob.objects.all()] == ["Other.csv"]


def test_compacting_waits_for_no_transaction():
    assert connection.in_atomic_block
    with transaction.atomic():
        assert not compact()
    with pytest.raises(CommandError, match="in use"):
        call_command("compact_database")


ADDRESSES = [
    "/protocols/0046/",
    "/protocols/0046/changes/",
    f"/protocols/0046/?on={NOW:%Y-%m-%d}",
    "/protocols/0046.json",
    "/protocols.atom",
    "/protocols.json?modified_since=2000-01-01",
    "/sitemap.xml",
]


@pytest.mark.both_databases
def test_who_has_a_page_from_before_is_sent_another(named):
    site = cached()
    before = {address: ask(site, address) for address in ADDRESSES}
    assert sum(WORD.lower() in each.plain.lower() for each in before.values()) > 4
    take_out(named, WORD)
    for address, old in before.items():
        known = {"if_none_match": old.headers["etag"]} if "etag" in old.headers else {}
        got = ask(site, address, **known)
        assert WORD.lower() not in got.plain.lower(), address
        if WORD.lower() in old.plain.lower():
            assert got.status == 200, address


@pytest.mark.both_databases
def test_the_journal_of_a_merged_organisation_is_cleaned(client: Client):
    into, gone = (saved(Organisation(name=name)) for name in ("Ann House", f"{WORD} House"))
    changes.merge(into, gone, at=NOW)
    assert Merge.objects.exists()
    take_out(into, WORD)
    # What is deleted from FTS5's tables goes from their segments when they are rebuilt.
    assert [each for each in left() if not each.startswith(TABLE_NAMES)] == []
    assert client.get(f"/organisations/{WORD.lower()}-house/").status_code == 404
