"""Does everything that `/openapi.json` says can be done, and holds each answer against what the document says of it.

Run by `mod.rs`: `walk.py URL HOOK`, where URL is a server with the demo's events that lets faults be set, and HOOK an
address that refuses whatever is sent there.
"""

import functools
import json
import re
import sys
import time
from urllib.parse import urlencode

from document import ask, check, document, filled, operations, seen, send, succeeded, validator

hook = sys.argv[2]
public = {"x-axonpush-api-key": None}

# What needs nothing.
for operation in ["page.get", "health.get", "openapi.get", "user.get", "user.organizations", "organization.get"]:
    ask(operation)
for operation in ["capability.get", "capability.flags", "capability.license", "analytics.status"]:
    ask(operation)
assert ask("page.get", headers={"accept": "text/html"}).headers.get_content_type() == "text/html"

# Events, by every door.
org = ask("organization.get")["orgId"]
app = ask("app.create", {"name": "Shop"})["appId"]
channel = ask("channel.create", {"name": "orders"}, app_id=app)["channelId"]
endpoint = ask("webhook.create", {"url": hook, "channelId": channel, "description": "for orders"})["endpointId"]
alert = {
    "name": "failures", "metric": "error_count", "operator": "gte", "threshold": 1, "destinationType": "email",
    "destination": "a@b", "appId": app, "environmentId": "eu", "model": "m", "release": "r", "service": "s",
}
rule = ask("alert.create", alert)["id"]
ask("alert.replace", alert, id=rule)
for of in ["appId", "environmentId", "model", "release", "service"]:
    ask("alert.update", {of: ""}, id=rule)
attributes = {
    "error.type": "Declined", "error.message": "no funds", "code.function": "pay", "tier": "gold", "region": "eu",
    "gen_ai.usage.cache_read_input_tokens": 1, "gen_ai.usage.cache_write_input_tokens": 2,
    "gen_ai.usage.reasoning_tokens": 3, "gen_ai.agent.name": "clerk", "gen_ai.response.model": "m-1",
    "gen_ai.server.time_to_first_token": 0.5, "user.id": "u1", "session.id": "s1",
}
failure = {
    "identifier": "pay", "eventType": "agent.error", "channel_id": channel, "agentId": "clerk", "traceId": "t-pay",
    "spanId": "s2", "parentSpanId": "s1", "dedupKey": "d1", "metadata": {"framework": "none"},
    "payload": {
        "attributes": attributes, "resource": {"service.name": "shop"},
        "breadcrumbs": [{"type": "log", "category": "cart", "level": "info", "message": "x", "timestamp": "then"}],
    },
}
stream = ask("event.stream", headers={"last-event-id": "0"})
ask("event.publish", failure, headers={"x-axonpush-environment": "eu"})
for line in stream:
    if line.startswith(b"data: {\"orgId\""):
        event = json.loads(line.removeprefix(b"data: "))
        validator({"$ref": "#/components/schemas/Event"}).validate(event)
        break
stream.close()
otlp = {"x-axonpush-channel": channel}
log, span = {"body": {"stringValue": "hello"}}, {"traceId": "5b8efff798038103d269b633813fc60c", "spanId": "e" * 16}
for key, wrapped, operation, record in [
    ("resourceLogs", ("scopeLogs", "logRecords"), "otlp.logs", {**log, "timeUnixNano": "1"}),
    ("resourceSpans", ("scopeSpans", "spans"), "otlp.traces", {**span, "name": "a", "startTimeUnixNano": "1"}),
]:
    for records in [[record], [record, {"traceId": "abcd"}]]:
        ask(operation, {key: [{wrapped[0]: [{wrapped[1]: records}]}]}, headers=otlp)
    ask(operation, b"", headers={**otlp, "content-type": "application/x-protobuf"})
error = {"event_id": "c" * 32, "level": "error", "message": "from sentry"}
envelope = b"\n".join(json.dumps(part).encode() for part in [{"event_id": "c" * 32}, {"type": "event"}, error])
for operation in ["sentry.envelope", "sentry.envelopePlain"]:
    sent = {**public, "content-type": "application/x-sentry-envelope"}
    ask(operation, envelope, "?sentry_key=ak_test", sent, channel_id=channel)
for operation in ["sentry.store", "sentry.storePlain"]:
    ask(operation, error, headers={"x-sentry-auth": "Sentry sentry_key=ak_test"}, channel_id=channel)

