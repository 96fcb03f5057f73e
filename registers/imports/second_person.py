"""Where a second pair of eyes looks at changes, nobody applies an import alone that is public."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError

from registers.models import ImportJob, ImportLine, Protocol

ANOTHER = (
    "This import changes what is public, and you uploaded it or chose for it last. Ask another"
    " Publisher to look at it here, and to apply it."
)


def needs_another(job: ImportJob, user: User | None, *, publish: bool = False) -> bool:
    """Return whether another than `user` has to apply an import; `publish`: also what is new.

    It is so where the user prepared it: uploaded the file, or was the last to say which column or
    name is what. What makes drafts and new organisations alone needs nobody else, but where these
    join a group that is there.
    """
    prepared_by = job.prepared_by_id or job.uploaded_by_id
    if not settings.SECOND_PAIR_OF_EYES or user is None or prepared_by != user.pk:
        return False
    return publish or _changes_what_is_public(job)


def refuse_alone(job: ImportJob, user: User | None, *, publish: bool = False) -> None:
    """Raise ValidationError where another than `user` has to apply an import."""
    if needs_another(job, user, publish=publish):
        raise ValidationError(ANOTHER)


def _changes_what_is_public(job: ImportJob) -> bool:
    changed = job.lines.filter(outcome=ImportLine.Outcome.CHANGED)
    if job.kind == ImportJob.Kind.ORGANISATIONS:
        return bool(job.found.get("known_organisations")) or changed.exists()
    withdrawn = job.found.get("new", {}).get(Protocol.Status.WITHDRAWN)
    is_public = Protocol.public.filter(pk__in=changed.values("reference")).exists()
    return is_public or bool(withdrawn or job.found.get("kept_names"))
