"""What was changed: GitHub, GitLab, Argo CD, Helm and Puppet."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from postmortem_nb.evidence.events.shape import Fact, Record, Row, Shape, Unit, dig, items, row_of, said
from postmortem_nb.evidence.how import How

GITHUB, GITLAB = "github", "gitlab"
FULL = (30, 100)  # a page of GitHub: by default, and at most
DELIVERS = ("deploy", "release", "rollback", "rollout")


def _deployment_rows(units: list[Unit], path: Path, how: How) -> Iterator[Row]:
    """Yield deployments and their statuses: the first success is the change, and no other row of it is."""
    statuses: dict[str, list[tuple[Unit, str, Record]]] = defaultdict(list)
    for unit in units:
        record = unit.record
        if _is_status(record):
            statuses[said(record, "deployment_url|deployment.id") or unit.place].append((unit, "", record))
        else:
            own = said(record, "url|id") or unit.place
            nested = items(record, "statuses")
            statuses[own] += [(unit, f".statuses[{i}]", status) for i, status in nested]
    for unit in units:
        record = unit.record
        if not _is_status(record):
            known = statuses[said(record, "url|id") or unit.place]
            what = _deployment(record)
            text = f"deployment asked for: {what}" if known else f"deployment created, no status of it known: {what}"
            yield _change(unit, "observation" if known else "change", record, text)
    for of_one in statuses.values():
        done = [str(dig(s, "created_at")) for _, _, s in of_one if said(s, "state") == "success"]
        for unit, at, status in of_one:
            state = said(status, "state")
            is_first = state == "success" and str(dig(status, "created_at")) == min(done)
            is_change = is_first or state in ("failure", "error")
            what = _deployment(unit.record) or said(status, "description")
            text = f"{'deployed' if is_first else f'deployment {state}'}: {what}"
            yield _change(unit, "change" if is_change else "observation", status, text, at)


def _change(unit: Unit, kind: str, record: Record, text: str, at: str = "") -> Row:
    who = dig(record, "creator")
    return row_of(
        unit, kind, dig(record, "created_at"), text.strip(" :"), at=at, person=who, source=GITHUB, basis="system"
    )


def _deployment(record: Record) -> str:
    parts = (said(record, "environment"), said(record, "task"), said(record, "ref"), said(record, "sha")[:12])
    return " ".join(part for part in parts if part)


def _is_status(record: Record) -> bool:
    return "state" in record and "ref" not in record


def _is_deployment(record: Record) -> bool:
    if _is_status(record):
        return "deployment_url" in record or "environment" in record
    return "sha" in record and "environment" in record and not isinstance(record["environment"], dict)


def _release_rows(units: list[Unit], path: Path, how: How) -> Iterator[Row]:
    """Yield releases; a draft was never published."""
    for unit in units:
        record = unit.record
        if dig(record, "published_at") is None:
            yield {"unit": unit.place, "place": unit.place, "number": unit.number, "skip": True}
            continue
        text = f"released {said(record, 'tag_name')}: {said(record, 'name')}".rstrip(": ")
        yield row_of(
            unit,
            "change",
            dig(record, "published_at"),
            text,
            person=dig(record, "author"),
            source=GITHUB,
            basis="system",
        )


def _run_rows(units: list[Unit], path: Path, how: How) -> Iterator[Row]:
    """Yield runs; one that delivers is a change, and all others are only runs."""
    for unit in units:
        record = unit.record
        name = said(record, "name|display_title|ref")
        delivers = any(word in said(record, "name|path").lower() for word in DELIVERS)
        result = said(record, "conclusion|status")
        source = GITHUB if "head_sha" in record else GITLAB
        is_over = said(record, "status") in ("completed", "success", "failed", "canceled", "skipped")
        yield row_of(
            unit,
            "change" if delivers else "pipeline",
            dig(record, "run_started_at|started_at|created_at"),
            f"{name} {said(record, 'head_branch')} {said(record, 'head_sha|sha')[:12]}: {result}".replace("  ", " "),
            end=dig(record, "finished_at|updated_at") if is_over else None,
            person=dig(record, "triggering_actor|actor|user"),
            source=source,
            basis="system",
        )


def _is_run(record: Record) -> bool:
    return "head_sha" in record or ("web_url" in record and "/pipelines/" in str(record["web_url"]))


def _commit_text(record: Record) -> str:
    return said(record, "commit.message|message|title").split("\n")[0]


def _commit_rows(units: list[Unit], path: Path, how: How) -> Iterator[Row]:
    for unit in units:
        record = unit.record
        who = dig(record, "author|commit.author|author_name")
        yield row_of(
            unit,
            "commit",
            dig(record, "commit.committer.date|committed_date"),
            f"{said(record, 'sha|id')[:12]} {_commit_text(record)}".strip(),
            person=who,
            source=GITHUB if "commit" in record else GITLAB,
            basis="system",
        )


def _argo_rows(units: list[Unit], path: Path, how: How) -> Iterator[Row]:
    for unit in units:
        record = unit.record
        name = said(record, "metadata.name")
        for i, entry in items(record, "status.history"):
            what = f"{said(entry, 'source.repoURL')} {said(entry, 'source.targetRevision')}".strip()
            yield row_of(
                unit,
                "change",
                dig(entry, "deployedAt"),
                f"deployed {name} {said(entry, 'revision')[:12]} {what}".replace("  ", " ").strip(),
                at=f".status.history[{i}]",
                person=dig(entry, "initiatedBy.username"),
                source="argocd",
                service=name,
                basis="system",
            )


def _puppet_rows(units: list[Unit], path: Path, how: How) -> Iterator[Row]:
    """Yield what a run changed; what stayed as it was is no event."""
    for unit in units:
        record = unit.record
        host, states = said(record, "host"), dig(record, "resource_statuses")
        listed = list(states.values()) if isinstance(states, dict) else states if isinstance(states, list) else []
        changed = [s for s in listed if isinstance(s, dict) and (s.get("changed") is True or s.get("failed") is True)]
        text = f"puppet run on {host}: {said(record, 'status')}, {len(changed)} of {len(listed)} resources changed"
        kind = "change" if changed else "observation"
        yield row_of(unit, kind, dig(record, "time"), text, source="puppet", service=host, basis="system")
        for i, state in enumerate(changed):
            name = said(state, "resource|title")
            word = "failed" if state.get("failed") is True else "changed"
            yield row_of(
                unit,
                "change",
                dig(state, "time"),
                f"{word} {name} on {host}",
                at=f".resource_statuses[{name or i}]",
                source="puppet",
                service=host,
                basis="system",
            )


SHAPES = (
    Shape("github-release", GITHUB, ("tag_name", "published_at"), rows=_release_rows, full=FULL),
    Shape(
        "gitlab-deployment",
        GITLAB,
        ("iid", "environment", "deployable|sha", "created_at"),
        (
            Fact(
                "change",
                "finished_at|deployable.finished_at|updated_at|created_at",
                "deployed {environment.name} {ref} {sha}: {status}",
                person="user|deployable.user",
                basis="system",
            ),
        ),
        test=lambda record: isinstance(record["environment"], dict),
        full=(20, 100),
    ),
    Shape("github-deployment", GITHUB, ("created_at",), rows=_deployment_rows, test=_is_deployment, full=FULL),
    Shape("pipeline", "CI", ("created_at", "status"), rows=_run_rows, test=_is_run, full=(20, 30, 100)),
    Shape("commits", "git", ("sha|id", "commit.committer.date|committed_date"), rows=_commit_rows, full=(20, 30, 100)),
    Shape("argocd", "argocd", ("metadata.name", "status.history"), rows=_argo_rows),
    Shape(
        "helm",
        "helm",
        ("revision", "updated", "chart"),
        (
            Fact(
                "change",
                "updated",
                "revision {revision} {chart} {app_version}: {status} ({description})",
                service="name",
                basis="system",
            ),
        ),
        full=(256,),
        has_people=False,
    ),
    Shape("puppet", "puppet", ("time", "resource_statuses"), rows=_puppet_rows, has_people=False),
)
