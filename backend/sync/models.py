"""The protocol's own state: the history that cursors belong to. See docs/sync.md."""

from django.db import models


class History(models.Model):
    """The identity of this database's past (历史标识). A restored copy gets a new one, and phones start over.

    `system_identifier` and `timeline` are the cluster's own: when they differ from what is stored, or a stored
    transaction lies in the future, the history is remade by itself.
    """

    SINGLETON = 1

    id = models.PositiveSmallIntegerField(primary_key=True, default=SINGLETON)
    history_id = models.UUIDField()
    system_identifier = models.CharField(max_length=24)
    timeline = models.IntegerField()
    made_at = models.DateTimeField()

    class Meta:
        verbose_name = "同步历史"
        verbose_name_plural = "同步历史"
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="sync_history_singleton")]
