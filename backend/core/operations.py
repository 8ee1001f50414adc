"""Migration operations: the change stamp and month partitions. Both act on the table of a model just created."""

from typing import Any

from django.db.migrations.operations.base import Operation


class StampChanges(Operation):
    """Install the trigger that sets `changed_xid` of `model_name` on every update."""

    reversible = True

    def __init__(self, model_name: str) -> None:
        self.model_name = model_name

    def state_forwards(self, app_label: str, state: Any) -> None:
        """The trigger changes no model state."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        table = to_state.apps.get_model(app_label, self.model_name)._meta.db_table
        schema_editor.execute(
            f'CREATE TRIGGER "{table}_stamp" BEFORE UPDATE ON "{table}" '
            "FOR EACH ROW EXECUTE FUNCTION core_stamp_change()"
        )

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        table = from_state.apps.get_model(app_label, self.model_name)._meta.db_table
        schema_editor.execute(f'DROP TRIGGER IF EXISTS "{table}_stamp" ON "{table}"')

    def describe(self) -> str:
        return f"Stamp changes of {self.model_name}"


class PartitionByMonth(Operation):
    """Turn the fresh, empty table of `model_name` into one range-partitioned by `business_day`.

    The database key becomes `(id, business_day)`; Django's key stays `id`, unique through the ledger of ids
    (`facts.SyncItem`). Months are made by the SQL function `core_make_partitions`; a default partition catches a day
    nobody foresaw, so that no write ever fails for want of a partition.
    """

    reversible = True

    def __init__(self, model_name: str) -> None:
        self.model_name = model_name

    def state_forwards(self, app_label: str, state: Any) -> None:
        """Partitioning changes no model state."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        model = to_state.apps.get_model(app_label, self.model_name)
        table = model._meta.db_table
        # Index statements that creating the model deferred would name the dropped template.
        schema_editor.deferred_sql = [
            sql
            for sql in schema_editor.deferred_sql
            if not (hasattr(sql, "references_table") and sql.references_table(table))
        ]
        schema_editor.execute(f'ALTER TABLE "{table}" RENAME TO "{table}_template"')
        schema_editor.execute(
            f'CREATE TABLE "{table}" (LIKE "{table}_template" INCLUDING DEFAULTS INCLUDING CONSTRAINTS) '
            "PARTITION BY RANGE (business_day)"
        )
        schema_editor.execute(f'DROP TABLE "{table}_template"')
        schema_editor.execute(f'ALTER TABLE "{table}" ADD PRIMARY KEY (id, business_day)')
        for statement in schema_editor._model_indexes_sql(model):
            schema_editor.execute(statement)
        schema_editor.execute(f'CREATE TABLE "{table}_default" PARTITION OF "{table}" DEFAULT')

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        """Deleting the model drops the partitioned table."""

    def describe(self) -> str:
        return f"Partition {self.model_name} by month of business day"
