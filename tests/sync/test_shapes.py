"""The wire's literals are the enumerations'."""

from typing import get_args

import pytest

from backend.core.symptoms import Symptom
from backend.residents.choices import Care, DeclineReason, DocumentType, HandOverReason, Occupancy, Purpose
from backend.returnees.choices import Transport
from backend.sync import shapes
from backend.visits.choices import Need, Outcome


@pytest.mark.parametrize(
    ("literal", "choices"),
    [
        (shapes.SymptomCode, Symptom),
        (shapes.NeedCode, Need),
        (shapes.OutcomeCode, Outcome),
        (shapes.OccupancyCode, Occupancy),
        (shapes.CareCode, Care),
        (shapes.DocumentTypeCode, DocumentType),
        (shapes.PurposeCode, Purpose),
        (shapes.HandoverReasonCode, HandOverReason),
        (shapes.DeclineCode, DeclineReason),
        (shapes.TransportCode, Transport),
    ],
)
def test_literals_match_the_enumerations(literal: object, choices: type) -> None:
    assert sorted(get_args(literal)) == sorted(choices.values)
