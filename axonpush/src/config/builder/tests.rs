use super::*;
use crate::{redact::ContentCapture, sink::BatchPolicy};

fn env() -> Given {
    let redaction = RedactionPolicy::new().content_capture(ContentCapture::Full).redact_keys(["iban"]);
    Given {
        api_key: Some(Secret("ak_env".to_owned())),
        tenant_id: Some("org-env".to_owned()),
        environment: Some("staging".to_owned()),
        channel_id: Some("c-env".into()),
        retry: RetryPolicy::new().max_retries(0),
        redaction: redaction.max_content_length(7),
        ..Given::default()
    }
}

fn none() -> Given {
    Given::default()
}

fn builder() -> AxonPushBuilder {
    AxonPushBuilder::default()
}

#[test]
fn a_policy_set_in_code_leaves_the_environments_other_settings_on() {
    let redaction = |policy| builder().redaction(policy).config_with(env(), none()).unwrap().redaction;
    let all = RedactionPolicy::new().content_capture(ContentCapture::Full).redact_keys(["iban"]);
    assert_eq!(redaction(RedactionPolicy::new()), all.clone().max_content_length(7));
    assert_eq!(redaction(RedactionPolicy::new().max_content_length(100)), all.clone().max_content_length(100));
    let own = RedactionPolicy::new().content_capture(ContentCapture::MetadataOnly).redact_keys(["ssn"]);
    assert_eq!(redaction(own.clone()), own.max_content_length(7));
    assert_eq!(builder().config_with(env(), none()).unwrap().redaction, all.max_content_length(7));

    let retries = |policy| *builder().retry(policy).config_with(env(), none()).unwrap().retry.max_retries;
    assert_eq!(retries(RetryPolicy::new().delivery_deadline(Duration::from_secs(9))), 0);
    assert_eq!(retries(RetryPolicy::new().max_retries(3)), 3);
}

#[test]
fn code_wins_over_the_environment_which_wins_over_the_file_setting_by_setting() {
    let file = Given {
        api_key: Some(Secret("ak_file".to_owned())),
        tenant_id: Some("org-file".to_owned()),
        base_url: Some(Secret("https://file.example".to_owned())),
        retry: RetryPolicy::new().max_retries(9).delivery_deadline(Duration::from_secs(9)),
        queue: QueuePolicy::new().max_events(9).max_bytes(9 << 20),
        delivery: DeliveryPolicy::new().batch(BatchPolicy::new().max_events(9).max_bytes(9)),
        shutdown_timeout: Some(Duration::from_secs(9)),
        ..Given::default()
    };
    let code = builder()
        .tenant_id("org-code")
        .queue(QueuePolicy::new().max_events(1))
        .delivery(DeliveryPolicy::new().batch(BatchPolicy::new().max_bytes(1)));
    let config = code.config_with(env(), file).unwrap();
    assert_eq!(config.transport.tenant_id.as_deref(), Some("org-code"));
    assert_eq!(config.transport.environment.as_deref(), Some("staging"));
    assert_eq!(config.transport.base_url.to_string(), "https://file.example");
    assert_eq!((*config.retry.max_retries, *config.retry.delivery_deadline), (0, Duration::from_secs(9)));
    assert_eq!((*config.queue.max_events, *config.queue.max_bytes), (1, 9 << 20));
    let batch = &config.delivery.batch;
    assert_eq!((*batch.max_events, *batch.max_bytes, *batch.max_age), (9, 1, Duration::from_secs(1)));
    assert_eq!(config.shutdown_timeout, Duration::from_secs(9));
}

#[test]
fn a_blank_argument_is_an_unset_one() {
    let blank = builder().tenant_id(" ").environment("").channel_id("\t").service("", "1");
    let config = blank.clone().config_with(env(), none()).unwrap();
    assert_eq!(config.transport.tenant_id.as_deref(), Some("org-env"));
    assert_eq!(config.transport.environment.as_deref(), Some("staging"));
    assert_eq!(config.channel_id, Some("c-env".into()));
    assert!(config.resource.get("service.name").is_none());

    let config = blank.api_key("ak_1").config_with(none(), none()).unwrap();
    assert_eq!((config.transport.tenant_id, config.transport.environment), (None, None));
    assert!(config.channel_id.is_none() && config.resource.is_empty());
}
