"""Draws the app's icons from one SVG with Chromium: `python pwa/scripts/icons.py`. Run again only when the drawing changes."""

from pathlib import Path

from playwright.sync_api import sync_playwright

OUT = Path(__file__).resolve().parents[1] / "public" / "icons"
GRID = (
    '<g fill="none" stroke="#fff" stroke-width="26" stroke-linejoin="round">'
    '<path d="M176 176h160v160H176zM176 256h160M256 176v160"/></g>'
    '<path d="M256 74 424 138v118c0 92-68 152-168 186C156 408 88 348 88 256V138z" fill="none" stroke="#fff" '
    'stroke-width="26" stroke-linejoin="round"/>'
)


def svg(*, radius: int, scale: float) -> str:
    """The mark on ink blue: a shield around a cell of four; `scale` leaves room for a mask."""
    shift = 256 * (1 - scale)
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 512 512" width="100%" height="100%">'
        f'<rect width="512" height="512" rx="{radius}" fill="#1f4e79"/>'
        f'<g transform="translate({shift} {shift}) scale({scale})">{GRID}</g></svg>'
    )


def main() -> None:
    """Writes icon-192.png, icon-512.png and maskable-512.png."""
    OUT.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"])
        for name, size, radius, scale in (
            ("icon-192", 192, 112, 0.86),
            ("icon-512", 512, 112, 0.86),
            ("maskable-512", 512, 0, 0.68),
        ):
            page = browser.new_page(viewport={"width": size, "height": size})
            page.set_content(f'<body style="margin:0">{svg(radius=radius, scale=scale)}</body>')
            page.screenshot(path=OUT / f"{name}.png", omit_background=True)
            page.close()
        browser.close()


if __name__ == "__main__":
    main()
