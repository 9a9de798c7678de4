"""One export of each tool, as small as it may be, and the truth about it: (time, kind, text, actor, end)."""

import json

DAY = "2024-01-14T"
PERSON = {"id": "P1", "type": "user_reference", "summary": "Given Family"}
OTHER = {"id": "P2", "type": "user_reference", "summary": "Second Person"}
LOGIN = {"login": "given-family", "type": "User"}
NAMES = ("Given", "Family", "Second Person", "given-family", "example.com", "U0")


def t(clock):
    return f"{DAY}{clock}Z"


PAGERDUTY = {
    "incidents": [
        {
            "id": "Q1",
            "incident_number": 7,
            "title": "web fails",
            "status": "resolved",
            "urgency": "high",
            "created_at": t("02:07:30"),
            "resolved_at": t("02:55:00"),
            "service": {"id": "S1", "summary": "web"},
            "acknowledgements": [{"at": t("02:11:00"), "acknowledger": PERSON}],
            "last_status_change_by": OTHER,
        }
    ],
    "limit": 25,
    "more": False,
}
PAGERDUTY_LOG = {
    "log_entries": [
        {
            "type": "trigger_log_entry",
            "created_at": t("02:07:30"),
            "agent": {"type": "service_reference", "summary": "w"},
        }
        | {"channel": {"type": "auto"}, "incident": {"summary": "web fails"}, "service": {"summary": "web"}},
        {"type": "notify_log_entry", "created_at": t("02:07:40"), "user": PERSON}
        | {"channel": {"type": "auto", "notification": {"type": "sms"}}, "incident": {"summary": "web fails"}},
        {
            "type": "escalate_log_entry",
            "created_at": t("02:10:00"),
            "agent": {"type": "bot"},
            "incident": {"summary": "x"},
        },
        {"type": "acknowledge_log_entry", "created_at": t("02:11:00"), "agent": PERSON, "incident": {"summary": "x"}},
        {"type": "annotate_log_entry", "created_at": t("02:20:00"), "agent": OTHER}
        | {"channel": {"type": "note", "content": "asked Given Family to roll back"}},
        {"type": "resolve_log_entry", "created_at": t("02:55:00"), "agent": PERSON, "incident": {"summary": "x"}},
    ],
    "more": True,
}
PAGERDUTY_WEBHOOK = {
    "event": {
        "id": "01",
        "event_type": "incident.acknowledged",
        "resource_type": "incident",
        "occurred_at": "2024-01-14T02:11:00.250Z",
        "agent": PERSON,
        "data": {"id": "Q1", "type": "incident", "title": "web fails", "service": {"summary": "web"}},
    }
}
PAGERDUTY_ANALYTICS = {
    "data": [
        {
            "id": "Q1",
            "created_at": t("02:07:30"),
            "description": "web fails",
            "seconds_to_first_ack": 210,
            "seconds_to_resolve": 2850,
            "seconds_to_engage": None,
            "service_name": "web",
        },
        {
            "created_at": t("04:00:00"),
            "description": "no one",
            "seconds_to_first_ack": None,
            "seconds_to_resolve": None,
        },
    ],
    "more": False,
}
OPSGENIE = {
    "data": [
        {
            "id": "a1",
            "tinyId": "17",
            "alias": "web",
            "message": "web fails",
            "status": "closed",
            "createdAt": "2024-01-14T02:07:30.5Z",
            "owner": "given.family@example.com",
            "report": {
                "ackTime": 210_000,
                "closeTime": 2_850_250,
                "acknowledgedBy": "given.family@example.com",
                "closedBy": "System",
            },
        }
    ],
    "paging": {"first": "…"},
}
OPSGENIE_LOG = {
    "data": [
        {
            "log": "Alert created via API",
            "type": "system",
            "owner": "System",
            "createdAt": t("02:07:30"),
            "offset": "1",
        },
        {"log": "[SMS] sent to given.family@example.com", "owner": "System", "createdAt": t("02:07:41"), "offset": "2"},
        {"log": "Alert acknowledged via web", "owner": "given.family@example.com", "createdAt": t("02:11:00")},
    ]
}
INCIDENT_IO = {
    "incidents": [
        {
            "id": "01",
            "reference": "INC-7",
            "name": "web fails",
            "created_at": t("02:12:00"),
            "creator": {"user": {"name": "Given Family"}},
            "incident_status": {"category": "closed", "name": "Closed"},
            "incident_timestamp_values": [
                {"incident_timestamp": {"name": "Impact started", "rank": 1}, "value": {"value": t("02:05:00")}},
                {"incident_timestamp": {"name": "Fixed at", "rank": 3}, "value": {"value": t("02:50:00")}},
                {"incident_timestamp": {"name": "Closed at", "rank": 4}},
            ],
        }
    ],
    "pagination_meta": {"page_size": 25, "total_record_count": 3},
}
DATADOG_INCIDENT = {
    "data": [
        {
            "id": "d1",
            "type": "incidents",
            "attributes": {
                "title": "web fails",
                "created": t("02:12:00"),
                "declared": t("02:12:00"),
                "detected": t("02:12:00"),
                "resolved": None,
                "customer_impact_start": t("02:05:00"),
                "customer_impact_end": t("02:50:00"),
                "customer_impact_scope": "5 % of requests",
            },
        }
    ],
    "meta": {"pagination": {"size": 1}},
}
ROOTLY = {
    "data": [
        {
            "id": "r1",
            "type": "incidents",
            "attributes": {
                "title": "web fails, says Given Family",
                "started_at": t("02:05:00"),
                "detected_at": t("02:07:30"),
                "acknowledged_at": None,
                "mitigated_at": t("02:50:00"),
                "resolved_at": t("03:10:00"),
                "user": {"data": {"attributes": {"full_name": "Given Family"}}},
            },
        }
    ],
    "links": {"next": None},
    "meta": {"total_count": 1},
}
FIREHYDRANT = {
    "data": [
        {
            "id": "f1",
            "name": "web fails",
            "started_at": t("02:05:00"),
            "milestones": [
                {"type": "started", "occurred_at": t("02:05:00"), "duration": None},
                {"type": "acknowledged", "occurred_at": t("02:11:00"), "duration": "PT6M"},
            ],
        }
    ],
    "pagination": {"next": None, "count": 1},
}
DISPATCH = {
    "items": [
        {
            "name": "dispatch-7",
            "title": "web fails",
            "reported_at": "2024-01-14T02:12:00",
            "stable_at": "2024-01-14T02:50:00.125",
            "closed_at": None,
            "reporter": {"individual": {"name": "Given Family", "email": "given.family@example.com"}},
            "commander": {"individual": {"name": "Second Person"}},
        }
    ],
    "itemsPerPage": 5,
    "page": 1,
    "total": 1,
}
DISPATCH_CSV = (
    "name,title,status,reported_at,stable_at,closed_at,total_cost\n"
    "dispatch-7,web fails,Stable,2024-01-14 02:12:00,2024-01-14 02:50:00.125,,120\n"
)
JIRA = {
    "issues": [
        {
            "key": "OPS-1",
            "fields": {
                "summary": "add a limit",
                "status": {"name": "Done"},
                "created": "2024-01-15T10:00:00.000+0100",
                "resolutiondate": "2024-01-20T11:00:00.000+0100",
                "assignee": {"displayName": "Given Family"},
                "reporter": {"displayName": "Second Person"},
            },
        }
    ],
    "total": 1,
}
STATUSPAGE = {
    "page": {"id": "p", "name": "web", "time_zone": "Etc/UTC"},
    "incidents": [
        {
            "id": "s1",
            "name": "web fails",
            "status": "resolved",
            "impact": "major",
            "created_at": t("02:20:00"),
            "started_at": t("02:05:00"),
            "resolved_at": t("03:10:00"),
            "incident_updates": [
                {"status": "resolved", "body": "It is over.", "created_at": t("03:10:00"), "display_at": t("03:10:00")},
                {
                    "status": "investigating",
                    "body": "We look.",
                    "created_at": t("02:20:00"),
                    "display_at": t("02:06:00"),
                },
            ],
        },
        {
            "id": "s2",
            "name": "New disks",
            "status": "scheduled",
            "impact": "maintenance",
            "scheduled_for": t("05:00:00"),
            "scheduled_until": t("06:00:00"),
            "incident_updates": [{"status": "scheduled", "body": "Planned.", "created_at": t("01:00:00")}],
        },
    ],
}
STATUS_HISTORY = [
    {
        "id": "1",
        "title": "web fails",
        "impact": "minor",
        "updates": [
            {"at": t("02:20:00"), "status": "Investigating", "message": "We look."},
            {"at": t("03:10:00"), "status": "Resolved", "message": "It is over."},
        ],
    }
]
FEED = """<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0"><channel><title>web</title><item><title>web fails</title>
<description>&lt;p&gt;Resolved&lt;/p&gt; It is &amp;amp; was over.</description>
<pubDate>Sun, 14 Jan 2024 03:10:00 +0100</pubDate></item></channel></rss>
"""
CSTATE = """---
title: web fails
date: 2024-01-14T02:05:00-00:00
resolved: true
resolvedWhen: 2024-01-14T02:50:00-00:00
# Possible severity levels: down, disrupted, notice
severity: down
affected:
  - web
  - cart
section: issue
---
[Final message]
It is over.

[Edit - later]
Still at it.

[Initial message]
We look.
"""
KUBERNETES = {
    "apiVersion": "v1",
    "kind": "List",
    "items": [
        {
            "type": "Warning",
            "reason": "BackOff",
            "message": "restarting",
            "count": 12,
            "firstTimestamp": t("02:05:00"),
            "lastTimestamp": t("02:40:00"),
            "involvedObject": {"kind": "Pod", "namespace": "shop", "name": "web-1"},
            "source": {"component": "kubelet", "host": "n1"},
        },
        {
            "type": "Normal",
            "reason": "ScalingReplicaSet",
            "note": "up to 3",
            "eventTime": "2024-01-14T02:45:00.123456Z",
            "deprecatedFirstTimestamp": None,
            "deprecatedLastTimestamp": None,
            "regarding": {"kind": "Deployment", "namespace": "shop", "name": "web"},
            "reportingController": "deployment-controller",
        },
    ],
    "metadata": {"resourceVersion": ""},
}
ALARMS = {
    "AlarmHistoryItems": [
        {
            "AlarmName": "web-5xx",
            "Timestamp": "2024-01-14T02:07:30.442Z",
            "HistoryItemType": "StateUpdate",
            "HistorySummary": "Alarm updated from OK to ALARM",
            "HistoryData": json.dumps(
                {"oldState": {"stateValue": "OK"}, "newState": {"stateValue": "ALARM", "stateReason": "5 % fail"}}
            ),
        },
        {
            "AlarmName": "web-5xx",
            "Timestamp": "2024-01-14T02:07:30.500Z",
            "HistoryItemType": "Action",
            "HistorySummary": "Successfully executed action arn:aws:sns:eu-west-1:1:pager",
            "HistoryData": "{}",
        },
    ]
}
TRAIL = {
    "Records": [
        {
            "eventTime": t("02:01:00"),
            "eventName": "UpdateService",
            "eventSource": "ecs.amazonaws.com",
            "awsRegion": "eu-west-1",
            "userIdentity": {"type": "IAMUser", "userName": "given-family"},
            "readOnly": False,
        },
        {
            "eventTime": t("02:30:00"),
            "eventName": "DescribeServices",
            "eventSource": "ecs.amazonaws.com",
            "awsRegion": "eu-west-1",
            "userIdentity": {"type": "AWSService", "invokedBy": "x"},
            "readOnly": True,
        },
    ]
}
HEALTH = {
    "detail-type": "AWS Health Event",
    "time": t("02:30:00"),
    "region": "eu-west-1",
    "detail": {
        "eventTypeCode": "AWS_EC2_OPERATIONAL_ISSUE",
        "eventTypeCategory": "issue",
        "service": "EC2",
        "startTime": "Sun, 14 Jan 2024 02:00:00 GMT",
        "endTime": "Sun, 14 Jan 2024 02:45:00 GMT",
        "eventDescription": [{"language": "en_US", "latestDescription": "Power."}],
    },
}
URL = "https://api.github.com/repos/o/r/deployments/1"
DEPLOYMENTS = [
    {"url": URL, "id": 1, "sha": "0123456789abcdef", "ref": "main", "task": "deploy", "environment": "production"}
    | {"created_at": t("02:00:00"), "creator": LOGIN},
    {"deployment_url": URL, "state": "success", "created_at": t("02:02:10"), "environment": "production"},
    {"deployment_url": URL, "state": "in_progress", "created_at": t("02:00:10"), "environment": "production"},
    {"deployment_url": URL, "state": "inactive", "created_at": t("02:50:00"), "environment": "production"},
]
RELEASES = [
    {"tag_name": "v2.1", "name": "Second Person's", "published_at": t("02:00:00"), "author": LOGIN},
    {"tag_name": "v2.2", "name": "draft", "published_at": None, "author": {"login": "ci[bot]", "type": "Bot"}},
]
GITLAB = [
    {
        "id": 41,
        "iid": 1,
        "ref": "main",
        "sha": "abc",
        "status": "success",
        "created_at": t("02:00:00"),
        "updated_at": t("02:03:00"),
        "environment": {"name": "production"},
        "deployable": {"name": "deploy", "finished_at": t("02:02:10")},
        "user": {"name": "Given Family", "username": "given-family"},
    }
]
RUNS = {
    "total_count": 9,
    "workflow_runs": [
        {
            "name": "Deploy",
            "head_branch": "main",
            "head_sha": "0123456789abcdef",
            "status": "completed",
            "conclusion": "success",
            "created_at": t("02:00:00"),
            "run_started_at": t("02:00:05"),
            "updated_at": t("02:02:10"),
            "actor": LOGIN,
        }
    ],
}
COMMITS = [
    {
        "sha": "0123456789abcdef",
        "commit": {
            "message": "Merge pull request #1 from given-family/limit\n\nmore",
            "author": {"name": "Given Family", "email": "given.family@example.com", "date": t("01:00:00")},
            "committer": {"name": "Given Family", "email": "given.family@example.com", "date": t("01:30:00")},
        },
        "author": LOGIN,
    }
]
ARGO = {
    "kind": "Application",
    "metadata": {"name": "web"},
    "status": {
        "history": [
            {
                "id": 4,
                "deployedAt": t("02:02:10"),
                "revision": "0123456789abcdef",
                "source": {"targetRevision": "main"},
            },
            {"id": 3, "deployedAt": "2024-01-10T09:00:00Z", "revision": "fedcba9876543210", "source": {}},
        ]
    },
}
HELM = [
    {"revision": 1, "updated": "2024-01-14T03:02:10.5+01:00", "status": "deployed", "chart": "web-2.1"}
    | {"app_version": "2.1", "description": "Upgrade complete"}
]
PUPPET = {
    "host": "web-1",
    "time": "2024-01-14T02:00:00.000000000+00:00",
    "status": "changed",
    "resource_statuses": {
        "File[/etc/limit]": {"resource": "File[/etc/limit]", "changed": True, "time": "2024-01-14T02:00:04+00:00"},
        "Service[web]": {"resource": "Service[web]", "changed": False, "time": "2024-01-14T02:00:05+00:00"},
    },
}
PUPPET_YAML = """--- !ruby/object:Puppet::Transaction::Report
host: web-1
time: '2024-01-14T02:00:00.000000000+00:00'
status: changed
tags: &1
- web
resource_statuses:
  File[/etc/limit]: !ruby/object:Puppet::Resource::Status
    resource: File[/etc/limit]
    changed: true
    tags: *1
    time: '2024-01-14T02:00:04+00:00'
  Service[web]: !ruby/object:Puppet::Resource::Status
    resource: Service[web]
    changed: false
    time: '2024-01-14T02:00:05+00:00'
"""
GRAFANA = [
    {"id": 1, "dashboardUID": "d", "panelId": 2, "time": 1705197725000, "timeEnd": 1705197725000, "text": "cart 2.1"}
    | {"tags": ["deploy"], "newState": "", "alertId": 0, "login": "given-family"},
    {"id": 2, "dashboardUID": "d", "panelId": 2, "time": 1705198050000, "timeEnd": 0, "text": "", "tags": []}
    | {"newState": "Alerting", "prevState": "Normal", "alertId": 5, "alertName": "web"},
    {"id": 3, "dashboardUID": "d", "panelId": 2, "time": 1705198100000, "timeEnd": 1705198200000, "text": "load test"}
    | {"tags": [], "newState": "", "alertId": 0},
]
DATADOG = {
    "events": [
        {"id": 1, "date_happened": 1705198050, "title": "[Triggered] web", "text": "%%%\n5 % fail\n%%%"}
        | {"alert_type": "error", "source": "alert", "tags": ["service:web"]},
        {"id": 2, "date_happened": 1705197725, "title": "cart 2.1", "text": "", "alert_type": "info"}
        | {"source": "my apps", "tags": ["event:deployment"]},
    ]
}
ROBOT = {
    "stat": "ok",
    "pagination": {"offset": 0, "limit": 50, "total": 1},
    "monitors": [
        {
            "id": 1,
            "friendly_name": "web",
            "logs": [
                {"type": 2, "datetime": 1705200650, "duration": 100, "reason": {"code": "200", "detail": "OK"}},
                {
                    "type": 1,
                    "datetime": 1705198050,
                    "duration": 2600,
                    "reason": {"code": "502", "detail": "Bad Gateway"},
                },
            ],
        }
    ],
}
KUMA = [
    {"monitorID": 3, "status": 1, "time": "2024-01-14 02:06:00.100", "msg": "200", "ping": 20},
    {"monitorID": 3, "status": 0, "time": "2024-01-14 02:07:00.100", "msg": "timeout", "ping": None},
    {"monitorID": 3, "status": 0, "time": "2024-01-14 02:08:00.100", "msg": "timeout", "ping": None},
    {"monitorID": 3, "status": 1, "time": "2024-01-14 02:50:00.100", "msg": "200", "ping": 20},
]
PINGDOM = {
    "summary": {
        "states": [
            {"status": "up", "timefrom": 1705100000, "timeto": 1705198050},
            {"status": "down", "timefrom": 1705198050, "timeto": 1705200650},
        ]
    }
}

