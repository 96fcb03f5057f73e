"""Where sessions are stored: Django's own table, without waiting for whoever writes long."""

from __future__ import annotations

import copy
import logging
from collections.abc import Mapping
from typing import Any

from django.contrib.sessions.backends import db
from django.contrib.sessions.backends.base import UpdateError
from django.db import OperationalError

from registers.accounts.sessions import SEEN
from registers.search.text.engine import SHORT_TIMEOUT, engine

_log = logging.getLogger(__name__)


class SessionStore(db.SessionStore):
    """Django's sessions in the database. That one was used is not worth a wait for a lock."""

    _stored: Mapping[str, Any] | None = None

    def load(self) -> dict[str, Any]:
        """Return what is stored of the session."""
        data: dict[str, Any] = super().load()
        self._stored = copy.deepcopy(data)
        return data

    def save(self, must_create: bool = False) -> None:  # noqa: FBT001, FBT002 (Django's own)
        """Store the session, as Django does where it holds anything new.

        Where it was only used, and another writer holds the database, that is not stored. Raises
        UpdateError where the session has ended in the meantime.
        """
        if must_create or not self._was_only_used():
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

    def _was_only_used(self) -> bool:
        if self._stored is None:
            return False
        return {**self._stored, SEEN: None} == {**dict(self.items()), SEEN: None}
