"""Does with the official Python SDK what an application does, then asks for every other operation of its contract.

Run by `python_sdk.rs`: `python_sdk.py URL HOOK`, where HOOK is where webhooks go. Prints the operations of the contract
that it did not ask for by themselves.
"""

import importlib
import json
import logging
import pkgutil
import sys
import time

from axonpush import AxonPush, EventType
from axonpush._internal.api import api
from axonpush._internal.api.models import ErrorModel, PolicyBody, PolicyBodyWindowType, Rung
from axonpush.exceptions import NotFoundError, ValidationError
from axonpush.integrations.logging_handler import AxonPushLoggingHandler

url, hook = sys.argv[1:]
client = AxonPush(api_key="ak_test", tenant_id="org_dev", base_url=url, fail_open=False, max_retries=0)
asked = set()


def ask(operation, *args, **kwargs):
    """What the generated client makes of an operation, which must be what the contract declares."""
    asked.add(operation)
    module = importlib.import_module(f"{api.__name__}.{operation}")
    of = module.sync.__annotations__.get("body")
    if hasattr(of, "from_dict") and isinstance(kwargs["body"], dict):
        kwargs["body"] = of.from_dict(kwargs["body"])
    response = module.sync_detailed(*args, client=client.http, **kwargs)
    assert 200 <= response.status_code < 300, (operation, response.status_code, response.content)
    assert response.parsed is not None and not isinstance(response.parsed, ErrorModel), (operation, response.content)
    return response.parsed


def refused(error, act, *args, **kwargs):
    try:
        act(*args, **kwargs)
    except error as raised:
        return raised.status_code
    raise AssertionError(f"{act} was not refused")


# Apps and channels.
app = client.apps.create("Shop")
assert client.apps.get(app.app_id).name == "Shop"
assert client.apps.update(app.app_id, name="Shop 2").name == "Shop 2"
assert app.app_id in [known.app_id for known in client.apps.list()]
channel = client.channels.create(app.app_id, "orders")
assert client.channels.update(app.app_id, channel.channel_id, name="sales").name == "sales"
assert [known.name for known in client.channels.list(app.app_id)] == ["sales"]
assert client.channels.get(app.app_id, channel.channel_id).channel_id == channel.channel_id

# Webhooks, events and traces.
endpoint = client.webhooks.create_endpoint(url=hook, channel_id=channel.channel_id, event_types=["agent.start"])
assert endpoint.raw_secret.startswith("whsec_")
receipt = client.events.publish(
    "order.placed",
    {"total": 42, "nested": {"a.b": [1, None]}, "model": "m1"},
    channel.channel_id,
    agent_id="checkout",
    trace_id="3f2b9c1e-0000-4000-8000-000000000001",
    event_type=EventType.AGENT_START,
    metadata={"plan": "pro"},
)
assert receipt.status == "queued"
found = client.events.search(channel_id=channel.channel_id, agent_id="checkout")
assert [event.event_id for event in found.events] == [receipt.event_id]
assert found.events[0].payload["nested"] == {"a.b": [1, None]} and found.events[0].metadata["plan"] == "pro"
client.events.publish("charge", {"attributes": {"error.type": "Declined"}}, channel.channel_id, event_type="agent.error")
traces = client.traces.list().traces
assert traces[0].trace_id == "3f2b9c1e-0000-4000-8000-000000000001", traces
assert len(client.traces.get(traces[0].trace_id).spans) == 2
deadline = time.monotonic() + 20
while not any(tried.status == "success" for tried in client.webhooks.deliveries(endpoint.endpoint_id)):
    assert time.monotonic() < deadline, "the webhook was not delivered"

# Logs.
handler = AxonPushLoggingHandler(client=client, channel_id=channel.channel_id, service_name="shop")
logger = logging.getLogger("shop.pay")
logger.addHandler(handler)
logger.warning("card %s declined", 17, extra={"order": "o-1"})
handler.flush()
handler.close()

# What is refused is told as the errors the SDK has for it.
assert refused(NotFoundError, client.apps.get, "none") == 404
assert refused(ValidationError, client.apps.create, "") == 422
stranger = AxonPush(api_key="pt_foreign", tenant_id="org_dev", base_url=url, fail_open=False, max_retries=0)
refused(Exception, stranger.apps.list)

