//! Apps, channels, environments and the account: what is created can be read until it is deleted.

use axonpush_dev::DevServer;
use reqwest::Method;
use serde_json::{Value, json};

use crate::rig::{Rig, Scratch, event, locations, names, problem};

#[tokio::test]
async fn an_app_lives_from_its_creation_to_its_deletion() {
    let rig = Rig::start().await;
    let app = rig.ask(Method::POST, "/apps", json!({"name": "Shop"}), 201).await;
    let path = format!("/apps/{}", app["appId"].as_str().unwrap());
    assert_eq!(app["id"], app["appId"]);
    assert_eq!(app["orgId"], "org_dev");
    assert_eq!(rig.get_json(&path).await, app);

    let body = json!({"name": "Shop 2", "repoUrl": "https://git.example/shop"});
    let changed = rig.ask(Method::PATCH, &path, body, 200).await;
    assert_eq!((&changed["name"], &changed["createdAt"]), (&json!("Shop 2"), &app["createdAt"]));
    assert!(changed["updatedAt"].is_string() && changed.get("defaultBranch").is_none());

    let second = rig.ask(Method::POST, "/apps", json!({"name": "Later"}), 201).await;
    let listed = names(&rig.get_json("/apps").await["apps"], "name");
    assert_eq!(listed, ["Later", "Shop 2", "Development"]);
    assert_ne!(second["appId"], app["appId"]);

    assert_eq!(rig.remove(&path, 200).await, json!({"ok": true}));
    problem(rig.get(&path).await, 404).await;
    rig.remove(&path, 404).await;
    let again = rig.request(Method::PATCH, &path).json(&json!({"name": "x"})).send().await.unwrap();
    problem(again, 404).await;
}

#[tokio::test]
async fn a_channel_belongs_to_one_app_and_leaves_with_it() {
    let rig = Rig::start().await;
    let (app, other) = (rig.app().await, rig.app().await);
    let channel = rig.ask(Method::POST, &format!("/apps/{app}/channels"), json!({"name": "orders"}), 201).await;
    let id = channel["channelId"].as_str().unwrap();
    let path = format!("/apps/{app}/channels/{id}");
    assert_eq!(rig.get_json(&path).await, channel);
    problem(rig.get(&format!("/apps/{other}/channels/{id}")).await, 404).await;
    rig.remove(&format!("/apps/{other}/channels/{id}"), 404).await;
    let renamed = rig.ask(Method::PUT, &path, json!({"name": "sales"}), 200).await;
    assert_eq!(renamed["name"], "sales");
    assert_eq!(names(&rig.get_json(&format!("/apps/{app}/channels")).await["channels"], "name"), ["sales"]);
    assert_eq!(rig.get_json(&format!("/apps/{other}/channels")).await, json!({"channels": []}));

    let mut published = event("a");
    published["channel_id"] = json!(id);
    rig.publish(published).await;
    assert_eq!(rig.server.events()[0].app_id, app);

    rig.remove(&format!("/apps/{app}"), 200).await;
    problem(rig.get(&path).await, 404).await;
    problem(rig.get(&format!("/channel/{id}")).await, 404).await;
    problem(rig.get(&format!("/apps/{app}/channels")).await, 404).await;
}

#[tokio::test]
async fn channels_answer_under_their_old_address_too() {
    let rig = Rig::start().await;
    let app = rig.app().await;
    let channel = rig.ask(Method::POST, "/channel", json!({"name": "orders", "appId": app}), 201).await;
    let id = channel["id"].as_str().unwrap();
    assert_eq!(rig.get_json(&format!("/apps/{app}/channels/{id}")).await, channel);
    assert_eq!(rig.get_json(&format!("/channel/{id}")).await, channel);
    assert_eq!(rig.ask(Method::PUT, &format!("/channel/{id}"), json!({"name": "b"}), 200).await["name"], "b");
    assert!(names(&rig.get_json("/channel").await, "name").contains(&"b".to_owned()));
    rig.remove(&format!("/channel/{id}"), 200).await;
    problem(rig.get(&format!("/channel/{id}")).await, 404).await;
    let orphan = rig.request(Method::POST, "/channel").json(&json!({"name": "orders", "appId": "none"}));
    problem(orphan.send().await.unwrap(), 404).await;
}

