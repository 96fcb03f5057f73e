"""The WSGI application: Django, behind the page cache."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from weisf.page_cache import PageCache

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "weisf.settings")
django = get_wsgi_application()
application: WSGIApplication = django

# A developer sees each change of a template at once.
if not settings.DEBUG:
    # It imports models, which can only be imported once Django is set up.
    from registers.public.cache_key import page_key, page_version

    application = PageCache(django, key=page_key, version=page_version)
