"""Pure decisions about a visit: who of the household counts as feverish or symptomatic."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal

FEVER = "fever"


@dataclass(frozen=True, slots=True)
class PersonSeen:
    """What the worker noted of one person at the door; `person` is an id as text, or None for somebody unnamed."""

    person: str | None
    temperature: Decimal | None
    symptoms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Judged:
    """How many of those seen have a fever or a symptom that matters at the door, and the highest temperature."""

    fever_count: int
    symptom_count: int
    temperature_max: Decimal | None
    symptoms: tuple[str, ...]


NOBODY = Judged(0, 0, None, ())


def judge(people: Sequence[PersonSeen], *, threshold: Decimal, watched: Collection[str]) -> Judged:
    """Fever: a temperature at or above `threshold`, or the symptom "fever". Symptomatic: any symptom in `watched`."""
    if not people:
        return NOBODY
    fever = symptomatic = 0
    highest: Decimal | None = None
    noted: dict[str, None] = {}
    for seen in people:
        hot = seen.temperature is not None and seen.temperature >= threshold
        fever += hot or FEVER in seen.symptoms
        symptomatic += any(symptom in watched for symptom in seen.symptoms)
        noted.update(dict.fromkeys(seen.symptoms))
        if seen.temperature is not None and (highest is None or seen.temperature > highest):
            highest = seen.temperature
    return Judged(fever, symptomatic, highest, tuple(noted))