# Everything else the contract has.
app_id, channel_id = app.app_id, channel.channel_id
ask("default.get_healthz")
ask("apps.apps_list"), ask("apps.apps_get", app_id)
ask("event.create_event", body={"identifier": "x", "payload": {}}), ask("events.events_search", limit=1)
ask("traces.traces_list", errors_only=True), ask("traces.traces_get", "t")
ask("environments.environments_create", body={"name": "Staging"}), ask("environments.environments_list")
ask("environments.environments_update", "staging", body={"color": "#fff"})
assert ask("environments.environments_promote", "staging").is_default
ask("environments.environments_promote", "development"), ask("environments.environments_delete", "staging")
token = ask("public_tokens.tokens_create", body={"name": "t", "channelId": channel_id, "environmentId": "development"})
ask("public_tokens.tokens_list"), ask("public_tokens.tokens_revoke", token.token_id)
ask("user.user_me"), ask("user.user_me_organizations"), ask("user.user_me_update", body={"firstName": "Ada"})
ask("user.user_me_set_active_org", body={"orgId": "org_dev"})
ask("organization.organization_get"), ask("organization.organization_update", body={"name": "Example"})
organization = "organization.organization_"
invited = ask(organization + "invitations_create", "org_dev", body={"invitedEmail": "b@example.com", "role": "user"})
ask(organization + "invitations_list", "org_dev")
ask(organization + "invitations_accept", body={"code": invited.code})
member = [known for known in ask(organization + "members_list", "org_dev").members if known.role == "user"][0]
ask(organization + "members_update_role", "org_dev", member.user_id, body={"role": "admin"})
invited = ask(organization + "invitations_create", "org_dev", body={"invitedEmail": "c@example.com", "role": "user"})
ask(organization + "invitations_cancel", "org_dev", invited.invitation_id)
ask(organization + "transfer_ownership", "org_dev", body={"userId": member.user_id})
ask(organization + "leave", "org_dev")
ask(organization + "telemetry_policy_get", "org_dev")
ask(organization + "telemetry_policy_update", "org_dev", body={"capture": "full"})
ask("capabilities.capabilities_get"), ask("feature_flags.feature_flags_me"), ask("license_.license_get")
ask("access_request.access_request_create", body={"email": "a@example.com", "company": "c", "useCase": "u"})
ask("feedback.feedback_create", body={"message": "good"})

for name in ["timeseries", "breakdown", "latency", "overview", "heatmap", "dimensions", "ingestion_status"]:
    ask(f"analytics.analytics_{name}")
ask("analytics.analytics_dimension_values", key="error.type")
apart = ask("analytics.analytics_diff", body={"selection": {"errorsOnly": True}, "baseline": {}})
assert "error.type" in [attribute.key for attribute in apart.attributes]
issue = [issue for issue in ask("errors.errors_list").issues if issue.error_type == "Declined"][0]
assert ask("errors.errors_get", issue.fingerprint).sample_event.error_type == "Declined"
assert len(ask("errors.errors_events", issue.fingerprint).events) == 1
assert ask("errors.errors_triage", issue.fingerprint, body={"action": "resolve"}).status == "resolved"

rule = {"name": "a", "metric": "error_count", "operator": "gt", "threshold": 1, "destinationType": "email"}
alert = ask("alerts.alerts_create", body={**rule, "destination": "a@example.com"}).alert_rule_id
ask("alerts.alerts_list"), ask("alerts.alerts_occurrences", alert)
ask("alerts.alerts_update", alert, body={"enabled": False}), ask("alerts.alerts_delete", alert)
body = {"name": "d", "spec": {"widgets": [{"type": "kpi", "metric": "event_count"}]}}
board = ask("dashboards.dashboards_create", body=body).dashboard_id
ask("dashboards.dashboards_list"), ask("dashboards.dashboards_get", board)
ask("dashboards.dashboards_update", board, body=body), ask("dashboards.dashboards_delete", board)
rule = ask("moderation.moderation_rules_create", body={"name": "r", "detector": "d", "action": "flag"}).rule_id
ask("moderation.moderation_rules_list"), ask("moderation.moderation_rules_delete", rule)
body = {"name": "p", "rules": {"allowedModels": ["m1"]}}
policy = ask("govern_policies.govern_policies_create", body=body).policy_id
ask("govern_policies.govern_policies_list"), ask("govern_policies.govern_policies_update", policy, body=body)
ask("govern_policies.govern_policies_delete", policy)
daily = PolicyBodyWindowType.DAILY
body = PolicyBody(name="s", limit_usd=5, window_type=daily, rungs=[Rung(action="warn", at_percent=80)])
policy = ask("spend_policies.spend_policies_create", body=body).policy_id
ask("spend_policies.spend_policies_list"), ask("spend_policies.spend_policies_update", policy, body=body)
ask("spend_policies.spend_policies_delete", policy)
body = {"name": "e", "envSlug": "development", "endpointUrl": hook, "signals": ["logs"]}
export = ask("export_destinations.export_create", body=body).destination_id
ask("export_destinations.export_list"), ask("export_destinations.export_get", export)
ask("export_destinations.export_update", export, body={"active": False})
ask("export_destinations.export_test", export), ask("export_destinations.export_list_deliveries", export)
ask("export_destinations.export_delete", export)
assert ask("audit_logs.audit_list").data and ask("audit_logs.audit_verify").ok
assert ask("audit_trail.audittrail_get").decisions

client.webhooks.delete_endpoint(endpoint.endpoint_id)
assert client.webhooks.list_endpoints(channel_id) == []
client.channels.delete(app_id, channel_id)
client.apps.delete(app_id)
assert refused(NotFoundError, client.channels.get, app_id, channel_id) == 404

named = {module.name.removeprefix(api.__name__ + ".") for module in pkgutil.walk_packages(api.__path__, api.__name__ + ".")}
operations = {name for name in named if "." in name}
print(json.dumps(sorted(operations - asked)))