# What they add up to.
ask("event.list", query="?limit=500")
ask("event.list", query=f"?channelId={channel}")
ask("dev.events", query="?limit=500")
ask("trace.list", query="?limit=500")
ask("trace.get", trace_id="t-pay")
for operation in ["timeseries", "breakdown", "latency", "overview", "heatmap", "dimensions"]:
    ask(f"analytics.{operation}")
ask("analytics.values", query="?key=tier")
ask("analytics.diff", {"selection": {"errorsOnly": True}, "baseline": {}})
ask("audit.trail")
issue = next(issue for issue in ask("issue.list")["issues"] if issue["operation"] == "pay")["fingerprint"]
ask("issue.triage", {"action": "assign", "assignee": "ann"}, fingerprint=issue)
ask("issue.list", query="?assignee=ann")
mute = {"action": "mute", "snoozeUntil": "2999-01-01T00:00:00Z", "assignee": "ann"}
ask("issue.triage", mute, fingerprint=issue)
ask("issue.get", fingerprint=issue)
ask("issue.triage", {"action": "resolve", "resolvedInRelease": "2.0"}, fingerprint=issue)
ask("issue.get", fingerprint=issue)
ask("issue.events", fingerprint=issue)
assert ask("alert.occurrences", id=rule)["data"]

# What is kept.
ask("app.update", {"name": "Shop", "defaultBranch": "main", "repoUrl": "https://example.com"}, app_id=app)
ask("app.get", app_id=app), ask("app.list"), ask("channel.list", app_id=app), ask("channel.listOld")
ask("channel.get", app_id=app, channel_id=channel), ask("channel.getOld", channel_id=channel)
ask("channel.update", {"name": "sales"}, app_id=app, channel_id=channel)
ask("channel.replaceOld", {"name": "sales"}, channel_id=channel)
ask("channel.updateOld", {"name": "sales"}, channel_id=channel)
second = ask("channel.create", {"name": "second"}, app_id=app)["channelId"]
old = ask("channel.createOld", {"name": "old", "appId": app})["channelId"]
ask("environment.create", {"name": "EU", "slug": "eu", "color": "red"}), ask("environment.list")
ask("environment.update", {"isProduction": True}, slug="eu"), ask("environment.promote", slug="eu")
ask("environment.promote", slug="development")
ask("webhook.list", channel_id=channel)
until = time.monotonic() + 20
while not any("nextRetryAt" in one for one in ask("webhook.deliveries", endpoint_id=endpoint)["data"]):
    assert time.monotonic() < until, "nothing was delivered"
token = ask("token.create", {"name": "page", "channelId": channel, "environmentId": "eu"})
ask("event.publish", {"identifier": "a", "payload": {}}, headers={**public, "x-public-token": token["token"]})
ask("token.list")
ask("user.update", {"firstName": "Ann", "lastName": "Lee"}), ask("user.activate", {"orgId": org})
ask("organization.update", {"name": "Dev", "description": "of ours"})
invitation = ask("invitation.create", {"invitedEmail": "bo@example.com", "role": "user"}, org_id=org)
ask("invitation.list", org_id=org), ask("invitation.accept", {"code": invitation["code"]})
invitation = ask("invitation.create", {"invitedEmail": "cy@example.com", "role": "user"}, org_id=org)
ask("invitation.delete", org_id=org, id=invitation["invitationId"])
ask("member.update", {"role": "admin"}, org_id=org, user_id="bo@example.com"), ask("member.list", org_id=org)
ask("organization.transfer", {"userId": "bo@example.com"}, org_id=org), ask("organization.leave", org_id=org)
ask("telemetry.update", {"sample": 1}, org_id=org), ask("telemetry.get", org_id=org)
ask("access.request", {"email": "a@b", "company": "Shop", "useCase": "selling"})
ask("dev.setFaults", {"latencyMs": 1, "fail": "503:0.0", "rateLimit": 1000}), ask("dev.faults")
ask("dev.setFaults", {})
widget = {"type": "kpi", "dimension": "d", "limit": 1, "metric": "m", "scope": {}, "tagKey": "k", "title": "t"}
rules = {
    "allowedModels": ["m"], "allowedTools": ["t"], "deniedTools": [], "defaultModel": "m", "maxTokens": 1,
    "reasoningEffortCap": "low", "reasoningTokensCap": 1, "requireSafetyIdentifier": True,
    "requireStructuredOutput": True, "serviceTier": "flex", "temperatureMax": 0.5,
}
narrow = {"apiKeyId": "k", "appId": app, "environmentId": "eu", "model": "m", "provider": "p", "userId": "u"}
rung = {"action": "block", "at_percent": 100, "block_mode": "hard", "fallback_model": "m"}
target = {
    "name": "collector", "envSlug": "eu", "endpointUrl": hook, "signals": ["logs"], "headers": {"x": "y"},
    "eventTypeFilter": ["a"], "serviceName": "shop",
}
kinds = {
    "dashboard": {"name": "d", "spec": {"widgets": [widget]}, "description": "of widgets"},
    "feedback": {"message": "good", "category": "praise", "context": {"page": 1}},
    "moderation": {"name": "r", "detector": "regex", "action": "flag", "pattern": "x", "target": "request"},
    "govern": {"name": "g", "rules": rules, "enabled": True, "enforcement": "warn", **narrow},
    "spend": {
        "name": "s", "limitUsd": 1.5, "windowType": "daily", "rungs": [rung], "cooldownMins": 5, "enabled": True,
        "destination": "a@b", "destinationType": "email", "tagKey": "k", "tagValue": "v", **narrow,
    },
    "export": target,
}
kept = {kind: ask(f"{kind}.create", body)["id"] for kind, body in kinds.items()}
for kind, body in kinds.items():
    ask(f"{kind}.replace", body, id=kept[kind]), ask(f"{kind}.get", id=kept[kind]), ask(f"{kind}.list")
    ask(f"{kind}.update", {"message": "better"} if kind == "feedback" else {"name": "new"}, id=kept[kind])
