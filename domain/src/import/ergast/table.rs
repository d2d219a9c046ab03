//! A CSV table in memory: a header, then one row a physical line.
//!
//! A quoted field ends on the line it begins on, as everywhere in Ergast's tables. So a torn
//! line never swallows the lines after it, and line numbers are those of the file.

use std::borrow::Cow;

use crate::import::source::Problem;

use super::row::Row;

/// A table read whole.
#[derive(Debug)]
pub(super) struct Table {
    file: String,
    bytes: Vec<u8>,
    header: Vec<String>,
    /// Offset of the first byte after the header.
    body: usize,
    /// Line number of the header.
    header_line: u64,
}

/// A column found by its name in the header.
#[derive(Debug, Clone, Copy)]
pub(super) struct Column {
    pub(super) name: &'static str,
    /// Place from 0; `None` where a table does without this column.
    pub(super) at: Option<usize>,
}

impl Table {
    /// # Errors
    /// There is no header line, or it names a column twice.
    pub(super) fn new(file: String, bytes: Vec<u8>) -> Result<Self, Problem> {
        let mut lines = Lines::new(&bytes);
        if bytes.starts_with(b"\xEF\xBB\xBF") {
            lines.at = 3;
        }
        let problem = |line, column: &str, message: &str| Problem {
            file: file.clone(),
            line,
            column: column.to_owned(),
            message: message.to_owned(),
        };
        let Some((line, text)) = lines.next() else {
            return Err(problem(
                1,
                "",
                "expected a header line with the names of the columns, found an empty file",
            ));
        };
        let mut fields = Vec::new();
        if !split(text, &mut fields) {
            return Err(problem(line, "", "expected a closing quote in the header"));
        }
        let header: Vec<String> = fields
            .iter()
            .map(|field| String::from_utf8_lossy(field).trim().to_owned())
            .collect();
        for (place, name) in header.iter().enumerate() {
            if header[..place].contains(name) {
                return Err(problem(
                    line,
                    name,
                    "expected every column once, found this one twice",
                ));
            }
        }
        let (body, header_line) = (lines.at, line);
        Ok(Self {
            file,
            bytes,
            header,
            body,
            header_line,
        })
    }

    pub(super) fn file(&self) -> &str {
        &self.file
    }

    /// A column that the table must have.
    ///
    /// # Errors
    /// The header does not name it.
    pub(super) fn column(&self, name: &'static str) -> Result<Column, Problem> {
        let column = self.optional_column(name);
        if column.at.is_some() {
            return Ok(column);
        }
        Err(Problem {
            file: self.file.clone(),
            line: self.header_line,
            column: name.to_owned(),
            message: format!(
                "expected a column of this name, found only {}",
                self.header.join(", ")
            ),
        })
    }

    /// A column that reads as null throughout where the header does not name it.
    pub(super) fn optional_column(&self, name: &'static str) -> Column {
        let at = self.header.iter().position(|column| column == name);
        Column { name, at }
    }

    pub(super) fn rows(&self) -> Rows<'_> {
        let mut lines = Lines::new(&self.bytes);
        lines.at = self.body;
        lines.line = self.header_line;
        Rows {
            table: self,
            lines,
            fields: Vec::with_capacity(self.header.len()),
            count: 0,
        }
    }
}

/// The rows of a table, one after the other; lends, so no `Iterator`.
pub(super) struct Rows<'t> {
    table: &'t Table,
    lines: Lines<'t>,
    fields: Vec<Cow<'t, [u8]>>,
    /// Rows so far.
    pub(super) count: usize,
}

impl<'t> Rows<'t> {
    pub(super) fn next(&mut self) -> Option<Row<'_>> {
        let (line, text) = self.lines.next()?;
        self.count += 1;
        let closed = split(text, &mut self.fields);
        let torn = if closed {
            self.wrong_width()
        } else {
            Some((
                self.column_name(self.fields.len().saturating_sub(1)),
                "expected a closing quote before the end of the line".to_owned(),
            ))
        };
        Some(Row::new(&self.table.file, line, &self.fields, torn))
    }

    /// The first column that is missing, and what to say about it.
    fn wrong_width(&self) -> Option<(&'t str, String)> {
        let (expected, found) = (self.table.header.len(), self.fields.len());
        (expected != found).then(|| {
            (
                self.column_name(found),
                format!("expected {expected} fields in the line, found {found}"),
            )
        })
    }

    fn column_name(&self, place: usize) -> &'t str {
        self.table.header.get(place).map_or("", String::as_str)
    }
}

/// Lines that are not blank, with their numbers from 1.
struct Lines<'t> {
    bytes: &'t [u8],
    at: usize,
    line: u64,
}

