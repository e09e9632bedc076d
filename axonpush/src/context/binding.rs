//! Attributes bound to a context, for good or while a guard lives.

use std::{borrow::Cow, fmt};

use super::RequestContext;
use crate::event::{AttributeValue, Attributes};

/// What is bound, and what guards will bring back.
#[derive(Default)]
pub(super) struct Bindings {
    attributes: Attributes,
    /// One for every living guard, oldest first.
    shadowed: Vec<Shadowed>,
    next_token: u64,
}

/// What a key was before a guard bound it.
struct Shadowed {
    token: u64,
    key: Cow<'static, str>,
    previous: Option<AttributeValue>,
}

impl Bindings {
    pub(super) fn attributes(&self) -> &Attributes {
        &self.attributes
    }

    pub(super) fn set(&mut self, key: Cow<'static, str>, value: AttributeValue) {
        self.attributes.insert(key, value);
    }

    pub(super) fn unset(&mut self, key: &str) -> bool {
        self.attributes.remove(key)
    }

    pub(super) fn clear(&mut self) {
        self.attributes.clear();
        self.shadowed.clear();
    }

    /// Sets `key` until [`restore`](Self::restore) is asked with the token.
    pub(super) fn shadow(&mut self, key: Cow<'static, str>, value: AttributeValue) -> u64 {
        let token = self.next_token;
        self.next_token += 1;
        let previous = self.attributes.get(&key).cloned();
        self.attributes.insert(key.clone(), value);
        self.shadowed.push(Shadowed { token, key, previous });
        token
    }

    fn restore(&mut self, token: u64) {
        // Cleared meanwhile unless it is found.
        let Some(at) = self.shadowed.iter().position(|shadowed| shadowed.token == token) else { return };
        let Shadowed { key, previous, .. } = self.shadowed.remove(at);
        let mut later = self.shadowed.iter_mut().skip(at);
        match (later.find(|later| later.key == key), previous) {
            // A guard made later still shows its value, and restores in this one's place.
            (Some(later), previous) => later.previous = previous,
            (None, Some(previous)) => self.attributes.insert(key, previous),
            (None, None) => {
                self.attributes.remove(&key);
            }
        }
    }
}

/// Keeps an attribute bound; see [`RequestContext::bind_scoped`].
#[must_use = "the attribute is bound until this is dropped"]
pub struct BoundAttribute {
    context: RequestContext,
    token: u64,
}

impl BoundAttribute {
    pub(super) fn new(context: RequestContext, token: u64) -> Self {
        Self { context, token }
    }
}

impl Drop for BoundAttribute {
    fn drop(&mut self) {
        self.context.bindings().restore(self.token);
    }
}

impl fmt::Debug for BoundAttribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BoundAttribute").field("context", &self.context).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn step(context: &RequestContext) -> Option<AttributeValue> {
        context.attributes().get("step").cloned()
    }

    #[test]
    fn a_guard_restores_the_value_of_before_or_its_absence() {
        let context = RequestContext::new();
        let outer = context.bind_scoped("step", "outer");
        let inner = context.bind_scoped("step", 2);
        assert_eq!(step(&context), Some(2.into()));
        drop(inner);
        assert_eq!(step(&context), Some("outer".into()));
        drop(outer);
        assert_eq!(step(&context), None);
    }

    #[test]
    fn a_guard_restores_when_its_scope_panics_and_on_any_thread() {
        let context = RequestContext::new();
        let guard = context.bind_scoped("step", 1);
        let panicked = std::thread::spawn(move || {
            let _guard = guard;
            std::panic::resume_unwind(Box::new("out"));
        });
        assert!(panicked.join().is_err());
        assert_eq!(step(&context), None);
    }

    #[test]
    fn what_is_bound_in_a_guards_scope_ends_with_it_and_a_cleared_context_stays_clear() {
        let context = RequestContext::new();
        context.bind("step", 0);
        let guard = context.bind_scoped("step", 1);
        context.bind("step", 2);
        drop(guard);
        assert_eq!(step(&context), Some(0.into()));

        let guard = context.bind_scoped("step", 1);
        assert!(context.unbind("step"));
        drop(guard);
        assert_eq!(step(&context), Some(0.into()));

        let guard = context.bind_scoped("step", 1);
        context.clear();
        context.bind("step", "afterwards");
        drop(guard);
        assert_eq!(step(&context), Some("afterwards".into()));
    }

    #[test]
    fn guards_of_different_keys_do_not_meet() {
        let context = RequestContext::new();
        let a = context.bind_scoped("a", 1);
        let b = context.bind_scoped("b", 1);
        drop(a);
        assert_eq!(context.attributes(), Attributes::from_iter([("b", 1)]));
        drop(b);
        assert!(context.attributes().is_empty());
    }

    proptest! {
        #[test]
        fn in_any_order_of_drops_the_latest_living_guard_shows(
            bound: bool, drops in prop::collection::vec(any::<prop::sample::Index>(), 1..8)
        ) {
            let context = RequestContext::new();
            if bound {
                context.bind("step", "before");
            }
            let mut guards: Vec<_> = (0..drops.len()).map(|n| (n, context.bind_scoped("step", n))).collect();
            for which in drops {
                drop(guards.remove(which.index(guards.len())));
                let expected = match guards.last() {
                    Some((latest, _)) => Some((*latest).into()),
                    None => bound.then(|| "before".into()),
                };
                prop_assert_eq!(step(&context), expected);
            }
        }
    }
}
