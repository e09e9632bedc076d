//! Why accepted events were not delivered, and how many. Loss is a result like any other.

use std::fmt;

/// Why an accepted event did not reach the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum LossReason {
    /// The queue was full, and its overflow policy chose this event.
    QueueFull,
    /// The server refused it for good: a 4xx that no retry mends.
    Rejected,
    /// The key was refused: 401 or 403.
    Unauthorized,
    /// No attempt succeeded within the delivery deadline.
    Expired,
    /// The server kept answering success in a way that confirms nothing.
    BadResponse,
    /// Shutdown's deadline passed first.
    Shutdown,
    /// Delivering it failed inside this library; a bug to report.
    Internal,
}

impl LossReason {
    pub(crate) const ALL: [Self; 7] = [
        Self::QueueFull,
        Self::Rejected,
        Self::Unauthorized,
        Self::Expired,
        Self::BadResponse,
        Self::Shutdown,
        Self::Internal,
    ];

    /// A stable name for dashboards: `queue_full`, `rejected`, ….
    pub fn as_str(self) -> &'static str {
        match self {
            Self::QueueFull => "queue_full",
            Self::Rejected => "rejected",
            Self::Unauthorized => "unauthorized",
            Self::Expired => "expired",
            Self::BadResponse => "bad_response",
            Self::Shutdown => "shutdown",
            Self::Internal => "internal",
        }
    }
}

impl fmt::Display for LossReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How many events were lost, by reason.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct Losses([u64; LossReason::ALL.len()]);

impl Losses {
    /// Events lost for `reason`.
    pub fn of(&self, reason: LossReason) -> u64 {
        self.0.get(reason as usize).copied().unwrap_or_default()
    }

    /// Events lost for any reason.
    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }

    /// Every reason that occurred, with its count.
    pub fn iter(&self) -> impl Iterator<Item = (LossReason, u64)> {
        LossReason::ALL.into_iter().map(|reason| (reason, self.of(reason))).filter(|(_, count)| *count > 0)
    }

    /// What was lost since `earlier`.
    pub(crate) fn since(&self, earlier: &Self) -> Self {
        let mut losses = *self;
        for (now, then) in losses.0.iter_mut().zip(earlier.0) {
            *now = now.saturating_sub(then);
        }
        losses
    }

    pub(crate) fn add(&mut self, reason: LossReason, count: u64) {
        if let Some(slot) = self.0.get_mut(reason as usize) {
            *slot += count;
        }
    }
}

impl fmt::Debug for Losses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter().map(|(reason, count)| (reason.as_str(), count))).finish()
    }
}

impl fmt::Display for Losses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.total())?;
        for (i, (reason, count)) in self.iter().enumerate() {
            write!(f, "{}{reason} {count}", if i == 0 { " (" } else { ", " })?;
        }
        f.write_str(if self.total() > 0 { ")" } else { "" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn losses_are_counted_by_reason_and_shown_without_the_zeros() {
        let mut losses = Losses::default();
        assert_eq!(losses.to_string(), "0");
        losses.add(LossReason::QueueFull, 2);
        losses.add(LossReason::Shutdown, 1);
        assert_eq!((losses.total(), losses.of(LossReason::QueueFull)), (3, 2));
        assert_eq!(losses.to_string(), "3 (queue_full 2, shutdown 1)");
        assert!(LossReason::ALL.iter().enumerate().all(|(i, reason)| *reason as usize == i));
    }
}
