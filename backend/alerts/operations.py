"""The migration operation that numbers alert events in the order of commits. See docs/realtime.md."""

from typing import Any

from django.db.migrations.operations.base import Operation

# A constraint trigger that is initially deferred fires while the transaction commits, after its last statement. The
# advisory lock is therefore the last thing a transaction takes: it cannot hold it while it waits for a row, and holds
# it only for the commit itself. PostgreSQL releases it after the commit is visible to others.
_FORWARD = """
CREATE SEQUENCE alerts_event_seq;
CREATE FUNCTION alerts_number_event() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('alerts_event_seq'));
    UPDATE alerts_alertevent SET seq = nextval('alerts_event_seq') WHERE id = NEW.id;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER alerts_number_event AFTER INSERT ON alerts_alertevent
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION alerts_number_event();
"""
_BACKWARD = """
DROP TRIGGER alerts_number_event ON alerts_alertevent;
DROP FUNCTION alerts_number_event();
DROP SEQUENCE alerts_event_seq;
"""


class NumberEventsByCommit(Operation):
    """Install the deferred trigger that gives each new `AlertEvent` its `seq`."""

    reversible = True

    def state_forwards(self, app_label: str, state: Any) -> None:
        """The trigger changes no model state."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        schema_editor.execute(_FORWARD, params=None)

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        schema_editor.execute(_BACKWARD, params=None)

    def describe(self) -> str:
        return "Number alert events in the order of commits"
