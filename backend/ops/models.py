"""What the schedule remembers: when each job last finished. See docs/tasks.md."""

from django.db import models


class JobRun(models.Model):
    """The last finished run of a job (定时任务). Times are business time, so that a moved clock makes jobs due.

    `day` is the last business day that a daily job did: what an outage skipped lies between it and today.
    """

    name = models.CharField("任务", primary_key=True, max_length=40)
    finished_at = models.DateTimeField("完成时间", null=True)
    day = models.DateField("完成业务日", null=True)
    failures = models.PositiveIntegerField("连续失败次数", default=0)
    #: The type of the last error: its message could quote a record.
    error = models.CharField("错误类型", max_length=80, blank=True)

    class Meta:
        verbose_name = "定时任务"
        verbose_name_plural = "定时任务"
