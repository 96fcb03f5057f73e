"""Links by which partners without an account read a draft or a proposal: signed, and for a while.

A link names what it is about and the digest of what it said then. So it shows that, or nothing.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from enum import StrEnum

from django.conf import settings
from django.core import signing
from django.urls import reverse
from django.utils.http import urlencode

from registers.changes.locking import plan_digest
from registers.changes.proposal_view import ProposalView, view_proposal
from registers.history.compare import ChangedBy, Choice
from registers.history.diff import PRIVATE_FIELDS, PRIVATE_PARTS
from registers.history.snapshot import Snapshot, snapshot_of
from registers.models import Proposal, Protocol

LINK_DAYS = 14
LONGEST_TOKEN = 400
# It stands in links that were sent, so it never changes.
SALT = "registers.changes.preview_link"


class LinkState(StrEnum):
    """What a link leads to."""

    OPEN = "open"  # what it is about is as it was
    INVALID = "invalid"  # it is not as it was made
    EXPIRED = "expired"  # LINK_DAYS have passed
    CHANGED = "changed"  # the draft or the proposal says something else now
    ENDED = "ended"  # the draft was published or deleted; the proposal was decided or taken back


@dataclass(frozen=True, kw_only=True)
class Preview:
    """What a link shows: a draft, or a proposal with its comparison. Both None unless OPEN."""

    state: LinkState
    draft: Protocol | None = None
    proposal: Proposal | None = None
    view: ProposalView | None = None

    @property
    def snapshot(self) -> Snapshot:
        """What the record of the proposal would say."""
        if self.view is None:
            raise ValueError("A draft is shown as it is stored.")
        return as_proposed(self.view)


def as_proposed(view: ProposalView) -> Snapshot:
    """Return what is stored, with all that a proposal wants."""
    return view.comparison.resolve(
        {
            each.name: Choice.WANTED
            for each in view.comparison.differences
            if each.changed_by != ChangedBy.THEIRS
        }
    )


def preview_url(thing: Protocol | Proposal) -> str:
    """Return the whole address at which a draft or a proposal can be read from now on."""
    token = signing.dumps([thing._meta.model_name, str(thing.pk), _digest(thing)], salt=SALT)
    return f"{settings.SITE_URL}{reverse('preview')}?{urlencode({'link': token})}"


def preview_for_token(token: str) -> Preview:
    """Return what stands behind the token of a link, as it is stored now."""
    age = datetime.timedelta(days=LINK_DAYS)
    try:
        kind, key, digest = signing.loads(token[:LONGEST_TOKEN], salt=SALT, max_age=age)
    except signing.SignatureExpired:
        return Preview(state=LinkState.EXPIRED)
    except signing.BadSignature:
        return Preview(state=LinkState.INVALID)
    if kind == Protocol._meta.model_name:
        draft = Protocol.objects.filter(pk=key, status=Protocol.Status.DRAFT).first()
        if draft is None:
            return Preview(state=LinkState.ENDED)
        same = _digest(draft) == digest
        return Preview(state=LinkState.OPEN, draft=draft) if same else _CHANGED
    proposal = Proposal.objects.waiting().filter(pk=key).first()
    view = view_proposal(proposal) if proposal else None
    if proposal is None or view is None or view.refusal:
        return Preview(state=LinkState.ENDED)
    same = _digest(proposal) == digest
    return Preview(state=LinkState.OPEN, proposal=proposal, view=view) if same else _CHANGED


_CHANGED = Preview(state=LinkState.CHANGED)


def _digest(thing: Protocol | Proposal) -> str:
    """Return a short text that differs as soon as it says something else to the public."""
    said = [thing.base, thing.wanted] if isinstance(thing, Proposal) else [snapshot_of(thing)]
    return plan_digest([_public_values(each) for each in said if each])[:16]


def _public_values(said: Snapshot) -> Snapshot:
    fields = {name: each for name, each in said["fields"].items() if name not in PRIVATE_FIELDS}
    parts = {kind: rows for kind, rows in said["parts"].items() if kind not in PRIVATE_PARTS}
    return {"fields": fields, "parts": parts}
