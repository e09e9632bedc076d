//! Platforms that freeze a process between two requests, and with it the worker.

use std::{fmt, sync::Once};

/// A platform that freezes a process as soon as it has answered. What the background queue holds then waits for the next
/// request, or is lost; see [`flush_after_invocation`](crate::flush_after_invocation).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ServerlessPlatform {
    /// AWS Lambda.
    AwsLambda,
    /// Google Cloud Functions.
    GoogleCloudFunctions,
    /// Azure Functions.
    AzureFunctions,
}

/// Variables that the platforms set.
const MARKS: [(&str, ServerlessPlatform); 3] = [
    ("AWS_LAMBDA_FUNCTION_NAME", ServerlessPlatform::AwsLambda),
    ("FUNCTION_TARGET", ServerlessPlatform::GoogleCloudFunctions),
    ("AZURE_FUNCTIONS_ENVIRONMENT", ServerlessPlatform::AzureFunctions),
];

impl ServerlessPlatform {
    /// The platform this process runs on, by the variables it sets; `None` on an ordinary machine.
    pub fn detect() -> Option<Self> {
        Self::detect_in(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()))
    }

    fn detect_in(is_set: impl Fn(&str) -> bool) -> Option<Self> {
        MARKS.into_iter().find(|(name, _)| is_set(name)).map(|(_, platform)| platform)
    }
}

impl fmt::Display for ServerlessPlatform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AwsLambda => "AWS Lambda",
            Self::GoogleCloudFunctions => "Google Cloud Functions",
            Self::AzureFunctions => "Azure Functions",
        })
    }
}

/// Says, once in the life of the process, what such a platform asks of its guests.
pub(super) fn remind() {
    static REMINDED: Once = Once::new();
    if let Some(platform) = ServerlessPlatform::detect() {
        REMINDED.call_once(|| {
            tracing::info!(
                target: "axonpush",
                %platform,
                "this platform freezes the process between two requests: wrap the handler in flush_after_invocation, \
                 or use DeliveryMode::Sync"
            );
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn platforms_are_known_by_the_variables_they_set() {
        for (name, platform) in MARKS {
            assert_eq!(ServerlessPlatform::detect_in(|asked| asked == name), Some(platform));
        }
        assert_eq!(ServerlessPlatform::detect_in(|_| false), None);
    }
}
