"""Who knew first, by which channel, and how each of several windows was noticed."""

import pandas as pd
import pytest
from conftest import MINUTE, at, declared_only, events_of, gauge, steps

import postmortem_nb as pnb
from postmortem_nb.analysis.channels import NAMES, channel_of
from postmortem_nb.analysis.detection import COUNTED, Sign
from postmortem_nb.sections import Postmortem
from postmortem_nb.times import Instant

DIP = steps((1, 60), (5, 30), (1, 60))  # impact from minute 60 to 90
TWICE = steps((1, 60), (5, 20), (1, 20), (5, 20), (1, 60))  # 60 to 80 and 100 to 120


def clock(minutes):
    return f"{at(minutes):%Y-%m-%dT%H:%M:%SZ}"


def sign(kind, who="", text=""):
    return Sign(kind, Instant.exact(at(0), "system"), who, text, COUNTED, is_declared=False)


def report(minute, actor, text="the shop is empty"):
    return {"at": clock(minute), "kind": "detection", "text": text, "actor": actor}


def findings(analysis, id_):
    return [f for f in analysis.findings if f.id == id_]


@pytest.mark.parametrize(
    ("kind", "who", "text", "channel"),
    [
        ("alert", "alertmanager", "FailedRequests", "alert"),
        ("alert", "Pingdom", "shop is down", "probe"),
        ("alert", "prometheus", "BlackboxProbeFailed: probe of the shop fails", "probe"),
        ("page", "pager", "call", ""),
        ("acknowledgement", "pingdom", "seen", "engineer"),
        ("detection", "customer", "an empty page", "customer"),
        ("detection", "Support agent", "three customers wrote", "support"),
        ("detection", "", "a customer called", "customer"),
        ("detection", "monitoring", "the alert fired", "alert"),
        ("detection", "synthetic check", "fails", "probe"),
        ("detection", "payment partner", "refused", "third_party"),
        ("detection", "on-call engineer", "saw a strange graph", "engineer"),
        ("detection", "", "", "engineer"),
    ],
)
def test_the_channel_of_a_sign(kind, who, text, channel):
    assert channel_of(sign(kind, who, text)) == channel
    assert channel in (*NAMES, "")


def test_who_beat_whom():
    events = events_of((at(68), "alert", "High"), (at(69), "page", "call"), (at(71), "acknowledgement", "seen"))
    rows = [report(61, "customer"), report(64, "support")]
    analysis = pnb.analyze(gauge(DIP, events=events, facts={"timeline": rows}))
    claims = analysis.claims
    assert claims["detected_first_by"].text == "customers"
    assert claims["first_customer"].value == "2024-01-14T16:01:00Z"
    assert claims["first_alert"].value == "2024-01-14T16:08:00Z"
    assert [claims[f"lead_{c}"].value for c in ("customer", "support", "engineer")] == [420, 240, -180]
    assert claims["lead_customer"].text == "customers knew 7 min before the first automatic signal"
    assert claims["lead_engineer"].text == "an engineer knew 3 min after the first automatic signal"
    assert claims["lead_probe"].text == "not known"
    assert claims["lead_probe"].note == "no sign by a synthetic probe is recorded"
    assert claims["first_person"].note.startswith("no sign by a person of whom nothing more is said")
    assert claims["first_third_party"].text == "not recorded"
    (finding,) = findings(analysis, "noticed-before-signal")
    assert finding.text.startswith("customers knew")


def test_an_alert_that_comes_first_and_one_that_never_came():
    rows = [report(64, "customer")]
    first = pnb.analyze(gauge(DIP, events=events_of((at(61), "alert", "High")), facts={"timeline": rows}))
    assert first.claims["detected_first_by"].text == "an alert"
    assert first.claims["lead_customer"].value == -180
    assert not findings(first, "noticed-before-signal")
    never = pnb.analyze(gauge(DIP, facts={"timeline": rows}))
    assert never.claims["detected_first_by"].text == "customers"
    assert never.claims["lead_customer"].text == "not known"
    assert not findings(never, "noticed-before-signal")
    nobody = pnb.analyze(gauge(DIP))
    assert nobody.claims["detected_first_by"].text == "not recorded"
    assert nobody.claims["first_alert"].value is None
    milestone = pnb.analyze(gauge(DIP, facts={"milestones": {"detected": clock(62)}}))  # it does not say who
    assert milestone.claims["detected_first_by"].text == "a person"


def test_two_channels_at_once_and_an_order_that_cannot_be_told():
    events = events_of((at(64), "alert", "High"))
    together = pnb.analyze(gauge(DIP, events=events, facts={"timeline": [report(64, "customer")]}))
    assert together.claims["detected_first_by"].text == "an alert and customers"
    about = [{**report(64, "customer"), "at": "~2024-01-14T16:06Z"}]
    unsure = pnb.analyze(gauge(DIP, events=events, facts={"timeline": about})).claims["lead_customer"]
    assert (unsure.lo, unsure.hi) == (-7 * 60, 3 * 60)
    assert "cannot be told" in unsure.text
    assert not findings(together, "noticed-before-signal")


