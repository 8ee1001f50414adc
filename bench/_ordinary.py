"""The upload endpoint one would write first: a DRF serializer with `many=True`, then `bulk_create`.

A small application of its own, the yardstick for our push. It has no sign-in, no scope, no ledger and no audit, so it
does a good deal less than ours for every row.
"""

import os

import dj_database_url
from django.conf import settings

settings.configure(
    SECRET_KEY="bench",
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    USE_TZ=True,
    DATABASES={"default": dj_database_url.parse(os.environ["DATABASE_OWNER_URL"])},
    INSTALLED_APPS=["rest_framework"],
    REST_FRAMEWORK={
        "DEFAULT_AUTHENTICATION_CLASSES": [],
        "DEFAULT_PERMISSION_CLASSES": [],
        "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
        "UNAUTHENTICATED_USER": None,
    },
)
settings.DATABASES["default"]["OPTIONS"] = {"pool": {"min_size": 2, "max_size": 6}}

import django  # noqa: E402

django.setup()

from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.db import connection, models  # noqa: E402
from django.http import HttpRequest, HttpResponse  # noqa: E402
from django.urls import path  # noqa: E402
from rest_framework import serializers  # noqa: E402
from rest_framework.request import Request  # noqa: E402
from rest_framework.response import Response  # noqa: E402
from rest_framework.views import APIView  # noqa: E402


class OrdinaryVisit(models.Model):
    """A visit as a phone writes it down, and nothing else."""

    id = models.UUIDField(primary_key=True)
    region_code = models.CharField(max_length=15)
    business_day = models.DateField()
    observed_at = models.DateTimeField()
    received_at = models.DateTimeField(auto_now_add=True)
    device_id = models.UUIDField()
    household_id = models.UUIDField()
    outcome = models.CharField(max_length=15, choices=[(o, o) for o in ("seen_well", "seen_unwell", "nobody_home")])
    note = models.CharField(max_length=500, blank=True)

    class Meta:
        app_label = "ordinary"
        indexes = [models.Index(fields=["region_code", "business_day"], name="ordinary_cell_day")]


class OrdinarySerializer(serializers.ModelSerializer[OrdinaryVisit]):
    class Meta:
        model = OrdinaryVisit
        fields = ["id", "region_code", "business_day", "observed_at", "device_id", "household_id", "outcome", "note"]
        # Known ids are sorted out by `bulk_create`; the default would ask the database once for every row.
        extra_kwargs = {"id": {"validators": []}}


class OrdinaryView(APIView):
    """`[{…}, …]` in, `{"created": n}` out."""

    def post(self, request: Request) -> Response:
        serializer = OrdinarySerializer(data=request.data, many=True)
        serializer.is_valid(raise_exception=True)
        rows = [OrdinaryVisit(**row) for row in serializer.validated_data]
        OrdinaryVisit.objects.bulk_create(rows, ignore_conflicts=True)
        return Response({"created": len(rows)})


def healthz(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


urlpatterns = [path("visits/", OrdinaryView.as_view()), path("healthz", healthz)]
application = get_wsgi_application()


def make_table() -> None:
    """Create the table: `python bench/_ordinary.py`, in a process of its own."""
    with connection.schema_editor() as editor:
        editor.create_model(OrdinaryVisit)


if __name__ == "__main__":
    make_table()
