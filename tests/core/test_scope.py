"""Scope: prefixes, minimal sets, and the empty scope that matches nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.core.fields import CODE_LENGTHS
from backend.core.scope import Scope
from backend.regions.models import Region

codes = st.sampled_from(CODE_LENGTHS).flatmap(lambda n: st.text("0123456789", min_size=n, max_size=n))


@given(st.lists(codes), codes)
def test_covers_is_prefix_of_some_code(given_codes: list[str], code: str) -> None:
    assert Scope.of(given_codes).covers(code) == any(code.startswith(g) for g in given_codes)


def test_an_empty_code_names_no_region() -> None:
    assert not Scope.of([""])
    assert not Scope.of([]).covers("22")


@pytest.mark.django_db
def test_empty_scope_matches_no_row(tree: dict[str, Region]) -> None:
    assert not Region.objects.within(Scope.nothing()).exists()


def test_scope_filters_by_prefix(tree: dict[str, Region]) -> None:
    seen = Region.objects.within(Scope.of(["220521901"])).values_list("code", flat=True)
    assert sorted(seen) == sorted(code for code in tree if code.startswith("220521901"))