def test_a_precursor_beats_nobody():
    events = events_of((at(10), "alert", "Disk"), (at(66), "alert", "High"))
    analysis = pnb.analyze(gauge(DIP, events=events, facts={"timeline": [report(62, "customer")]}))
    assert analysis.claims["first_alert"].value == "2024-01-14T16:06:00Z"
    assert analysis.claims["detected_first_by"].text == "customers"


# --- each window ---


def alerts(*spans):
    """Alerts from minute to minute, the end None where it is not recorded."""
    events = events_of(*((at(a), "alert", "High") for a, _ in spans))
    events["end"] = pd.to_datetime([None if b is None else at(b) for _, b in spans], utc=True)
    events["evidence"] = [f"events/tool.csv:{n}" for n in range(1, len(spans) + 1)]
    return events


@pytest.mark.parametrize(
    ("spans", "detected", "unnoticed"),
    [
        ([(63, 82), (104, 122)], 4, 0),
        ([(63, 82), (97, 122)], -3, 0),  # within the tolerance of the second
        ([(63, 82)], None, 1),
        ([(63, 82), (84, 86)], None, 1),  # late news of the first
        ([(63, 110)], None, 0),  # it was still firing
        ([(104, 122)], 4, 0),
    ],
)
def test_a_relapse_has_its_own_detection(spans, detected, unnoticed):
    analysis = pnb.analyze(gauge(TWICE, events=alerts(*spans)))
    assert len(analysis.windows) == 2
    assert analysis.claims["unnoticed_relapses"].value == unnoticed
    claim = analysis.claims["window_2_time_to_detect"]
    assert claim.value == (None if detected is None else detected * 60)
    found = findings(analysis, "unnoticed-relapse")
    assert len(found) == unnoticed
    if found:
        assert "window 2 (2024-01-14 16:40–17:00 UTC) is a relapse that no alert" in found[0].text
    if spans == [(63, 110)]:
        assert claim.note == "an alert was still firing from before"
        assert analysis.noticed[0].duration.value == 3 * MINUTE


def test_people_notice_a_relapse_too_and_pages_are_no_sign_of_their_own():
    facts = {"timeline": [report(106, "support")]}
    analysis = pnb.analyze(gauge(TWICE, events=alerts((63, 82)), facts=facts))
    assert analysis.noticed[1].by.who == "support"
    assert not findings(analysis, "unnoticed-relapse")
    paged = events_of((at(63), "alert", "High"), (at(104), "page", "call"))
    assert findings(pnb.analyze(gauge(TWICE, events=paged)), "unnoticed-relapse")


def test_without_any_sign_nothing_is_said_about_relapses():
    analysis = pnb.analyze(gauge(TWICE))
    assert analysis.noticed == ()
    assert analysis.claims["unnoticed_relapses"].value is None
    assert not findings(analysis, "unnoticed-relapse")
    assert pnb.analyze(declared_only()).claims["unnoticed_relapses"].note.startswith("needs a measured window")
    one = pnb.analyze(gauge(DIP, events=alerts((63, 92))))
    assert one.claims["unnoticed_relapses"].value == 0
    assert "window_2_time_to_detect" not in one.claims


# --- as readers see it ---


def text_of(section):
    return "\n".join(str(getattr(block, "text", "")) for block in section.blocks)


def test_the_report_says_who_beat_whom_and_how_each_window_was_noticed():
    facts = {"timeline": [report(59, "customer")]}
    post = Postmortem(pnb.analyze(gauge(TWICE, events=alerts((63, 82)), facts=facts)))
    assert "<p>Customers knew 4 min before the first automatic signal.</p>" in text_of(post.timeline)
    shown = text_of(post.timings)
    assert "Detection of each window" in shown
    assert "nothing tells of it" in shown
    plain = Postmortem(pnb.analyze(gauge(DIP, events=alerts((63, 92)))))
    assert "before the first automatic signal" not in text_of(plain.timeline)
    assert "Detection of each window" not in text_of(plain.timings)


def test_conventions_without_a_note_have_no_column_for_it(monkeypatch):
    analysis = pnb.analyze(gauge(DIP, events=alerts((63, 92))))
    noted = text_of(Postmortem(analysis).timings).split("Times by definition", 1)[1]
    assert ">Note</th>" in noted.split("</table>", 1)[0]
    bare = [c for c in analysis.conventions if not c.note]
    assert bare
    monkeypatch.setitem(analysis.__dict__, "conventions", tuple(bare))
    without = text_of(Postmortem(analysis).timings).split("Times by definition", 1)[1]
    assert ">Note</th>" not in without.split("</table>", 1)[0]
