//! What a record is routed by.

/// The tag of what is called `name`: the prefix, a dot, and the name with `::` as dots. White space and control characters
/// are underscores, and parts that are empty are left out; what has no part at all is called [`UNNAMED`].
pub(super) fn tag(prefix: &str, name: &str) -> String {
    let mut tag = String::with_capacity(prefix.len() + name.len() + 1);
    for part in [prefix, name].into_iter().flat_map(|text| text.split("::")).flat_map(|text| text.split('.')) {
        if part.is_empty() {
            continue;
        }
        if !tag.is_empty() {
            tag.push('.');
        }
        tag.extend(part.chars().map(|c| if c.is_whitespace() || c.is_control() { '_' } else { c }));
    }
    if tag.is_empty() { UNNAMED.to_owned() } else { tag }
}

/// The tag of what has no name.
const UNNAMED: &str = "axonpush";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_the_prefix_and_the_name() {
        for (prefix, name, expected) in [
            ("app", "follow", "app.follow"),
            ("app", "shop::orders::place", "app.shop.orders.place"),
            ("", "shop", "shop"),
            ("app", "", "app"),
            ("", ".", "axonpush"),
            ("app.", ".a..b.", "app.a.b"),
            ("a:b", "c:::d", "a:b.c.:d"),
            ("my app", "two words\n\u{7f}\u{a0}", "my_app.two_words___"),
            ("app", "größe", "app.größe"),
        ] {
            assert_eq!(tag(prefix, name), expected, "{prefix:?} {name:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn a_tag_is_never_blank_nor_has_blank_parts(prefix: String, name: String) {
            let tag = tag(&prefix, &name);
            proptest::prop_assert!(!tag.chars().any(|c| c.is_whitespace() || c.is_control()), "{:?}", tag);
            proptest::prop_assert!(tag.split('.').all(|part| !part.is_empty()), "{:?}", tag);
        }
    }
}
