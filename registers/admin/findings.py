"""What the rules find, on the form of a protocol and on that of its lead organisation."""

from __future__ import annotations

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.safestring import SafeString

from registers.health.rules import BY_KEY, Finding
from registers.models import Organisation, Party, Protocol
from registers.search.findings import findings_of, found_by_any, references_in
from registers.search.index import current_index

MOST_PROTOCOLS = 10  # on the form of their lead


def findings_today(protocol: Protocol) -> list[Finding]:
    """Return what the rules find of a protocol today."""
    return findings_of(protocol, current_index(), timezone.localdate())


def findings_of_lead(organisation: Organisation) -> SafeString:
    """Return the findings of the protocols in force that an organisation leads, as HTML."""
    index, on = current_index(), timezone.localdate()
    led = index.of_organisations([organisation.pk], Party.Role.LEAD)
    found = led & found_by_any(index, BY_KEY, on)
    several = Protocol.objects.filter(pk__in=references_in(found)).with_parties()
    shown = several.prefetch_related("documents")[:MOST_PROTOCOLS]
    query = urlencode({"finding": "any", "lead": organisation.slug})
    context = {
        "protocols": [(each, findings_of(each, index, on)) for each in shown],
        "count": int(found.sum()),
        "address": f"{reverse('admin:registers_protocol_changelist')}?{query}",
    }
    return render_to_string("admin/registers/organisation/findings.html", context)
