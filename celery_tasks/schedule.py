"""The whole schedule on one screen. See docs/tasks.md.

Beat sends two messages and nothing else. What the tick then asks for is the ordered list in `celery_tasks.due`. A
message that no worker took before the next one is dropped: the next one asks for the same.
"""

from typing import Any, Final

#: Seconds between two ticks, and between two sweeps of touched cells.
TICK_SECONDS: Final = 60
SWEEP_SECONDS: Final = 4

BEAT: dict[str, dict[str, Any]] = {
    "tick": {
        "task": "celery_tasks.tick",
        "schedule": TICK_SECONDS,
        "options": {"expires": TICK_SECONDS},
    },
    "refresh-touched": {
        "task": "celery_tasks.refresh_touched",
        "schedule": SWEEP_SECONDS,
        "options": {"expires": SWEEP_SECONDS},
    },
}
