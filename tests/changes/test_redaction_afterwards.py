"""What is done after words were taken out works as before: restoring, undoing, proposals."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.core import signing
from django.core.files.base import ContentFile
from django.test import Client

from registers import changes
from registers.changes import proposal as deciding
from registers.changes.locking import EDIT_TOKEN, EditToken
from registers.changes.proposal_view import view_proposal
from registers.changes.propose import propose
from registers.changes.redaction.marked import Marked
from registers.changes.redaction.redact import files_left, papers_of
from registers.changes.redaction.rows import find_rows
from registers.changes.transaction import dry_run
from registers.history.snapshot import snapshot_of
from registers.models import (
    Abbreviation,
    Approver,
    Change,
    Document,
    EarlierVersion,
    FormDraft,
    Identifier,
    Membership,
    Merge,
    Name,
    Organisation,
    Party,
    Proposal,
    Protocol,
    Resource,
)
from tests import papers
from tests.cast import door_of
from tests.changes.test_redaction import AT, MARKER, WORD, take_out
from tests.models.making import NOW, saved

pytestmark = pytest.mark.usefixtures("real_register")
# What names something in snapshots, journals, sessions and forms.
STRUCTURE = ("day", "key", "name", "title", "fields", "parts", "steps", "text", "says", "backend")


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


def set_purpose(protocol: Protocol, purpose: str) -> None:
    with changes.record_change(protocol, at=NOW):
        protocol.purpose = purpose
        changes.save(protocol)


def is_restored(thing: Any, change: Change) -> bool:
    snapshot = Change.objects.get(pk=change.pk).snapshot
    fresh = type(thing).objects.get(pk=thing.pk)
    return changes.restore(fresh, snapshot, at=AT)


def test_words_that_name_something_in_what_is_stored_break_nothing(client: Client, administrator):
    door = door_of(administrator)
    protocol = Protocol.objects.get(pk="0046")
    set_purpose(protocol, f"Of {', '.join(STRUCTURE)}.")
    state = Change.objects.about(Protocol, "0046").first()
    set_purpose(protocol, "Of none of these.")
    group = saved(Organisation(name="A group", kind="group"))
    saved(group, Membership(group=group, member=Organisation.objects.get(name="Provide")))
    into, gone = (saved(Organisation(name=name)) for name in ("Ann House", "Bob House"))
    merge = changes.merge(into, gone, at=NOW)
    draft = FormDraft.objects.create(
        user=administrator,
        page="/admin/registers/protocol/0046/change/",
        key="title",
        saved_at=NOW,
        values=[["title", "A title"], ["status", "day"], ["parties-0-note", "By key"]],
    )
    take_out(protocol, *STRUCTURE)
    for address in ("", "changes/", f"?on={NOW:%Y-%m-%d}"):
        assert client.get(f"/protocols/0046/{address}").status_code == 200
    draft.refresh_from_db()
    assert draft.values == [
        ["title", f"A {MARKER}"],
        ["status", MARKER],  # no status is called so, so it was typed
        ["parties-0-note", f"By {MARKER}"],
    ]
    assert (draft.page, draft.key) == ("/admin/registers/protocol/0046/change/", "title")
    assert door.get("/admin/").status_code == 200
    assert is_restored(protocol, state)
    assert Protocol.objects.get(pk="0046").purpose == f"Of {', '.join([MARKER] * len(STRUCTURE))}."
    assert changes.undo_merge(Merge.objects.get(pk=merge.pk), at=AT).name == "Bob House"


@pytest.mark.both_databases
def test_a_merge_is_undone(client: Client):
    into = saved(Organisation(name="Ann House"))
    gone = saved(
        Organisation(name=f"{WORD} House"),
    )
    saved(gone, Name(organisation=gone, text=f"{WORD} Home"))
    merge = changes.merge(into, gone, at=NOW)
    take_out(into, f"{WORD} House", f"{WORD} Home")
    back = changes.undo_merge(Merge.objects.get(pk=merge.pk), at=AT)
    assert WORD.lower() not in back.slug
    assert client.get(back.get_absolute_url()).status_code == 200
    names = dict(back.names.values_list("text", "kind"))
    assert len(names) == 2
    assert names[back.name] == Name.Kind.OFFICIAL
    saved(back)


def test_names_are_told_apart_alike_wherever_they_are_recorded():
    organisation = saved(Organisation(name=f"{WORD} House"))
    texts = [f"{WORD} House", f"{WORD} Home", f"{WORD} Hut"]
    saved(organisation, *(Name(organisation=organisation, text=text) for text in texts[1:]))
    state = Change.objects.about(Organisation, organisation.pk).first()
    with changes.record_change(organisation, at=NOW):
        changes.remove(organisation.names.get(text=texts[2]))
    take_out(organisation, *texts)
    recorded = Change.objects.get(pk=state.pk).snapshot["parts"]["names"]
    names = {each["text"] for each in recorded}
    assert len(names) == 3
    assert names > set(organisation.names.values_list("text", flat=True))
    assert is_restored(organisation, state)
    assert set(organisation.names.values_list("text", flat=True)) == names
    # On the same day, another has its own.
    other = saved(Organisation(name=f"{WORD}s House"))
    take_out(other, f"{WORD}s House")
    other.refresh_from_db()
    assert other.name.startswith(MARKER[:-1])
    assert other.name not in names


@pytest.mark.parametrize(
    "rows",
    [
        lambda one: [
            Abbreviation(short=f"{WORD}A", meaning="x"),
            Abbreviation(short=f"{WORD}B", meaning="y"),
        ],
        lambda one: [
            Approver(organisation=one, job_title=f"{WORD} {who}".ljust(140, ".")) for who in "AB"
        ],
    ],
    ids=["abbreviations", "job titles"],
)
def test_short_texts_that_must_differ_have_numbers(rows: Callable[[Any], list[Any]]):
    one = Organisation.objects.get(name="Provide")
    rows = rows(one)
    for row in rows:
        saved(row if isinstance(row, Abbreviation) else one, row)
    name = "short" if isinstance(rows[0], Abbreviation) else "job_title"
    take_out(one, *(getattr(row, name) for row in rows))
    left = set(
        type(rows[0]).objects.filter(pk__in=[row.pk for row in rows]).values_list(name, flat=True)
    )
    assert len(left) == 2
    assert not any(WORD in text for text in left)


def test_an_identifier_goes_whole_and_the_organisation_can_be_saved():
    one = Organisation.objects.get(name="Provide")
    saved(one, Identifier(organisation=one, scheme="charity", value="1234567"))
    take_out(one, "1234567")
    assert not Identifier.objects.filter(organisation=one, scheme="charity").exists()
    assert "1234567" not in str(snapshot_of(one))


def test_a_day_that_is_a_text_goes_and_a_day_of_the_record_stays():
    protocol = Protocol.objects.get(pk="0046")
    party = protocol.parties.first()
    party.signed_on = datetime.date(1971, 3, 2)
    saved(protocol, party)
    set_purpose(protocol, "1971-03-02")
    take_out(protocol, "1971-03-02")
    snapshot = Change.objects.about(Protocol, "0046").first().snapshot
    assert snapshot["fields"]["purpose"] == MARKER
    assert "1971-03-02" in [each["signed_on"] for each in snapshot["parts"]["parties"]]
    assert Party.objects.get(pk=party.pk).signed_on.year == 1971


def test_the_drafts_of_forms_are_cleaned_with_the_record_that_they_were_made_from(administrator):
    protocol = Protocol.objects.get(pk="0046")
    shown = {"fields": {"purpose": f"Ask {WORD}.", "status": "published"}, "parts": {"a": [{}]}}
    token = EditToken(fingerprint="", values=shown).signed(protocol)
    # Of another key, which is not ours to read any more.
    lost = signing.dumps([WORD], key="x" * 50, salt=EDIT_TOKEN)
    drafts = [
        FormDraft.objects.create(
            user=administrator, page="/", key=key, saved_at=NOW, values=[[EDIT_TOKEN, value]]
        )
        for key, value in (("a", token), ("b", lost), ("c", ""))
    ]
    set_purpose(protocol, f"Ask {WORD}.")
    take_out(protocol, WORD)
    values = [FormDraft.objects.get(pk=each.pk).values[0][1] for each in drafts]
    cleaned = EditToken.read(values[0], protocol)
    assert cleaned
    assert cleaned.values["fields"] == {"purpose": f"Ask {MARKER}.", "status": "published"}
    assert values[1:] == ["", ""]


def test_a_proposal_is_cleaned_and_can_be_accepted(administrator):
    protocol = Protocol.objects.get(pk="0046")
    set_purpose(protocol, f"Ask {WORD}.")
    with dry_run() as states:
        set_purpose(protocol, f"Ask {WORD}, or Ann.")
    (proposal,) = propose(states, at=NOW, by=administrator, why=f"For {WORD}")
    protocol.refresh_from_db()
    take_out(protocol, WORD)
    proposal.refresh_from_db()
    assert WORD not in str([proposal.base, proposal.wanted, proposal.why])
    view = view_proposal(proposal)
    deciding.accept(
        proposal,
        shown=view.digest,
        chosen={"purpose": proposal.wanted["fields"]["purpose"]},
        at=AT,
        by=administrator,
    )
    assert Protocol.objects.get(pk="0046").purpose == f"Ask {MARKER}, or Ann."
    assert Proposal.objects.get(pk=proposal.pk).status == Proposal.Status.ACCEPTED


def with_two_files(kind: str) -> tuple[Any, Any, Change]:
    """A record whose paper had a file that another replaced; the change with the first."""
    if kind == "resource":
        paper = subject = Resource(title="A form", slug="a-form", published_on=NOW.date())
    else:
        subject = Protocol.objects.get(pk="0046")
        paper = Document(protocol=subject, title="Signed copy")
    found = []
    for words in ("bad", "good"):
        paper.file = ContentFile(papers.pdf(words), f"{words}.pdf")
        saved(subject, paper)
        found.append(Change.objects.about(type(subject), subject.pk).first())
    return subject, paper, found[0]


@pytest.mark.parametrize("kind", ["resource", "document"])
def test_an_earlier_state_without_its_file_leaves_the_present_one(kind):
    subject, paper, first = with_two_files(kind)
    good = paper.file.name
    (bad,) = EarlierVersion.objects.filter(name="bad.pdf")
    take_out(subject, files=[bad.file.name])
    is_restored(subject, first)
    paper.refresh_from_db()
    assert paper.file.name == good
    assert not getattr(paper, "taken_off", False)


@pytest.mark.parametrize("kind", ["resource", "document"])
def test_files_of_proposals_and_unsaved_forms_are_offered_and_go(
    kind, administrator, media, django_capture_on_commit_callbacks
):
    subject, paper, _ = with_two_files(kind)
    with dry_run() as states:
        paper.file = ContentFile(papers.pdf("new"), "new.pdf")
        saved(subject, paper)
    (proposal,) = propose(states, at=NOW, by=administrator)
    pages = [f"/admin/registers/{subject._meta.model_name}/{subject.pk}/change/", "/admin/add/"]
    for page, name in zip(pages, ("other.pdf", "good.pdf"), strict=True):
        draft = FormDraft.objects.create(
            user=administrator, page=page, key=name, saved_at=NOW, values=[]
        )
        draft.files.create(field="file", name=name, file=ContentFile(b"x", name), size=1)
    FormDraft.objects.create(
        user=administrator, page="/", key="x", saved_at=NOW, values=[]
    ).files.create(field="file", name="not this.pdf", file=ContentFile(b"x", "x"), size=1)
    subject.refresh_from_db()
    found = papers_of(subject)
    assert sorted(each.name for each in found) == [
        "bad.pdf",
        "good.pdf",
        "good.pdf",
        "new.pdf",
        "other.pdf",
    ]
    files = [each.file.name for each in found]
    with django_capture_on_commit_callbacks(execute=True):
        take_out(subject, files=files)
    assert files_left(files) == []
    assert proposal.files.count() == 0
    assert len([each for each in media.rglob("*") if each.is_file()]) == 1


def test_an_email_that_is_gone_already_keeps_nothing_else(
    settings, tmp_path, django_capture_on_commit_callbacks
):
    settings.EMAIL_FILE_PATH = str(tmp_path)
    mail = tmp_path / "a.log"
    mail.write_text(f"Subject: A\nContent-Type: text/plain\n\nOf {WORD}.\n")
    with django_capture_on_commit_callbacks() as callbacks:
        take_out(Protocol.objects.get(pk="0046"), WORD)
    mail.unlink()
    for callback in callbacks:
        callback()


def test_a_session_with_the_words_stays_that_of_its_user(administrator):
    door = door_of(administrator)
    session = door.session
    session["said"] = {"title": f"Of {WORD}"}
    session.save()
    take_out(Protocol.objects.get(pk="0046"), WORD)
    (stored,) = Session.objects.filter(pk=session.session_key)
    assert stored.get_decoded()["said"] == {"title": f"Of {MARKER}"}
    assert door.get("/admin/").status_code == 200


def test_a_row_that_is_gone_is_passed_over(administrator):
    draft = FormDraft.objects.create(
        user=administrator, page="/", key="a", saved_at=NOW, values=[["title", WORD]]
    )
    marked = Marked([WORD], marker=MARKER)
    (row,) = [each for each in find_rows(marked) if each.model is FormDraft]
    draft.delete()
    assert row.cleaned(marked) == {}


def test_a_change_of_what_the_register_has_no_more_is_cleaned():
    change = Change.objects.create(
        made_at=NOW,
        subject_type="formermodel",
        subject_key="1",
        snapshot={"fields": {"title": f"Of {WORD}", WORD: [{"file": "a.pdf", "name": "a"}]}},
    )
    take_out(Protocol.objects.get(pk="0046"), WORD, files=["a.pdf"])
    change.refresh_from_db()
    taken_out = [{"file": "", "name": MARKER, "size": None}]
    assert change.snapshot == {"fields": {"title": f"Of {MARKER}", MARKER: taken_out}}


def test_a_draft_whose_record_holds_none_of_the_words_is_as_it_was(administrator):
    token = EditToken(fingerprint="", values={"fields": {}, "parts": {}}).signed(
        Protocol.objects.get(pk="0046")
    )
    draft = FormDraft.objects.create(
        user=administrator,
        page="/",
        key="a",
        saved_at=NOW,
        values=[[EDIT_TOKEN, token], ["title", WORD]],
    )
    take_out(Protocol.objects.get(pk="0046"), WORD)
    draft.refresh_from_db()
    assert draft.values == [[EDIT_TOKEN, token], ["title", MARKER]]
