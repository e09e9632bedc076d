//! What sinks that post have in common: an address with credentials, a client on the sink's own thread, and what answers
//! mean for records.

mod deliver;
mod poster;
mod target;

#[cfg(feature = "otlp")]
pub(super) use self::poster::said;
pub(super) use self::{
    deliver::{Protocol, Settled, conclude, deliver},
    poster::{Post, Posted, Poster, Refusal, bad_setting},
    target::Target,
};

/// What can be set of every sink that posts, by its field `target`.
macro_rules! posts {
    ($sink:ident) => {
        impl $sink {
            /// Signs in with a name and a password.
            pub fn basic_auth(mut self, user: impl Into<String>, password: impl Into<String>) -> Self {
                self.target.basic_auth(user.into(), password.into());
                self
            }

            /// Signs in with a token.
            pub fn bearer(mut self, token: impl AsRef<str>) -> Self {
                self.target.bearer(token.as_ref());
                self
            }

            /// Sends a header along, an API key for instance. Its value is treated as a secret.
            pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
                self.target.header(name.into(), value.into());
                self
            }

            /// Whether credentials and headers may go to another machine without TLS; `false` unless set.
            pub fn allow_insecure_http(mut self, allow: bool) -> Self {
                self.target.allow_insecure_http(allow);
                self
            }

            /// How requests are compressed; not at all unless set.
            pub fn compression(mut self, compression: Compression) -> Self {
                self.target.compression = compression;
                self
            }

            /// How long a request may take, from the first byte to the answer; 10 s unless set.
            pub fn timeout(mut self, timeout: Duration) -> Self {
                self.target.timeout = timeout;
                self
            }

            /// How long connecting may take; 5 s unless set.
            pub fn connect_timeout(mut self, timeout: Duration) -> Self {
                self.target.connect_timeout = timeout;
                self
            }
        }
    };
}

pub(in crate::sink) use posts;
