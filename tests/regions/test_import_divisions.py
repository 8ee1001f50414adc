"""Importing division files: columns, mixes, pseudo levels, refusals, repetition."""

import csv
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from backend.regions.divisions.codes import Reason, RefusedError, read_code
from backend.regions.divisions.files import Line, read_file
from backend.regions.divisions.judge import is_placeholder
from backend.regions.models import Region

pytestmark = pytest.mark.django_db

PROVINCES = 'code,name\n22,"吉林省"\n11,"北京市"\n42,"湖北省"\n44,"广东省"\n'
CITIES = "code,name,provinceCode\n2205,通化市,22\n1101,市辖区,11\n4290,省直辖县级行政区划,42\n4419,东莞市,44\n"
AREAS = (
    "code,name,cityCode,provinceCode\n220521,通化县,2205,22\n110101,东城区,1101,11\n429004,仙桃市,4290,42\n"
    "441900,东莞市,4419,44\n"
)
STREETS = (
    "code,name,areaCode,provinceCode,cityCode\n220521100,快大茂镇,220521,22,2205\n110101001,东华门街道,110101,11,1101\n"
    "429004001,沙嘴街道,429004,42,4290\n441900003,东城街道,441900,44,4419\n"
)
VILLAGES = "统计用区划代码,城乡分类代码,名称\n220521100001,121,团结社区居委会\n441900003001,111,岗贝社区居委会\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "divisions"
    place.mkdir()
    for name, text in (
        ("areas", AREAS), ("cities", CITIES), ("provinces", PROVINCES), ("streets", STREETS), ("villages", VILLAGES),
    ):  # fmt: skip
        (place / f"{name}.csv").write_text(text, encoding="utf-8")
    return place


def parents() -> dict[str, str | None]:
    return dict(Region.objects.values_list("code", "parent_code"))


def refusals(settings: Any) -> list[dict[str, str]]:
    (report,) = sorted((settings.VAR / "imports").glob("*.csv"))
    with report.open(encoding="utf-8-sig", newline="") as handle:
        return list(csv.DictReader(handle))


def test_the_files_together_make_the_tree(folder: Path) -> None:
    call_command("import_divisions", folder)
    assert Region.objects.count() == 18
    assert set(Region.objects.filter(placeholder=True).values_list("code", flat=True)) == {"1101", "4290", "441900"}
    links = parents()
    assert links["441900003"] == "4419"
    assert links["429004"] == "42"
    assert links["110101"] == "11"
    assert links["220521100001"] == "220521100"
    assert links["22"] is None


def test_a_second_import_changes_nothing_and_a_new_name_is_taken(folder: Path, capsys: Any) -> None:
    call_command("import_divisions", folder)
    stamps = dict(Region.objects.values_list("code", "changed_xid"))
    call_command("import_divisions", folder)
    assert dict(Region.objects.values_list("code", "changed_xid")) == stamps
    (folder / "streets.csv").write_text("code,name\n220521100,新快大茂镇\n", encoding="utf-8")
    call_command("import_divisions", folder)
    assert Region.objects.get(pk="220521100").name == "新快大茂镇"
    assert Region.objects.filter(pk="429004001").exists(), "a code that the file leaves out stays"


def test_padded_codes_are_read_with_their_level(tmp_path: Path) -> None:
    file = tmp_path / "all.csv"
    file.write_text(
        "code,name,level\n440000000000,广东省,1\n441900000000,东莞市,2\n441900003000,东城街道,4\n"
        "441900003001,岗贝社区居委会,5\n350000000000,福建省,province\n350500000000,泉州市,city\n"
        "350527000000,金门县,county\n",
        encoding="utf-8",
    )
    call_command("import_divisions", file)
    assert parents() == {
        "44": None, "4419": "44", "441900003": "4419", "441900003001": "441900003",
        "35": None, "3505": "35", "350527": "3505",
    }  # fmt: skip


def test_files_in_gb18030_and_with_a_byte_order_mark(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes("代码,名称\r\n22,吉林省\r\n".encode("gb18030"))
    (tmp_path / "b.csv").write_bytes("code,name\n2205,通化市\n".encode("utf-8-sig"))
    call_command("import_divisions", tmp_path / "a.csv", tmp_path / "b.csv")
    assert dict(Region.objects.values_list("code", "name")) == {"22": "吉林省", "2205": "通化市"}


def test_bad_lines_are_refused_alone_with_their_reason(folder: Path, settings: Any) -> None:
    lines = [
        "220521100,快大茂镇,220521,22,2205",
        "220521100,快大茂镇,220521,22,2205",  # the same code twice
        "22052110,七位半镇,220521,22,2205",  # bad length
        "22O521101,字母镇,220521,22,2205",  # a letter O
        "999999101,无县镇,999999,99,9999",  # nobody above
        "220521102,错挂镇,110101,22,2205",  # another county's
        "220521103,,220521,22,2205",  # no name
        "220521104,�镇,220521,22,2205",  # mojibake
        '220521105,"半个镇',  # the file was cut here
    ]
    text = "code,name,areaCode,provinceCode,cityCode\n" + "\n".join(lines)
    (folder / "streets.csv").write_text(text, encoding="utf-8")
    (folder / "villages.csv").unlink()
    with pytest.raises(CommandError) as error:
        call_command("import_divisions", folder)
    assert error.value.returncode == 1
    assert [(int(r["行"]), r["原因代码"]) for r in sorted(refusals(settings), key=lambda r: int(r["行"]))] == [
        (3, "duplicate"), (4, "bad_length"), (5, "bad_code"), (6, "orphan"), (7, "wrong_parent"),
        (8, "bad_name"), (9, "bad_name"), (10, "cut_off"),
    ]  # fmt: skip
    assert Region.objects.filter(level="township").count() == 1
    assert Region.objects.filter(level="county").count() == 4


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty_file"),
        (b"\n\n", "empty_file"),
        ("名称,备注\n吉林省,无\n".encode(), "missing_column"),
        (b"\x00\x01\x02\xff\xfe\n\xff\xfe\x00\x81\n", "not_text"),
        (b'"code,name\n', "cut_off"),
        (b"\x81\xff,\xff\xff\n", "not_text"),
    ],
)
def test_a_file_that_is_none_is_refused_whole(tmp_path: Path, settings: Any, content: bytes, reason: str) -> None:
    file = tmp_path / "x.csv"
    file.write_bytes(content)
    with pytest.raises(CommandError):
        call_command("import_divisions", file)
    assert [(r["行"], r["原因代码"]) for r in refusals(settings)] == [("", reason)]


