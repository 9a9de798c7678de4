"""Redaction: rules against their own lines, properties of the engine, and canaries that must not come through."""

import base64
import html
import json
import random
import re
import shutil

import pandas as pd
import polars as pl
import pytest
from hostile import hostile_incident
from hypothesis import given, settings
from hypothesis import strategies as st

import postmortem_nb as pnb
from benchmarks import gate
from benchmarks import redaction as corpus
from postmortem_nb.errors import IncidentError, LeakError, SettingError
from postmortem_nb.redaction import PROFILES, Redactor, find_leaks
from postmortem_nb.redaction.examples import drawn, parted
from postmortem_nb.redaction.known import known_rules
from postmortem_nb.redaction.rules import Rule, shipped_rules
from postmortem_nb.redaction.tokens import TOKEN, Tokens
from postmortem_nb.report.markdown import to_html
from postmortem_nb.sections.blocks import Markdown

KEY = b"a key for tests"
RULES = {rule.id: rule for rule in shipped_rules()}


def alone(rule: Rule) -> Redactor:
    redactor = Redactor("none", KEY)
    redactor.rules = (rule,)
    return redactor


# --- rules ---


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_a_rule_keeps_what_its_lines_promise(rule):
    draw = random.Random(rule.id)
    assert rule.hits and rule.misses
    redactor = alone(rule)
    for line in [drawn(hit, draw) for hit in rule.hits for _ in range(5)]:
        text, secrets = parted(line)
        expected = text
        for secret in secrets:
            expected = expected.replace(secret, redactor.tokens.token(rule.kind, secret))
        assert secrets and redactor.text(text) == expected
    for miss in rule.misses:
        text = drawn(miss, draw)
        assert redactor.text(text) == text


def test_no_two_rules_have_one_name():
    assert len(RULES) == len(shipped_rules())


