"""拆分网格 and 并入另一网格 on a cell's page: what goes along is said before it is done, and undone by the other."""

from typing import Any

from django.test import Client
from django.urls import reverse

from backend.alerts.models import Alert
from backend.regions.models import Region
from backend.residents.models import Household
from backend.sync.models import EditConflict
from tests.conftest import CELL
from tests.office.test_deeds import do
from tests.office.world import Corner

NEW, BESIDE = f"{CELL[:12]}009", "220521901901902"
SPLIT = {"number": 9, "name": "第九网格", "kind": "basic", "buildings": "", "leader_name": ""}


def cell_page(desk: Client, code: str) -> Any:
    return desk.get(reverse("admin:regions_region_change", args=[code]))


def test_a_cell_is_split_and_merged_back(here: Corner, desk: Client) -> None:
    cell = Region.objects.get(code=CELL)
    titles = {button["title"] for button in cell_page(desk, CELL).context["deed_buttons"]}
    assert {"拆分网格", "并入另一网格"} <= titles
    form = desk.get(reverse("admin:regions_region_do_split", args=[CELL])).context["form"]
    ((group, label),) = form.fields["groups"].choices
    assert label.endswith("（1 户）")
    asked = do(desk, "regions_region_do_split", cell, **SPLIT, groups=[group])
    (said,) = asked.context["form"].errors["expected"]
    assert said.startswith("将转出 1 户住户、1 名登记人员、1 条未结预警、1 名返乡人员。")
    assert not Region.objects.filter(code=NEW).exists()
    assert do(desk, "regions_region_do_split", cell, **SPLIT, groups=[group], expected=1).status_code == 302
    followers = (Household, Alert, EditConflict)
    assert {each.objects.get().region_code for each in followers} == {NEW}

    made = Region.objects.get(code=NEW)
    merging = {"region": CELL, "keep_duties": "1"}
    refused = do(desk, "regions_region_do_merge", made, **merging)
    assert "将转出 1 户住户" in refused.context["form"].errors["expected"][0]
    done = do(desk, "regions_region_do_merge", made, **merging, expected=1)
    assert done["Location"] == reverse("admin:regions_region_change", args=[CELL])
    assert {each.objects.get().region_code for each in followers} == {CELL}
    assert not {"拆分网格", "并入另一网格"} & {b["title"] for b in cell_page(desk, NEW).context["deed_buttons"]}


def test_a_merger_says_why_it_is_refused(here: Corner, desk: Client) -> None:
    cell = Region.objects.get(code=CELL)
    itself = do(desk, "regions_region_do_merge", cell, region=CELL, keep_duties="1", expected=1)
    assert itself.context["form"].errors["region"] == ["请选择另一个网格。"]
    taken = do(desk, "regions_region_do_split", cell, **{**SPLIT, "number": 902}, groups=["原属"], expected=1)
    assert "groups" in taken.context["form"].errors