ask("alert.get", id=rule), ask("alert.list")
ask("export.test", id=kept["export"])
until = time.monotonic() + 20
while not any("error" in one for one in ask("export.deliveries", id=kept["export"])["deliveries"]):
    assert time.monotonic() < until, "nothing was exported"
ask("audit.list", query="?limit=500")
assert ask("audit.verify")["ok"]

# Parameters: each one makes a difference, and what its schema rules out is refused where it is.
places = {
    "app_id": app, "channel_id": channel, "trace_id": "t-pay", "fingerprint": issue, "slug": "eu", "org_id": org,
    "endpoint_id": endpoint,
}
ids = {"alert": rule, **kept}
# What a parameter needs beside it to make a difference.
beside = {
    ("analytics.breakdown", "tagKey"): {"dimension": "tag"}, ("analytics.overview", "tagKey"): {"dimensions": "tag"},
    ("analytics.breakdown", "limit"): {"dimension": "operation"}, ("analytics.values", None): {"key": "tier"},
}


@functools.cache
def usual(operation, query):
    return answer(operation, dict(query))


def answer(operation, query):
    path = filled(operation, {**places, "id": ids.get(operation.split(".")[0], "")})
    response = send("GET", f"{path}?{urlencode(query)}")
    if response.status == 501:  # What only the hosted service does is not told of one by one.
        return response.status, json.load(response)
    return response.status, check(operation, response)


def other(parameter):
    """A value that is allowed and is not what is meant without one."""
    schema, name = parameter["schema"], parameter["name"]
    choices = schema.get("enum") or schema.get("items", {}).get("enum")
    if choices:
        return next(choice for choice in reversed(choices) if choice != schema.get("default") and choice != "tag")
    if schema["type"] == "boolean":
        return "true"
    if schema["type"] == "integer":
        return "1"
    if schema["type"] == "number":
        return "1e12"
    if schema.get("format") == "date-time":
        return "2999-01-01T00:00:00Z" if name in ("since", "after") else "2001-01-01T00:00:00Z"
    return "region" if name in ("key", "tagKey") else "nothing has it"


def makes_a_difference(name, parameter, query):
    """Holds that a parameter is heeded, and that its default is what is meant without it."""
    known = usual(name, tuple(query.items()))
    different = answer(name, {**query, parameter["name"]: other(parameter)})
    assert 200 in (known[0], different[0]), (name, parameter["name"], known, different)
    assert known != different, f"{parameter['name']} makes no difference to {name}"
    default = parameter["schema"].get("default")
    if default is not None and parameter["name"] not in query:
        said = ",".join(default) if isinstance(default, list) else str(default).lower()
        assert answer(name, {**query, parameter["name"]: said}) == known, (name, parameter["name"])


