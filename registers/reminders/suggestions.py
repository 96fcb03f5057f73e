"""Suggestions: what a reader writes is wrong on a page. They wait with the proposals, in admin.

Nothing about the reader is kept but the job or role that they give.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.text import Truncator

from registers.models import Proposal, subject_columns
from registers.models.keys import private_emails
from registers.models.proposal import LONGEST_JOB_TITLE
from registers.reminders.links import clean_lines, fault_of, one_spaced

LONGEST_WORDS = 2_000
# More than a person reads: whoever fills the queue keeps others from it, and not from writing.
MOST_WAITING = 500
LONGEST_ABOUT = 400
WHOLE = "the register"
NO_WORDS = "Enter what is wrong."
EMAIL = "Remove the e-mail address: nobody answers from here."
FULL = (
    "Too many suggestions wait to be read, so yours was not sent. Write to {email}, or try again"
    " in some days."
)


def suggest(
    *,
    words: str,
    job_title: str,
    page: str,
    subject: models.Model | None,
    at: datetime.datetime,
) -> Proposal:
    """Store what a reader wrote at `at` about a page, and about the record that the page shows.

    The same words about the same page, while they wait, are one suggestion. Raises
    ValidationError, with a sentence by field, and then stores nothing.
    """
    suggestion = Proposal(
        source=Proposal.Source.SUGGESTION,
        about=Truncator(str(subject or page or WHOLE)).chars(LONGEST_ABOUT),
        base={"fields": {}, "parts": {}},
        wanted={"fields": {}, "parts": {}},
        words=clean_lines(words),
        job_title=one_spaced(job_title),
        page=page,
        proposed_at=at,
        **(subject_columns(type(subject), subject.pk) if subject else {}),
    )
    if wrong := dict(_errors(suggestion)):
        raise ValidationError(wrong)
    waiting = Proposal.objects.waiting().filter(source=Proposal.Source.SUGGESTION)
    if same := waiting.filter(words=suggestion.words, page=page).first():
        return same
    if waiting.count() >= MOST_WAITING:
        raise ValidationError({"words": FULL.format(email=settings.PARTNERSHIP.email)})
    suggestion.full_clean()
    suggestion.save()
    return suggestion


def _errors(suggestion: Proposal) -> Iterator[tuple[str, str]]:
    """Give what is wrong, by field."""
    texts = {
        "words": ("What is wrong", suggestion.words, LONGEST_WORDS),
        "job_title": ("Job or role", suggestion.job_title, LONGEST_JOB_TITLE),
    }
    for field, (label, text, longest) in texts.items():
        if sentence := EMAIL if private_emails(text) else fault_of(text, longest):
            yield field, f"{label}: {sentence}"
    if not suggestion.words:
        yield "words", NO_WORDS


def delete_old_suggestions(*, on: datetime.date, dry: bool = False) -> int:
    """Delete those sent more than SUGGESTION_DAYS before the day `on`, or only count them.

    Whatever became of them: what readers were told holds for each.
    """
    last = on - datetime.timedelta(days=settings.SUGGESTION_DAYS)
    suggestions = Proposal.objects.filter(source=Proposal.Source.SUGGESTION)
    old = suggestions.filter(proposed_at__date__lt=last)
    number = old.count()
    if number and not dry:
        old.delete()
    return number
