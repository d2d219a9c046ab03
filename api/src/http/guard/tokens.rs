//! Words and signs of a document, counted before anything parses it: the parser descends into
//! nested values without a limit.

/// What a scan of a document found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tokens {
    /// Names, numbers, strings and signs.
    pub count: usize,
    /// Deepest nesting of brackets.
    pub nesting: usize,
}

/// Scans a document; stops early once `most` tokens are exceeded.
#[must_use]
pub fn scan(document: &str, most: usize) -> Tokens {
    let bytes = document.as_bytes();
    let mut found = Tokens::default();
    let (mut at, mut depth) = (0, 0_usize);
    while at < bytes.len() && found.count <= most {
        let start = at;
        at += 1;
        match bytes[start] {
            b' ' | b'\t' | b'\n' | b'\r' | b',' => continue,
            b'#' => {
                at = end_of_line(bytes, at);
                continue;
            }
            b'[' | b'{' | b'(' => {
                depth += 1;
                found.nesting = found.nesting.max(depth);
            }
            b']' | b'}' | b')' => depth = depth.saturating_sub(1),
            b'"' => at = end_of_string(bytes, at),
            b'.' if bytes[at..].starts_with(b"..") => at += 2,
            letter if in_word(letter) => {
                at += bytes[at..]
                    .iter()
                    .take_while(|next| in_word(**next))
                    .count();
            }
            _ => {}
        }
        found.count += 1;
    }
    found
}

/// Names and numbers, and whatever is not ASCII: the parser says what is wrong with that.
fn in_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || !byte.is_ascii()
}

fn end_of_line(bytes: &[u8], from: usize) -> usize {
    let line = bytes[from..]
        .iter()
        .position(|byte| matches!(byte, b'\n' | b'\r'));
    line.map_or(bytes.len(), |length| from + length)
}

/// Where a string ends whose first quotation mark has been read.
fn end_of_string(bytes: &[u8], from: usize) -> usize {
    let block = bytes[from..].starts_with(b"\"\"");
    let mut at = if block { from + 2 } else { from };
    while at < bytes.len() {
        let rest = &bytes[at..];
        at += match rest {
            [b'\\', b'"', b'"', b'"', ..] if block => 4,
            // A simple string escapes any one character.
            [b'\\', _, ..] if !block => 2,
            [b'"', b'"', b'"', ..] if block => return at + 3,
            [b'"', ..] if !block => return at + 1,
            _ => 1,
        };
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn words_and_signs_are_counted_and_what_is_between_them_is_not() {
        for (document, count) in [
            ("", 0),
            (" ,,, # a comment\n", 0),
            ("{ a }", 3),
            ("{a{b c},d}#e", 8),
            ("{ a(b: -1.5e3, c: \"x \\\" y\") }", 14),
            ("{ ...F } # x\rfragment", 5),
            (r#"{ a(b: """ } " \""" { """) }"#, 8),
            ("{ \u{e9}\u{e9} }", 3),
        ] {
            assert_eq!(scan(document, 100).count, count, "{document}");
        }
    }

    #[test]
    fn brackets_in_strings_and_comments_do_not_nest() {
        for (document, nesting) in [
            ("{ a(b: [1, [2]]) }", 4),
            (r#"{ a(b: "[[[[[") }"#, 2),
            (r#"{ a(b: "\"[[[[") }"#, 2),
            (r#"{ a(b: "\\") [[ }"#, 3),
            (r#"{ a(b: """[[ " \""" [[[""") }"#, 2),
            ("{ a # [[[[[[\n [ }", 2),
            (r#"{ "[[["#, 1),
            (r#"{ "\"#, 1),
            (r#"{ """"#, 1),
        ] {
            assert_eq!(scan(document, 100).nesting, nesting, "{document}");
        }
    }

    #[test]
    fn a_long_document_is_not_read_to_its_end() {
        assert_eq!(scan(&"a ".repeat(1_000_000), 10).count, 11);
    }

    proptest! {
        #[test]
        fn any_text_can_be_scanned(document in ".*") {
            let found = scan(&document, usize::MAX);
            prop_assert!(found.count <= document.len() && found.nesting <= found.count);
        }
    }
}