impl<'t> Lines<'t> {
    fn new(bytes: &'t [u8]) -> Self {
        Self {
            bytes,
            at: 0,
            line: 0,
        }
    }
}

impl<'t> Iterator for Lines<'t> {
    type Item = (u64, &'t [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        while self.at < self.bytes.len() {
            let rest = &self.bytes[self.at..];
            let end = rest.iter().position(|byte| *byte == b'\n');
            let text = &rest[..end.unwrap_or(rest.len())];
            self.at += end.map_or(rest.len(), |end| end + 1);
            self.line += 1;
            let text = text.strip_suffix(b"\r").unwrap_or(text);
            if !text.is_empty() {
                return Some((self.line, text));
            }
        }
        None
    }
}

/// Cuts a line into its fields; false if a quote is not closed.
fn split<'t>(line: &'t [u8], fields: &mut Vec<Cow<'t, [u8]>>) -> bool {
    fields.clear();
    let mut rest = line;
    loop {
        if rest.first() == Some(&b'"') {
            let Some((field, after)) = quoted(&rest[1..]) else {
                fields.push(Cow::Borrowed(rest));
                return false;
            };
            fields.push(field);
            match after.split_first() {
                None => return true,
                Some((b',', next)) => rest = next,
                Some(_) => return false,
            }
        } else {
            let Some(end) = rest.iter().position(|byte| *byte == b',') else {
                fields.push(Cow::Borrowed(rest));
                return true;
            };
            fields.push(Cow::Borrowed(&rest[..end]));
            rest = &rest[end + 1..];
        }
    }
}

/// A field up to its closing quote, and what follows; doubled quotes stand for one.
fn quoted(text: &[u8]) -> Option<(Cow<'_, [u8]>, &[u8])> {
    let end = text.iter().position(|byte| *byte == b'"')?;
    if text.get(end + 1) != Some(&b'"') {
        return Some((Cow::Borrowed(&text[..end]), &text[end + 1..]));
    }
    let mut field = text[..=end].to_vec();
    let mut rest = &text[end + 2..];
    loop {
        let end = rest.iter().position(|byte| *byte == b'"')?;
        field.extend_from_slice(&rest[..end]);
        if rest.get(end + 1) != Some(&b'"') {
            return Some((Cow::Owned(field), &rest[end + 1..]));
        }
        field.push(b'"');
        rest = &rest[end + 2..];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(line: &str) -> (bool, Vec<String>) {
        let mut fields = Vec::new();
        let closed = split(line.as_bytes(), &mut fields);
        let text = |field: &Cow<[u8]>| String::from_utf8_lossy(field).into_owned();
        (closed, fields.iter().map(text).collect())
    }

    fn strings(fields: &[&str]) -> Vec<String> {
        fields.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn fields_are_cut_at_commas_outside_quotes() {
        assert_eq!(fields("1,,a b"), (true, strings(&["1", "", "a b"])));
        assert_eq!(fields("1,"), (true, strings(&["1", ""])));
        assert_eq!(
            fields(r#""a, b",2,"say ""so""","""#).1[..3],
            strings(&["a, b", "2", "say \"so\""])
        );
        assert_eq!(fields(r#""","""""#), (true, strings(&["", "\""])));
        assert!(!fields(r#"1,"torn"#).0);
        assert!(!fields(r#"1,"a"b,2"#).0);
    }

    #[test]
    fn line_numbers_are_those_of_the_file() {
        for text in [
            "a,b\n1,2\n\n3,4\n",
            "a,b\r\n1,2\r\n\r\n3,4",
            "\u{feff}a,b\n1,2\n\n3,4",
        ] {
            let table = Table::new("t.csv".to_owned(), text.as_bytes().to_vec()).unwrap();
            assert!(table.column("a").is_ok(), "{text:?}");
            let mut rows = table.rows();
            let mut lines = Vec::new();
            while let Some(row) = rows.next() {
                lines.push(row.line());
            }
            assert_eq!(lines, [2, 4], "{text:?}");
        }
    }

    #[test]
    fn a_header_without_the_column_says_what_it_has() {
        let table = Table::new("t.csv".to_owned(), b"raceid,b\n".to_vec()).unwrap();
        assert_eq!(
            table.column("raceId").unwrap_err().to_string(),
            "t.csv:1, column raceId: expected a column of this name, found only raceid, b"
        );
        assert!(Table::new("t.csv".to_owned(), Vec::new()).is_err());
        assert!(Table::new("t.csv".to_owned(), b"a,b,a\n".to_vec()).is_err());
    }
}
