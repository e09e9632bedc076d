//! Event types: the known ones, and any other string.

use std::{borrow::Cow, fmt};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

macro_rules! event_types {
    ($($(#[doc = $doc:literal])* $name:ident = $text:literal),* $(,)?) => {
        /// What kind of thing an event reports. The server takes any string; unknown ones are kept as
        /// [`EventType::Other`].
        ///
        /// ```
        /// use axonpush::EventType;
        /// assert_eq!(EventType::from("agent.tool_call.start"), EventType::AgentToolCallStart);
        /// assert_eq!(EventType::from("order.placed").as_str(), "order.placed");
        /// ```
        #[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
        #[non_exhaustive]
        pub enum EventType {
            $($(#[doc = $doc])* $name,)*
            /// `custom`, the server's default.
            #[default]
            Custom,
            /// Any other string, sent as it is.
            Other(Cow<'static, str>),
        }

        impl EventType {
            /// The string on the wire.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$name => $text,)*
                    Self::Custom => "custom",
                    Self::Other(text) => text,
                }
            }

            fn known(text: &str) -> Option<Self> {
                match text {
                    $($text => Some(Self::$name),)*
                    "custom" => Some(Self::Custom),
                    _ => None,
                }
            }
        }
    };
}

event_types! {
    /// `agent.start`: an agent's run begins.
    AgentStart = "agent.start",
    /// `agent.end`: an agent's run ends.
    AgentEnd = "agent.end",
    /// `agent.error`: an agent failed.
    AgentError = "agent.error",
    /// `agent.message`: an agent said something.
    AgentMessage = "agent.message",
    /// `agent.tool_call.start`: a tool call begins.
    AgentToolCallStart = "agent.tool_call.start",
    /// `agent.tool_call.end`: a tool call ends.
    AgentToolCallEnd = "agent.tool_call.end",
    /// `agent.handoff`: one agent hands over to another.
    AgentHandoff = "agent.handoff",
    /// `agent.llm.token`: one token of a streamed answer.
    AgentLlmToken = "agent.llm.token",
    /// `agent.log`: a log record of an agent.
    AgentLog = "agent.log",
    /// `app.log`: a log record of an application. See [`LogPayload`](crate::LogPayload).
    AppLog = "app.log",
    /// `app.span`: a finished span. See [`SpanPayload`](crate::SpanPayload).
    AppSpan = "app.span",
    /// `user.feedback`: what a user thought of it.
    UserFeedback = "user.feedback",
}

impl EventType {
    /// Whether it is a log record.
    pub(crate) fn is_log(&self) -> bool {
        matches!(self, Self::AppLog | Self::AgentLog)
    }

    /// Whether the payload follows OpenTelemetry's log or span shape, in which `status.message` is a structural
    /// field and not content.
    pub(crate) fn is_otel_shaped(&self) -> bool {
        matches!(self, Self::AppSpan | Self::AppLog | Self::AgentLog)
    }
}

impl From<&str> for EventType {
    fn from(text: &str) -> Self {
        Self::known(text).unwrap_or_else(|| Self::Other(Cow::Owned(text.to_owned())))
    }
}

impl From<&String> for EventType {
    fn from(text: &String) -> Self {
        Self::from(text.as_str())
    }
}

impl From<Cow<'static, str>> for EventType {
    fn from(text: Cow<'static, str>) -> Self {
        Self::known(&text).unwrap_or(Self::Other(text))
    }
}

impl From<String> for EventType {
    fn from(text: String) -> Self {
        Self::known(&text).unwrap_or(Self::Other(Cow::Owned(text)))
    }
}

impl fmt::Display for EventType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for EventType {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for EventType {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_text_is_a_type_however_long_it_lives() {
        let text = "agent.start order.placed".to_owned();
        let types: Vec<EventType> = text.split(' ').map(EventType::from).collect();
        assert_eq!(types, [EventType::AgentStart, EventType::Other("order.placed".into())]);
        assert_eq!(EventType::from(&"custom".to_owned()), EventType::Custom);
        assert_eq!(EventType::from(Cow::Borrowed("app.log")), EventType::AppLog);
    }
}
