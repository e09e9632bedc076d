//! Who is asking, where they belong, and what was changed.

use super::resources::{CHANGEABLE, KEPT};
use super::{Model, Of, Property, always, sometimes};

const MEMBERSHIP: Model = Model::new("Membership", &[always("orgId", Of::Text), always("role", Of::Text)]);

pub(in super::super) const ME: Model = Model::new(
    "Me",
    &[
        always("userId", Of::Text),
        always("orgId", Of::Text),
        always("email", Of::Text),
        always("emailVerified", Of::Boolean),
        always("authMethod", Of::Text),
        always("memberships", Of::Each(&MEMBERSHIP)),
        always("roles", Of::Texts),
        sometimes("firstName", Of::Text),
        sometimes("lastName", Of::Text),
        sometimes("updatedAt", Of::Time),
    ],
);

pub(in super::super) const ORGANIZATION: Model = Model::new(
    "Organization",
    &[
        always("name", Of::Text),
        always("slug", Of::Text),
        always("plan", Of::Text),
        always("subscriptionStatus", Of::Text),
        sometimes("description", Of::Text),
    ],
)
.like(&CHANGEABLE);

const OWN_ORGANIZATION: Model =
    Model::new("OwnOrganization", &[always("role", Of::Text), always("organization", Of::One(&ORGANIZATION))]);

pub(in super::super) const ORGANIZATIONS: Model =
    Model::new("Organizations", &[always("organizations", Of::Each(&OWN_ORGANIZATION))]);

const MEMBER: Model = Model::new(
    "Member",
    &[
        always("memberId", Of::Text),
        always("orgId", Of::Text),
        always("userId", Of::Text),
        always("email", Of::Text),
        ROLE,
        always("joinedAt", Of::Time),
        always("createdAt", Of::Time),
        sometimes("updatedAt", Of::Time),
    ],
);

pub(in super::super) const CHANGED_MEMBER: Model =
    Model::new("ChangedMember", &[always("ok", Of::Boolean)]).like(&MEMBER);

pub(in super::super) const MEMBERS: Model = Model::new("Members", &[always("members", Of::Each(&MEMBER))]);

pub(in super::super) const INVITATION: Model = Model::new(
    "Invitation",
    &[
        always("invitationId", Of::Text),
        always("invitedEmail", Of::Text),
        ROLE,
        always("inviteRole", Of::Text),
        always("status", Of::Text),
        always("code", Of::Text),
    ],
)
.like(&KEPT);

pub(in super::super) const INVITATIONS: Model =
    Model::new("Invitations", &[always("invitations", Of::Each(&INVITATION))]);

pub(in super::super) const ACCEPTED: Model = Model::new(
    "InvitationAccepted",
    &[always("ok", Of::Boolean), always("orgId", Of::Text), always("orgName", Of::Text), ROLE],
);

const ROLE: Property = always("role", Of::Choice(&["user", "admin", "owner"]));

pub(in super::super) const TELEMETRY_POLICY: Model =
    Model::new("TelemetryPolicy", &[always("policy", Of::Object), always("version", Of::Integer)]);

pub(in super::super) const FLAGS: Model = Model::new(
    "FeatureFlags",
    &[
        always("analyticsV2", Of::Boolean),
        always("asyncIngest", Of::Boolean),
        always("billing", Of::Boolean),
        always("environments", Of::Boolean),
        always("mcpServer", Of::Boolean),
        always("sentryIngest", Of::Boolean),
    ],
);

pub(in super::super) const LICENSE: Model =
    Model::new("License", &[always("edition", Of::Text), always("status", Of::Text), always("message", Of::Text)]);

const SCOPE: Model =
    Model::new("Scope", &[always("scope", Of::Text), always("category", Of::Text), always("description", Of::Text)]);

const CONTROLS: Model = Model::new(
    "Controls",
    &[
        always(
            "analytics",
            Of::One(&Model::new(
                "AnalyticsControl",
                &[
                    ENABLED,
                    always("customDimensions", Of::Boolean),
                    always("dashboards", Of::Boolean),
                    always("tagFilter", Of::Boolean),
                    always("breakdownDimensions", Of::Texts),
                ],
            )),
        ),
        always("auditTrail", Of::One(&Model::new("AuditTrailControl", &[ENABLED, always("formats", Of::Texts)]))),
        always(
            "inlineModeration",
            Of::One(&Model::new(
                "ModerationControl",
                &[ENABLED, always("actions", Of::Texts), always("detectors", Of::Texts), always("targets", Of::Texts)],
            )),
        ),
        always(
            "spendPolicies",
            Of::One(&Model::new(
                "SpendControl",
                &[ENABLED, always("actions", Of::Texts), always("dimensions", Of::Texts), always("windows", Of::Texts)],
            )),
        ),
    ],
);

const ENABLED: Property = always("enabled", Of::Boolean);

const CAPABLE_LICENSE: Model = Model::new(
    "CapabilityLicense",
    &[always("status", Of::Text), always("tier", Of::TextOrNull), always("expiresAt", Of::TextOrNull)],
);

pub(in super::super) const CAPABILITIES: Model = Model::new(
    "Capabilities",
    &[
        always("version", Of::Text),
        always("apiKeyScopes", Of::Each(&SCOPE)),
        always("featureFlags", Of::One(&FLAGS)),
        always("license", Of::One(&CAPABLE_LICENSE)),
        always("controls", Of::One(&CONTROLS)),
    ],
);

const AUDIT_ENTRY: Model = Model::new(
    "AuditEntry",
    &[
        always("id", Of::Text),
        always("seq", Of::Integer),
        always("action", Of::Text),
        always("resourceType", Of::Text),
        always("resourceId", Of::Text),
        always("organizationId", Of::Text),
        always("actorId", Of::Text),
        always("actorEmail", Of::Text),
        always("source", Of::Text),
        always("ipAddress", Of::TextOrNull),
        always(
            "metadata",
            Of::One(&Model::new("AuditedRequest", &[always("method", Of::Text), always("path", Of::Text)])),
        ),
        always("createdAt", Of::Time),
        always("prevHash", Of::Text),
        always("entryHash", Of::Text),
    ],
);

pub(in super::super) const AUDIT_LOGS: Model = Model::new("AuditLogs", &[always("data", Of::Each(&AUDIT_ENTRY))]);

pub(in super::super) const AUDIT_VERIFIED: Model = Model::new(
    "AuditVerified",
    &[
        always("ok", Of::Boolean),
        always("count", Of::Integer),
        sometimes("brokenAtSeq", Of::Integer),
        sometimes("expected", Of::Text),
        sometimes("actual", Of::Text),
    ],
);