#[tokio::test]
async fn there_is_one_default_environment_at_any_time() {
    let rig = Rig::start().await;
    let defaults = async || {
        let list = rig.get_json("/environments").await["environments"].clone();
        let defaults = list.as_array().unwrap().iter().filter(|one| one["isDefault"] == true);
        defaults.map(|one| one["slug"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(defaults().await, ["development"]);
    let created = json!({"name": "EU West (2)", "isProduction": true});
    let created = rig.ask(Method::POST, "/environments", created, 201).await;
    assert_eq!((&created["slug"], &created["isProduction"]), (&json!("eu-west-2"), &json!(true)));
    assert_eq!((&created["isDefault"], &created["isEphemeral"]), (&json!(false), &json!(false)));
    let promoted = rig.ask(Method::POST, "/environments/eu-west-2/promote", Value::Null, 200).await;
    assert_eq!(promoted["isDefault"], true);
    assert_eq!(defaults().await, ["eu-west-2"]);
    let third = json!({"name": "Third", "slug": "3rd", "isDefault": true});
    assert_eq!(rig.ask(Method::POST, "/environments", third, 201).await["isDefault"], true);
    assert_eq!(defaults().await, ["3rd"]);

    let changed = rig.ask(Method::PATCH, "/environments/eu-west-2", json!({"color": "#fff"}), 200).await;
    assert_eq!((&changed["color"], &changed["name"]), (&json!("#fff"), &json!("EU West (2)")));
    rig.remove("/environments/3rd", 409).await;
    rig.remove("/environments/eu-west-2", 200).await;
    rig.remove("/environments/eu-west-2", 404).await;
    problem(rig.request(Method::POST, "/environments/eu-west-2/promote").send().await.unwrap(), 404).await;
}

#[tokio::test]
async fn a_slug_is_taken_once() {
    let rig = Rig::start().await;
    rig.ask(Method::POST, "/environments", json!({"name": "Staging"}), 201).await;
    rig.ask(Method::POST, "/environments", json!({"name": "staging"}), 409).await;
    for slug in ["Staging", "a b", "-a", "a--b", ""] {
        let refused = rig.ask(Method::POST, "/environments", json!({"name": "x", "slug": slug}), 422).await;
        assert_eq!(locations(&refused), ["body.slug"], "{slug}");
    }
    let refused = rig.ask(Method::POST, "/environments", json!({"name": "\u{fc}"}), 422).await;
    assert_eq!(locations(&refused), ["body.slug"]);
}

#[tokio::test]
async fn bodies_are_closed_and_every_fault_is_named() {
    let rig = Rig::start().await;
    let long = "x".repeat(121);
    let cases = [
        (Method::POST, "/apps", json!({}), vec!["body.name"]),
        (Method::POST, "/apps", json!({"name": ""}), vec!["body.name"]),
        (Method::POST, "/apps", json!({"name": long}), vec!["body.name"]),
        (Method::POST, "/apps", json!({"name": 1, "colour": "red"}), vec!["body.name", "body.colour"]),
        (Method::POST, "/apps", json!({"name": null}), vec!["body.name"]),
        (Method::PATCH, "/apps/app_dev", json!({"name": "a", "repoUrl": 1}), vec!["body.repoUrl"]),
        (Method::PUT, "/apps/app_dev/channels/default", json!({"title": "a"}), vec!["body.name", "body.title"]),
        (Method::POST, "/environments", json!({"name": "a", "isDefault": "yes"}), vec!["body.isDefault"]),
        (Method::PATCH, "/environments/development", json!({"slug": "b"}), vec!["body.slug"]),
        (Method::PATCH, "/organization", json!({"description": "x".repeat(501)}), vec!["body.description"]),
        (Method::PATCH, "/users/me/active-org", json!({}), vec!["body.orgId"]),
        (Method::POST, "/apps", json!([]), vec!["body"]),
    ];
    for (method, path, body, expected) in cases {
        let refused = rig.ask(method, path, body.clone(), 422).await;
        assert_eq!(locations(&refused), expected, "{path} {body}");
    }
    // `$schema` is allowed everywhere, and 120 characters are not 120 bytes.
    let name = "\u{fc}".repeat(120);
    rig.ask(Method::POST, "/apps", json!({"$schema": "https://schemas.example/app", "name": name}), 201).await;
    let plain = rig.request(Method::POST, "/apps").body(r#"{"name":"a"}"#).send().await.unwrap();
    problem(plain, 415).await;
    let broken = rig.request(Method::POST, "/apps").header("content-type", "application/json").body("{");
    problem(broken.send().await.unwrap(), 400).await;
}

#[tokio::test]
async fn the_account_is_that_of_the_tenant() {
    let rig = Rig::start().await;
    let me = rig.get_json("/user/me").await;
    assert_eq!((&me["orgId"], &me["authMethod"]), (&json!("org_dev"), &json!("api_key")));
    let renamed = rig.ask(Method::PATCH, "/users/me", json!({"firstName": "Sam"}), 200).await;
    assert_eq!(renamed["firstName"], "Sam");
    let organization = rig.ask(Method::PATCH, "/organization", json!({"description": "ours"}), 200).await;
    assert_eq!(rig.get_json("/organization").await, organization);
    let mine = rig.get_json("/users/me/organizations").await;
    assert_eq!(mine["organizations"][0]["organization"], organization);
    let other = rig.request(Method::GET, "/organization").header("x-tenant-id", "org_2").send().await.unwrap();
    assert_eq!(other.json::<Value>().await.unwrap()["orgId"], "org_2");
    assert_eq!(rig.ask(Method::PATCH, "/users/me/active-org", json!({"orgId": "org_2"}), 200).await["ok"], true);
    rig.ask(Method::PATCH, "/users/me/active-org", json!({"orgId": "org_3"}), 404).await;
}

#[tokio::test]
async fn capabilities_name_all_four_controls() {
    let rig = Rig::start().await;
    let capabilities = rig.get_json("/capabilities").await;
    for control in ["analytics", "auditTrail", "inlineModeration", "spendPolicies"] {
        assert!(capabilities["controls"][control]["enabled"].is_boolean(), "{control}");
    }
    assert_eq!(capabilities["featureFlags"], rig.get_json("/feature-flags/me").await);
    assert_eq!(rig.get_json("/license").await["status"], "active");
}

#[tokio::test]
async fn resources_are_kept_in_the_file_and_deleted_ones_do_not_come_back() {
    let file = Scratch::new();
    let rig = Rig::with(DevServer::builder().persist(&file.0).start().await.unwrap());
    let app = rig.app().await;
    rig.remove("/apps/app_dev", 200).await;
    rig.server.stop().await;
    let rig = Rig::with(DevServer::builder().persist(&file.0).start().await.unwrap());
    assert_eq!(names(&rig.get_json("/apps").await["apps"], "appId"), [app]);
}

#[tokio::test]
async fn resources_are_for_keys_only() {
    let rig = Rig::start().await;
    for path in ["/apps", "/channel", "/environments", "/organization", "/user/me", "/capabilities", "/events/stream"] {
        let url = format!("{}{path}", rig.server.url());
        problem(crate::rig::client().get(&url).send().await.unwrap(), 401).await;
        for (header, value) in [("x-public-token", "anything"), ("x-axonpush-api-key", "pt_1"), ("x-api-key", "pt_1")] {
            let request = crate::rig::client().get(&url).header(header, value);
            problem(request.send().await.unwrap(), 403).await;
        }
    }
    problem(rig.get("/apps/%ff").await, 400).await;
}

#[tokio::test]
async fn people_are_invited_join_and_leave() {
    let rig = Rig::start().await;
    let members = async || names(&rig.get_json("/organizations/org_dev/members").await["members"], "userId");
    assert_eq!(members().await, ["user_dev"]);
    let invited = json!({"invitedEmail": "a@example.com", "role": "user"});
    let invitation = rig.ask(Method::POST, "/organizations/org_dev/invitations", invited.clone(), 201).await;
    let accept = json!({"code": invitation["code"]});
    assert_eq!(rig.ask(Method::POST, "/invitations/accept", accept.clone(), 200).await["orgId"], "org_dev");
    rig.ask(Method::POST, "/invitations/accept", accept, 404).await;
    assert_eq!(members().await, ["a@example.com", "user_dev"]);

    let second = rig.ask(Method::POST, "/organizations/org_dev/invitations", invited, 201).await;
    let path = format!("/organizations/org_dev/invitations/{}", second["invitationId"].as_str().unwrap());
    rig.remove(&path, 200).await;
    assert_eq!(rig.get_json("/organizations/org_dev/invitations").await, json!({"invitations": []}));

    rig.ask(Method::POST, "/organizations/org_dev/leave", Value::Null, 409).await;
    let heir = json!({"userId": "a@example.com"});
    rig.ask(Method::POST, "/organizations/org_dev/transfer-ownership", heir, 200).await;
    rig.ask(Method::POST, "/organizations/org_dev/leave", Value::Null, 200).await;
    let list = rig.get_json("/organizations/org_dev/members").await;
    assert_eq!(
        (names(&list["members"], "userId"), &list["members"][0]["role"]),
        (vec!["a@example.com".to_owned()], &json!("owner"))
    );
    let path = "/organizations/org_dev/members/a@example.com";
    assert_eq!(rig.ask(Method::PATCH, path, json!({"role": "admin"}), 200).await["role"], "admin");
    let refused = rig.ask(Method::PATCH, path, json!({"role": "king"}), 422).await;
    assert_eq!(locations(&refused), ["body.role"]);
    rig.remove(path, 200).await;
    rig.remove(path, 404).await;
    problem(rig.get("/organizations/none/members").await, 404).await;
}
