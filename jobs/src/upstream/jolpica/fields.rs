//! Fields of a row. All values are strings; reading one that is not what it should be notes the
//! problem and yields a stand-in, so that one pass finds everything wrong with a row.

use chrono::{DateTime, NaiveDate, Utc};
use domain::import::{source::Problem, value};
use serde_json::Value;

use super::pages::Row;

/// Longest text that is taken, in bytes: names and addresses are far shorter.
const LONGEST_TEXT: usize = 300;

/// Longest part of a value that a message repeats.
const SHOWN: usize = 60;

/// A row being read, and what was wrong with it so far.
pub(super) struct Fields<'r> {
    resource: &'r str,
    row: &'r Row,
    problems: Vec<Problem>,
}

impl<'r> Fields<'r> {
    /// Reads a row of a resource such as `/2024/results/`.
    pub(super) fn new(resource: &'r str, row: &'r Row) -> Self {
        Self {
            resource,
            row,
            problems: Vec::new(),
        }
    }

    /// What was wrong.
    pub(super) fn problems(self) -> Vec<Problem> {
        self.problems
    }

    /// Notes that something about the row is wrong.
    pub(super) fn problem(&mut self, at: &str, message: String) {
        self.problems.push(Problem {
            file: self.resource.to_owned(),
            line: self.row.number,
            column: at.trim_start_matches('/').replace('/', "."),
            message,
        });
    }

    pub(super) fn reference(&mut self, at: &str) -> String {
        self.required(at, "a ref of letters, digits, _ and -", value::reference)
    }

    pub(super) fn text(&mut self, at: &str) -> String {
        self.required(at, "a text", |text| Some(text.to_owned()))
    }

    pub(super) fn text_or_none(&mut self, at: &str) -> Option<String> {
        self.optional(at, "a text", |text| Some(text.to_owned()))
    }

    pub(super) fn text_or_empty(&mut self, at: &str) -> String {
        self.text_or_none(at).unwrap_or_default()
    }

    /// A whole number, zero or more, of this many at most.
    pub(super) fn whole(&mut self, at: &str, most: i32) -> i32 {
        let what = format!("a whole number up to {most}");
        self.required(at, &what, |text| value::whole(text).filter(|n| *n <= most))
    }

    pub(super) fn whole_or_none(&mut self, at: &str, most: i32) -> Option<i32> {
        let what = format!("a whole number up to {most}");
        self.optional(at, &what, |text| value::whole(text).filter(|n| *n <= most))
    }

    pub(super) fn decimal_or_none(&mut self, at: &str) -> Option<f64> {
        self.optional(at, "a decimal number", value::decimal)
    }

    /// Points in hundredths.
    pub(super) fn points(&mut self, at: &str) -> i32 {
        self.required(at, "points as a decimal number", value::hundredths)
    }

    /// A duration in milliseconds, written as `1:27.452`.
    pub(super) fn duration_or_none(&mut self, at: &str) -> Option<i32> {
        self.optional(at, "a time like 1:27.452", value::duration_ms)
    }

    pub(super) fn date(&mut self, at: &str) -> NaiveDate {
        self.required(at, "a day that exists, YYYY-MM-DD", value::date)
    }

    pub(super) fn date_or_none(&mut self, at: &str) -> Option<NaiveDate> {
        self.optional(at, "a day that exists, YYYY-MM-DD", value::date)
    }

    /// The moment that a day and the time of day at a place (UTC) make.
    pub(super) fn start_or_none(&mut self, day: NaiveDate, at: &str) -> Option<DateTime<Utc>> {
        let time = self.optional(at, "a time of day, HH:MM:SSZ", value::time_of_day)?;
        Some(day.and_time(time).and_utc())
    }

    /// What `read` makes of a value that must be there.
    pub(super) fn required<T: Default>(
        &mut self,
        at: &str,
        what: &str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> T {
        if self.find(at).is_none() {
            self.problem(at, format!("expected {what}, found nothing"));
        }
        self.optional(at, what, read).unwrap_or_default()
    }

    /// What `read` makes of a value, `None` if there is none or an empty one.
    pub(super) fn optional<T>(
        &mut self,
        at: &str,
        what: &str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let found = self.find(at)?;
        let text = found.as_str().map(str::trim);
        let value = text
            .filter(|text| text.len() <= LONGEST_TEXT)
            .filter(|text| !text.contains(char::is_control))
            .and_then(read);
        if value.is_none() {
            let mut shown: String = found.to_string().chars().take(SHOWN).collect();
            if shown.len() < found.to_string().len() {
                shown.push('…');
            }
            self.problem(at, format!("expected {what}, found {shown}"));
        }
        value
    }

    /// The value at a place; an empty text is none.
    fn find(&self, at: &str) -> Option<&'r Value> {
        let value = self.row.value.pointer(at)?;
        let empty = value.as_str().is_some_and(|text| text.trim().is_empty());
        (!empty && !value.is_null()).then_some(value)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_problem_of_a_row_is_named_with_its_place() {
        let row = Row {
            season: 2024,
            round: 1,
            number: 7,
            value: json!({ "laps": 57, "grid": "-1", "Driver": { "driverId": "../x" }, "Q1": "",
                "Time": { "time": "\u{7}" }, "points": "x".repeat(400) }),
        };
        let mut fields = Fields::new("/2024/results/", &row);
        assert_eq!(fields.whole("/laps", 200), 0);
        assert_eq!(fields.whole_or_none("/grid", 60), None);
        assert_eq!(fields.reference("/Driver/driverId"), "");
        assert_eq!(fields.duration_or_none("/Q1"), None);
        assert_eq!(fields.text_or_none("/Time/time"), None);
        assert_eq!(fields.points("/points"), 0);
        assert_eq!(fields.text("/status"), "");
        let problems = fields.problems();
        assert_eq!(problems.len(), 6, "{problems:#?}");
        assert_eq!(
            problems[2].to_string(),
            "/2024/results/:7, column Driver.driverId: expected a ref of letters, digits, _ and -, \
             found \"../x\""
        );
        assert!(problems.iter().all(|problem| problem.message.len() < 200));
    }
}
