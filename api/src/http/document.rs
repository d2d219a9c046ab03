//! What a document would cost to read, worked out before the library reads it: its parser
//! descends into nested values without a limit, and a fragment is walked again each time it
//! is spread, so that a few hundred bytes can keep a processor busy for seconds.

use std::collections::HashMap;

use async_graphql::{
    Name, Positioned, ServerError,
    parser::{
        parse_query,
        types::{ExecutableDocument, Selection, SelectionSet},
    },
};

/// Deepest nesting of brackets; no sensible query comes near.
const DEEPEST: usize = 100;

/// Refuses a document that is dangerous to parse or walk, else gives it parsed. One that does
/// not parse is left to the library, which says where.
///
/// # Errors
/// When brackets nest too deeply, or more than `most` selections remain with all fragments
/// written out.
pub(super) fn check(query: &str, most: usize) -> Result<Option<ExecutableDocument>, ServerError> {
    if nesting(query) > DEEPEST {
        return Err(ServerError::new("Query is nested too deep.", None));
    }
    let Ok(document) = parse_query(query) else {
        return Ok(None);
    };
    let mut known = HashMap::new();
    let selections = document
        .operations
        .iter()
        .map(|(_, operation)| size(&document, &operation.node.selection_set, &mut known, 0))
        .fold(0, usize::saturating_add);
    if selections > most {
        return Err(ServerError::new("Query is too complex.", None));
    }
    Ok(Some(document))
}

/// Deepest nesting of brackets outside strings and comments.
fn nesting(query: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    let mut rest = query;
    while let Some(letter) = rest.chars().next() {
        rest = &rest[letter.len_utf8()..];
        match letter {
            '[' | '{' | '(' => depth += 1,
            ']' | '}' | ')' => depth = depth.saturating_sub(1),
            '#' => rest = &rest[rest.find(['\n', '\r']).unwrap_or(rest.len())..],
            '"' => rest = after_string(rest),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}

/// What follows a string whose first quotation mark has been read.
fn after_string(text: &str) -> &str {
    let (mut rest, end) = match text.strip_prefix("\"\"") {
        Some(block) => (block, "\"\"\""),
        None => (text, "\""),
    };
    loop {
        let Some(at) = rest.find(['"', '\\']) else {
            return "";
        };
        let escape = if end.len() == 3 { "\\\"\"\"" } else { "\\" };
        if rest[at..].starts_with(end) {
            return &rest[at + end.len()..];
        }
        let taken = match rest[at..].strip_prefix(escape) {
            // A simple string escapes any one character.
            Some(after) if end.len() == 1 => 1 + after.chars().next().map_or(0, char::len_utf8),
            Some(_) => escape.len(),
            None => 1,
        };
        rest = &rest[at + taken..];
    }
}

/// Selections with fragments written out, each fragment counted once and remembered.
fn size<'a>(
    document: &'a ExecutableDocument,
    set: &'a Positioned<SelectionSet>,
    known: &mut HashMap<&'a Name, usize>,
    depth: usize,
) -> usize {
    if depth > DEEPEST {
        return usize::MAX;
    }
    let mut sum = 0_usize;
    for selection in &set.node.items {
        let below = match &selection.node {
            Selection::Field(field) => size(document, &field.node.selection_set, known, depth + 1),
            Selection::InlineFragment(inline) => {
                size(document, &inline.node.selection_set, known, depth + 1)
            }
            Selection::FragmentSpread(spread) => {
                let name = &spread.node.fragment_name.node;
                match (known.get(name), document.fragments.get(name)) {
                    (Some(size), _) => *size,
                    // Spread within itself: validation says so, and this stops here.
                    (None, Some(fragment)) => {
                        known.insert(name, 0);
                        let below = size(document, &fragment.node.selection_set, known, depth + 1);
                        known.insert(name, below);
                        below
                    }
                    (None, None) => 0,
                }
            }
        };
        sum = sum.saturating_add(1).saturating_add(below);
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fragments_are_counted_as_often_as_they_are_spread() {
        let document = "{ a ...F ...F } fragment F on T { b ...G ...G } fragment G on T { c }";
        // a, F(b, G(c), G(c)) twice.
        assert!(check(document, 13).is_ok());
        assert!(check(document, 10).is_err());
    }

    #[test]
    fn brackets_in_strings_and_comments_do_not_count() {
        for (text, depth) in [
            ("{ a(b: [1, [2]]) }", 4),
            (r#"{ a(b: "[[[[[") }"#, 2),
            (r#"{ a(b: "\"[[[[") }"#, 2),
            (r#"{ a(b: "\\") [[ }"#, 3),
            (r#"{ a(b: """[[ " \""" [[[""") }"#, 2),
            ("{ a # [[[[[[\n [ }", 2),
            (r#"{ "[[["#, 1),
            (r#"{ "\"#, 1),
        ] {
            assert_eq!(nesting(text), depth, "{text}");
        }
    }

    #[test]
    fn values_nested_without_end_are_refused() {
        for (open, close) in [("[", "]"), ("{a:", "}")] {
            let value = format!("{}1{}", open.repeat(9000), close.repeat(9000));
            assert!(check(&format!("{{ a(b: {value}) }}"), 1000).is_err());
        }
    }
}
