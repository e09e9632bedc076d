//! Reads a Rust file as far as the rules need: what is code, what is comment, what is test.
//!
//! This is a scanner and no parser. It knows strings, comments and brackets, so that a word in a
//! string is never taken for code; everything finer is left to clippy.

/// A Rust file in layers. `code` and `comments` are as long as the file, byte for byte, with
/// spaces where the other layer is; strings are blank in both.
#[derive(Debug)]
pub(crate) struct Rust {
    pub(crate) code: String,
    pub(crate) comments: String,
    /// Names in `#[cfg(test)] mod name;`.
    pub(crate) test_modules: Vec<String>,
    test_ranges: Vec<(usize, usize)>,
    line_starts: Vec<usize>,
}

impl Rust {
    pub(crate) fn read(text: &str) -> Self {
        let (code, comments) = layers(text);
        let (test_ranges, test_modules) = tests_in(&code);
        let line_starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { code, comments, test_modules, test_ranges, line_starts }
    }

    /// The line, counted from 1, that holds the byte at `offset`.
    pub(crate) fn line(&self, offset: usize) -> usize {
        self.line_starts.partition_point(|start| *start <= offset)
    }

    /// Whether the byte at `offset` belongs to an item under `#[cfg(test)]`.
    pub(crate) fn is_test(&self, offset: usize) -> bool {
        self.test_ranges.iter().any(|(start, end)| (*start..*end).contains(&offset))
    }
}

/// Where `word` stands by itself in `text`, not as a part of a longer name.
pub(crate) fn words<'a>(text: &'a str, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    text.match_indices(word).map(|(at, _)| at).filter(move |at| {
        let before = text[..*at].chars().next_back();
        let after = text[at + word.len()..].chars().next();
        !before.is_some_and(is_name) && !after.is_some_and(is_name)
    })
}

