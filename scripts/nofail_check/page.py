# SPDX-License-Identifier: MIT
"""The report as a page: one file, which needs nothing else."""

import html
from typing import Any

from nofail_campaign import causes
from nofail_campaign.summary import schedule_of_gone
from nofail_campaign.terminal import plural
from nofail_check import report as told

STYLE = """
:root { color-scheme: light dark; --line: #8884; --news: #b3261e; --gone: #1b7f3b; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
article { border-left: .3rem solid var(--news); padding: .1rem 1rem; margin: 1rem 0; }
article.gone { border-color: var(--gone); }
code, pre { font: 13px/1.45 ui-monospace, monospace; overflow-wrap: anywhere; }
pre { overflow-x: auto; overflow-wrap: normal; border: 1px solid var(--line); padding: .6rem; }
table { border-collapse: collapse; } td, th { border-bottom: 1px solid var(--line); padding: .2rem .8rem; }
th, td { text-align: left; }
td.number { text-align: right; font-variant-numeric: tabular-nums; }
"""


def escape(text: object) -> str:
    return html.escape(str(text))


def table(head: list[str], rows: list[list[object]]) -> str:
    cells = "".join(f"<th>{escape(name)}</th>" for name in head)
    body = ""
    for row in rows:
        body += "<tr>"
        for cell in row:
            body += (
                f'<td class="number">{cell:,}</td>'
                if isinstance(cell, int)
                else f"<td><code>{escape(cell)}</code></td>"
            )
        body += "</tr>\n"
    return f"<table><thead><tr>{cells}</tr></thead><tbody>\n{body}</tbody></table>"


def article(entry: dict[str, Any], has_baseline: bool) -> str:
    text = f"<article><h3>{escape(entry['listed'].upper())} <code>{escape(entry['signature'])}</code></h3>"
    for sentence in (told.why(entry, has_baseline), *told.details(entry)):
        text += f"<p>{escape(sentence)}</p>"
    for face in entry["faces"]:
        text += f"<p>The same cause, also {escape(face['listed'])}: <code>{escape(face['signature'])}</code></p>"
    text += f"<p><code>{escape(entry['replay'])} {escape(entry['schedule'])} --verbose</code></p>"
    if schedule := told.schedule_of(entry):
        text += f"<pre>{escape(chr(10).join(schedule))}</pre>"
    if entry.get("side_by_side"):
        text += f"<pre>{escape(chr(10).join(entry['side_by_side']))}</pre>"
    return text + "</article>"


def orders(pairs: list[dict[str, Any]]) -> str:
    """All pairs of conflicting accesses, also those that were seen in both orders."""
    if not pairs:
        return ""
    rows: list[list[object]] = [
        [f"{pair['kind']}+{pair['offset']}", *(told.access_text(pair[of]) for of in ("first", "second"))]
        + [pair["first_then_second"] or "NOT REACHED", pair["second_then_first"] or "NOT REACHED"]
        for pair in pairs
    ]
    head = f"<details><summary>Orders of {plural(len(pairs), 'pair')} of conflicting accesses</summary>"
    return head + table(["place", "A", "B", "A before B", "B before A"], rows) + "</details>"


def page(report: dict[str, Any]) -> str:
    baseline = report["baseline"]
    title = f"nofail check of {report['tree'] or report['subject']}"
    parts = [f"<h1>{escape(title)}</h1>", f"<p><strong>{escape(told.verdict(report))}</strong></p>"]
    if baseline:
        parts.append(f"<p>Baseline: {escape(baseline['tree'])}</p>")
    parts += [article(entry, bool(baseline)) for entry in report["news"]]
    for crash in report["crashes"]:
        parts.append(
            "<article><h3>NEW crash, hang or lack of memory that ended the process</h3>"
            f"<p><code>{escape(crash['file'])}</code> ({escape(crash['target'])}, {escape(crash['sanitizer'])})</p>"
            "</article>"
        )
    for finding, entries in told.gone_findings(report).items():
        rows = "".join(
            f"<p><code>{escape(entry['signature'])}</code><br><code>{escape(schedule_of_gone(entry))}</code></p>"
            for entry in entries
        )
        head = f"<h3>GONE {escape(finding)}</h3><p>The baseline shows it, but this tree does not.</p>"
        parts.append(f'<article class="gone">{head}{rows}</article>')
    parts.append("<h2>How far this was looked at</h2>")
    parts.append(
        table(
            ["target", "sanitizer", "executions", "interleavings"],
            [
                [c["target"], c["sanitizer"], c["executions"], c["interleavings"]]
                for c in report["campaigns"]
                if "search" not in c
            ],
        )
    )
    for campaign in report["campaigns"]:
        if "search" in campaign:
            parts.append("".join(f"<p>{escape(line.strip())}</p>" for line in told.searched(campaign, 10_000)))
    if report["coverage"] is not None:
        parts.append(f"<pre>{escape(chr(10).join(told.changed_lines(report['coverage'], 100)))}</pre>")
        parts.append(orders(report["coverage"]["orders"]))
    parts.append(f"<h2>As listed{escape(told.as_on(report))}</h2>")
    parts.append(table(["seen", "violation"], [[causes.seen(v), v["signature"]] for v in report["listed"]]))
    head = f'<meta charset="utf-8"><title>{escape(title)}</title><style>{STYLE}</style>'
    return f'<!doctype html>\n<html lang="en"><head>{head}</head>\n<body>\n' + "\n".join(parts) + "\n</body></html>\n"
