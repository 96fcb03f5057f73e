"""The parts of a snapshot, kind by kind: what makes two the same one, and each in words.

A protocol's parties and documents are such parts, an organisation's names, a group's members.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from django.template.defaultfilters import filesizeformat
from django.utils.formats import date_format

from registers.history.snapshot import Values, comparable_value
from registers.models import Identifier, Name, Party, Review
from registers.models.keys import key_of
from registers.models.organisation import NO_APPROVAL


@dataclass(frozen=True, kw_only=True)
class PartKind:
    """How parts of one kind are compared and described.

    `label` heads a difference, `identity` returns what makes two parts the same
    one, `compared` names the values that can differ, and `text` describes a part.
    `several` names them all together in a sentence; empty where there is one at most.
    `label_of_list` heads a difference where there are, or were, several, and that is called
    otherwise. `order` is the label for a change of their order alone; empty where the order
    says nothing. `includes` picks the parts that this kind describes.
    """

    label: str
    identity: Callable[[Values], Any]
    compared: tuple[str, ...]
    text: Callable[[Values], str]
    several: str = ""
    label_of_list: str = ""
    order: str = ""
    includes: Callable[[Values], bool] = lambda part: True

    def are_alike(self, one: Values, other: Values) -> bool:
        """Return whether nothing that is compared differs between two parts.

        A party without a published name is published by its organisation's own.
        """
        return all(
            comparable_value(one.get(name)) == comparable_value(other.get(name))
            or (name == "name_as_published" and _published(one) == _published(other))
            for name in self.compared
        )


def _published(party: Values) -> str:
    return str(party["name_as_published"] or party["organisation"]["says"])


def party_text(party: Values) -> str:
    """Return the text that describes a party."""
    words = str(party["organisation"]["says"])
    words += f" ({party['note']})" if party["note"] else ""
    if _published(party) != party["organisation"]["says"]:
        words += f", published as {_published(party)}"
    # Older snapshots do not know these two.
    for name, choices in (("legal_role", Party.LegalRole), ("flow", Party.Flow)):
        label = dict(choices.choices).get(party.get(name) or "")
        words += f", {str(label).lower()}" if label else ""
    return words + (f", {_approval(party)}" if party["signed_on"] else "")


def _approval(party: Values) -> str:
    """Return the day of an approval, and what else an officer or a link has said of it."""
    source = dict(Party.ApprovalSource.choices).get(party.get("approval_source") or "")
    return ", ".join(
        filter(
            None,
            [
                f"signed {_day(party['signed_on'])}",
                f"approved by: {party['approved_by']}" if party.get("approved_by") else "",
                f"version {party['approved_version']}" if party.get("approved_version") else "",
                str(source).lower() if source else "",
            ],
        )
    )


def file_text(paper: Values) -> str:
    """Return the name of a paper's file, or else its kind, with its size where that is known.

    What has no file, as a paper before it was first saved, has neither.
    """
    file = paper.get("name") or PurePath(paper.get("file") or "").suffix.lstrip(".").upper()
    size = paper.get("size")
    return ", ".join(
        filter(None, [file, filesizeformat(size).replace("\xa0", " ") if size else ""])
    )


def _document(document: Values) -> str:
    about = file_text(document)
    return f"{document['title']} ({about})" if about else str(document["title"])


def _name(name: Values) -> str:
    kind = str(dict(Name.Kind.choices)[name["kind"]]).lower()
    also = f", also written {name['also_written']}" if name["also_written"] else ""
    source = f"; source: {name['source']}" if name.get("source") else ""
    return f"{name['text']} ({kind}{also}{source})"


def _identifier(identifier: Values) -> str:
    return f"{dict(Identifier.Scheme.choices)[identifier['scheme']]} {identifier['value']}"


def _succession(succession: Values) -> str:
    words = str(succession["successor"]["says"])
    words += f" on {_day(succession['happened_on'])}" if succession["happened_on"] else ""
    return words + (f" ({succession['source']})" if succession["source"] else "")


def _membership(membership: Values) -> str:
    words = str(membership["member"]["says"])
    words += f" from {_day(membership['from_day'])}" if membership["from_day"] else ""
    words += f" to {_day(membership['to_day'])}" if membership["to_day"] else ""
    return words + (f" ({membership['source']})" if membership["source"] else "")


def _taken_on(taken_on: Values) -> str:
    return f"{taken_on['successor']['says']}, in the place of {taken_on['predecessor']['says']}"


def _review(review: Values) -> str:
    outcome = str(dict(Review.Outcome.choices)[review["outcome"]]).lower()
    words = f"{_day(review['reviewed_on'])}, {outcome}; decided by: {review['job_title']}"
    return words + (f"; note: {review['note']}" if review["note"] else "")


def _day(day: str) -> str:
    return date_format(datetime.date.fromisoformat(day), "j F Y")


def is_lead(party: Values) -> bool:
    """Say whether a recorded party is the lead."""
    return bool(party["role"] == Party.Role.LEAD)


APPROVAL = tuple(name.removesuffix("_id") for name in NO_APPROVAL)
PARTY = ("organisation", "name_as_published", "note", *APPROVAL, "legal_role", "flow")
# By kind of part, as in a snapshot.
PART_KINDS: dict[str, list[PartKind]] = {
    "parties": [
        PartKind(
            label="Lead organisation",
            identity=is_lead,  # one at most: another lead stands in its place
            compared=PARTY,
            text=party_text,
            includes=is_lead,
        ),
        PartKind(
            label="Other organisation",
            several="Other organisations",
            identity=lambda party: comparable_value(party["organisation"]),
            compared=PARTY,
            text=party_text,
            order="Order of the organisations",
            includes=lambda party: not is_lead(party),
        ),
    ],
    "overarching": [
        PartKind(
            label="Comes under",
            several="Overarching protocols",
            identity=lambda each: comparable_value(each["overarching"]),
            compared=("overarching",),
            text=lambda each: str(each["overarching"]["says"]),
        )
    ],
    "taken_on": [
        PartKind(
            label="Successor organisation",
            several="Successor organisations",
            identity=lambda each: (
                comparable_value(each["predecessor"]),
                comparable_value(each["successor"]),
            ),
            compared=("predecessor", "successor"),
            text=_taken_on,
        )
    ],
    "documents": [
        PartKind(
            label="Document",
            several="Documents",
            identity=lambda document: document["id"],
            compared=("title", "file"),
            text=_document,
        )
    ],
    "names": [
        PartKind(
            label="Name",
            several="Names",
            identity=lambda name: key_of(name["text"]),
            compared=("text", "kind", "also_written", "source"),
            text=_name,
        )
    ],
    "identifiers": [
        PartKind(
            label="Identifier",
            several="Identifiers",
            identity=lambda identifier: (identifier["scheme"], identifier["value"]),
            compared=("scheme", "value"),
            text=_identifier,
        )
    ],
    "successions": [
        PartKind(
            label="Became part of",
            label_of_list="Split into",
            several="Successors",
            identity=lambda succession: comparable_value(succession["successor"]),
            compared=("successor", "happened_on", "source"),
            text=_succession,
        )
    ],
    "members": [
        PartKind(
            label="Member",
            several="Members",
            # It can leave a group, and come back.
            identity=lambda membership: (
                comparable_value(membership["member"]),
                membership["from_day"],
            ),
            compared=("member", "from_day", "to_day", "source"),
            text=_membership,
        )
    ],
    "approvers": [
        PartKind(
            label="Approver",
            several="Approvers",
            identity=lambda approver: approver["job_title"],
            compared=("job_title",),
            text=lambda approver: str(approver["job_title"]),
        )
    ],
    "reviews": [
        PartKind(
            label="Review",
            several="Review",
            identity=lambda review: review["id"],
            compared=("reviewed_on", "outcome", "next_review", "replaced_by", "job_title", "note"),
            text=_review,
        )
    ],
    "contact": [
        PartKind(
            label="Contact for reminders",
            identity=lambda contact: True,  # one at most
            compared=("email",),
            text=lambda contact: str(contact["email"]),
        )
    ],
}
