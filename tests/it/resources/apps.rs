//! Apps, channels, environments and public tokens, from their creation to their end.

use axonpush::{
    Event,
    resources::{AppUpdate, Environment, EnvironmentUpdate, NewEnvironment},
};
use rig::{client, server, settings};

#[tokio::test]
async fn an_app_lives_from_its_creation_to_its_deletion() {
    let server = server();
    let client = client(&server);
    let app = client.apps().create("checkout").await.unwrap();
    assert_eq!((app.name.as_str(), app.org_id.as_str()), ("checkout", "org_dev"));
    let update = AppUpdate::new("till").default_branch("main").repo_url("https://git.example/till");
    let changed = client.apps().update(&app.app_id, update).await.unwrap();
    assert_eq!((changed.name.as_str(), changed.default_branch.as_deref()), ("till", Some("main")));
    assert_eq!(client.apps().get(&app.app_id).await.unwrap(), changed);
    assert!(client.apps().list().await.unwrap().contains(&changed));
    client.apps().delete(&app.app_id).await.unwrap();
    for gone in [client.apps().get(&app.app_id).await.map(drop), client.apps().delete(&app.app_id).await] {
        let error = gone.unwrap_err();
        assert!(error.status() == Some(404) && error.to_string().contains(" an app: 404"), "{error}");
    }
}

#[tokio::test]
async fn a_channel_belongs_to_its_app_and_takes_events() {
    let server = server();
    let client = client(&server);
    let (app, other) = (client.apps().create("a").await.unwrap(), client.apps().create("b").await.unwrap());
    let channels = client.channels(&app.app_id);
    let channel = channels.create("orders").await.unwrap();
    assert_eq!(channel.app_id, app.app_id);
    assert_eq!(channels.rename(&channel.channel_id, "sales").await.unwrap().name, "sales");
    assert_eq!(channels.get(&channel.channel_id).await.unwrap().name, "sales");
    assert_eq!(channels.list().await.unwrap().len(), 1);
    client.events().publish(Event::new("x").channel_id(&channel.channel_id)).await.unwrap();
    assert_eq!(server.events()[0].channel_id, channel.channel_id.as_str());
    let elsewhere = client.channels(&other.app_id).get(&channel.channel_id).await.unwrap_err();
    assert_eq!(elsewhere.status(), Some(404));
    channels.delete(&channel.channel_id).await.unwrap();
    assert!(channels.list().await.unwrap().is_empty());
}

#[tokio::test]
async fn an_environment_is_addressed_by_its_slug_and_promoted() {
    let server = server();
    let client = client(&server);
    let new = NewEnvironment::new("Blue Team").slug("blue").color("#00f").production(true);
    let blue = client.environments().create(new).await.unwrap();
    assert!(blue.slug == "blue" && blue.is_production && !blue.is_default && !blue.is_ephemeral);
    let taken = client.environments().create(NewEnvironment::new("x").slug("blue")).await.unwrap_err();
    assert_eq!(taken.status(), Some(409));
    let update = EnvironmentUpdate::new().name("Green").color("#0f0").production(false);
    let green = client.environments().update("blue", update).await.unwrap();
    assert_eq!((green.name.as_str(), green.is_production), ("Green", false));
    assert!(client.environments().promote("blue").await.unwrap().is_default);
    let defaults = |all: Vec<Environment>| all.into_iter().filter(|one| one.is_default).count();
    assert_eq!(defaults(client.environments().list().await.unwrap()), 1);
    assert_eq!(client.environments().delete("blue").await.unwrap_err().status(), Some(409));
    client.environments().promote("development").await.unwrap();
    client.environments().delete("blue").await.unwrap();
    assert_eq!(client.environments().promote("blue").await.unwrap_err().status(), Some(404));
}

#[tokio::test]
async fn a_public_token_publishes_to_its_channel_until_it_is_revoked() {
    let server = server();
    let client = client(&server);
    let app = client.apps().create("a").await.unwrap();
    let channel = client.channels(&app.app_id).create("web").await.unwrap();
    let environment = client.environments().list().await.unwrap().remove(0);
    let created = client.tokens().create("page", &channel.channel_id, &environment.environment_id).await.unwrap();
    let shown = format!("{created:?}");
    assert!(created.secret.expose().starts_with("pt_") && !shown.contains(created.secret.expose()), "{shown}");
    assert_eq!(client.tokens().list().await.unwrap(), std::slice::from_ref(&created.token));

    let page = settings(&server).api_key(created.secret.expose()).channel_id(&channel.channel_id).build().unwrap();
    page.events().publish(Event::new("clicked")).await.unwrap();
    assert!(page.apps().list().await.unwrap_err().is_unauthorized());
    client.tokens().revoke(&created.token.token_id).await.unwrap();
    assert!(page.events().publish(Event::new("clicked")).await.unwrap_err().is_unauthorized());
    assert!(!client.tokens().list().await.unwrap()[0].active);
}

#[test]
fn blocking_code_waits_for_any_of_it() {
    let server = server();
    let client = client(&server);
    let blocking = client.blocking();
    let app = blocking.wait(client.apps().create("nightly")).unwrap();
    let channel = blocking.wait(client.channels(&app.app_id).create("jobs")).unwrap();
    assert_eq!(blocking.wait(client.channels(&app.app_id).list()).unwrap(), [channel]);
    assert_eq!(blocking.wait(client.apps().get("nobody")).unwrap_err().status(), Some(404));
}