DISCORD = {
    "guild": {"id": "1", "name": "ops"},
    "channel": {"id": "2", "name": "incident"},
    "messages": [
        {"id": "3", "type": "Default", "timestamp": "2024-01-14T03:06:00.5+01:00", "content": "ask Second Person"}
        | {"author": {"id": "4", "name": "given-family", "nickname": "Given Family", "isBot": False}},
        {"id": "5", "type": "Default", "timestamp": "2024-01-14T03:07:00+01:00", "content": "FIRING"}
        | {"author": {"id": "6", "name": "alerts", "isBot": True}, "mentions": [{"id": "7", "name": "Second Person"}]},
    ],
}
MATTERMOST = [
    {"type": "version", "version": 1},
    {"type": "user", "user": {"username": "given-family", "email": "given.family@example.com"}},
    {"type": "post", "post": {"channel": "incident", "user": "given-family", "message": "pages fail"}},
]
MATTERMOST[2]["post"]["create_at"] = 1705197960000
TEAMS = {
    "value": [
        {
            "id": "1",
            "messageType": "message",
            "createdDateTime": "2024-01-14T02:06:00.5Z",
            "from": {"user": {"id": "x", "displayName": "Given Family"}, "application": None},
            "body": {"contentType": "html", "content": "<p>pages &amp; carts fail</p>"},
        },
        {"id": "2", "messageType": "systemEventMessage", "createdDateTime": t("02:07:00"), "body": {"content": "<x/>"}},
    ]
}

