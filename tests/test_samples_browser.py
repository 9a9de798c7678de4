"""The report of every sample in a real Chromium, offline: no request, no console message, nothing cut off."""

import pytest
from browser import launched, violations, visited
from sample_reports import NAMES

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def browser():
    with launched() as browser:
        yield browser


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("width", [390, 1440])
def test_report_is_quiet_and_fits(browser, reports, name, width):
    with visited(browser, reports.folder / f"{name}.html", width=width, dark=width == 390) as visit:
        assert visit.outside == []
        assert visit.console == []
        assert visit.dialogs == []
        page = visit.page
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.locator("h1").count() == 1
        broken = page.evaluate("[...document.images].filter(i => !i.complete || !i.naturalWidth).length")
        assert broken == 0
        assert page.evaluate("[...document.images].every(i => i.alt.length > 40)")
        assert violations(visit) == []
