"""Who took part, as a document names them: reports name roles, so names are left out or become the role beside them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from postmortem_nb.importing.blocks import texts_of
from postmortem_nb.importing.document import Document
from postmortem_nb.importing.fields import Field
from postmortem_nb.importing.headings import with_roles

# A role has one of these words; two capitalised words without any are taken for a name.
_ROLE = re.compile(
    r"\b(?:on-?call|engineers?|lead|teams?|managers?|commander|support|operators?|operations|ops|sre|devops|dba|admins?"
    r"|administrators?|developers?|responders?|scribe|customers?|users?|owners?|desk|service|security|platform|provider"
    r"|vendor|department|director|duty|system|bot|monitoring|network|data|infra\w*|squad|group|head|officer|analyst)\b",
    re.IGNORECASE,
)
_NAME = re.compile(r"@?[A-Z][\w'’.-]*(?: (?:[a-z]{1,3} )?[A-Z][\w'’.-]*){1,3}")
_WITH_ROLE = re.compile(
    r"^(?P<name>[^()\[\],:;]{2,50}?)\s*(?:[(\[](?P<role>[^)\]]+)[)\]]|(?:,|:|\s[–—-])\s+(?P<role2>\S.*))$"
)
_SPLIT = re.compile(r"\s*(?:,|;|/|&|\band\b|\|)\s*")
_TITLE = re.compile(r"commander|lead|manager|scribe|owner|facilitator|on-?call|responder", re.IGNORECASE)


@dataclass(frozen=True)
class People:
    """Names of a document, in small letters → the role that stands beside them; empty where none does."""

    roles: Mapping[str, str] = field(default_factory=dict)

    def is_person(self, said: str) -> bool:
        """Return whether a text names a person: one whom the document names so, or what looks like first and last name.

        >>> People({"echo-e": ""}).is_person("@echo-e"), People().is_person("A. Person"), People().is_person("Web Team")
        (True, True, False)
        """
        plain = said.strip().removeprefix("@")
        return plain.lower() in self.roles or (bool(_NAME.fullmatch(plain)) and not _ROLE.search(plain))

    def role(self, said: str) -> str:
        """Return a role as it stands; of a name the role that the document gives it, else nothing."""
        return self.roles.get(said.strip().removeprefix("@").lower(), "") if self.is_person(said) else said


def people_of(document: Document, fields: Iterable[Field]) -> People:
    """Return the people that fields ("Authors: …") and the section on those who took part name."""
    roles: dict[str, str] = {}
    for one in fields:
        if one.name == "people":
            role = one.key.strip().lower() if _TITLE.search(one.key) else ""
            for part in _SPLIT.split(one.value):
                _add(roles, part, role)
    for part, about in with_roles(document):
        if about == "people":
            for block in part.blocks:
                for text in texts_of(block):
                    for said in [text.text] if _WITH_ROLE.match(text.text) else _SPLIT.split(text.text):
                        _add(roles, said, "")
    return People(roles)


def _add(roles: dict[str, str], said: str, role: str) -> None:
    found = _WITH_ROLE.match(said.strip())
    name = (found["name"] if found else said).strip(" .[]'\"").removeprefix("@").lower()
    own = (found["role"] or found["role2"] or "").strip().lower() if found else role
    if name and not _ROLE.search(name) and not roles.get(name):
        roles[name] = own if _ROLE.search(own) else ""
