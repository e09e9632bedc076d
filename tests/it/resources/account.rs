//! Who is asking, and the organization with its members.

use axonpush::resources::{OrganizationUpdate, Role};
use rig::{client, server};
use serde_json::json;

#[tokio::test]
async fn a_key_knows_whom_it_speaks_for() {
    let server = server();
    let client = client(&server);
    let me = client.users().update(Some("Ann"), None).await.unwrap();
    assert_eq!((me.org_id.as_str(), me.auth_method.as_str()), ("org_dev", "api_key"));
    assert_eq!(client.users().me().await.unwrap(), me);
    assert_eq!(me.memberships[0].role, "owner");
    let own = client.organizations().list().await.unwrap();
    assert_eq!((own[0].organization.org_id.as_str(), own[0].role.as_str()), ("org_dev", "owner"));
    client.users().set_active_organization("org_dev").await.unwrap();
    assert_eq!(client.users().set_active_organization("nobody").await.unwrap_err().status(), Some(404));
}

#[tokio::test]
async fn an_organization_asks_takes_and_lets_go() {
    let server = server();
    let client = client(&server);
    let organizations = client.organizations();
    let update = OrganizationUpdate::new().name("Shop").description("sells");
    let org = organizations.update(update).await.unwrap();
    assert_eq!(
        (organizations.current().await.unwrap().name.as_str(), org.description.as_deref()),
        ("Shop", Some("sells"))
    );

    let asked = organizations.invite(&org.org_id, "sam@shop.example", Role::User).await.unwrap();
    let other = organizations.invite(&org.org_id, "kim@shop.example", Role::Admin).await.unwrap();
    assert_eq!((asked.role.as_str(), organizations.invitations(&org.org_id).await.unwrap().len()), ("user", 2));
    organizations.cancel_invitation(&org.org_id, &other.invitation_id).await.unwrap();
    let code = asked.code.unwrap();
    assert!(!format!("{code:?}").contains(code.expose()));
    let accepted = organizations.accept_invitation(code.expose()).await.unwrap();
    assert_eq!(accepted.org_id, org.org_id);

    let members = organizations.members(&org.org_id).await.unwrap();
    let sam = members.iter().find(|member| member.email.as_deref() == Some("sam@shop.example")).unwrap();
    organizations.set_role(&org.org_id, &sam.user_id, Role::Admin).await.unwrap();
    assert_eq!(organizations.leave(&org.org_id).await.unwrap_err().status(), Some(409));
    organizations.transfer_ownership(&org.org_id, &sam.user_id).await.unwrap();
    organizations.leave(&org.org_id).await.unwrap();
    let left = organizations.members(&org.org_id).await.unwrap();
    assert!(left.len() == 1 && left[0].role == "owner" && left[0].user_id == sam.user_id, "{left:?}");
    organizations.delete(&org.org_id).await.unwrap();
}

#[tokio::test]
async fn a_telemetry_policy_counts_its_changes() {
    let server = server();
    let client = client(&server);
    let before = client.organizations().telemetry_policy("org_dev").await.unwrap();
    let policy = json!({"logs": {"sample": 0.5}});
    let after = client.organizations().set_telemetry_policy("org_dev", &policy).await.unwrap();
    assert_eq!((after.version, &after.policy), (before.version + 1, &policy));
    assert_eq!(client.organizations().telemetry_policy("org_dev").await.unwrap(), after);
}
