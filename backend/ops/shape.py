"""Whether a database has the shape this version expects: every table and column its models name."""

from django.apps import apps
from django.db import connection

_COLUMNS = """
SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = ANY (current_schemas(false))
"""


def missing_columns() -> list[str]:
    """`table.column` of what models name and the database lacks, sorted; empty when they fit. One query.

    A database made before a migration was rewritten counts as migrated and lacks what came since.
    """
    with connection.cursor() as cursor:
        cursor.execute(_COLUMNS)
        there = set(cursor.fetchall())
    wanted = {
        (model._meta.db_table, field.column)
        for model in apps.get_models()
        if model._meta.managed
        for field in model._meta.local_concrete_fields
    }
    return sorted(f"{table}.{column}" for table, column in wanted - there)
