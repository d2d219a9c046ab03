//! Answers as plain tables.

use std::io::{self, Write};

use comfy_table::{CellAlignment, Table as Grid, presets};

/// A table for people: a header, rows of text.
pub struct Table(Grid);

impl Table {
    /// An empty table with these columns.
    #[must_use]
    pub fn new(header: &[&str]) -> Self {
        let mut grid = Grid::new();
        grid.load_style(presets::NOTHING);
        grid.set_header(header.iter().copied());
        Self(grid)
    }

    /// Columns of numbers stand to the right.
    #[must_use]
    pub fn numbers(mut self, columns: &[usize]) -> Self {
        for column in columns {
            if let Some(column) = self.0.column_mut(*column) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        self
    }

    /// Adds a row.
    pub fn row(&mut self, cells: Vec<String>) {
        self.0.add_row(cells);
    }

    /// Prints the table.
    ///
    /// # Errors
    /// When standard output is closed.
    pub fn print(&self) -> io::Result<()> {
        print(&self.0.trim_fmt())
    }
}

/// Prints a text and a line end.
///
/// # Errors
/// When standard output is closed.
pub fn print(text: &str) -> io::Result<()> {
    writeln!(io::stdout().lock(), "{text}")
}

/// Prints bytes as they are.
///
/// # Errors
/// When standard output is closed.
pub fn print_raw(bytes: &[u8]) -> io::Result<()> {
    io::stdout().lock().write_all(bytes)
}
