"""The API's description is whole: every address described, nothing guessed, valid OpenAPI 3.1."""

import io

import pytest
from django.core.management import call_command
from rest_framework.test import APIClient


def test_the_description_has_no_warning(tmp_path) -> None:  # type: ignore[no-untyped-def]
    call_command(
        "spectacular", validate=True, fail_on_warn=True, file=str(tmp_path / "schema.yml"), stdout=io.StringIO()
    )


@pytest.mark.django_db
def test_the_page_to_try_it_takes_its_assets_from_our_origin() -> None:
    page = APIClient().get("/api/v1/docs/")
    text = page.content.decode()
    assert page.status_code == 200
    assert "/static/drf_spectacular_sidecar/" in text
    assert "https://" not in text
