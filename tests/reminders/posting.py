"""Mail backends that do what mail servers do: break, refuse, sleep, and end with the process."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from smtplib import SMTPRecipientsRefused, SMTPServerDisconnected
from typing import Any, ClassVar

from django.core import mail
from django.core.mail import EmailMessage
from django.core.mail.backends.locmem import EmailBackend as Memory


class Post(Memory):
    """Keeps what it takes in `mail.outbox`, and counts how often it was opened."""

    opened: ClassVar[int] = 0

    def open(self) -> bool:
        Post.opened += 1
        return True


class Meanwhile(Post):
    """While it sends the first e-mail of a run, something else happens, once."""

    does: ClassVar[list[Callable[[], object]]] = []

    def send_messages(self, messages: Sequence[EmailMessage]) -> int:
        if self.does:
            self.does.pop()()
        return super().send_messages(messages)


class Refusing(Post):
    """Refuses the addresses that begin with one of `refused`, as a mail server does."""

    refused: ClassVar[tuple[str, ...]] = ()

    def send_messages(self, messages: Sequence[EmailMessage]) -> int:
        for message in messages:
            if message.to[0].startswith(self.refused):
                raise SMTPRecipientsRefused({message.to[0]: (550, b"5.1.1 No such mailbox")})
        return super().send_messages(messages)


class Breaking(Post):
    """The connection breaks at the second e-mail, and does not even close."""

    tried: ClassVar[int] = 0

    def send_messages(self, messages: Sequence[EmailMessage]) -> int:
        Breaking.tried += 1
        if self.tried == 2:
            raise SMTPServerDisconnected("Connection unexpectedly closed")
        return super().send_messages(messages)

    def close(self) -> None:
        raise SMTPServerDisconnected("please run connect() first")


class Silent(Post):
    """Says that it sent nothing."""

    def send_messages(self, messages: Sequence[EmailMessage]) -> int:
        return 0


class Down(Post):
    """No server is there."""

    def open(self) -> bool:
        super().open()
        raise ConnectionRefusedError(111, "Connection refused")


class EndsTheRun(Post):
    """Takes `takes` e-mails; at the next the run is ended, by `by`, after it has gone out."""

    takes: ClassVar[int] = 1
    by: ClassVar[type[BaseException]] = SystemExit

    def send_messages(self, messages: Sequence[EmailMessage]) -> int:
        sent: int = super().send_messages(messages)
        if len(mail.outbox) > self.takes:
            raise self.by
        return sent


class Files(Memory):
    """For another process: each e-mail is a file in POST_FOLDER.

    Who puts the POST_HOLD-th there waits until somebody has put in another.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.folder = Path(os.environ["POST_FOLDER"])

    @property
    def number(self) -> int:
        return len(list(self.folder.iterdir()))

    def send_messages(self, messages: Sequence[EmailMessage]) -> int:
        for message in messages:
            # Exclusively: two of one organisation would fail here.
            with (self.folder / f"{message.to[0]}-{os.getpid()}").open("x") as file:
                file.write(message.message().as_string())
            give_up = time.monotonic() + 120
            while self.number == int(os.environ["POST_HOLD"]) and time.monotonic() < give_up:
                time.sleep(0.01)
        return len(messages)
