"""Take the pictures of the README and the docs from the samples (needs Chromium and the dev lock)."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parent.parent
IMAGES = ROOT / "docs" / "images"
VIEWS = (  # file name, width, height, dark
    ("report.png", 1440, 810, False),
    ("report-dark.png", 1440, 1000, True),
    ("report-phone.png", 390, 844, False),
)


def main(incident: str = "2024-01-14-web-outage") -> None:
    """Photograph the report of one incident."""
    report = ROOT / "reports" / f"{incident}.html"
    if not report.exists():
        sys.exit(f"{report.name} is not there. Run `make report INCIDENT={incident}` first.")
    IMAGES.mkdir(exist_ok=True)
    with sync_playwright() as p:
        browser = p.chromium.launch(
            executable_path=shutil.which("chromium"), chromium_sandbox=False, args=["--disable-gpu", "--no-first-run"]
        )
        for name, width, height, dark in VIEWS:
            page = browser.new_page(
                viewport={"width": width, "height": height}, color_scheme="dark" if dark else "light"
            )
            page.goto(report.as_uri())
            page.screenshot(path=IMAGES / name)
            if name == "report.png":
                page.locator("figure.pnb-chart").first.screenshot(path=IMAGES / "signal.png")
        browser.close()
    for path in IMAGES.glob("*.png"):  # a page has few colours: half the bytes, and nobody sees a difference
        Image.open(path).convert("RGB").quantize(256, dither=Image.Dither.NONE).save(path, optimize=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
