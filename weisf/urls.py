"""URL configuration: /admin/ for editors, and everything else for readers."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", include("registers.accounts.urls")),
    path("admin/", admin.site.urls),
    path("", include("registers.public.urls")),
]

handler400 = "registers.public.errors.bad_request"
handler403 = "registers.public.errors.forbidden"
handler404 = "registers.public.errors.not_found"
handler500 = "registers.public.errors.server_error"