# format → (what the file holds, its rows in time order)
SAMPLES = {
    "pagerduty": (
        PAGERDUTY,
        [
            ("02:07:30", "alert", "triggered: web fails", "", "02:55:00"),
            ("02:11:00", "acknowledgement", "acknowledged: web fails", "responder 1", None),
            ("02:55:00", "resolution", "resolved: web fails", "responder 2", None),
        ],
    ),
    "pagerduty-log": (
        PAGERDUTY_LOG,
        [
            ("02:07:30", "alert", "triggered: web fails", "bot", None),
            ("02:07:40", "page", "notified by sms: web fails", "responder 1", None),
            ("02:10:00", "escalation", "escalated: x", "bot", None),
            ("02:11:00", "acknowledgement", "acknowledged: x", "responder 1", None),
            ("02:20:00", "observation", "note: asked responder 1 to roll back", "responder 2", None),
            ("02:55:00", "resolution", "resolved: x", "responder 1", None),
        ],
    ),
    "pagerduty-webhook": (
        PAGERDUTY_WEBHOOK,
        [("02:11:00.250", "acknowledgement", "acknowledged: web fails", "responder 1", None)],
    ),
    "pagerduty-analytics": (
        PAGERDUTY_ANALYTICS,
        [
            ("02:07:30", "alert", "triggered: web fails", "", None),
            ("02:11:00", "acknowledgement", "acknowledged: web fails", "", None),
            ("02:55:00", "resolution", "resolved: web fails", "", None),
            ("04:00:00", "alert", "triggered: no one", "", None),
        ],
    ),
    "opsgenie": (
        OPSGENIE,
        [
            ("02:07:30.5", "alert", "web fails", "", None),
            ("02:11:00.5", "acknowledgement", "acknowledged: web fails", "responder 1", None),
            ("02:55:00.75", "resolution", "closed: web fails", "bot", None),
        ],
    ),
    "opsgenie-log": (
        OPSGENIE_LOG,
        [
            ("02:07:30", "alert", "Alert created via API", "bot", None),
            ("02:07:41", "page", "[SMS] sent to responder 1", "bot", None),
            ("02:11:00", "acknowledgement", "Alert acknowledged via web", "responder 1", None),
        ],
    ),
    "incident-io": (
        INCIDENT_IO,
        [
            ("02:05:00", "impact", "Impact started: INC-7 web fails", "", None),
            ("02:12:00", "declaration", "created: INC-7 web fails", "", None),
            ("02:50:00", "action", "Fixed at: INC-7 web fails", "", None),
        ],
    ),
    "datadog-incident": (
        DATADOG_INCIDENT,
        [
            ("02:05:00", "impact", "customer impact: web fails (5 % of requests)", "", "02:50:00"),
            ("02:12:00", "declaration", "created: web fails", "", None),
            ("02:12:00", "declaration", "declared: web fails", "", None),
            ("02:12:00", "detection", "detected: web fails", "", None),
        ],
    ),
    "rootly": (
        ROOTLY,
        [
            ("02:05:00", "impact", "started: web fails, says someone", "", None),
            ("02:07:30", "detection", "detected: web fails, says someone", "", None),
            ("02:50:00", "action", "mitigated: web fails, says someone", "", None),
            ("03:10:00", "resolution", "resolved: web fails, says someone", "", None),
        ],
    ),
    "firehydrant": (
        FIREHYDRANT,
        [
            ("02:05:00", "impact", "started: web fails", "", None),
            ("02:11:00", "acknowledgement", "acknowledged: web fails", "", None),
        ],
    ),
    "dispatch": (
        DISPATCH,
        [
            ("02:12:00", "declaration", "reported: dispatch-7 web fails", "responder 1", None),
            ("02:50:00.125", "action", "stable: dispatch-7 web fails", "", None),
        ],
    ),
    "jira": (
        JIRA,
        [
            ("2024-01-15T09:00:00", "issue", "created OPS-1: add a limit (Done)", "responder 1", None),
            ("2024-01-20T10:00:00", "issue", "resolved OPS-1: add a limit", "responder 2", None),
        ],
    ),
    "statuspage": (
        STATUSPAGE,
        [
            ("01:00:00", "maintenance", "New disks: scheduled: Planned.", "", None),
            ("02:05:00", "impact", "web fails (impact major)", "", "03:10:00"),
            (
                *("02:06:00", "communication"),
                f"web fails: investigating: We look. [shown as {t('02:06:00')}, written {t('02:20:00')}]",
                *("", None),
            ),
            ("03:10:00", "communication", "web fails: resolved: It is over.", "", None),
            ("05:00:00", "maintenance", "planned: New disks", "", "06:00:00"),
        ],
    ),
    "status-history": (
        STATUS_HISTORY,
        [
            ("02:20:00", "communication", "web fails: Investigating: We look.", "", None),
            ("03:10:00", "communication", "web fails: Resolved: It is over.", "", None),
        ],
    ),
    "feed": (FEED, [("02:10:00", "communication", "web fails: Resolved It is & was over.", "", None)]),
    "cstate": (
        CSTATE,
        [
            ("02:05:00", "impact", "web fails (down, web, cart)", "", "02:50:00"),
            ("02:05:00", "communication", "web fails: We look.", "", None),
            ("02:50:00", "communication", "web fails: It is over.", "", None),
            (None, "communication", "web fails: Still at it.", "", None),
        ],
    ),
    "kubernetes": (
        KUBERNETES,
        [
            ("02:05:00", "observation", "Pod/shop/web-1: BackOff: restarting (12 times)", "kubelet", "02:40:00"),
            (
                *("02:45:00.123456", "change", "Deployment/shop/web: ScalingReplicaSet: up to 3"),
                *("deployment-controller", None),
            ),
        ],
    ),
    "cloudwatch-alarms": (
        ALARMS,
        [
            ("02:07:30.442", "alert", "web-5xx: OK → ALARM: 5 % fail", "", None),
            (
                *("02:07:30.500", "page"),
                "web-5xx: Successfully executed action arn:aws:sns:eu-west-1:1:pager",
                *("", None),
            ),
        ],
    ),
    "cloudtrail": (
        TRAIL,
        [
            ("02:01:00", "change", "UpdateService ecs.amazonaws.com eu-west-1", "responder 1", None),
            ("02:30:00", "observation", "DescribeServices ecs.amazonaws.com eu-west-1", "bot", None),
        ],
    ),
    "aws-health": (
        HEALTH,
        [("02:00:00", "observation", "AWS_EC2_OPERATIONAL_ISSUE eu-west-1: Power.", "", "02:45:00")],
    ),
    "github-deployment": (
        DEPLOYMENTS,
        [
            (
                "02:00:00",
                "observation",
                "deployment asked for: production deploy main 0123456789ab",
                "responder 1",
                None,
            ),
            ("02:00:10", "observation", "deployment in_progress: production", "", None),
            ("02:02:10", "change", "deployed: production", "", None),
            ("02:50:00", "observation", "deployment inactive: production", "", None),
        ],
    ),
    "github-release": (RELEASES, [("02:00:00", "change", "released v2.1: Second Person's", "responder 1", None)]),
    "gitlab-deployment": (
        GITLAB,
        [("02:02:10", "change", "deployed production main abc: success", "responder 1", None)],
    ),
    "pipeline": (
        RUNS,
        [("02:00:05", "change", "Deploy main 0123456789ab: success", "responder 1", "02:02:10")],
    ),
    "commits": (
        COMMITS,
        [("01:30:00", "commit", "0123456789ab Merge pull request #1 from responder 1/limit", "responder 1", None)],
    ),
    "argocd": (
        ARGO,
        [
            ("2024-01-10T09:00:00", "change", "deployed web fedcba987654", "", None),
            ("02:02:10", "change", "deployed web 0123456789ab main", "", None),
        ],
    ),
    "helm": (HELM, [("02:02:10.5", "change", "revision 1 web-2.1 2.1: deployed (Upgrade complete)", "", None)]),
    "puppet": (
        PUPPET,
        [
            ("02:00:00", "change", "puppet run on web-1: changed, 1 of 2 resources changed", "", None),
            ("02:00:04", "change", "changed File[/etc/limit] on web-1", "", None),
        ],
    ),
    "grafana": (
        GRAFANA,
        [
            ("02:02:05", "change", "cart 2.1", "responder 1", None),
            ("02:07:30", "alert", "web Normal → alerting", "", None),
            ("02:08:20", "observation", "load test", "", "02:10:00"),
        ],
    ),
    "datadog-event": (
        DATADOG,
        [
            ("02:02:05", "change", "cart 2.1", "", None),
            ("02:07:30", "alert", "[Triggered] web: 5 % fail", "", None),
        ],
    ),
    "uptimerobot": (
        ROBOT,
        [
            ("02:07:30", "alert", "web: down: Bad Gateway", "", "02:50:50"),
            ("02:50:50", "observation", "web: up: OK", "", None),
        ],
    ),
    "uptime-kuma": (
        KUMA,
        [
            ("02:07:00.1", "alert", "3: down: timeout", "", None),
            ("02:50:00.1", "observation", "3: up: 200", "", None),
        ],
    ),
    "pingdom": (
        PINGDOM,
        [
            ("2024-01-12T22:53:20", "observation", "up", "", "02:07:30"),
            ("02:07:30", "alert", "down", "", "02:50:50"),
        ],
    ),
    "discord": (
        DISCORD,
        [
            ("02:06:00.5", "chat", "ask someone", "responder 1", None),
            ("02:07:00", "chat", "FIRING", "bot", None),
        ],
    ),
    "mattermost": (MATTERMOST, [("02:06:00", "chat", "pages fail", "responder 1", None)]),
    "teams": (TEAMS, [("02:06:00.5", "chat", "pages & carts fail", "responder 1", None)]),
}
