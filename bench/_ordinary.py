"""The upload endpoint one would write first: a DRF serializer with `many=True`, then `bulk_create`.

A small project of its own, the yardstick for our push: the middleware that `startproject` writes, Django's sessions and
users, DRF's session sign-in with CSRF, a connection pool, and a row with the columns of a visit, its key and one index.
It has no scope, ledger, device, judgement, audit or verdicts. Run as a script it makes its tables in a schema of
their own and prints the headers of somebody signed in, as JSON.
"""

import json
import os

import dj_database_url
from django.conf import settings

settings.configure(
    SECRET_KEY="bench",
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    USE_TZ=True,
    DATABASES={"default": dj_database_url.parse(os.environ["DATABASE_OWNER_URL"])},
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions", "rest_framework"],
    MIDDLEWARE=[
        "django.middleware.security.SecurityMiddleware",
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.middleware.clickjacking.XFrameOptionsMiddleware",
    ],
    REST_FRAMEWORK={
        "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.SessionAuthentication"],
        "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
        "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    },
)
settings.DATABASES["default"]["OPTIONS"] = {
    "pool": {"min_size": 2, "max_size": 6},
    "options": "-c search_path=ordinary",
}

import django  # noqa: E402

django.setup()

from django.contrib.auth import login  # noqa: E402
from django.contrib.auth.models import User  # noqa: E402
from django.contrib.sessions.backends.db import SessionStore  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.db import connection, models  # noqa: E402
from django.http import HttpRequest, HttpResponse  # noqa: E402
from django.middleware.csrf import _get_new_csrf_string  # noqa: E402
from django.urls import path  # noqa: E402
from django.utils import timezone  # noqa: E402
from rest_framework import serializers  # noqa: E402
from rest_framework.request import Request  # noqa: E402
from rest_framework.response import Response  # noqa: E402
from rest_framework.views import APIView  # noqa: E402


class OrdinaryVisit(models.Model):
    """A visit, with the columns of `push.COLUMNS`."""

    id = models.UUIDField(primary_key=True)
    region_code = models.CharField(max_length=15)
    business_day = models.DateField()
    observed_at = models.DateTimeField()
    corrected_at = models.DateTimeField()
    received_at = models.DateTimeField()
    doubtful = models.BooleanField(default=False)
    author_id = models.BigIntegerField()
    author_name = models.CharField(max_length=60)
    device_id = models.UUIDField()
    replaces_id = models.UUIDField(null=True)
    household_id = models.UUIDField()
    outcome = models.CharField(max_length=15, choices=[(o, o) for o in ("seen_well", "seen_unwell", "nobody_home")])
    people = models.JSONField(default=list)
    temperature_max = models.DecimalField(max_digits=3, decimal_places=1, null=True)
    fever_count = models.PositiveSmallIntegerField(default=0)
    symptom_count = models.PositiveSmallIntegerField(default=0)
    note = models.CharField(max_length=500, blank=True)
    rule_version = models.CharField(max_length=60, blank=True)

    class Meta:
        app_label = "ordinary"
        indexes = [models.Index(fields=["region_code", "business_day"], name="ordinary_cell_day")]


class OrdinarySerializer(serializers.ModelSerializer[OrdinaryVisit]):
    """What a phone sends of a visit."""

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
        now = timezone.now()
        rows = [
            OrdinaryVisit(
                **row, corrected_at=row["observed_at"], received_at=now, author_id=request.user.pk,
                author_name=request.user.username,
            )
            for row in serializer.validated_data
        ]  # fmt: skip
        OrdinaryVisit.objects.bulk_create(rows, ignore_conflicts=True)
        return Response({"created": len(rows)})


def healthz(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


urlpatterns = [path("visits/", OrdinaryView.as_view()), path("healthz", healthz)]
application = get_wsgi_application()


def prepare() -> dict[str, str]:
    """Make the tables and a session; the headers to send with it."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE SCHEMA ordinary")
    call_command("migrate", verbosity=0)
    with connection.schema_editor() as editor:
        editor.create_model(OrdinaryVisit)
    request = HttpRequest()
    request.session = SessionStore()
    login(request, User.objects.create(username="phone"), backend="django.contrib.auth.backends.ModelBackend")
    request.session.save()
    csrf = _get_new_csrf_string()
    return {"Cookie": f"sessionid={request.session.session_key}; csrftoken={csrf}", "X-CSRFToken": csrf}


if __name__ == "__main__":
    print(json.dumps(prepare()))
