"""What the words of a row of a timeline speak for: rules with points; and words that say one thing for sure."""

from __future__ import annotations

import re

Words = tuple[tuple[int, re.Pattern[str]], ...]


def _words(*rules: tuple[int, str]) -> Words:
    return tuple((score, re.compile(words, re.IGNORECASE)) for score, words in rules)


LOOKED = (
    r"investigat\w*(?: \w+){0,2} (?:start|beg[aiu]n|commenc)"
    r"|(?:start|beg[aiu]n)\w*(?: to)?(?: \w+)? (?:investigat|look)"
)
_WHAT = r"(?:the )?(?:outage|impact|problem|incident|disruption|degradation|downtime)"
CHANGED = r"deploy|applied|rolled out|merged|upgrade|replaced|released|pipeline|rollover|configured|changed|switched"
MENDED = (
    r"\bfix(?:ed)?\b|appl(?:ied|y)|deployed|downgraded|reverted|rolled back|deleted|raised to|disabled|switched off"
)
START = _words(
    (9, rf"\b(?:start|begin(?:ning)?|onset) of {_WHAT}"),
    (6, rf"{_WHAT} (?:begins|starts|began|started)|^(?:impact|outage) (?:start|began|begin)"),
    (4, r"unexpected|accident|unintention|ungraceful|by mistake"),
    (3, r"return\w* [45]\d\d|went down|\b(?:is|are|was|were) down|crash|expire[sd]?\b|br(?:eak|oke)|unavailable"),
    (3, r"unreachable|\bfail(?:s|ed|ing|ure)?\b|not working|errors?\b|disrupt|causing|outage|notready|killed|no nodes"),
    (3, r"time-?outs?\b|greater than|\b(?:begins?|starts?|began|started) to \w+|becomes?\b|became|degrad|slow\b"),
    (
        3,
        r"refuse[sd]?\b|duplicate|overload|\bfull\b|stuck\b|\blost\b|drop(?:s|ped)? (?:to|by|from)|stops? \w+ing\b",
    ),
    (2, CHANGED),
    (
        -4,
        r"report|alert|detect|notif|notice|discover|investigat|resolv|restor|\bfix|roll(?:ed|ing)? ?back|verif|acknowl",
    ),
    (-4, r"workshop|\bdecided|\bavoid|did not take effect"),
)
DETECTION = _words(
    (9, rf"\b(?:detection|discovery) of {_WHAT}"),
    (5, r"^(?:detection|discovery|detected)\b|\bdetected (?:as|by|on|and|via)"),
    (5, r"(?:issue|outage|incident|problem) (?:was )?detected"),
    (4, r"\balert(?:s|ed)?\b|\balarm|\bpage[dr]?\b|\breport(?:s|ed|ing)?\b|notif(?:ied|y)|aware|notic(?:ed|es)"),
    (4, r"informed|discover|complain|\b(?:is|are|was|were) told\b|tells? us|automat\w+ warning"),
    (
        3,
        LOOKED,
    ),
    (2, r"investigat|look(?:s|ing|ed)? (?:in)?to|\basks?\b|sees no|identified|verif|warning|acknowledg"),
    (1, r"customers?\b|users?\b"),
    (-4, r"resolved|restored|\bfix(?:ed)?\b|reporting back|works again"),
)
RECOVERY = _words(
    (9, rf"\bend of {_WHAT}"),
    (6, rf"{_WHAT} (?:ends|ended|(?:is |was )?over)\b|\(resolved\)|^recovery\b|back to normal|all systems"),
    (6, r"services? (?:was |were |is |are )?restored|fully (?:recovered|operational|restored)"),
    (4, r"\bresolved\b|restored|recovered|operational|work(?:s|ing) (?:as|again)|back (?:online|up|operation)|solved"),
    (4, r"mitigated|\bhealthy|running with|reattached|fix works|resumed|incident closed"),
    (4, r"(?:load|succeed|deliver|respond|answer|serv|flow|run|available|accept|open)\w*\b.{0,40}\bagain\b"),
    (4, r"(?:error|failure|duplicate|alert|time-?out|retr)\w*(?: \w+)? (?:stop|cease|subside|disappear|clear|drop)"),
    (
        3,
        r"without (?:errors?|delay|failures?)|stabili[sz]ed|drained|caught up|thawed|normal (?:again|levels?)",
    ),
    (2, MENDED),
    (2, r"generated|removed|removal|completed"),
    (-4, r"investigat|identif|attempt|\bbegan\b|start(?:ed|ing)\b|\bfail|alert|report(?:ed|s)\b|\bnot\b|\bstill\b"),
    (-4, r"await|delayed|tried|email|mail sent|plan|working on|permanent|long[- ]term|upstream|sandbox|staging\b"),
)
ALERTED = re.compile(r"\balert|\balarm|\bpage[dr]?\b|automat\w+ warning|\bmonitor", re.IGNORECASE)
AWARE = re.compile(  # people act on it, so that they know
    rf"{LOOKED}"
    r"|look(?:s|ing|ed) into|alert\w*(?: \w+)? (?:discovered|seen|noticed)|acknowledg|noticed? the alert"
    r"|(?:issue|outage|incident|problem) (?:was )?detected|^detected",
    re.IGNORECASE,
)
PEOPLE = re.compile(
    r"\b(?:we|us|users?|customers?|developers?|teams?|support|somebody|someone|colleagues?|members?|engineers?)\b",
    re.IGNORECASE,
)
IDENTIFIED = re.compile(
    r"(?:root )?cause (?:was |is )?(?:identified|discovered|found|determined)|issue (?:successfully |was )?identified"
    r"|found the (?:root )?(?:cause|reason)",
    re.IGNORECASE,
)
DECLARED = re.compile(
    r"incident (?:#?[\w-]+ )?(?:is |was )?(?:declared|opened|created|raised)|declared (?:an |the )?incident",
    re.IGNORECASE,
)


def score(text: str, words: Words) -> int:
    """Return how much the words of a row speak for what it is.

    >>> score("Service restored", RECOVERY) > score("Investigation started", RECOVERY)
    True
    """
    return sum(points for points, pattern in words if pattern.search(text))