def is_bounded(name, parameter, query):
    """Holds that what the schema of a parameter rules out is refused, and that the refusal says where it was."""
    schema, location = parameter["schema"], f"query.{parameter['name']}"
    bad = [None] if parameter["required"] else []
    if schema["type"] in ("integer", "number", "boolean") or "enum" in schema or "format" in schema:
        bad.append("none such")
    if "enum" in schema.get("items", {}):
        bad.append(f"{schema['items']['enum'][0]},none such")
    if "maximum" in schema:
        bad += [schema["minimum"] - 1, schema["maximum"] + 1]
    for value in bad:
        sent = {key: part for key, part in {**query, parameter["name"]: value}.items() if part is not None}
        status, problem = answer(name, sent)
        refused = [fault["location"] for fault in problem.get("errors", [])]
        assert (status, refused) == (422, [location]), (name, sent, problem)


silver = {**failure["payload"], "attributes": {**attributes, "tier": "silver"}}
again = {**failure, "dedupKey": "d2", "payload": silver}
ask("event.publish", again, headers={"x-axonpush-environment": "eu"})
ask("issue.triage", {"action": "ignore"}, fingerprint=issue)
tried = 0
for name, (method, path, operation) in operations.items():
    parameters = operation.get("parameters", [])
    in_path = {parameter["name"] for parameter in parameters if parameter["in"] == "path"}
    assert in_path == set(re.findall(r"{(\w+)}", path)), name
    for parameter in parameters:
        query = {**beside.get((name, None), {}), **beside.get((name, parameter["name"]), {})}
        if parameter["in"] != "query":
            continue
        # The filters of the stream are those of the list, and it never ends. Of occurrences there is one, and of events of
        # one moment, which `before` tells apart, as well.
        if name not in ("event.stream", "alert.occurrences") and (name, parameter["name"]) != ("dev.events", "before"):
            makes_a_difference(name, parameter, query)
        is_bounded(name, parameter, query)
        tried += 1
assert tried > 150, tried

# Refusals.
for name, (method, path, operation) in operations.items():
    names = {part: "none" for part in re.findall(r"{(\w+)}", path)}
    if "security" in operation:
        response = send(method, filled(name, names), headers=public)
        assert response.status == 401, (name, response.status)
        check(name, response)
        response = send(method, filled(name, names), headers={"x-public-token": token["token"]})
        assert response.status == 403 or {"publicToken": []} in operation["security"], (name, response.status)
        check(name, response)
    if names and method in ("GET", "DELETE"):
        response = send(method, filled(name, names))
        if response.status >= 400:
            check(name, response)
    if "requestBody" in operation and "application/json" in operation["requestBody"]["content"]:
        json_type = "application/json"
        for body, kind in [(b"{", json_type), (b'{"unheard_of": 1}', json_type), (b"{}", "text/plain")]:
            response = send(method, filled(name, names), body, {"content-type": kind, **otlp})
            if response.status >= 400:
                check(name, response)

# The end.
for kind in kinds:
    ask(f"{kind}.delete", id=kept[kind])
ask("alert.delete", id=rule), ask("token.revoke", token_id=token["tokenId"]), ask("token.list")
ask("webhook.delete", endpoint_id=endpoint), ask("environment.delete", slug="eu")
ask("channel.deleteOld", channel_id=old), ask("channel.delete", app_id=app, channel_id=second)
ask("app.delete", app_id=app)
invitation = ask("invitation.create", {"invitedEmail": "di@example.com", "role": "user"}, org_id=org)
ask("invitation.accept", {"code": invitation["code"]})
ask("member.remove", org_id=org, user_id="di@example.com")
ask("organization.delete", org_id=org)

missing = operations.keys() - succeeded
assert not missing, f"never asked for: {sorted(missing)}"
declared = {
    (name, key) for name, schema in document["components"]["schemas"].items() for key in schema.get("properties", {})
}
# A log that was tampered with is nothing that can be asked for, and what is new was neither used nor changed.
declared -= {("AuditVerified", name) for name in ["brokenAtSeq", "expected", "actual"]}
declared -= {("NewToken", name) for name in ["lastUsedAt", "updatedAt"]}
assert not declared - seen, f"never answered: {sorted(declared - seen)}"
