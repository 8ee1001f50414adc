"""What the application's database role may do: everything it needs on its tables, and on `audit` only add and read."""

from django.apps import apps
from django.conf import settings
from django.db import connection
from psycopg import sql

#: Apps whose tables can be added to and read, never altered: a stolen application password cannot rewrite the trail.
APPEND_ONLY_APPS = ("audit",)


def grant_application_role(role: str = "") -> None:
    """Grant the application's role its rights. Nothing to do when the application signs in as the owner itself."""
    role = role or settings.APPLICATION_ROLE
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        if not role or cursor.fetchone()[0] == role:
            return
        name = sql.Identifier(role)
        for statement in (
            "GRANT USAGE ON SCHEMA public TO {0}",
            "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {0}",
            "GRANT USAGE, SELECT, UPDATE ON ALL SEQUENCES IN SCHEMA public TO {0}",
            "GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO {0}",
            "GRANT TEMPORARY ON DATABASE {1} TO {0}",
        ):
            database = sql.Identifier(connection.settings_dict["NAME"])
            cursor.execute(sql.SQL(statement).format(name, database))
        for label in APPEND_ONLY_APPS:
            for model in apps.get_app_config(label).get_models():
                table = sql.Identifier(model._meta.db_table)
                cursor.execute(sql.SQL("REVOKE UPDATE, DELETE, TRUNCATE ON {1} FROM {0}").format(name, table))
