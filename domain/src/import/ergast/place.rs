//! Where the tables lie: a folder or a zip archive, seen alike as a set of names.

use std::{
    borrow::Cow,
    collections::BTreeSet,
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
};

use flate2::read::MultiGzDecoder;
use zip::ZipArchive;

use crate::import::source::SourceError;

/// No honest table comes near this; a hostile archive may.
const LARGEST_TABLE: u64 = 512 * 1024 * 1024;

/// Folder of the Ergast tables inside a place that holds more than them.
const INNER: &str = "ergast/";

/// A folder or an archive with tables in it. Names are relative to the place and use `/`.
#[derive(Debug)]
pub(super) struct Place {
    path: PathBuf,
    names: BTreeSet<String>,
    /// What comes before every name inside an archive.
    base: String,
    /// Where the Ergast tables are: empty or [`INNER`].
    tables: &'static str,
    archive: Option<Box<ZipArchive<File>>>,
}

impl Place {
    /// Opens a folder or a zip archive and finds the tables in it.
    ///
    /// # Errors
    /// There is nothing at `path`, it cannot be read, or it is neither folder nor archive.
    pub(super) fn open(path: &Path) -> Result<Self, SourceError> {
        let unreadable = |reason: String| SourceError::Unreadable {
            path: path.display().to_string(),
            reason,
        };
        let kind = fs::metadata(path).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => unreadable("no such folder or zip archive".to_owned()),
            _ => unreadable(error.to_string()),
        })?;
        if kind.is_dir() {
            let names = names_in_folder(path).map_err(|error| unreadable(error.to_string()))?;
            let tables = if has_races(&names, "") || !has_races(&names, INNER) {
                ""
            } else {
                INNER
            };
            return Ok(Self {
                path: path.to_owned(),
                names,
                base: String::new(),
                tables,
                archive: None,
            });
        }
        let file = File::open(path).map_err(|error| unreadable(error.to_string()))?;
        let archive = ZipArchive::new(file).map_err(|error| {
            unreadable(format!(
                "expected a folder or a zip archive of CSV tables: {error}"
            ))
        })?;
        let all: Vec<Cow<str>> = archive.file_names().filter_map(Result::ok).collect();
        let (base, tables) = find_in_archive(&all);
        let names = all
            .iter()
            .filter_map(|name| name.strip_prefix(base.as_str()))
            .map(str::to_owned)
            .collect();
        Ok(Self {
            path: path.to_owned(),
            names,
            base,
            tables,
            archive: Some(Box::new(archive)),
        })
    }

    /// The path as given, for people.
    pub(super) fn origin(&self) -> String {
        self.path.display().to_string()
    }

    /// Name of an Ergast table, if it is there.
    pub(super) fn table(&self, stem: &str) -> Option<String> {
        self.present(&format!("{}{stem}", self.tables))
    }

    /// Name of a table that lies beside the Ergast tables, if it is there.
    pub(super) fn beside(&self, stem: &str) -> Option<String> {
        self.present(stem)
    }

    /// Names that end in a year, `<stem><year>.csv`, in order of the year.
    pub(super) fn by_year(&self, stem: &str) -> Vec<(i32, String)> {
        let mut found: Vec<(i32, String)> = Vec::new();
        for name in &self.names {
            let year = name.strip_prefix(stem).and_then(|rest| {
                let year = rest
                    .strip_suffix(".csv")
                    .or_else(|| rest.strip_suffix(".csv.gz"))?;
                (year.len() == 4).then(|| year.parse().ok()).flatten()
            });
            // The plain file sorts before its compressed twin and wins.
            if let Some(year) = year
                && found.last().is_none_or(|(last, _)| *last != year)
            {
                found.push((year, name.clone()));
            }
        }
        found
    }

    /// Reads a file whole, decompressed where its name ends in `.gz`.
    ///
    /// # Errors
    /// It cannot be read or decompressed, or is absurdly large.
    pub(super) fn read(&mut self, name: &str) -> Result<Vec<u8>, SourceError> {
        let bytes = match &mut self.archive {
            None => File::open(self.path.join(name)).and_then(read_capped),
            Some(archive) => archive
                .by_name(&format!("{}{name}", self.base))
                .map_err(io::Error::from)
                .and_then(read_capped),
        };
        bytes
            .and_then(|bytes| {
                if is_compressed(name) {
                    read_capped(MultiGzDecoder::new(bytes.as_slice()))
                } else {
                    Ok(bytes)
                }
            })
            .map_err(|error| SourceError::Unreadable {
                path: self.path.join(name).display().to_string(),
                reason: error.to_string(),
            })
    }

    fn present(&self, stem: &str) -> Option<String> {
        [format!("{stem}.csv"), format!("{stem}.csv.gz")]
            .into_iter()
            .find(|name| self.names.contains(name))
    }
}

fn is_compressed(name: &str) -> bool {
    Path::new(name)
        .extension()
        .is_some_and(|extension| extension == "gz")
}

fn read_capped(reader: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut reader = reader.take(LARGEST_TABLE + 1);
    reader.read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LARGEST_TABLE {
        return Err(io::Error::other(format!(
            "larger than {LARGEST_TABLE} bytes"
        )));
    }
    Ok(bytes)
}

fn has_races(names: &BTreeSet<String>, folder: &str) -> bool {
    names.contains(&format!("{folder}races.csv"))
        || names.contains(&format!("{folder}races.csv.gz"))
}

fn names_in_folder(path: &Path) -> io::Result<BTreeSet<String>> {
    let mut names = BTreeSet::new();
    for folder in ["", INNER, "laps/"] {
        let inner = path.join(folder);
        if !inner.is_dir() {
            continue;
        }
        for entry in fs::read_dir(inner)? {
            let entry = entry?;
            if let (false, Some(name)) = (entry.path().is_dir(), entry.file_name().to_str()) {
                names.insert(format!("{folder}{name}"));
            }
        }
    }
    Ok(names)
}

/// What comes before every name in an archive and where its Ergast tables are: `races.csv` at
/// the root, in `ergast/`, in one other folder, or in `ergast/` inside one.
fn find_in_archive(names: &[Cow<str>]) -> (String, &'static str) {
    let folders = names.iter().filter_map(|name| {
        name.strip_suffix("races.csv")
            .or_else(|| name.strip_suffix("races.csv.gz"))
    });
    let candidates = folders.filter_map(|folder| {
        let (base, tables) = match folder.strip_suffix(INNER) {
            Some(base) => (base, INNER),
            None => (folder, ""),
        };
        let one_folder = base.matches('/').count() <= 1 && (base.is_empty() || base.ends_with('/'));
        one_folder.then(|| (base.to_owned(), tables))
    });
    candidates
        .min_by_key(|(base, tables)| (base.len(), tables.len()))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_in_an_archive_may_lie_under_one_folder() {
        let found = |names: &[&str]| {
            let names: Vec<Cow<str>> = names.iter().copied().map(Cow::from).collect();
            let (base, tables) = find_in_archive(&names);
            format!("{base}|{tables}")
        };
        assert_eq!(found(&["races.csv", "results.csv"]), "|");
        assert_eq!(found(&["ergast/races.csv", "practice.csv"]), "|ergast/");
        assert_eq!(found(&["dump/races.csv"]), "dump/|");
        assert_eq!(found(&["data/ergast/races.csv.gz"]), "data/|ergast/");
        assert_eq!(found(&["a/b/races.csv", "old_races.csv"]), "|");
    }
}
