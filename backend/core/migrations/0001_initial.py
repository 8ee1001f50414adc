"""Extensions, the clock, and the SQL functions that stamp changes and make partitions."""

from django.contrib.postgres.operations import BtreeGistExtension, TrigramExtension
from django.db import migrations, models

import backend.core.fields
import backend.core.models

STAMP = """
CREATE FUNCTION core_stamp_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.changed_xid := pg_current_xact_id()::text::bigint;
    RETURN NEW;
END $$
"""

# Runs as its owner, because the application's role may not create tables.
PARTITIONS = """
CREATE FUNCTION core_make_partitions(first_day date, last_day date) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    parent regclass;
    month date;
    child text;
    made integer := 0;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('core_make_partitions'));
    FOR parent IN
        SELECT p.partrelid::regclass FROM pg_partitioned_table p
        JOIN pg_attribute a ON a.attrelid = p.partrelid AND a.attnum = p.partattrs[0]
        WHERE a.attname = 'business_day'
    LOOP
        month := date_trunc('month', first_day)::date;
        WHILE month <= last_day LOOP
            child := parent::text || to_char(month, '"_y"YYYY"m"MM');
            IF to_regclass(child) IS NULL THEN
                EXECUTE format('CREATE TABLE %I (LIKE %s INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', child, parent);
                EXECUTE format('WITH moved AS (DELETE FROM %s WHERE business_day >= %L AND business_day < %L RETURNING *) '
                               'INSERT INTO %I SELECT * FROM moved',
                               parent::text || '_default', month, month + interval '1 month', child);
                EXECUTE format('ALTER TABLE %s ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
                               parent, child, month, (month + interval '1 month')::date);
                made := made + 1;
            END IF;
            month := (month + interval '1 month')::date;
        END LOOP;
    END LOOP;
    RETURN made;
END $$
"""


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        TrigramExtension(),
        BtreeGistExtension(),
        migrations.CreateModel(
            name="ClockOffset",
            fields=[
                ("id", models.PositiveSmallIntegerField(default=1, primary_key=True, serialize=False)),
                ("seconds", models.FloatField(default=0.0)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("id", 1)), name="core_clockoffset_singleton")
                ],
            },
        ),
        migrations.CreateModel(
            name="Tombstone",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=20)),
                ("object_id", models.CharField(max_length=40)),
                (
                    "region_code",
                    backend.core.fields.RegionCodeField(db_collation="C", max_length=15, verbose_name="区划代码"),
                ),
                (
                    "changed_xid",
                    models.BigIntegerField(db_default=backend.core.models.CurrentTransaction(), editable=False),
                ),
            ],
            options={
                "verbose_name": "同步墓碑",
                "verbose_name_plural": "同步墓碑",
                "indexes": [models.Index(fields=["changed_xid"], name="tombstone_changed")],
            },
        ),
        migrations.RunSQL(STAMP, "DROP FUNCTION core_stamp_change()"),
        migrations.RunSQL(PARTITIONS, "DROP FUNCTION core_make_partitions(date, date)"),
    ]
