//! One row of a table. Reading a field that is not what it should be notes the problem and
//! yields a stand-in, so that one pass finds everything wrong with a row.

use std::{borrow::Cow, collections::HashMap, hash::Hash};

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};

use crate::import::{source::Problem, value};

use super::table::Column;

/// A row being read, and what was wrong with it so far.
pub(super) struct Row<'r> {
    file: &'r str,
    line: u64,
    fields: &'r [Cow<'r, [u8]>],
    /// Column and reason, if the line is not cut into fields as the header says.
    torn: Option<(&'r str, String)>,
    problems: Vec<Problem>,
}

impl<'r> Row<'r> {
    pub(super) fn new(
        file: &'r str,
        line: u64,
        fields: &'r [Cow<'r, [u8]>],
        torn: Option<(&'r str, String)>,
    ) -> Self {
        let problems = Vec::new();
        Self {
            file,
            line,
            fields,
            torn,
            problems,
        }
    }

    /// Line in the file, from 1.
    pub(super) fn line(&self) -> u64 {
        self.line
    }

    /// What is wrong with the line as a whole.
    pub(super) fn torn(&self) -> Option<Problem> {
        let (column, message) = self.torn.as_ref()?;
        Some(self.problem(column, message.clone()))
    }

    /// Whether a torn line still holds this field whole: not as its last one.
    pub(super) fn holds(&self, column: Column) -> bool {
        column.at.is_some_and(|at| at + 1 < self.fields.len())
    }

    /// Whether nothing has been wrong with the row so far.
    pub(super) fn is_sound(&self) -> bool {
        self.problems.is_empty()
    }

    /// What was wrong with the row so far.
    pub(super) fn take_problems(&mut self) -> Vec<Problem> {
        std::mem::take(&mut self.problems)
    }

    /// Notes that a field is not what it should be.
    pub(super) fn expected(&mut self, column: Column, what: &str) {
        let found = match self.field(column) {
            None => "nothing".to_owned(),
            Some(bytes) => quoted(bytes),
        };
        let problem = self.problem(column.name, format!("expected {what}, found {found}"));
        self.problems.push(problem);
    }

    /// A whole number, zero or more.
    pub(super) fn whole(&mut self, column: Column) -> i32 {
        self.required(column, "a whole number", value::whole)
    }

    pub(super) fn whole_or_none(&mut self, column: Column) -> Option<i32> {
        self.optional(column, "a whole number", value::whole)
    }

    /// A whole number that may be negative.
    pub(super) fn signed_or_none(&mut self, column: Column) -> Option<i32> {
        self.optional(column, "a whole number", |text| text.parse().ok())
    }

    pub(super) fn decimal_or_none(&mut self, column: Column) -> Option<f64> {
        self.optional(column, "a decimal number", value::decimal)
    }

    /// Points in hundredths.
    pub(super) fn points(&mut self, column: Column) -> i32 {
        self.required(column, "points as a decimal number", value::hundredths)
    }

    /// A duration in milliseconds, written as `1:27.452`.
    pub(super) fn duration_or_none(&mut self, column: Column) -> Option<i32> {
        self.optional(column, "a time like 1:27.452", value::duration_ms)
    }

    pub(super) fn date(&mut self, column: Column) -> NaiveDate {
        self.required(column, DAY, value::date)
    }

    pub(super) fn date_or_none(&mut self, column: Column) -> Option<NaiveDate> {
        self.optional(column, DAY, value::date)
    }

    pub(super) fn time_of_day_or_none(&mut self, column: Column) -> Option<NaiveTime> {
        self.optional(column, "a time of day, HH:MM:SS", value::time_of_day)
    }

    /// The moment that a day and a time of day in UTC make, where both are known.
    pub(super) fn start_or_none(
        &mut self,
        day: Option<NaiveDate>,
        time: Column,
    ) -> Option<DateTime<Utc>> {
        let time = self.time_of_day_or_none(time)?;
        Some(day?.and_time(time).and_utc())
    }

    /// `0` or `1`.
    pub(super) fn flag(&mut self, column: Column) -> bool {
        self.required(column, "0 or 1", |text| match text {
            "0" => Some(false),
            "1" => Some(true),
            _ => None,
        })
    }

    pub(super) fn text(&mut self, column: Column) -> String {
        self.required(column, "a text", |text| Some(text.to_owned()))
    }

    pub(super) fn text_or_none(&mut self, column: Column) -> Option<String> {
        self.optional(column, "a text", |text| Some(text.to_owned()))
    }

    /// Empty where there is none.
    pub(super) fn text_or_empty(&mut self, column: Column) -> String {
        self.text_or_none(column).unwrap_or_default()
    }

    /// What `read` makes of a field that must be there.
    pub(super) fn required<T: Default>(
        &mut self,
        column: Column,
        what: &str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> T {
        if self.field(column).is_none() {
            self.expected(column, what);
        }
        self.optional(column, what, read).unwrap_or_default()
    }

    /// What `read` makes of a field, `None` if it is null.
    pub(super) fn optional<T>(
        &mut self,
        column: Column,
        what: &str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let bytes = self.field(column)?;
        let Ok(text) = str::from_utf8(bytes) else {
            self.expected(column, "UTF-8 text");
            return None;
        };
        let value = read(text);
        if value.is_none() {
            self.expected(column, what);
        }
        value
    }

    /// The bytes of a field without space around them, `None` if it is null.
    fn field(&self, column: Column) -> Option<&'r [u8]> {
        let field = self.fields.get(column.at?)?.trim_ascii();
        (!field.is_empty() && field != b"\\N").then_some(field)
    }

    pub(super) fn problem(&self, column: &str, message: String) -> Problem {
        Problem {
            file: self.file.to_owned(),
            line: self.line,
            column: column.to_owned(),
            message,
        }
    }
}

const DAY: &str = "a day that exists, YYYY-MM-DD";

/// Longest part of a field that a message repeats.
const SHOWN: usize = 60;

fn quoted(bytes: &[u8]) -> String {
    let shown = &bytes[..bytes.len().min(SHOWN)];
    let more = if shown.len() < bytes.len() { "…" } else { "" };
    match str::from_utf8(bytes) {
        Ok(_) => format!("\"{}{more}\"", String::from_utf8_lossy(shown)),
        Err(_) => format!("the bytes \"{}{more}\"", shown.escape_ascii()),
    }
}

/// Keys that may stand once in a table.
pub(super) struct Keys<K> {
    /// `one row per race and driver`
    rule: &'static str,
    lines: HashMap<K, u64>,
}

impl<K: Eq + Hash> Keys<K> {
    pub(super) fn new(rule: &'static str) -> Self {
        let lines = HashMap::new();
        Self { rule, lines }
    }

    /// Notes a problem in `column` if an earlier row has the same key. A row with problems
    /// has no key to trust.
    pub(super) fn check(&mut self, row: &mut Row<'_>, column: Column, key: K) {
        if !row.problems.is_empty() {
            return;
        }
        if let Some(first) = self.lines.get(&key) {
            let problem = row.problem(column.name, repeated(self.rule, *first));
            row.problems.push(problem);
        } else {
            self.lines.insert(key, row.line);
        }
    }
}

/// What to say of a row whose key an earlier line has.
pub(super) fn repeated(rule: &str, first: u64) -> String {
    format!("expected {rule}, found a second one (the first is in line {first})")
}
