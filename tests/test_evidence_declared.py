"""incident.toml → facts; an error names the line of the key that it is about."""

import pytest

from postmortem_nb.errors import IncidentError
from postmortem_nb.evidence import load
from postmortem_nb.evidence.declared import locate

TOML = """\
title = "x"
zone = "Europe/Berlin"
date = 2024-01-14

[milestones]
detected = "10:15"
summary_like = '''
started = "never"
'''

[[timeline]]
at = "10:00"
kind = "action"
text = "a"

[[timeline]] # second
at = "10:00"
  kind = "talk"
text = "b"

[[versions]]
name = "v1"
milestones = { started = "10:00" }
[[versions]]
name = "v2"
[versions.milestones]
"started" = "10:01"
"""


SIGNAL = '[[signals]]\nname = "a"\nkind = "traffic"\nsource = "logs"\n'


@pytest.fixture
def incident(tmp_path):
    def write(text, name="incident.toml"):
        (tmp_path / "incident.toml").touch()
        data = text if isinstance(text, bytes) else text.encode()
        (tmp_path / name).write_bytes(data)
        return tmp_path

    return write


@pytest.mark.parametrize(
    ("place", "line"),
    [
        (("title",), 1),
        (("milestones",), 5),
        (("milestones", "detected"), 6),
        (("milestones", "started"), 5),
        (("timeline", 0, "kind"), 13),
        (("timeline", 1, "kind"), 18),
        (("timeline", 1, "actor"), 16),
        (("versions", 0, "milestones", "started"), 23),
        (("versions", 1, "milestones", "started"), 27),
        (("nothing",), 1),
    ],
)
def test_the_line_of_a_key(place, line):
    assert locate(TOML, place) == line


def test_every_wrong_value_is_said_with_its_line(incident):
    text = (
        'title = "x"\nopen = "maybe"\n[milestones]\ndetected = "soon"\n[[timeline]]\nkind = "talk"\nat = 5\n'
        '[[signals]]\nname = "s"\nkind = "ratio"\n'
    )
    with pytest.raises(IncidentError) as caught:
        load(incident(text))
    lines = str(caught.value).split("\n")
    assert [line.split(": ")[:2] for line in lines] == [
        ["incident.toml:2", "open"],
        ["incident.toml:4", "milestones.detected"],
        ["incident.toml:5", "timeline[1].text"],
        ["incident.toml:6", "timeline[1].kind"],
        ["incident.toml:7", "timeline[1].at"],
        ["incident.toml:8", "signals[1]"],
    ]
    assert "'soon' is not a time" in lines[1]
    assert "it is missing" in lines[2]
    assert "needs `bad`" in lines[5]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('titel = "x"\ntitle = "x"', r"^incident\.toml:1: titel: there is no such key\. Did you mean title"),
        ('title = "x"\n[milestones]\ndetect = "10:15"', r":3: milestones\.detect: there is .* Did you mean detected\?"),
        ('title = "x"\n[[hypotheses]]\nform = "10:15"', r":3: hypotheses\[1\]\.form: .* Did you mean from\?"),
        ('title = "x"\n[[evidence]]\nfile = "a"\nfiles = "a"', r":3: evidence\[1\]\.file: .* Did you mean files"),
        ('title = "x"\n[[evidence]]\nfiles = "a"\nzone = "CET"', r":4: evidence\[1\]\.zone: 'CET' is not an IANA zone"),
        ('title = "x"\nzone = "PST"', r":2: zone: 'PST' is not an IANA zone"),
        ('title = "x"\nzone = 5', r"incident\.toml:2: zone: 5 is not a zone\. Write for example zone ="),
        ('title = "x"\ndate = "14 Jan"', r"incident\.toml:2: date: '14 Jan' is not a date"),
        ('title = "x"\nsettings = { a = [1] }', r":2: settings\.a: this list is of no kind that is allowed here"),
        ("title = \n", r"^incident\.toml:1: it is not TOML: "),
        ('title = "x"\n\ntitle = "y"\n', r"^incident\.toml:3: it is not TOML: cannot overwrite a value\.$"),
        (
            'title = "x"\n[milestones]\nstarted = 08:01\n',
            r":3: it is .*\. A time is quoted or has seconds: write \"08:01\"",
        ),
        ('title = "x"\n[milestones]\nstarted = ~08:01 # x', r":3: it is not TOML: .*: write \"~08:01\"\.$"),
        ('title = "x"\n[[timeline]]\nat = 2024-01-14T02:05Z', r":3: it is not TOML: .*: write \"2024-01-14T02:05Z\""),
        (f'title = "x"\n{SIGNAL}{SIGNAL}', r"^incident\.toml:7: signals\[2\]\.name: two signals have the same name"),
        (
            f'title = "x"\n{SIGNAL}factors = ["y"]',
            r":6: signals\[1\]\.factors: there is no such key\. A key of the .* above",
        ),
        (f'title = "x"\n{SIGNAL}sources = ["y"]', r":6: signals\[1\]\.sources: .* Did you mean source\? A key of the"),
        ('title = "x"\n[settings]\nfactors = ["y"]', r":3: settings\.factors: this list .*\. A key of the incident"),
        ('title = "x"\n[lessons]\nsignals = ["y"]', r":3: lessons\.signals: there is no such key\. Known: well, badly"),
        ('title = "x"\nx = [1,\n', r"^incident\.toml:\d: it is not TOML"),
        (b'title = "x"\n# caf\xe9\n', r"^incident\.toml:2: it is not UTF-8 text"),
        ("", r"^incident\.toml:1: title: it is missing\. Write it\.$"),
    ],
)
def test_what_is_wrong_and_where(incident, text, message):
    with pytest.raises(IncidentError, match=message):
        load(incident(text))


def test_a_file_from_a_windows_editor(incident):
    assert load(incident(b'\xef\xbb\xbftitle = "x"\r\nsummary = """a\r\nb"""\r\n')).facts.summary == "a\nb"


def test_the_narrative_is_kept_as_it_is(incident):
    incident("## Summary\nIt took {{ time_to_detect }}.\n", "narrative.md")
    assert load(incident('title = "x"')).narrative == "## Summary\nIt took {{ time_to_detect }}.\n"


def test_a_narrative_that_is_no_text(incident):
    incident(b"a\nb\nc\xff\n", "narrative.md")
    with pytest.raises(IncidentError, match=r"narrative\.md:3: it is not UTF-8 text"):
        load(incident('title = "x"'))
