"""Identifiers of organisations in the registers of others, each checked by its form."""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db import models

from registers.models.organisation import Organisation

LONGEST = 20


@dataclass(frozen=True, kw_only=True)
class Form:
    """What identifiers of one scheme look like: a pattern, and the same in words.

    `zeros` is the length to which zeros are put before a number of digits alone, which
    a spreadsheet took off; 0 where no number begins with one.
    """

    pattern: str
    words: str
    zeros: int = 0


class Identifier(models.Model):
    """What an organisation is called in a register of others, so that machines can match it.

    The forms, as those who give the identifiers describe them:

    - ODS code: 3 to 9 letters and digits (NHS Data Model and Dictionary, 'Organisation
      Identifier' and 'Organisation Site Identifier').
    - URN of a school: 6 digits (Department for Education, 'Get information about schools').
    - UKPRN: 8 digits, the first of them 1 (UK Register of Learning Providers).
    - ICO registration: Z, a letter or digit, 5 digits, and a digit or X (Information
      Commissioner's Office, register of fee payers).
    - company number: 8 digits, or a known prefix of two letters and 6 digits; those of
      registered societies can end in letters (Companies House, 'Company number prefixes').
    - charity number: 6 or 7 digits, with - and a number for a linked charity (Charity
      Commission for England and Wales); SC and 6 digits (Scottish Charity Regulator); NIC
      and 6 digits (Charity Commission for Northern Ireland).
    - GSS code: E, W, S, N, J, K, L or M and 8 digits (Office for National Statistics,
      'Coding and naming policy for UK statistical geographies'). It is of an area, and
      stands for the council of that area.
    """

    class Scheme(models.TextChoices):
        """Whose register it is in. Pages list them in this order."""

        ODS = "ods", "ODS code"  # the NHS
        URN = "urn", "School URN"
        UKPRN = "ukprn", "UKPRN"  # a provider of learning
        ICO = "ico", "ICO registration number"
        COMPANY = "company", "Company number"
        CHARITY = "charity", "Charity number"
        GSS = "gss", "GSS code"  # the area of a council

    organisation = models.ForeignKey(Organisation, models.CASCADE, related_name="identifiers")
    scheme = models.CharField("kind", max_length=10, choices=Scheme.choices)
    value = models.CharField("identifier", max_length=LONGEST)

    class Meta:
        ordering = ["scheme", "value"]
        constraints = [
            models.UniqueConstraint(
                fields=["scheme", "value"],
                name="one_organisation_per_identifier",
                violation_error_message="An organisation has this identifier already.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_scheme_display()} {self.value}"

    def clean(self) -> None:
        """Write the value as its scheme does, and refuse one of another form.

        Raises ValidationError, beside the field.
        """
        form = FORMS.get(self.scheme)
        if form is None or not 0 < len(self.value) <= LONGEST:
            return  # refused beside its field already
        self.value = plain_value(self.value, form)
        if not re.fullmatch(form.pattern, self.value):
            raise ValidationError({"value": f"Enter the {self._called()} as {form.words}."})
        same = Identifier.objects.filter(scheme=self.scheme, value=self.value).exclude(pk=self.pk)
        if other := same.select_related("organisation").first():
            raise ValidationError(
                {"value": f"{other.organisation} has the {self._called()} {self.value} already."}
            )

    def _called(self) -> str:
        """Return what its scheme is called within a sentence."""
        label = str(self.get_scheme_display())
        return label if label[1].isupper() else label[0].lower() + label[1:]


def plain_value(value: str, form: Form) -> str:
    """Return an identifier in capitals, without spaces, and with the zeros that were lost."""
    plain = re.sub(r"\s", "", value).upper()
    return plain.zfill(form.zeros) if re.fullmatch(r"[0-9]{5,}", plain) else plain


_COMPANY_PREFIX = (
    "AC|CE|CS|FC|FE|GE|GN|GS|IC|IP|LP|NA|NC|NF|NI|NL|NO|NP|NZ|OC|OE|PC|R0|RC|RS|SA|SC|SE|SF|SG"
    "|SI|SL|SO|SP|SR|SZ|ZC"
)
FORMS: dict[str, Form] = {
    Identifier.Scheme.ODS: Form(
        pattern="[A-Z0-9]{3,9}", words="3 to 9 letters and digits, like QM7"
    ),
    Identifier.Scheme.URN: Form(pattern="[0-9]{6}", words="6 digits, like 123456"),
    Identifier.Scheme.UKPRN: Form(
        pattern="1[0-9]{7}", words="8 digits that begin with 1, like 10012345"
    ),
    Identifier.Scheme.ICO: Form(
        pattern="Z[A-Z0-9][0-9]{5}[0-9X]",
        words="Z and 7 more letters and digits, like Z1234567 or ZA123456",
    ),
    Identifier.Scheme.COMPANY: Form(
        pattern=f"[0-9]{{8}}|(?:{_COMPANY_PREFIX})[0-9]{{6}}|(?:IP|SP|RS)[0-9]{{3}}[0-9A-Z]{{3}}",
        words="8 digits, or two letters and 6 digits, like 01234567 or SC123456",
        zeros=8,
    ),
    Identifier.Scheme.CHARITY: Form(
        pattern="[1-9][0-9]{5,6}(?:-[1-9][0-9]{0,3})?|SC[0-9]{6}|NIC[0-9]{6}",
        words="6 or 7 digits (England and Wales), SC and 6 digits (Scotland), or NIC and 6"
        " digits (Northern Ireland), like 1234567, SC012345 or NIC101234",
    ),
    Identifier.Scheme.GSS: Form(
        pattern="[EWSNJKLM][0-9]{8}", words="a letter and 8 digits, like E10000012"
    ),
}
