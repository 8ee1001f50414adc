"""A database of an earlier shape is told apart from one that fits."""

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from backend.ops.shape import missing_columns

pytestmark = pytest.mark.django_db


def test_a_fresh_database_fits() -> None:
    assert missing_columns() == []


def test_a_database_of_an_earlier_shape_is_refused_in_words_and_left_as_it_is() -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE residents_household DROP COLUMN headcount CASCADE")
    assert missing_columns() == ["residents_household.headcount"]
    with pytest.raises(CommandError, match=r"residents_household\.headcount.*--reset"):
        call_command("prepare")
