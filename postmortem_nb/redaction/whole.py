"""An incident with its secrets replaced: in every frame, the facts, the prose, findings and file names."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable
from typing import Any

import pandas as pd
import polars as pl
from pydantic import BaseModel

from postmortem_nb.errors import SettingError
from postmortem_nb.incident import Incident, Redaction
from postmortem_nb.redaction.checks import account
from postmortem_nb.redaction.engine import Redactor
from postmortem_nb.redaction.known import known_rules
from postmortem_nb.redaction.places import key_of, own_rules
from postmortem_nb.redaction.rules import PROFILES, check_profile

# Columns whose values are what a profile replaces, whatever they look like: column → kind, from `public` on.
COLUMNS = {"host": "host", "client": "ip", "user": "user"}
FRAMES = ("logs", "metrics", "events", "files")
TOLD = ("id", "facts", "narrative", "findings", "rules", "recordings")
REPEATED = 0.5  # share of distinct values below which each of them is looked at once


def redact_incident(incident: Incident, profile: str) -> Incident:
    """Return an incident with its secrets replaced by keyed tokens; the files stay as they are.

    Parameters
    ----------
    incident : Incident
        As it was read, or redacted less.
    profile : {"none", "internal", "shared", "public"}
        How much is replaced.

    Raises
    ------
    SettingError
        If there is no such profile, or more was replaced already.
    """
    done = PROFILES.index(incident.redaction.profile)
    wanted = PROFILES.index(check_profile(profile))
    if wanted < done:
        raise SettingError(
            f"redact: the incident was loaded with {incident.redaction.profile!r}, and what is replaced cannot come "
            f'back. Load it with redact="{profile}".'
        )
    if wanted == done:
        return incident
    given = {name: getattr(incident, name) for name in FRAMES}
    rules = own_rules(incident.folder) + (
        known_rules(given.values(), _services(incident)) if profile == "public" else ()
    )
    redactor = Redactor(profile, lambda: key_of(incident.folder), rules)
    frames: dict[str, Any] = {name: _frame(frame, redactor) for name, frame in given.items()}
    told = {name: getattr(incident, name) for name in TOLD} | {"origin": incident.origin.text}
    texts: dict[str, str] = {}
    _each_text(told, lambda text: texts.setdefault(text, text))
    replaced = dict(zip(texts, redactor.column(pl.Series(list(texts), dtype=pl.String)), strict=True))
    counts = Counter(dict(incident.redaction.counts)) + redactor.counts
    new = _each_text(told, replaced.__getitem__)
    new["origin"] = dataclasses.replace(incident.origin, text=new["origin"])  # its hash is that of the file
    return dataclasses.replace(
        incident,
        **frames,
        **new,
        redaction=Redaction(profile, tuple(sorted(counts.items()))),
    )


def _services(incident: Incident) -> set[str]:
    """Return every name of a service, declared or in the evidence."""
    columns = [getattr(incident, name).get("service", pd.Series(dtype=object)) for name in FRAMES]
    return {*incident.facts.services, *(str(name) for column in columns for name in column.dropna().unique())}


def _each_text(value: Any, change: Callable[[str], str]) -> Any:
    """Return a value with every text in it changed; what holds none of another kind stays the same object."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list | tuple):
        return type(value)(_each_text(one, change) for one in value)
    if isinstance(value, dict):
        return {_each_text(k, change): _each_text(one, change) for k, one in value.items()}
    if isinstance(value, BaseModel):
        fields = {name: getattr(value, name) for name in type(value).model_fields}
        return value.model_copy(update={name: _each_text(one, change) for name, one in fields.items()})
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        names = [f.name for f in dataclasses.fields(value) if f.init]
        held = {name: getattr(value, name) for name in names}
        new = {name: _each_text(one, change) for name, one in held.items()}
        is_same = all(new[n] is held[n] or new[n] == held[n] for n in names)
        return value if is_same else dataclasses.replace(value, **new)
    return value


def _frame(frame: pd.DataFrame, redactor: Redactor) -> pd.DataFrame:
    """Return a frame with its texts redacted; columns without a hit are the same objects."""
    changed = {}
    for name in frame.columns:
        if not (isinstance(frame[name].dtype, pd.StringDtype) or frame[name].dtype == object) or name == "sha256":
            continue
        try:
            texts = pl.from_pandas(frame[name])
        except (TypeError, ValueError):
            continue  # a column of several kinds holds no texts
        if texts.dtype != pl.String:
            continue
        new = _column(str(name), texts, redactor)
        if not new.equals(texts):
            changed[name] = pd.Series(new.to_list(), index=frame.index, dtype=frame[name].dtype)
    if not changed:
        return frame
    result = frame.assign(**changed)
    result.attrs = dict(frame.attrs)
    return result


def _column(name: str, texts: pl.Series, redactor: Redactor) -> pl.Series:
    distinct = texts.drop_nulls().unique(maintain_order=True)
    kind = COLUMNS.get(name) if redactor.profile == PROFILES[-1] else None
    if kind is None and len(distinct) > REPEATED * len(texts):
        return redactor.column(texts)
    new = redactor.column(distinct)
    if kind is not None:
        is_one = account if kind == "user" else lambda text: text not in ("", "-")
        tokens = [redactor.replace(kind, text) if is_one(text) else text for text in new]
        new = pl.Series(tokens, dtype=pl.String)
    is_other = new != distinct
    if not is_other.any():
        return texts
    return texts.replace(distinct.filter(is_other), new.filter(is_other))
