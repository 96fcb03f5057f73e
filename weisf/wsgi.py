"""The WSGI application: Django, behind the page cache."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.wsgi import get_wsgi_application

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "weisf.settings")
application: WSGIApplication = get_wsgi_application()

# A developer sees each change of a template at once.
if not settings.DEBUG:
    # It imports models, which can only be imported once Django is set up.
    from registers.public.page_cache.wsgi import PageCache

    application = PageCache(application)
