"""Where sessions are stored: Django's own table, without waiting for whoever writes long."""

from __future__ import annotations

import logging

from django.contrib.sessions.backends import db
from django.contrib.sessions.backends.base import UpdateError
from django.db import OperationalError

from registers.search.text.engine import SHORT_TIMEOUT, engine

_log = logging.getLogger(__name__)


class SessionStore(db.SessionStore):
    """Django's sessions in the database. That one was used is not worth a wait for a lock."""

    def save(self, must_create: bool = False) -> None:  # noqa: FBT001, FBT002 (Django's own)
        """Store the session. Where another writer holds the database, that it was used is lost.

        A new session is stored or refused as Django does. Raises UpdateError where the session
        has ended in the meantime.
        """
        if must_create or self.session_key is None:
            super().save(must_create)
            return
        try:
            # During an import each page in admin would else wait, and then say that the session
            # is over.
            with engine().lock_timeout(SHORT_TIMEOUT):
                super().save()
        except UpdateError as refusal:
            if not isinstance(refusal.__context__, OperationalError):
                raise
            _log.warning("That a session was used could not be stored: the database is busy")