/// The name `text` begins with; empty when it begins with something else.
pub(crate) fn leading_name(text: &str) -> &str {
    &text[..text.find(|c| !is_name(c)).unwrap_or(text.len())]
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

enum Layer {
    Code,
    Comment,
    Text,
}

fn layers(text: &str) -> (String, String) {
    let bytes = text.as_bytes();
    let blank: Vec<u8> = bytes.iter().map(|byte| if *byte == b'\n' { b'\n' } else { b' ' }).collect();
    let (mut code, mut comments) = (blank.clone(), blank);
    let mut at = 0;
    while at < bytes.len() {
        let (layer, length) = next_token(text, at);
        let end = (at + length).min(bytes.len());
        match layer {
            Layer::Code => code[at..end].copy_from_slice(&bytes[at..end]),
            Layer::Comment => comments[at..end].copy_from_slice(&bytes[at..end]),
            Layer::Text => {}
        }
        at = end;
    }
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    (text(code), text(comments))
}

/// The layer of the token at `at`, and its length in bytes: never zero.
fn next_token(text: &str, at: usize) -> (Layer, usize) {
    let bytes = &text.as_bytes()[at..];
    match bytes {
        [b'/', b'/', ..] => (Layer::Comment, find(bytes, 2, b"\n").unwrap_or(bytes.len())),
        [b'/', b'*', ..] => (Layer::Comment, block_comment(bytes)),
        [b'"', ..] => (Layer::Text, string(bytes)),
        [b'\'', b'\\', ..] => {
            // Past the backslash and what it escapes, which may itself be a quote.
            (Layer::Text, find(bytes, 3, b"'").map_or(bytes.len(), |quote| quote + 1))
        }
        [b'\'', ..] => {
            let character = text[at + 1..].chars().next().map_or(1, char::len_utf8);
            match bytes.get(1 + character) {
                Some(b'\'') => (Layer::Text, character + 2),
                _ => (Layer::Code, 1),
            }
        }
        [first, ..] if is_name_byte(*first) => {
            let length = bytes.iter().position(|byte| !is_name_byte(*byte)).unwrap_or(bytes.len());
            if matches!(&bytes[..length], b"r" | b"br" | b"cr") {
                let hashes = bytes[length..].iter().take_while(|byte| **byte == b'#').count();
                if bytes.get(length + hashes) == Some(&b'"') {
                    let close = [b"\"".as_slice(), &vec![b'#'; hashes]].concat();
                    let end = find(bytes, length + hashes + 1, &close);
                    return (Layer::Text, end.map_or(bytes.len(), |end| end + close.len()));
                }
            }
            (Layer::Code, length)
        }
        _ => (Layer::Code, 1),
    }
}

fn string(bytes: &[u8]) -> usize {
    let mut at = 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

fn block_comment(bytes: &[u8]) -> usize {
    let (mut at, mut depth) = (2, 1);
    while at < bytes.len() && depth > 0 {
        match &bytes[at..] {
            [b'/', b'*', ..] => (at, depth) = (at + 2, depth + 1),
            [b'*', b'/', ..] => (at, depth) = (at + 2, depth - 1),
            _ => at += 1,
        }
    }
    at
}

fn find(bytes: &[u8], from: usize, wanted: &[u8]) -> Option<usize> {
    let rest = bytes.get(from..)?;
    rest.windows(wanted.len()).position(|window| window == wanted).map(|at| from + at)
}

/// The byte ranges under `#[cfg(test)]`, and the modules such lines declare in other files.
fn tests_in(code: &str) -> (Vec<(usize, usize)>, Vec<String>) {
    let (mut ranges, mut modules) = (Vec::new(), Vec::new());
    for (start, _) in code.match_indices("#[cfg(") {
        let condition = &code[start + "#[cfg(".len()..];
        let Some(close) = condition.find(")]") else {
            continue;
        };
        let condition = &condition[..close];
        let required = condition.trim() == "test"
            || condition.trim_start().starts_with("all(") && words(condition, "test").next().is_some();
        if !required || condition.contains("not(test") {
            continue;
        }
        let item = skip_attributes(code, start);
        ranges.push((start, item + item_length(&code[item..])));
        if let Some(name) = words(&code[item..], "mod").next().and_then(|at| declared(&code[item + at + 3..])) {
            modules.push(name.to_owned());
        }
    }
    if code.trim_start().starts_with("#![cfg(test)]") {
        ranges.push((0, code.len()));
    }
    (ranges, modules)
}

/// The `name` of a `mod name;`, given what follows `mod`.
fn declared(after: &str) -> Option<&str> {
    let after = after.trim_start();
    let name = leading_name(after);
    (!name.is_empty() && after[name.len()..].trim_start().starts_with(';')).then_some(name)
}

/// Where the item behind one or more `#[…]` begins.
fn skip_attributes(code: &str, mut at: usize) -> usize {
    while code[at..].starts_with("#[") {
        at += bracketed(&code[at + 1..]) + 1;
        at += code[at..].len() - code[at..].trim_start().len();
    }
    at
}

/// The length of an item: up to its `;`, or to the end of its braces.
fn item_length(code: &str) -> usize {
    let mut at = 0;
    while let Some(byte) = code.as_bytes().get(at) {
        match byte {
            b';' => return at + 1,
            b'{' => return at + bracketed(&code[at..]),
            b'(' | b'[' => at += bracketed(&code[at..]),
            b'}' => return at,
            _ => at += 1,
        }
    }
    code.len()
}

/// The length of the bracket `code` begins with, up to and with its closing partner.
fn bracketed(code: &str) -> usize {
    let mut depth = 0_usize;
    for (at, byte) in code.bytes().enumerate() {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return at + 1;
        }
    }
    code.len()
}

#[cfg(test)]
mod tests {
    use super::{Rust, words};

    #[track_caller]
    fn check(text: &str, code: &str) {
        let rust = Rust::read(text);
        assert_eq!(rust.code.len(), text.len());
        assert_eq!(rust.comments.len(), text.len());
        let seen: Vec<&str> = rust.code.split_whitespace().collect();
        assert_eq!(seen.join(" "), code);
    }

    #[test]
    fn strings_and_comments_are_no_code() {
        check("let a = \"b // c\"; // d", "let a = ;");
        check("/* a /* b */ c */ d", "d");
        check(r##"f(r#"a "quoted" b"#, b"c\"d", e)"##, "f( , b , e)");
        check("let 'a' | '\\'' | '\"' = b; // 'c", "let | | = b;");
        check("fn f<'a>(x: &'a str) -> r#type", "fn f<'a>(x: &'a str) -> r#type");
        check("\"ü\" ü // ü", "ü");
    }

    #[test]
    fn an_unfinished_string_ends_with_the_file() {
        check("a \"b", "a");
        check("a r#\"b\"", "a");
        check("a '\\", "a");
        check("a /* b", "a");
    }

    #[test]
    fn items_under_cfg_test_are_tests() {
        let text = "fn a() {}\n#[cfg(test)]\n#[allow(x)]\nmod t {\n  fn b() {}\n}\nfn c() {}\n";
        let rust = Rust::read(text);
        let in_test = |word| text.find(word).is_some_and(|at| rust.is_test(at));
        assert!(!in_test("fn a") && in_test("fn b") && !in_test("fn c"));
    }

    #[test]
    fn a_test_module_of_its_own_file_is_named() {
        let rust = Rust::read("#[cfg(test)]\npub(crate) mod fake;\n#[cfg(test)]\nmod t { mod u; }\nmod v;\n");
        assert_eq!(rust.test_modules, ["fake"]);
    }

    #[test]
    fn other_conditions_are_no_tests() {
        let rust = Rust::read("#[cfg(any(test, feature = \"testing\"))]\nfn a() {}\n#[cfg(not(test))]\nfn b() {}\n");
        assert!(!rust.is_test(45) && rust.test_modules.is_empty());
    }

    #[test]
    fn lines_count_from_one() {
        let rust = Rust::read("a\nb\n");
        assert_eq!([rust.line(0), rust.line(1), rust.line(2)], [1, 1, 2]);
    }

    #[test]
    fn words_stand_alone() {
        assert_eq!(words("crate recreate crate_x crate::", "crate").collect::<Vec<_>>(), [0, 23]);
    }
}
