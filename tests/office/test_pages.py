"""Every page of the office opens, holds only what lies in scope, and costs a constant number of queries."""

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from tests.office.world import Corner, addresses

PAGES = sorted(f"{m._meta.app_label}_{m._meta.model_name}" for m in admin.site._registry)
#: Lists of rows that belong to no cell of their own.
NATIONAL = {"policies_policyrule"}


@pytest.mark.parametrize("page", PAGES)
def test_list_and_object(page: str, here: Corner, there: Corner, desk: Client) -> None:
    listed = desk.get(reverse(f"admin:{page}_changelist"))
    assert listed.status_code == 200
    if page in NATIONAL:
        return
    rows = {str(row.pk) for row in listed.context["cl"].result_list}
    mine, foreign = str(addresses(here)[page]), str(addresses(there)[page])
    assert mine in rows
    assert foreign not in rows
    assert desk.get(reverse(f"admin:{page}_change", args=[mine])).status_code == 200
    assert desk.get(reverse(f"admin:{page}_change", args=[foreign])).status_code == 404
    assert desk.post(reverse(f"admin:{page}_change", args=[mine])).status_code == 405
