//! Reading `corpus.txt`, for the tests of this room and for those that send all of it through a whole program.

use serde_json::{Value, json};

const CORPUS: &str = include_str!("../corpus.txt");

/// What a secret is in the corpus, where it is not a token. Nothing says of it what it is.
pub(super) const CANARY: &str = "cAnArY42";

/// The lines of a section.
pub(super) fn section(name: &str) -> Vec<&'static str> {
    let head = format!("[{name}]\n");
    let start = CORPUS.find(&head).unwrap() + head.len();
    let lines = CORPUS[start..].split('\n').take_while(|line| !line.is_empty());
    lines.collect()
}

/// A line of text, in which escapes are those of a string in Rust; a backslash before anything else is itself.
pub(super) fn text(line: &str) -> String {
    line.replace("\\n", "\n").replace("\\r", "\r").replace("\\t", "\t")
}

/// Letters and digits of a kind, the same ones for the same token.
fn filling(recipe: &str, seed: &str) -> String {
    let (count, kind) = recipe.split_at(recipe.len() - 1);
    let alphabet: &[u8] = match kind {
        "a" => b"aB3dE5gH7jK9mN1pQ2sT4vW6xY8z",
        "h" => b"0123456789abcdef",
        _ => b"A2B3C4D5E6F7G",
    };
    let mut state = seed.bytes().fold(17_u32, |state, byte| state.wrapping_mul(31).wrapping_add(u32::from(byte)));
    let pick = |_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        char::from(alphabet[(state >> 16) as usize % alphabet.len()])
    };
    (0..count.parse::<usize>().unwrap()).map(pick).collect()
}

/// A token, from the pieces of its beginning and the recipe of the rest.
pub(super) fn token(line: &str) -> String {
    let (beginning, recipe) = line.rsplit_once(' ').unwrap();
    let parts: Vec<_> = recipe.split('.').enumerate().map(|(i, part)| filling(part, &format!("{line}{i}"))).collect();
    beginning.replace(' ', "") + &parts.join(".")
}

/// A text or a payload in which a key stands by its secret.
pub(super) fn keyed(shape: &str, key: &str, secret: &str) -> String {
    shape.replace('K', "\0").replace('V', secret).replace('\0', key)
}

/// A text in which a secret stands that needs no key.
pub(super) fn whole(shape: &str, secret: &str) -> String {
    shape.replace("PRIVATE", "\0").replace('V', secret).replace('\0', "PRIVATE")
}

/// A secret within lists and objects, one for each step of the path.
pub(super) fn at_any_depth(secret: Value, path: &[u8]) -> Value {
    path.iter().fold(secret, |inner, step| match step {
        0 => json!([1, inner]),
        1 => json!({ "a": inner }),
        2 => json!({ "x": "y", "list": [[inner]] }),
        _ => json!({ "name": "plain", "value": inner }),
    })
}

/// Whether what a shape holds is only known where it is JSON, and not where JSON has become a part of other text.
pub(super) fn is_only_json(shape: &str) -> bool {
    [r#""name":"K"#, r#""key":"K"#, r"\u00"].iter().any(|json| shape.contains(json))
}

/// The ways to write a key that make no difference.
pub(super) fn spellings(key: &str) -> [String; 5] {
    let mixed = |(i, c): (usize, char)| if i % 2 == 0 { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() };
    let middle = key.len() / 2;
    [
        key.to_owned(),
        key.to_uppercase(),
        key.chars().enumerate().map(mixed).collect(),
        format!("{}\u{200b}{}", &key[..middle], &key[middle..]),
        format!("{key}\u{feff}"),
    ]
}
