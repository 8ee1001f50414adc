"""Pure decisions about one daily check: whether it shows a fever or a symptom, and whether it is still owed."""

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal

from backend.facts.choices import Symptom
from backend.health.choices import DueState


@dataclass(frozen=True, slots=True)
class Judged:
    """What a check shows under the rule of its place and day."""

    fever: bool
    symptomatic: bool


def judge_check(
    *, temperature: Decimal | None, symptoms: Collection[str], threshold: Decimal, watched: Collection[str]
) -> Judged:
    """Fever: a temperature (℃) at or above `threshold`, or the symptom "fever". Symptomatic: a symptom in `watched`."""
    hot = temperature is not None and temperature >= threshold
    return Judged(hot or Symptom.FEVER.value in symptoms, any(symptom in watched for symptom in symptoms))


def due_state(*, done: bool, deadline: dt.datetime, now: dt.datetime) -> DueState:
    """An expected check is done, still due, or, once `deadline` has passed, missed."""
    if done:
        return DueState.DONE
    return DueState.MISSED if now > deadline else DueState.DUE