def test_half_a_file_keeps_its_whole_lines(tmp_path: Path, settings: Any) -> None:
    file = tmp_path / "x.csv"
    file.write_bytes("code,name\n22,吉林省\n2205,通化市\n2206,白山市\n".encode()[:-2])
    with pytest.raises(CommandError):
        call_command("import_divisions", file)
    assert set(Region.objects.values_list("code", flat=True)) == {"22", "2205"}
    assert [r["原因代码"] for r in refusals(settings)] == ["not_text"]


def test_nothing_to_read_is_its_own_exit_code(tmp_path: Path) -> None:
    for wrong in (tmp_path / "none", tmp_path):
        with pytest.raises(CommandError) as error:
            call_command("import_divisions", wrong)
        assert error.value.returncode == 2


def test_a_level_that_turns_real_takes_its_children_back(folder: Path) -> None:
    call_command("import_divisions", folder)
    (folder / "cities.csv").write_text("code,name\n4290,新设市\n", encoding="utf-8")
    call_command("import_divisions", folder / "cities.csv")
    assert parents()["429004"] == "4290"
    assert not Region.objects.get(pk="4290").placeholder


@pytest.mark.parametrize(
    ("code", "name", "above", "pseudo"),
    [
        ("1101", "市辖区", "北京市", True),
        ("5002", "县", "重庆市", True),
        ("6590", "自治区直辖县级行政区划", "新疆维吾尔自治区", True),
        ("441900", "东莞市", "东莞市", True),
        ("620201", "嘉峪关市", "嘉峪关市", True),
        ("130101", "市辖区", "石家庄市", True),
        ("350527000", "金门县", "金门县", True),
        ("422801", "恩施市", "恩施土家族苗族自治州", False),
        ("120101", "和平区", "市辖区", False),
        ("220521100", "通化县", "通化县", False),
    ],
)
def test_pseudo_levels_follow_from_rules(code: str, name: str, above: str, pseudo: bool) -> None:
    assert is_placeholder(code, name, above) is pseudo


@pytest.mark.parametrize(
    ("text", "level", "code"),
    [
        ("22", "", "22"),
        ("220000000000", "", "22"),
        ("441900000000", "", "4419"),
        ("441900000000", "county", "441900"),
        ("441900000000", "3", "441900"),
        ("220521100000", "乡级", "220521100"),
        ("220500", "2", "2205"),
    ],
)
def test_codes_lose_their_padding(text: str, level: str, code: str) -> None:
    assert read_code(text, level) == code


@pytest.mark.parametrize(
    ("text", "level", "reason"),
    [
        ("", "", Reason.BAD_CODE),
        ("２２", "", Reason.BAD_CODE),
        ("220", "", Reason.BAD_LENGTH),
        ("220521100001001", "", Reason.BAD_LENGTH),
        ("220521100001", "1", Reason.BAD_LEVEL),
        ("2205", "village", Reason.BAD_LEVEL),
        ("220521000000", "village", Reason.BAD_LEVEL),
        ("22", "星球", Reason.BAD_LEVEL),
    ],
)
def test_codes_that_cannot_be_read(text: str, level: str, reason: Reason) -> None:
    with pytest.raises(RefusedError) as refused:
        read_code(text, level)
    assert refused.value.reason is reason


def test_reading_is_line_by_line(tmp_path: Path) -> None:
    file = tmp_path / "x.csv"
    file.write_text('code,name\n22,吉林省\n"23,黑龙江省\n21,"辽宁省"\n', encoding="utf-8")
    assert len(list(read_file(file))) == 3


def codes_of(tmp_path: Path, text: str) -> list[str]:
    file = tmp_path / "list.csv"
    file.write_text(text, encoding="utf-8")
    return [line.code if isinstance(line, Line) else line.reason.code for line in read_file(file)]


def test_a_list_padded_to_six_digits_is_read_by_its_provinces(tmp_path: Path) -> None:
    listed = "代码,名称\n220000,吉林省\n220500,通化市\n220521,通化县\n"
    assert codes_of(tmp_path, listed) == ["22", "2205", "220521"]


@pytest.mark.parametrize(
    "text",
    [
        "code,name\n2205,通化市\n220500,通化市\n",
        "code,name,cityCode\n441900,东莞市,4419\n",
        "code,name\n441900,东莞市\n",
        "code,name\n22,吉林省\n220000,吉林省\n441900,东莞市\n",
    ],
)
def test_elsewhere_six_digits_that_end_in_zeros_are_a_county(tmp_path: Path, text: str) -> None:
    assert codes_of(tmp_path, text)[-1] in {"220500", "441900"}


def test_six_digits_of_a_province_are_a_province_everywhere(tmp_path: Path) -> None:
    assert codes_of(tmp_path, "code,name,parent\n220000,吉林省,\n") == ["22"]
