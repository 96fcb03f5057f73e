"""Which column of a spreadsheet is what: the form, what was chosen on it, and what is wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from registers.admin.importing.column_choices import (
    MOST_ROWS,
    SEPARATOR_NAMES,
    Data,
    digest_of,
    mark_of,
)
from registers.imports.cells import Refused, day_of, review_of
from registers.imports.dates import DayOrder, readings
from registers.imports.mapping.kinds import FIELD_USES, LEFT_OUT, heading_key
from registers.imports.mapping.layout import headings_of
from registers.imports.mapping.mapping import (
    STATUSES,
    THEMES_FROM,
    ColumnMapping,
    SheetOptions,
    problems_of,
)
from registers.imports.mapping.saved import LONGEST_NAME
from registers.imports.reading.csv import ENCODINGS, SEPARATORS
from registers.imports.spreadsheet.job_columns import Reading
from registers.models import ImportMapping
from registers.models.protocol_fields import PROTOCOL_FIELDS

# The columns that are shown: those that are read, and so many others. The rest is found by words.
OTHERS_SHOWN = 60
MOST_SHOWN = 400
FIELDS = {field.column or field.name: field for field in PROTOCOL_FIELDS}
LONG_TEXTS = {"purpose", "summary", "information_items", "lawful_basis", "other_organisations"}
NOT_THERE = "Choose one of the list."
THERE_ALREADY = (
    "‘{name}’ is kept already, and says something else. Tick ‘Replace it’, or write another name."
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Column:
    """One column on the page: its boxes, and some of the words below its heading."""

    heading: str
    samples: Sequence[str]
    use: forms.BoundField


class ColumnForm(forms.Form):
    """Which column is what, in all sheets, and what the cells of some of them mean.

    `sent` is what was sent where all of it is shown again, and nothing is refused.
    """

    name = forms.CharField(
        required=False,
        max_length=LONGEST_NAME,
        label="Keep this as",
        help_text="A name, such as ‘Monthly list’. The next file with these headings is then read"
        " the same way. Empty: it is not kept.",
    )
    replace_it = forms.BooleanField(required=False, label="Replace it, if it is kept already")
    match_titles = forms.BooleanField(
        required=False,
        label="Rows without a reference: find the protocol by its title within the theme",
    )
    headings_seen = forms.CharField(required=False, widget=forms.HiddenInput)
    saved_seen = forms.CharField(required=False, widget=forms.HiddenInput)
    find = forms.CharField(required=False, label="Show columns whose headings have the words")

    def __init__(self, data: Data | None, *, reading: Reading, sent: Data | None = None) -> None:
        sent = data or sent or {}
        self.reading = reading
        self.suggestion, self.mapping = reading.suggestion, reading.suggestion.mapping
        self.kind = self.mapping.row_kind
        initial = {
            "name": self.mapping.name,
            "match_titles": self.mapping.match_titles,
            "withdrawn_on_review": self.mapping.withdrawn_on_review,
            "theme_from": self.mapping.theme_from,
            "hidden_rows": self.mapping.hidden_rows,
            "headings_seen": digest_of(self.suggestion.headings),
            "saved_seen": sent.get("saved_seen") or mark_of(_saved_text(self.mapping.name)),
            "find": sent.get("find", ""),
        }
        super().__init__(data, initial=initial)
        self._add_reading()
        self._add_columns(str(sent.get("find", "")))
        self._add_meanings()
        for name, field in self.fields.items():
            if field.help_text and not isinstance(field.widget, forms.HiddenInput):
                field.widget.attrs["aria-describedby"] = f"id_{name}_helptext"

    def _add_reading(self) -> None:
        sheets = self.reading.sheets
        if sheets and sheets[0].kind == "csv":
            for name, given, names in (
                ("separator", self.mapping.separator, SEPARATOR_NAMES),
                ("encoding", self.mapping.encoding, {v: k for k, v in ENCODINGS.items()}),
            ):
                self._add_found(name, given, getattr(sheets[0], name), names)
        found = self.heading_rows
        for place, sheet in enumerate(sheets):
            at = found.get(place)
            options = self.mapping.sheets.get(sheet.name, SheetOptions())
            is_read = self.kind.reads(sheet) if options.read is None else options.read
            self.fields[f"sheet-{place}-read"] = forms.BooleanField(
                required=False, initial=is_read, label="Read this sheet"
            )
            self.fields[f"sheet-{place}-row"] = forms.IntegerField(
                required=False,
                initial=options.heading_row or None,
                min_value=1,
                max_value=MOST_ROWS,
                label="Number of the row with the headings",
                help_text=f"{f'Taken now: row {at}.' if at else 'None is found.'}"
                " Empty: it is looked for.",
            )
        if any(row.hidden for sheet in sheets for row in sheet.rows):
            self.fields["hidden_rows"] = forms.BooleanField(
                required=False, label="Read the hidden rows too"
            )

    def _add_found(self, name: str, given: str, found: str, names: dict[str, str]) -> None:
        """Add a choice of how a CSV is written: found out, which says how, or always one."""
        words = {value: word for word, value in names.items()}
        by_itself = f"Found out: {words[found]}" if not given else "Found out"
        values = {value: _choice_value(name, value) for value in words}
        self.fields[name] = forms.ChoiceField(
            required=False,
            choices=[("", by_itself), *((values[value], words[value]) for value in words)],
            initial=values.get(given, ""),
            label={"separator": "Between the cells stands", "encoding": "Its letters are"}[name],
            error_messages={"invalid_choice": NOT_THERE},
        )

    def _add_columns(self, find: str) -> None:
        """Add a box for each column that is shown: those that are read, and some others."""
        wanted = heading_key(find)
        others, shown = OTHERS_SHOWN, list[str]()
        for heading in self.suggestion.samples:
            is_found = bool(wanted) and wanted in heading_key(heading)
            is_read = self.mapping.use_of(heading) != LEFT_OUT
            others -= not (is_read or is_found)
            if (is_read or is_found or others >= 0) and len(shown) < MOST_SHOWN:
                shown.append(heading)
        self.unseen = len(self.suggestion.samples) - len(shown)
        for heading in shown:
            self.fields[f"use-{mark_of(heading)}"] = _choice(
                heading, self.kind.uses, initial=self.mapping.use_of(heading)
            )
            order = self.suggestion.day_orders.get(heading)
            if order and self.mapping.use_of(heading) in self.kind.dates and order.ambiguous:
                self.fields[f"order-{mark_of(heading)}"] = _order_field(
                    heading, order, self.mapping
                )
        self.shown = shown

    def _add_meanings(self) -> None:
        for word in self.suggestion.status_words:
            given = next((s for w, s in self.mapping.statuses.items() if _is_same(w, word)), "")
            self.fields[f"status-{mark_of(word)}"] = _choice(
                f"‘{word}’ means", {"": "Choose what it means", **STATUSES}, initial=given
            )
        used = set(self.mapping.columns.values())
        if "title" not in self.kind.uses:
            del self.fields["match_titles"]
        elif "theme" not in used:
            self.fields["theme_from"] = forms.ChoiceField(
                choices=THEMES_FROM.items(),
                required=False,
                widget=forms.RadioSelect,
                label="Where the theme of a row stands",
                error_messages={"invalid_choice": NOT_THERE},
            )
        withdraws = bool(used & {"status", "withdrawn_on"})
        if withdraws and "review_date" in used:
            self.fields["withdrawn_on_review"] = forms.BooleanField(
                required=False, label="Where no day of withdrawal stands, take the review date"
            )
        for column in self.kind.defaults:
            if column not in used and (withdraws or column != "withdrawn_reason"):
                field = _default_field(column)
                field.initial = self.mapping.defaults.get(column, "")
                self.fields[f"given-{column}"] = field

    @property
    def columns(self) -> list[Column]:
        """The columns that are shown, each with its boxes."""
        return [
            Column(
                heading=heading,
                samples=self.suggestion.samples[heading],
                use=self[f"use-{mark_of(heading)}"],
            )
            for heading in self.shown
        ]

    @property
    def orders(self) -> list[forms.BoundField]:
        """What stands first in each column of dates that can be read in two ways."""
        return self._boxes("order-")

    @property
    def statuses(self) -> list[forms.BoundField]:
        """What each word of the status column means."""
        return self._boxes("status-")

    @property
    def given(self) -> list[forms.BoundField]:
        """What is the same for all rows, but for the theme and why protocols are withdrawn."""
        elsewhere = {"given-theme", "given-withdrawn_reason"}
        return [box for box in self._boxes("given-") if box.name not in elsewhere]

    @property
    def is_given(self) -> bool:
        """Whether any of it is said, or wrong."""
        return any(box.value() or box.errors for box in self.given)

    @property
    def withdrawn(self) -> list[forms.BoundField]:
        """What is so of all withdrawn rows: whether the review date is the day, and the reason."""
        return self._boxes("withdrawn_on_review") + self._boxes("given-withdrawn_reason")

    @property
    def theme(self) -> forms.BoundField | None:
        """The theme of all rows, where none of the columns says it."""
        return next(iter(self._boxes("given-theme")), None)

    def _boxes(self, begins: str) -> list[forms.BoundField]:
        return [self[name] for name in self.fields if name.startswith(begins)]

    @property
    def heading_rows(self) -> dict[int, int]:
        """The row of headings that was taken in each sheet that is read, by its place."""
        rows = {id(layout.sheet): layout.heading_row for layout in self.suggestion.layouts}
        places = enumerate(self.reading.sheets)
        return {place: rows[id(sheet)] for place, sheet in places if id(sheet) in rows}

    def clean(self) -> dict[str, Any]:
        """Refuse, at its box, what cannot be followed."""
        cleaned: dict[str, Any] = super().clean() or {}
        if not self.suggestion.layouts:
            self.add_error(
                "sheet-0-row", "No row of headings was found. Enter the number of the row."
            )
            return cleaned
        self._clean_columns()
        if not self.errors.get("name"):
            self._clean_name(cleaned)
        return cleaned

    def _clean_columns(self) -> None:
        for headings, sentence in problems_of(self.chosen(), self.suggestion.headings):
            (at, *_) = headings or self.shown
            self.add_error(f"use-{mark_of(at)}", sentence)

    def _clean_name(self, cleaned: dict[str, Any]) -> None:
        """Refuse a name under which something else is kept that was not shown."""
        name = self.mapping.name
        stored = _saved_text(name)
        is_shown = cleaned.get("saved_seen") == mark_of(stored)
        is_same = stored == self.chosen().to_json()
        if name and stored and not (is_shown or is_same or cleaned.get("replace_it")):
            self.add_error("name", THERE_ALREADY.format(name=name))

    def chosen(self) -> ColumnMapping:
        """Return what was chosen, without columns that the file does not have."""
        return replace(self.mapping, columns=self._columns_there())

    def _columns_there(self) -> dict[str, str]:
        there = {heading_key(heading) for heading in headings_of(self.suggestion.layouts)}
        columns = self.mapping.columns.items()
        return {heading: use for heading, use in columns if heading_key(heading) in there}


def _saved_text(name: str) -> str:
    saved = ImportMapping.objects.filter(name=name).values_list("text", flat=True)
    return saved.first() or ""


def _is_same(one: str, other: str) -> bool:
    return heading_key(one) == heading_key(other)


def _choice_value(name: str, value: str) -> str:
    return SEPARATORS[value] if name == "separator" else value


def _choice(label: str, choices: Mapping[str, str], initial: str | None) -> forms.ChoiceField:
    return forms.ChoiceField(
        choices=choices.items(),
        required="" in choices,
        initial=initial,
        label=label,
        error_messages={"required": f"{label}: choose what.", "invalid_choice": NOT_THERE},
    )


def _order_field(heading: str, order: DayOrder, mapping: ColumnMapping) -> forms.ChoiceField:
    """Return the question whether the day or the month stands first, with both readings."""
    found = readings(order.ambiguous)
    day, month = (f"{each.day} {each:%B %Y}" for each in (found.day, found.month) if each)
    return forms.ChoiceField(
        choices=[
            ("day", f"The day: ‘{order.ambiguous}’ is {day}"),
            ("month", f"The month: ‘{order.ambiguous}’ is {month}"),
        ],
        required=order.verdict == "ask",
        initial=mapping.order_of(heading) or order.order,
        widget=forms.RadioSelect,
        label=f"What stands first in the dates of ‘{heading}’?",
        error_messages={
            "required": f"‘{heading}’: say whether the day or the month stands first.",
            "invalid_choice": NOT_THERE,
        },
    )


DEFAULT_LABELS = {
    "theme": "One theme for all rows",
    "withdrawn_reason": "Why they were withdrawn",
}
DEFAULT_HINTS = {
    "theme": "Of new protocols, and of those that have none yet.",
    "withdrawn_reason": "The same for all of them. It is public, and stays on their pages.",
    "review_date": "Such as March 2027.",
    "published": "Such as 3 March 2024.",
}
LISTS = {"theme": "themes-there", "lead_organisation": "organisations-there"}


def _default_field(column: str) -> forms.Field:
    """Return the box for what is the same for all rows."""
    label = DEFAULT_LABELS.get(column, FIELD_USES[column])
    choices = STATUSES if column == "status" else FIELDS[column].choices
    if choices:
        return forms.ChoiceField(
            required=False,
            choices=[("", "Not said"), *choices.items()],
            label=label,
            error_messages={"invalid_choice": NOT_THERE},
        )
    is_long = column in LONG_TEXTS
    return forms.CharField(
        required=False,
        label=label,
        max_length=getattr(FIELDS[column].model_field, "max_length", None),
        help_text=DEFAULT_HINTS.get(column, ""),
        widget=forms.Textarea(attrs={"rows": 2}) if is_long else forms.TextInput(_list_of(column)),
        validators=[_refused_by(DATE_READERS[column])] if column in DATE_READERS else [],
    )


def _list_of(column: str) -> dict[str, str]:
    return {"list": LISTS[column]} if column in LISTS else {}


DATE_READERS: dict[str, Callable[[str], Any]] = {"review_date": review_of, "published": day_of}


def _refused_by(read: Callable[[str], Any]) -> Callable[[str], None]:
    """Return a validator that refuses what a cell of the file could not say either."""

    def refuse(text: str) -> None:
        try:
            read(text)
        except Refused as refusal:
            raise ValidationError(f"{refusal.wrong} {refusal.fix}") from refusal

    return refuse
