"""Words that may be about a person are asked about on every form that saves public text."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django import forms
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from registers.admin.asking import AskingForm
from registers.models import (
    Abbreviation,
    Change,
    Document,
    FormDraftFile,
    Party,
    Proposal,
    Protocol,
    Resource,
    Theme,
)
from tests.admin.typing_in import Page, add_row, address, boxes
from tests.cast import door_of
from tests.merging import merged, named
from tests.models.making import a_name, saved
from tests.papers import pdf
from tests.proposing import a_proposal

pytestmark = pytest.mark.usefixtures("real_register", "today")

NUMBER, OTHER = "020 7946 0958", "0113 496 0123"
WORDS = f"Ring {NUMBER}."
FORM = address("protocol", "change", "0046")
TICK = re.compile(r'type="(?:checkbox|hidden)" name="([^"]+-meant)" value="([^"]*)"')


def ticks(answer: Any) -> dict[str, str]:
    """Return the ticks that a page offers: their names and values."""
    found = TICK.findall(answer.content.decode())
    return {name: html.unescape(value) for name, value in found}


def sent_again(answer: Any) -> dict[str, str]:
    """Return what stands on a page that came back."""
    return Page(answer.content.decode()).boxes


def typed_into(door: Client, url: str, **typed: Any) -> dict[str, Any]:
    return boxes(door, url) | typed


class TestTheForm:
    def test_comes_back_and_a_tick_saves_it(self, officers_door):
        answer = officers_door.post(FORM, typed_into(officers_door, FORM, purpose=WORDS))
        form = answer.context["adminform"].form
        assert form.errors.as_data()["purpose"][0].code == "asked"
        assert NUMBER in form.errors["purpose"][0]
        assert sent_again(answer)["purpose"] == WORDS
        assert ticks(answer) == {"purpose-meant": NUMBER}
        assert 'href="#id_purpose"' in answer.content.decode()
        answer = officers_door.post(FORM, sent_again(answer) | ticks(answer))
        assert answer.status_code == 302
        assert Protocol.objects.get(pk="0046").purpose == WORDS

    def test_a_tick_is_for_the_words_beside_it(self, officers_door):
        sent = typed_into(officers_door, FORM, purpose=WORDS) | {"purpose-meant": OTHER}
        answer = officers_door.post(FORM, sent)
        assert ticks(answer) == {"purpose-meant": NUMBER}
        assert "purpose-meant" not in sent_again(answer)
        sent |= {"purpose-meant": NUMBER, "purpose": f"{WORDS} Or {OTHER}."}
        answer = officers_door.post(FORM, sent)
        assert OTHER in (sentence := answer.context["adminform"].form.errors["purpose"][0])
        assert NUMBER not in sentence
        assert officers_door.post(FORM, sent | ticks(answer)).status_code == 302

    def test_a_tick_is_for_its_box(self, officers_door):
        sent = typed_into(officers_door, FORM, purpose=WORDS, summary=WORDS)
        answer = officers_door.post(FORM, sent | {"purpose-meant": NUMBER})
        assert answer.context["adminform"].form.errors.keys() == {"summary"}
        assert sent_again(answer)["purpose-meant"] == NUMBER

    def test_a_tick_stays_when_something_else_is_wrong(self, officers_door):
        typed = {"purpose": WORDS, "purpose-meant": NUMBER, "review_date": "soon"}
        answer = officers_door.post(FORM, typed_into(officers_door, FORM, **typed))
        assert answer.context["adminform"].form.errors.keys() == {"review_date"}
        assert sent_again(answer)["purpose-meant"] == NUMBER

    def test_what_was_public_is_not_asked_about_again(self, officers_door):
        protocol = Protocol.objects.get(pk="0046")
        protocol.purpose = WORDS
        saved(protocol)
        sent = typed_into(officers_door, FORM, purpose=f"{WORDS} By noon.", summary=WORDS)
        answer = officers_door.post(FORM, sent)
        assert answer.context["adminform"].form.errors.keys() == {"summary"}

    def test_notes_for_administrators_are_not_asked_about(self, officers_door):
        sent = typed_into(officers_door, FORM, admin_note=f"{WORDS} Or jo@example.org.")
        assert officers_door.post(FORM, sent).status_code == 302

    def test_each_kind_is_named(self, officers_door):
        words = f"{NUMBER}, 999 000 0018, AB 12 34 56 C"
        answer = officers_door.post(FORM, typed_into(officers_door, FORM, purpose=words))
        (sentence,) = answer.context["adminform"].form.errors["purpose"]
        assert all(each in sentence for each in words.split(", "))
        assert officers_door.post(FORM, sent_again(answer) | ticks(answer)).status_code == 302

    def test_an_e_mail_address_in_the_reason_is_refused(self, officers_door):
        sent = typed_into(officers_door, FORM, purpose="To warn.", why="Ask jo@example.org.")
        assert officers_door.post(FORM, sent).context["adminform"].form.errors.keys() == {"why"}

    def test_chosen_files_stay(self, officers_door, settings, tmp_path):
        settings.MEDIA_ROOT = tmp_path
        file = SimpleUploadedFile("signed.pdf", pdf("Signed"))
        row = add_row(officers_door, FORM, "documents", title=WORDS, file=file)
        answer = officers_door.post(FORM, typed_into(officers_door, FORM, **row))
        (name,) = ticks(answer)
        assert name.startswith("documents-")
        assert FormDraftFile.objects.get().name == "signed.pdf"
        assert officers_door.post(FORM, sent_again(answer) | ticks(answer)).status_code == 302
        document = Document.objects.get(protocol="0046")
        assert document.title == WORDS
        with document.file.open() as stored:
            assert stored.read() == pdf("Signed")

    def test_without_javascript_too(self, officers_door):
        url = f"{FORM}?plain=1"
        sent = typed_into(officers_door, url, **{"parties-0-note": WORDS})
        answer = officers_door.post(url, sent)
        assert ticks(answer) == {"parties-0-note-meant": NUMBER}
        assert officers_door.post(url, sent_again(answer) | ticks(answer)).status_code == 302
        assert Party.objects.filter(protocol="0046", note=WORDS).exists()


def test_what_an_editor_proposes_is_asked_about(editor):
    door = door_of(editor)
    answer = door.post(FORM, typed_into(door, FORM, purpose=WORDS))
    assert not Proposal.objects.exists()
    assert door.post(FORM, sent_again(answer) | ticks(answer)).status_code == 302
    assert Proposal.objects.get().wanted["fields"]["purpose"] == WORDS


def test_what_a_publisher_alters_of_a_proposal_is_asked_about(editor, publisher):
    proposal = a_proposal(
        Protocol.objects.get(pk="0046"), by=editor, purpose=f"Of {OTHER}.", title="Alarms"
    )
    door = door_of(publisher)
    page, accept = (address("proposal", name, proposal.pk) for name in ("change", "accept"))
    answer = door.post(accept, typed_into(door, page, why=WORDS))
    assert ticks(answer) == {"why-meant": NUMBER}
    altered = {"purpose": f"{WORDS} {OTHER}"}
    answer = door.post(accept, sent_again(answer) | ticks(answer) | altered)
    assert ticks(answer) == {"purpose-meant": NUMBER, "why-meant": NUMBER}
    assert Protocol.objects.get(pk="0046").title != "Alarms"
    assert door.post(accept, sent_again(answer) | ticks(answer)).status_code == 302
    assert Protocol.objects.get(pk="0046").purpose == f"{WORDS} {OTHER}"


def test_a_comment_on_a_proposal_is_not_public(editor, publisher):
    proposal = a_proposal(Protocol.objects.get(pk="0046"), by=editor, title="Alarms")
    door = door_of(publisher)
    page, back = (address("proposal", name, proposal.pk) for name in ("change", "return"))
    assert door.post(back, typed_into(door, page, comment=WORDS)).status_code == 302


# Every other form -------------------------------------------------------------------------------


def of_theme(door: Client) -> tuple[str, dict[str, Any]]:
    url = address("theme", "change", Theme.objects.first().pk)
    return url, typed_into(door, url, description=WORDS)


def of_news(door: Client) -> tuple[str, dict[str, Any]]:
    url = address("news", "add")
    return url, typed_into(door, url, title="News", slug="news", body=WORDS)


def of_resource(door: Client) -> tuple[str, dict[str, Any]]:
    url = address("resource", "change", saved(Resource(title="Paper", slug="paper")).pk)
    return url, typed_into(door, url, title=f"Paper, {NUMBER}")


def of_abbreviation(door: Client) -> tuple[str, dict[str, Any]]:
    url = address("abbreviation", "change", Abbreviation.objects.first().pk)
    return url, typed_into(door, url, meaning=WORDS)


def of_organisation(door: Client) -> tuple[str, dict[str, Any]]:
    url = address("organisation", "change", named("Essex Police").pk)
    return url, typed_into(door, url, note=WORDS)


def of_name(door: Client) -> tuple[str, dict[str, Any]]:
    url = address("organisation", "change", named("Essex Police").pk)
    return url, typed_into(door, url, **add_row(door, url, "names", text=WORDS, kind="alias"))


def of_approver(door: Client) -> tuple[str, dict[str, Any]]:
    url = address("organisation", "change", named("Essex Police").pk)
    row = add_row(door, url, "approvers", job_title=f"Dr Smith, {NUMBER}")
    return url, typed_into(door, url, **row)


def of_reason(door: Client) -> tuple[str, dict[str, Any]]:
    return FORM, typed_into(door, FORM, purpose="To warn.", why=WORDS)


def of_review(door: Client) -> tuple[str, dict[str, Any]]:
    url = address("protocol", "review", "0046")
    typed = {"outcome": "unchanged", "next_review": "March 2029", "job_title": "Mr Smith"}
    return url, typed_into(door, url, note=WORDS, **typed)


def of_reviews(door: Client) -> tuple[str, dict[str, Any]]:
    sent = {"outcome": "unchanged", "next_review": "March 2029", "reviewed_on": "2026-11-22"}
    sent |= {"job_title": "Caldicott Guardian", "note": WORDS, "protocol": "0046", "_show": "x"}
    return address("protocol", "review_many"), sent


def of_withdrawal(door: Client) -> tuple[str, dict[str, Any]]:
    url = address("protocol", "withdraw", "0046")
    typed = {"because": "other", "withdrawn_reason": WORDS, "_do": "x"}
    return url, typed_into(door, url, **typed)


def of_move(door: Client) -> tuple[str, dict[str, Any]]:
    listed = {"action": "move_selected", "_selected_action": "0046", "index": "0"}
    page = door.post(address("protocol", "changelist"), listed)
    theme = Theme.objects.exclude(protocols="0046").first()
    return address("protocol", "move_many"), sent_again(page) | {
        "theme": theme.pk,
        "why": WORDS,
        "_do": "x",
    }


def of_gap(door: Client) -> tuple[str, dict[str, Any]]:
    sent = {"references": "0001", "fate": "never", "note": WORDS, "_say": "x"}
    return "/admin/registers/references/", sent


def of_membership(door: Client) -> tuple[str, dict[str, Any]]:
    url = address("organisation", "member_add", named("All Essex Schools").pk)
    return url, typed_into(door, url, member=named("Essex Police").pk, source=WORDS)


def of_pasted_members(door: Client) -> tuple[str, dict[str, Any]]:
    url = address("organisation", "paste", named("All Essex Schools").pk)
    typed = {"names": "Essex Police", "source": WORDS, "why": f"From {NUMBER}", "_show": "x"}
    return url, typed_into(door, url, **typed)


def of_merge(door: Client) -> tuple[str, dict[str, Any]]:
    url = address("organisation", "merge", named("Essex Police").pk)
    return url, typed_into(door, url, other=named("Kent County Council").pk, why=WORDS, _show="x")


def of_undoing(door: Client) -> tuple[str, dict[str, Any]]:
    url = address("merge", "undo", merged("Essex Police", "Kent County Council").pk)
    return url, typed_into(door, url, why=WORDS)


def of_split(door: Client) -> tuple[str, dict[str, Any]]:
    alias = a_name("Essex Police", "The Police")
    saved(alias.organisation, alias)
    url = address("organisation", "split", alias.organisation.pk)
    return url, {"name": alias.pk, "why": WORDS, "_show": "x"}


def of_restoring(door: Client) -> tuple[str, dict[str, Any]]:
    protocol = Protocol.objects.get(pk="0046")
    first = protocol.changes.first()
    protocol.title = "Another"
    saved(protocol)
    url = address("protocol", "restore", "0046", first.pk)
    return url, typed_into(door, url, why=WORDS)


FORMS = {name: make for name, make in globals().items() if name.startswith("of_")}
# The buttons of the pages that follow, where a form has some.
AFTER = {
    "of_reviews": "_record",
    "of_pasted_members": "_add",
    "of_merge": "_merge",
    "of_split": "_split",
}


def is_recorded() -> bool:
    newest = Change.objects.order_by("-pk")[:5]
    return any(NUMBER in f"{each.why} {each.what} {each.snapshot}" for each in newest)


@pytest.mark.parametrize("name", FORMS)
def test_every_form_asks_once(officers_door, name):
    url, sent = FORMS[name](officers_door)
    answer = officers_door.post(url, sent)
    assert ticks(answer)
    assert not is_recorded()
    buttons = {key: value for key, value in sent.items() if key.startswith("_")}
    answer = officers_door.post(url, sent_again(answer) | ticks(answer) | buttons)
    if name in AFTER:
        assert answer.status_code == 200
        answer = officers_door.post(url, sent_again(answer) | {AFTER[name]: "x"})
    assert answer.status_code == 302
    assert is_recorded()


# Forms whose texts nobody else reads, or that only find what is stored.
OTHERS = {
    "RedactionForm": "the words go",
    "PairForm": "two keys",
    "UploadForm": "a file",
    "FileForm": "a file",
    "RowForm": "the plan of the import is looked at",
    "ColumnForm": "a choice for a column",
    "ChoiceForm": "the plan of the import is looked at",
}


def all_forms(of: type = forms.BaseForm) -> Iterator[type[forms.BaseForm]]:
    for each in of.__subclasses__():
        yield each
        yield from all_forms(each)


def test_no_form_of_admin_is_forgotten():
    ours = {
        each
        for each in all_forms()
        if each.__module__.startswith("registers.admin.") and ".auth." not in each.__module__
    }
    assert {each.__name__ for each in ours if not issubclass(each, AskingForm)} == OTHERS.keys()
    for form in ours - {each for each in ours if each.__name__ in OTHERS}:
        for name, field in getattr(form, "base_fields", {}).items():
            hint = str(field.help_text)
            assert name != "why" or hint.startswith(("Public", "Optional. The history in admin"))


def test_every_row_of_a_form_asks(officers_door):
    for noun, pk in (("protocol", "0046"), ("organisation", named("Essex Police").pk)):
        page = officers_door.get(address(noun, "change", pk))
        for inline in page.context["inline_admin_formsets"]:
            is_private = inline.opts.model._meta.model_name == "contact"
            assert is_private or issubclass(inline.formset.form, AskingForm)
