"""How the telemetry of each synthetic sample is drawn: one module a sample, each with ``draw() -> Drawn``."""

from collections.abc import Callable

from synthetic import (
    api_outage,
    missing_telemetry,
    slow_degradation,
    still_open,
    two_dips,
    web_outage,
)
from synthetic.writing import Drawn

SAMPLES: dict[str, Callable[[], Drawn]] = {
    "2013-04-30-api-outage": api_outage.draw,
    "2024-01-14-web-outage": web_outage.draw,
    "2024-03-05-slow-degradation": slow_degradation.draw,
    "2024-05-21-two-dips": two_dips.draw,
    "2024-06-18-still-open": still_open.draw,
    "2024-09-10-missing-telemetry": missing_telemetry.draw,
}
