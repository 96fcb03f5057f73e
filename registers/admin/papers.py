"""Papers on a form: the file that is stored is linked by its public address."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib.admin.widgets import AdminFileWidget
from django.db import models


@dataclass(frozen=True)
class StoredPaper:
    """What the form says of a stored file."""

    name: str
    url: str

    def __str__(self) -> str:
        return self.name


class PaperWidget(AdminFileWidget):
    """Django's file widget. It would link the file in its folder, which is not served."""

    def format_value(self, value: Any) -> Any:
        """Return the stored file with the address that the public has for it, or None."""
        if not self.is_initial(value):
            return None
        return StoredPaper(value.name, value.instance.get_absolute_url())


PAPER_WIDGETS: dict[type[models.Field[Any, Any]], dict[str, Any]] = {
    models.FileField: {"widget": PaperWidget}
}