@pytest.mark.parametrize(
    ("given_", "said"),
    [
        ({"secret": "(a)"}, "hold groups"),
        ({"secret": "(?=a)"}, "cannot be read"),
        ({"secret": "a", "check": "luhm"}, "Did you mean luhn"),
        ({"secret": "a", "profile": "publik"}, "Did you mean public"),
        ({}, "either a pattern"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(given_, said):
    with pytest.raises(ValueError, match=said):
        Rule.model_validate({"id": "x", "kind": "x", **given_})


def test_shipped_rules_make_sense():
    """They are read without a look at their patterns."""
    for rule in shipped_rules():
        assert Rule.model_validate(rule.model_dump(exclude_defaults=True)) == rule


# --- properties ---

PIECES = st.one_of(
    st.text(max_size=20),
    st.sampled_from(
        ["password=", " token: ", '"secret":"', "@", "://", " 10.1.2.3 ", "<ip:", ">", "\ufdd0", "&x=", "Bearer "]
    ),
    st.integers(0, 10**6).map(lambda n: drawn(random.Random(n).choice(corpus.BENIGN), random.Random(n))),
    st.integers(0, 10**6).map(
        lambda n: next(corpus.lines_of(random.Random(n).choice(corpus.kinds()), 1))[0]  # a line with a secret
    ),
)
TEXTS = st.lists(PIECES, max_size=5).map("".join)


@settings(max_examples=6, deadline=None)
@given(st.lists(TEXTS, min_size=1, max_size=2))
def test_columns_and_single_texts_agree_and_a_second_time_changes_nothing(texts):
    redactor = Redactor("public", KEY)
    column = redactor.column(pl.Series(texts, dtype=pl.String)).to_list()
    assert column == [redactor.text(text) for text in texts]
    assert redactor.column(pl.Series(column, dtype=pl.String)).to_list() == column


@settings(max_examples=6, deadline=None)
@given(st.lists(TEXTS, min_size=1, max_size=3))
def test_one_search_for_many_rules_finds_what_each_of_them_finds(texts):
    together, apart = Redactor("public", KEY), Redactor("public", KEY)
    apart._searched = apart._applied  # every rule looks at every text
    column = pl.Series(texts, dtype=pl.String)
    assert together.column(column).to_list() == apart.column(column).to_list()
    assert together.counts == apart.counts


def test_rules_that_are_too_large_for_one_search_are_looked_for_one_by_one():
    own = [Rule(id=f"own-{n}", kind="own", secret=rf"Z{n}\p{{L}}{{200}}") for n in range(4)]
    redacted = Redactor("internal", KEY, own).column(pl.Series(["calm", "Z3" + "é" * 200]))
    assert redacted[0] == "calm" and re.fullmatch("<own:[0-9a-f]+>", redacted[1])


@settings(max_examples=10, deadline=None)
@given(st.lists(st.text(alphabet="abcdefghij XYZ,.;()\n\ufdd0\ufdd1é", max_size=40), max_size=4))
def test_texts_without_a_hit_come_back_byte_for_byte(texts):
    column = pl.Series(texts, dtype=pl.String)
    assert Redactor("public", KEY).column(column).to_list() == texts


def test_the_column_that_is_given_is_not_written_into():
    column = pl.Series(["password=hunter2hunter", None, "calm"])
    redacted = Redactor("internal", KEY).column(column)
    assert column.to_list() == ["password=hunter2hunter", None, "calm"]
    assert redacted[0].startswith("password=<password:") and redacted[1:].to_list() == [None, "calm"]


@given(st.lists(st.text(min_size=1, max_size=12), max_size=30))
def test_a_token_stands_for_one_secret_and_never_shows_it(secrets):
    tokens, again = Tokens(KEY), Tokens(KEY)
    made = {secret: tokens.token("ip", secret) for secret in secrets}
    assert len(set(made.values())) == len(set(secrets))
    assert all(TOKEN.fullmatch(token) and secret not in token[4:-1] for secret, token in made.items())
    assert [again.token("ip", s) for s in secrets] == list(map(made.get, secrets))
    assert all(tokens.token("ip", s) == t for s, t in made.items())


@pytest.mark.parametrize("secret", [*"0123456789abcdefABCDEF", "00", "ff", "cafe", ""])
def test_a_secret_of_a_few_digits_has_a_token_that_does_not_show_it(secret):
    for key in (KEY, *(bytes([n]) for n in range(1, 20))):
        token = Tokens(key).token("user", secret)
        assert TOKEN.fullmatch(token) and (not secret or secret.lower() not in token[6:-1])


def test_secrets_whose_tokens_would_be_the_same_have_longer_ones():
    tokens = Tokens(KEY)
    short = tokens.token("ip", "10.1.2.3")
    other = Tokens(KEY)
    other.taken[short[4:-1]] = "another"
    assert other.token("ip", "10.1.2.3").startswith(short[:-1]) and len(other.token("ip", "10.1.2.3")) == len(short) + 2


def test_redact_is_public_by_default_and_keeps_correlation():
    text = "10.1.2.3 asked, 10.1.2.3 and 10.9.9.9 did not"
    tokens = re.findall(r"<ip:[0-9a-f]+>", pnb.redact(text))
    assert tokens[0] == tokens[1] != tokens[2]
    assert pnb.redact(text, profile="shared") == text
    assert pnb.redact(text, key=b"a") != pnb.redact(text, key=b"b")
    with pytest.raises(SettingError, match="Did you mean public"):
        pnb.redact(text, profile="publc")


def test_each_profile_replaces_what_the_one_before_it_does():
    reach = {profile: {rule.id for rule in Redactor(profile, KEY).rules} for profile in PROFILES}
    assert not reach["none"] and reach["internal"] < reach["shared"] < reach["public"]


def test_fields_of_json_by_their_path():
    rule = Rule.model_validate({"id": "own", "kind": "person", "fields": ["user.login", "rows.*.pin"]})
    text = '{"user": {"login": "ada", "id": 7}, "rows": [{"pin": 1234}], "login": "kept"}'
    new = alone(rule).text(text)
    assert '"ada"' not in new and "1234" not in new and '"login": "kept"' in new and '"id": 7' in new
    assert alone(rule).text("no json: user.login ada") == "no json: user.login ada"


# --- the corpus: what docs/redaction.md states holds ---


def test_recall_and_what_is_spoiled_are_what_the_docs_say():
    redactor = Redactor("public", KEY)
    found = {"covered": [0, 0], "held": [0, 0], "personal": [0, 0]}
    for kind in corpus.kinds():
        half = "personal" if kind["personal"] else "held" if kind["is_held"] else "covered"
        right, total, _ = corpus.recall(redactor, kind)
        found[half] = [found[half][0] + right, found[half][1] + total]
    share = {half: right / total for half, (right, total) in found.items()}
    assert share["covered"] >= 0.995 and share["personal"] >= 0.995 and share["held"] >= 0.80
    lines = corpus.benign_lines(4000)
    for profile in PROFILES:
        assert len(corpus.spoiled(Redactor(profile, KEY), lines)) <= len(lines) * 0.001, profile


# --- canaries: an incident with a secret in every field ---

CANARIES = {
    "title": "hunter2title9",
    "service": "svc.owner@canary-mail.dev",
    "event": "198.51.100.23",
    "log": "203.0.113.77",
    "label": "203.0.113.99",
    "file": "file.owner@canary-mail.dev",
    "narrative": "prose.owner@canary-mail.dev",
    "host": "dbhost-canary-7",
    "actor": "rolly.owner@canary-mail.dev",
    "signal": "198.51.100.71",
    "unit": "unit.owner@canary-mail.dev",
    "hypothesis": "198.51.100.72",
    "action": "198.51.100.73",
    "decision": "198.51.100.74",
    "chat": "chat.owner@canary-mail.dev",
    "webhook": "https://hooks.slack.com/services/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",
}
TOML = """
title = "Outage, password={title}"
zone = "UTC"
date = 2024-01-14
services = ["{service}"]
summary = "Told by {narrative}"
[milestones]
started = "10:05"
[[signals]]
name = "failed requests of {signal}"
unit = "requests of {unit}"
kind = "ratio"
source = "logs"
bad = {{ level = "ERROR" }}
total = {{ level = ["ERROR", "INFO"] }}
[chat]
include = ["page*"]
[[timeline]]
at = "10:07"
kind = "action"
text = "called {event}"
actor = "{actor}"
[[hypotheses]]
text = "{hypothesis} is overloaded"
from = "10:05"
to = "10:08"
verdict = "refuted"
refuted_by = "{host} was idle"
[[actions]]
text = "Move {action} away from {host}"
kind = "prevent"
owner = "service owner"
due = 2024-02-01
[[decisions]]
text = "{decision} stays"
why = "it is cheap"
who = "service owner"
"""


@pytest.fixture
def planted(tmp_path):
    folder = tmp_path / "data" / "incidents" / "2024-01-14-canary"
    for name in ("logs", "metrics", "events/slack/ops"):
        (folder / name).mkdir(parents=True)
    (folder / "incident.toml").write_text(TOML.format(**CANARIES), encoding="utf-8")
    (folder / "narrative.md").write_text(f"## Summary\n\nWritten by {CANARIES['narrative']}.\n", encoding="utf-8")
    lines = [
        f'{{"time":"2024-01-14T10:{m:02}:{s:02}Z","level":"{"ERROR" if 5 <= m < 9 and s % 2 else "INFO"}",'
        f'"host":"{CANARIES["host"]}","message":"{CANARIES["host"]} served {CANARIES["log"]}"}}'
        for m in range(15)
        for s in range(0, 60, 5)
    ]
    (folder / "logs" / f"{CANARIES['file']}.log").write_text("\n".join(lines) + "\n", encoding="utf-8")
    rows = [f'2024-01-14T10:{m:02}:00Z,{CANARIES["service"]},up{{instance="{CANARIES["label"]}"}},1' for m in range(15)]
    head = "time,service,metric,value\n"
    quoted = [re.sub(r",(up.*\}),", lambda f: ',"' + f[1].replace('"', '""') + '",', row) for row in rows]
    (folder / "metrics" / "up.csv").write_text(head + "\n".join(quoted) + "\n", encoding="utf-8")
    event = f'{{"time":"2024-01-14T10:06:00Z","kind":"alert","text":"page {CANARIES["event"]}","source":"x"}}\n'
    (folder / "events" / "alerts.jsonl").write_text(event, encoding="utf-8")
    said = f"page {CANARIES['chat']} with {CANARIES['webhook']} from {CANARIES['host']}"
    message = [{"type": "message", "user": "U01CANARY", "text": said, "ts": "1705226790.000100"}]
    (folder / "events/slack/ops/2024-01-14.json").write_text(json.dumps(message), encoding="utf-8")
    return folder


def everything(incident) -> str:
    frames = [getattr(incident, name).astype(str).to_csv() for name in ("logs", "metrics", "events", "files")]
    return "\n".join([*frames, incident.facts.model_dump_json(), incident.narrative, str(incident.findings)])


def test_no_canary_is_left_in_what_was_loaded_and_shown(planted):
    raw = everything(pnb.load(planted, redact="none"))
    assert [name for name, canary in CANARIES.items() if canary not in raw] == []
    post = pnb.investigate(planted, redact="public")
    shown = everything(post.incident) + post._repr_html_() + str(post.analysis.to_dict())
    for name in ("summary", "impact", "timeline", "metrics", "logs", "data_quality", "provenance"):
        section = getattr(post, name)
        shown += section._repr_html_() if hasattr(section, "_repr_html_") else str(section)
    assert [name for name, canary in CANARIES.items() if canary in shown] == []
    assert "<ip:" in shown and post.incident.redaction.profile == "public"
    assert (planted / "incident.toml").read_text(encoding="utf-8") == TOML.format(**CANARIES), "evidence was changed"


@pytest.mark.slow
def test_no_canary_is_left_in_what_a_run_publishes(planted, tmp_path):
    """In no field, folded or drawn: bytes of the report, the notebook with its metadata and drawings, and the JSON."""
    from postmortem_nb.runner import run

    outcome = run(planted, output=tmp_path / "out", settings={"redact": "public"})
    assert outcome.status == "ok", outcome.message
    for path in sorted((tmp_path / "out").iterdir()):
        text = path.read_text(encoding="utf-8")
        packed = re.findall(r"data:image/svg\+xml;base64,([A-Za-z0-9+/=]+)", text)
        drawn = [base64.b64decode(one).decode() for one in packed]
        assert bool(drawn) == (path.suffix == ".html") and all("</text>" in one for one in drawn), "texts are drawn"
        content = html.unescape("\n".join([text, *drawn, path.name]))
        assert [name for name, canary in CANARIES.items() if canary.lower() in content.lower()] == [], path.name
    page = outcome.html.read_text(encoding="utf-8")
    for shown in ("ip", "email", "host"):
        assert f"&lt;{shown}:" in page, f"a token for {shown}"


@pytest.mark.parametrize(
    ("name", "is_sought"),
    [("dbhost-7", True), ("dbhost-7.shop.example", True), ("web", False), ("checkout", False), ("pay-api", False)],
)
def test_hosts_that_a_field_names_are_sought_in_messages(name, is_sought):
    frame = pd.DataFrame({"host": [name, None], "service": ["pay-api", None]})
    redactor = Redactor("public", KEY, known_rules([frame], {"pay-api"}))
    short = name.partition(".")[0]
    text = f"{name}: {short} is slow, not {short}0 or my{short}"
    done = redactor.text(text)
    assert (done != text) == is_sought
    if is_sought:
        assert f"{short}0" in done and f"my{short}" in done
        assert redactor.tokens.token("host", name) in done and redactor.tokens.token("host", short) in done


def test_the_key_is_made_once_beside_the_repository_and_ignored(planted):
    first, second = pnb.load(planted, redact="public"), pnb.load(planted, redact="public")
    assert everything(first) == everything(second)
    home = planted.parents[2] / ".postmortem-nb"
    assert (home / ".gitignore").read_text() == "*\n" and len((home / "key").read_text()) == 64
    assert not list(planted.rglob("key"))


def test_without_a_hit_no_key_is_made_and_frames_stay_the_same(tmp_path, planted):
    (planted / "incident.toml").write_text('title = "calm"\nzone = "UTC"\n', encoding="utf-8")
    shutil.rmtree(planted / "events" / "slack")
    incident = pnb.load(planted, redact="internal")
    assert not (planted.parents[2] / ".postmortem-nb").exists() and not incident.redaction.counts


def test_an_analysis_can_be_redacted_more_but_not_less(planted):
    incident = pnb.load(planted)
    assert incident.redaction.profile == "internal" and CANARIES["log"] in everything(incident)
    assert CANARIES["log"] not in everything(pnb.analyze(incident, redact="public").incident)
    with pytest.raises(SettingError, match="cannot come back"):
        pnb.analyze(incident, redact="none")


def test_a_team_has_rules_of_its_own(planted):
    rule = '[[rule]]\nid = "own"\nkind = "customer"\nsecret = "served"\n'
    (planted / "redaction.toml").write_text(rule, encoding="utf-8")
    incident = pnb.load(planted)
    assert "<customer:" in incident.logs["message"][0] and dict(incident.redaction.counts)["own"]
    (planted / "redaction.toml").write_text('[[rule]]\nid = "own"\nkind = "x"\nsecret = "("\n', encoding="utf-8")
    with pytest.raises(IncidentError, match=r"redaction\.toml: rule 1: its pattern cannot be read"):
        pnb.load(planted)


# --- the gate ---

SVG = base64.b64encode(b"<svg><text>10.1.2.3</text></svg>").decode()


@pytest.mark.parametrize(
    ("name", "text", "place"),
    [
        ("a.html", "<p>x</p>\n<p>from 10.1.2.3</p>", "a.html:2"),
        ("a.html", "<svg><text>ada@example.com</text></svg>", "a.html:1"),
        ("a.html", '<img alt="host 10.1.2.3">', "a.html:1: alt"),
        ("a.html", f'<img alt="" src="data:image/svg+xml;base64,{SVG}">', "a.html:1: drawing:1"),
        ("a.html", '<img alt="" src="data:image/svg+xml,%3Ctext%3E10.1.2.3%3C/text%3E">', "drawing"),
        ("a.html", "<!-- password=hunter2hunter -->", "comment"),
        ("a.json", '{"claims": [{"text": "seen by 10.1.2.3"}]}', "a.json: claims[0].text"),
        ("a.ipynb", '{"cells": [{"outputs": [{"data": {"text/html": ["<b>", "10.1.2.3</b>"]}}]}]}', "text/html"),
    ],
)
def test_the_gate_names_rule_and_place_and_not_the_secret(name, text, place, tmp_path):
    leaks = find_leaks({name: text}, "public", tmp_path / "incident")
    assert len(leaks) == 1 and place in str(leaks[0])
    assert not re.search(r"10\.1\.2\.3|ada@|hunter2", str(leaks))


def test_the_gate_lets_tokens_and_styles_pass(tmp_path):
    text = "<style>a{b:'10.1.2.3'}</style><p>&lt;ip:3f2a9c&gt;</p><path d='10.1.2.3'/>"
    assert find_leaks({"a.html": text}, "public", tmp_path / "incident") == []


@pytest.mark.parametrize("show", [to_html, lambda text: Markdown(text)._repr_html_()], ids=["cell", "section"])
def test_a_token_in_prose_is_shown_whole_and_passes_the_gate(show, tmp_path):
    """Its form is that of an address in Markdown, which loses its brackets; what is left looks like a password."""
    text = Redactor("internal", KEY).text(
        "Login with password=hunter2hunter, `pwd=hunter3hunter`, see <https://x.example>."
    )
    page = show(text)
    assert page.count("=&lt;password:") == 2 and "https://x.example</a>" in page
    assert find_leaks({"a.html": page}, "public", tmp_path / "incident") == []


@pytest.mark.parametrize(
    "text",
    [
        '<a href="https://api.example/bot%3Ctoken:6802ed%3E/sendMessage?token=%3Ctoken:6802ed%3E">x</a>',
        "<svg><text>queue login with password=&lt;password:10b64…</text><text>token: &lt;secret:…</text></svg>",
        "<svg><text>login with password=&lt;password:10b64…</text><text>curl -u bob:&lt;pass…</text></svg>",
    ],
)
def test_a_token_in_an_address_or_cut_for_a_label_passes_the_gate(text, tmp_path):
    assert find_leaks({"a.html": text}, "public", tmp_path / "incident") == []
    secret = text.replace("token:", "token=").replace("password:", "password=")  # no tokens any more
    assert find_leaks({"a.html": secret.replace("10b64", "hunter2hunter")}, "public", tmp_path / "incident")


def test_nothing_planted_comes_out_in_any_form_and_nothing_good_is_refused(tmp_path):
    planted = gate.secrets(1)
    folder = gate.make(tmp_path / "data" / "incidents" / "2024-01-01-drawn", 1, planted)
    for profile in gate.PUBLISHED:
        for form, files in gate.forms(pnb.analyze(pnb.load(folder, redact=profile))):
            if gate.must_be_held(form, profile, planted):
                assert isinstance(files, LeakError)
            else:
                assert not isinstance(files, Exception), files
                assert not gate.left(planted, files, profile)
    everything = pnb.analyze(pnb.load(folder, redact="none"))
    assert gate.left(planted, dict(gate.forms(everything))["report, markdown"], "public")  # what is looked for is there


def test_lines_that_try_to_break_out_are_no_secrets_to_the_gate(tmp_path):
    analysis = pnb.analyze(pnb.load(hostile_incident(tmp_path), redact="internal"))
    refused = [str(files) for _, files in gate.forms(analysis) if isinstance(files, LeakError)]
    assert [text for text in refused if "the profile internal" in text] == []


def test_metadata_of_pictures_is_read(tmp_path):
    import io

    from PIL import Image, PngImagePlugin

    about, file = PngImagePlugin.PngInfo(), io.BytesIO()
    about.add_text("Comment", "drawn on 10.1.2.3")
    Image.new("RGB", (2, 2)).save(file, "PNG", pnginfo=about)
    text = f'<img src="data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}">'
    assert "tEXt" in str(find_leaks({"a.html": text}, "public", tmp_path / "incident")[0])


def test_a_run_with_a_leak_publishes_nothing(tmp_path):
    from postmortem_nb.runner.job import Job

    job = Job(tmp_path / "incident", tmp_path, {}, tmp_path, "1min", lambda *_: None)
    with pytest.raises(LeakError, match=r"Nothing was published.*incident\.html:1 \(ipv4\)") as error:
        job.refuse_leaks({"html": "<p>10.1.2.3</p>"}, "public")
    assert "10.1.2.3" not in str(error.value)


@pytest.mark.parametrize("name", ["2024-01-14-198.51.100.23", f"2024-01-14-{CANARIES['host']}"])
def test_a_folder_whose_name_is_secret_is_refused(planted, tmp_path, name):
    from postmortem_nb.runner.job import Job

    folder = planted.rename(planted.with_name(name))
    redacted = pnb.load(folder, redact="public").id
    job = Job(folder, tmp_path, {}, tmp_path, "1min", lambda *_: None)
    with pytest.raises(LeakError, match=r"redacts the name of the incident's folder"):
        job.refuse_name(redacted, "public")
    job.refuse_name(name, "internal")
