"""A missed check that is made after all closes its alert. Duty A10. See docs/alerts.md, "Closing by themselves"."""

import datetime as dt
import uuid
from collections.abc import Collection, Iterable

from backend.alerts.choices import RuleKey
from backend.alerts.rules import missed_occasion
from backend.alerts.selectors import unfinished_about
from backend.alerts.services import alerts_answer
from backend.health.selectors import checks_made


def missed_answer(*, made: Collection[tuple[uuid.UUID, dt.date, str]]) -> None:
    """Close the alerts about missed checks that those just `made` (person, day, session) answer.

    An alert about several sessions closes with the last of them. Runs in the transaction of the checks; one query when
    there is no such alert, whatever the number of checks.
    """
    just_made = _occasions(made)
    if not just_made:
        return
    about = unfinished_about(rule=RuleKey.CHECK_MISSED, person_ids=just_made.keys())
    alerts = [alert for alert in about if not just_made[alert[1]].isdisjoint(alert[2])]
    if not alerts:
        return
    ever_made = _occasions(checks_made(person_ids={person for _, person, _ in alerts}))
    alerts_answer(alert_ids=[alert for alert, person, missed in alerts if ever_made[person].issuperset(missed)])


def _occasions(checks: Iterable[tuple[uuid.UUID, dt.date, str]]) -> dict[uuid.UUID, set[str]]:
    found: dict[uuid.UUID, set[str]] = {}
    for person, day, session in checks:
        found.setdefault(person, set()).add(missed_occasion(day, session))
    return found
