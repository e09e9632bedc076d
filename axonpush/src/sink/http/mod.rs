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
