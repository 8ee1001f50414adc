"""Tables and base classes that every app shares."""

from django.db import models

from backend.core.fields import RegionCodeField


class ClockOffset(models.Model):
    """Demo mode's offset of business time; one row at most. Written by `bin/manage time_travel` alone."""

    SINGLETON = 1

    id = models.PositiveSmallIntegerField(primary_key=True, default=SINGLETON)
    seconds = models.FloatField(default=0.0)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="core_clockoffset_singleton")]


class CurrentTransaction(models.Func):
    """`pg_current_xact_id()` as a bigint (xid8 arrives as text in psycopg)."""

    template = "(pg_current_xact_id()::text::bigint)"
    arity = 0
    output_field = models.BigIntegerField()


class ChangedModel(models.Model):
    """A row that phones pull: `changed_xid` is the transaction that last wrote it.

    Set by the column default on insert and by the trigger that `core.operations.StampChanges` installs on update, so no
    service can forget it. Read only below `pg_snapshot_xmin`: see docs/sync.md.
    """

    changed_xid = models.BigIntegerField(db_default=CurrentTransaction(), editable=False)

    class Meta:
        abstract = True


class Tombstone(models.Model):
    """Something that is no longer in a cell (墓碑): deleted, or moved elsewhere. Pulled like any change."""

    kind = models.CharField(max_length=20)
    object_id = models.CharField(max_length=40)
    region_code = RegionCodeField()
    changed_xid = models.BigIntegerField(db_default=CurrentTransaction(), editable=False)

    class Meta:
        verbose_name = "同步墓碑"
        verbose_name_plural = "同步墓碑"
        indexes = [models.Index(fields=["changed_xid"], name="tombstone_changed")]
