"""docs/screens.md shows every picture there is, none that is not, and none that is heavy."""

import re
from pathlib import Path

DOCS = Path(__file__).resolve().parents[1] / "docs"
PICTURES = sorted((DOCS / "screenshots").glob("*.png"))


def test_the_gallery_shows_every_picture_once() -> None:
    shown = re.findall(r'src="screenshots/([\w-]+\.png)"', (DOCS / "screens.md").read_text())
    assert sorted(shown) == [picture.name for picture in PICTURES]


def test_the_pictures_are_light() -> None:
    sizes = {picture.name: picture.stat().st_size for picture in PICTURES}
    assert {name: size for name, size in sizes.items() if size > 150_000} == {}
    assert sum(sizes.values()) < 6_500_000
