//! An answer: a list of records, each checked by itself.

use domain::import::source::Problem;
use serde_json::Value;

use super::payload::Payload;

/// Longest message about a record, in characters: a bad value may be long.
const LONGEST: usize = 160;

/// Problems kept of one answer; the rest is counted.
const PROBLEMS_KEPT: usize = 20;

/// Records and what was wrong with others.
#[derive(Debug, Clone, PartialEq)]
pub struct Page<T> {
    pub rows: Vec<T>,
    pub problems: Vec<Problem>,
}

impl<T> Default for Page<T> {
    fn default() -> Self {
        Self {
            rows: Vec::new(),
            problems: Vec::new(),
        }
    }
}

/// Reads an answer. One that is no list of records is bad as a whole.
///
/// # Errors
/// With the reason, so that it is asked for again.
pub fn read<T: Payload>(body: &[u8]) -> Result<Page<T>, String> {
    let list: Vec<Value> = serde_json::from_slice(body)
        .map_err(|error| format!("expected a list of records: {error}"))?;
    Ok(read_each(list))
}

/// Reads records one by one.
#[must_use]
pub fn read_each<T: Payload>(list: Vec<Value>) -> Page<T> {
    let mut page = Page::default();
    let mut more = 0;
    for (line, value) in (1..).zip(list) {
        match serde_json::from_value(value) {
            Ok(row) => page.rows.push(row),
            Err(error) if page.problems.len() < PROBLEMS_KEPT => {
                let message = error.to_string();
                page.problems.push(problem(T::COLLECTION, line, &message));
            }
            Err(_) => more += 1,
        }
    }
    if more > 0
        && let Some(last) = page.problems.last_mut()
    {
        last.message = format!("{} (and {more} more)", last.message);
    }
    page
}

/// What is wrong with a record of a collection.
pub(super) fn problem(collection: &str, line: u64, message: &str) -> Problem {
    Problem {
        file: collection.to_owned(),
        line,
        column: String::new(),
        message: message.chars().take(LONGEST).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::{super::payload::Position, *};

    #[test]
    fn one_broken_record_leaves_the_others() {
        let body = br#"[
            {"date":"2030-05-12T13:00:04.123000+00:00","driver_number":7,"position":1,"session_key":1},
            {"date":"2030-05-12T13:00:04+00:00","driver_number":"seven","position":2},
            {"date":"2030-05-12T13:00:05+00:00","driver_number":8},
            {"date":"yesterday","driver_number":8,"position":2},
            {"date":"2030-05-12T13:00:06","driver_number":8,"position":3},
            17, null
        ]"#;
        let page: Page<Position> = read(body).unwrap();
        let places: Vec<_> = page.rows.iter().map(|row| row.position).collect();
        assert_eq!(places, [1, 3]);
        let lines: Vec<_> = page.problems.iter().map(|problem| problem.line).collect();
        assert_eq!(lines, [2, 3, 4, 6, 7]);
        let text = page.problems[1].to_string();
        assert_eq!(text, "position:3: missing field `position`");
        assert!(page.problems[2].message.contains("a time"));
    }

    #[test]
    fn what_is_no_list_is_a_bad_page() {
        let bodies: [&[u8]; 5] = [
            b"<html><p>Back soon</p></html>",
            br#"{"detail":"No results found."}"#,
            br#"[{"date":"2030-05-12T13:00:04+00:00","driver_nu"#,
            b"",
            b"\xff\xfe",
        ];
        for body in bodies {
            assert!(read::<Position>(body).is_err(), "{body:?}");
        }
        assert!(read::<Position>(b"[]").unwrap().rows.is_empty());
    }

    #[test]
    fn a_thousand_broken_records_are_twenty_problems() {
        let body = format!("[{}]", vec!["{}"; 1000].join(","));
        let page: Page<Position> = read(body.as_bytes()).unwrap();
        assert_eq!(page.problems.len(), PROBLEMS_KEPT);
        let last = &page.problems[PROBLEMS_KEPT - 1].message;
        assert!(last.ends_with("(and 980 more)"), "{last}");
    }
}
