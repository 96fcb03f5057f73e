"""The lists from which editors choose what a record says, and the fields that hold the choice.

A record holds the words that were chosen, one option a line: so what was recorded stays as it
was recorded, whatever becomes of the list, and no page looks anything up. Each list comes with
options, from the law or from practice, and administrators add their own.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models

from registers.models.keys import key_of, refuse_email, slug_of

LONGEST_OPTION = 150
# The option that says that there are none. It stands alone.
NONE = "None"
NO_PAGE = "This is not the address of a web page. Write it whole: https://www.example.org/page."
# What parts the options of one record where they stand in one cell or sentence.
BETWEEN = "; "


@dataclass(frozen=True, kw_only=True)
class OptionList:
    """The options that come with a list, what it is called, and what they were taken from."""

    label: str
    source: str
    options: tuple[str, ...]


UK_GDPR_6 = "UK GDPR Article 6(1)"
UK_GDPR_9 = "UK GDPR Article 9(2)"
SCHEDULE_1 = "DPA 2018 Schedule 1 paragraph"
# By the names under which administrators' own options are stored: these never change.
OPTION_LISTS = {
    "agreement-kinds": OptionList(
        label="Kinds of agreement",
        source="ICO data sharing code of practice, 'Data sharing agreements'; UK GDPR Articles 26"
        " and 28",
        options=(
            "Protocol: the partners share with each other",
            "One-way disclosure: one partner gives, the others receive",
            "Joint controllers’ arrangement: UK GDPR Article 26",
            "Processing agreement: UK GDPR Article 28",
            "Overarching protocol: others come under it",
        ),
    ),
    "bases": OptionList(
        label="Bases in UK GDPR Article 6",
        source="UK GDPR Article 6(1), as amended by the Data (Use and Access) Act 2025",
        options=(
            f"Consent: {UK_GDPR_6}(a)",
            f"Contract: {UK_GDPR_6}(b)",
            f"Legal obligation: {UK_GDPR_6}(c)",
            f"Vital interests: {UK_GDPR_6}(d)",
            f"Public task: {UK_GDPR_6}(e)",
            f"Recognised legitimate interest: {UK_GDPR_6}(ea)",
            f"Legitimate interests: {UK_GDPR_6}(f)",
        ),
    ),
    "special-categories": OptionList(
        label="Special categories of data",
        source="UK GDPR Article 9(1)",
        options=(
            NONE,
            "Health",
            "Racial or ethnic origin",
            "Religious or philosophical beliefs",
            "Sex life or sexual orientation",
            "Political opinions",
            "Trade union membership",
            "Genetic data",
            "Biometric data that identifies a person",
        ),
    ),
    "special-conditions": OptionList(
        label="Conditions in UK GDPR Article 9",
        source="UK GDPR Article 9(2)",
        options=(
            f"Explicit consent: {UK_GDPR_9}(a)",
            f"Employment, social security and social protection: {UK_GDPR_9}(b)",
            f"Vital interests: {UK_GDPR_9}(c)",
            f"Not-for-profit bodies: {UK_GDPR_9}(d)",
            f"Made public by the person: {UK_GDPR_9}(e)",
            f"Legal claims or judicial acts: {UK_GDPR_9}(f)",
            f"Substantial public interest: {UK_GDPR_9}(g)",
            f"Health or social care: {UK_GDPR_9}(h)",
            f"Public health: {UK_GDPR_9}(i)",
            f"Archiving, research and statistics: {UK_GDPR_9}(j)",
        ),
    ),
    "schedule-1-conditions": OptionList(
        label="Conditions in Schedule 1 of the Data Protection Act 2018",
        source="Data Protection Act 2018, Schedule 1, Parts 1 to 3",
        options=(
            f"Employment, social security and social protection: {SCHEDULE_1} 1",
            f"Health or social care: {SCHEDULE_1} 2",
            f"Public health: {SCHEDULE_1} 3",
            f"Research: {SCHEDULE_1} 4",
            f"Statutory and government purposes: {SCHEDULE_1} 6",
            f"Administration of justice: {SCHEDULE_1} 7",
            f"Equality of opportunity or treatment: {SCHEDULE_1} 8",
            f"Preventing or detecting unlawful acts: {SCHEDULE_1} 10",
            f"Regulatory requirements: {SCHEDULE_1} 12",
            f"Preventing fraud: {SCHEDULE_1} 14",
            f"Suspicion of terrorist financing or money laundering: {SCHEDULE_1} 15",
            f"Support for people with a disability or condition: {SCHEDULE_1} 16",
            f"Counselling: {SCHEDULE_1} 17",
            f"Safeguarding of children and people at risk: {SCHEDULE_1} 18",
            f"Safeguarding of economic well-being: {SCHEDULE_1} 19",
            f"Consent: {SCHEDULE_1} 29",
            f"Vital interests: {SCHEDULE_1} 30",
            f"Legal claims: {SCHEDULE_1} 33",
        ),
    ),
    "confidentiality": OptionList(
        label="How a duty of confidence is met",
        source="HDR UK data use register, 'Common law duty of confidentiality'; NHS Act 2006"
        " section 251",
        options=(
            "No duty of confidence is owed",
            "Consent, implied for direct care",
            "Consent, given for this",
            "Required or permitted by law",
            "Support under section 251 of the NHS Act 2006",
            "Overriding public interest",
        ),
    ),
    "people": OptionList(
        label="Categories of people",
        source="UK GDPR Article 30(1)(c): categories of data subjects",
        options=(
            "Children and young people",
            "Parents and carers",
            "Adults at risk",
            "Older people",
            "Patients",
            "People who use social care",
            "Pupils and students",
            "Residents",
            "Tenants and homeless people",
            "Victims and witnesses",
            "Suspects and offenders",
            "Employees and applicants",
            "Claimants of benefits",
            "Refugees and migrants",
        ),
    ),
    "sharing-methods": OptionList(
        label="Ways of sharing",
        source="ICO data sharing code of practice, 'Security'",
        options=(
            "Secure e-mail",
            "Shared system",
            "Secure transfer of files",
            "Direct link between systems",
            "At meetings",
            "By telephone",
            "On paper",
        ),
    ),
    "sharing-frequency": OptionList(
        label="How often information is shared",
        source="Data Sharing and Governance Act 2019 (Ireland), section 19(1)(h)",
        options=(
            "Once",
            "When needed",
            "All the time",
            "Daily",
            "Weekly",
            "Monthly",
            "Quarterly",
            "Yearly",
        ),
    ),
    "dpia-states": OptionList(
        label="How a data protection impact assessment stands",
        source="UK GDPR Article 35",
        options=("Done", "Under way", "Not done", "Not needed"),
    ),
}


def lines_of(text: str) -> list[str]:
    """Return the lines of a text without empty ones, each once."""
    return list(dict.fromkeys(line for each in text.splitlines() if (line := each.strip())))


def in_one_line(text: str) -> str:
    """Return the lines of a text in one: 'Health; Genetic data'."""
    if "\n" not in text:  # nearly always
        return text
    return BETWEEN.join(lines_of(text))


def option_code(words: str) -> str:
    """Return an option as an address has it: of 'Public task: UK GDPR …' it is public-task.

    Options with the same words before the colon are one in a filter: one of them was renamed.
    """
    return slug_of(words.partition(":")[0]) or "other"


def short_words(words: str) -> str:
    """Return the words of an option before its article or its explanation."""
    return words.partition(":")[0]


class LinesField(models.TextField):  # type: ignore[type-arg]  # takes none when it runs
    """A text that is a list, with an entry a line."""


class OptionsField(LinesField):
    """The options that were chosen from the list `options`: `several`, or one at most."""

    def __init__(self, *args: Any, options: str = "", several: bool = True, **kwargs: Any) -> None:
        self.options, self.several = options, several
        super().__init__(*args, **kwargs)

    def validate(self, value: Any, model_instance: models.Model | None) -> None:
        """Raise ValidationError for two where one can be at most, and for None with others."""
        super().validate(value, model_instance)
        chosen = lines_of(value)
        if not self.several and len(chosen) > 1:
            raise ValidationError(f"Choose one: {in_one_line(value)}.")
        if NONE in chosen and len(chosen) > 1:
            raise ValidationError(f"Choose ‘{NONE}’ alone, or the others: {in_one_line(value)}.")

    def deconstruct(self) -> Any:
        """Return what a migration needs to make the field again."""
        name, path, args, kwargs = super().deconstruct()
        return name, path, args, {**kwargs, "options": self.options, "several": self.several}


class Option(models.Model):
    """An option that administrators have added to a list. What chose it stays when it goes."""

    options = models.CharField(
        "list",
        max_length=30,
        choices=[(name, each.label) for name, each in OPTION_LISTS.items()],
    )
    words = models.CharField(
        max_length=LONGEST_OPTION,
        validators=[refuse_email],
        help_text="Public. As it will be recorded, without a semicolon. What stands before a colon"
        " names it in filters: Public task: UK GDPR Article 6(1)(e).",
    )

    class Meta:
        ordering = ["options", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["options", "words"],
                name="one_option_a_list",
                violation_error_message="This list has this option already.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_options_display()}: {self.words}"

    def clean(self) -> None:
        """Refuse what two options could be read in, and what came with the list."""
        self.words = " ".join(self.words.split())
        if ";" in self.words:
            raise ValidationError({"words": "Remove the semicolon: it parts options in files."})
        supplied = OPTION_LISTS[self.options].options if self.options in OPTION_LISTS else ()
        if key_of(self.words) in {key_of(each) for each in supplied}:
            raise ValidationError({"words": "This list has this option already."})


def options_of(name: str, added: Iterable[Option]) -> list[str]:
    """Return all options of a list: those that came with it, then those of `added` in it."""
    own = [each.words for each in added if each.options == name]
    return [*OPTION_LISTS[name].options, *own]


def all_options() -> dict[str, list[str]]:
    """Return the options of every list by its name: one query."""
    added = list(Option.objects.all())
    return {name: options_of(name, added) for name in OPTION_LISTS}


def match_option(text: str, options: Iterable[str]) -> str | None:
    """Return the option that a text means: its words, or those before its colon or behind it."""
    wanted = key_of(text)
    for part in (lambda words: words, short_words, lambda words: words.partition(":")[2]):
        found = [each for each in options if key_of(part(each)) == wanted]
        if wanted and len(found) == 1:
            return found[0]
    return None
