//! Ids that engines see: made from public refs, so that the same races give the same forecast
//! whatever rows they are stored in.

use std::collections::HashMap;

use sha2::{Digest, Sha256};

/// Database ids of drivers or constructors and what engines know them by.
#[derive(Debug, Default)]
pub struct Ids {
    by_row: HashMap<i32, i32>,
    rows: HashMap<i32, i32>,
}

impl Ids {
    /// Gives everybody an id; `rows` are pairs of database id and ref.
    pub(super) fn new(mut rows: Vec<(i32, String)>) -> Self {
        rows.sort_by(|a, b| a.1.cmp(&b.1));
        let mut ids = Self::default();
        for (row, reference) in rows {
            let mut id = hash(&reference);
            // Two refs in a few thousand may meet; the later one in the alphabet gives way.
            while ids.rows.contains_key(&id) {
                id = id.wrapping_add(1) & i32::MAX;
            }
            ids.rows.insert(id, row);
            ids.by_row.insert(row, id);
        }
        ids
    }

    /// What engines know a row by; a row that is not known yet by its own number.
    pub(super) fn of_row(&self, row: i32) -> i32 {
        self.by_row.get(&row).copied().unwrap_or(row)
    }

    /// The database id behind an engine's id.
    pub(super) fn row(&self, id: i32) -> i32 {
        self.rows.get(&id).copied().unwrap_or(id)
    }
}

/// What engines know something by that has no rows of its own.
pub(super) fn hash(reference: &str) -> i32 {
    let digest = Sha256::digest(reference);
    i32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]]) & i32::MAX
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_do_not_depend_on_rows() {
        let pairs = |first: i32| {
            let refs = ["hamilton", "leclerc", "albon"];
            let rows = refs.iter().zip(first..);
            Ids::new(rows.map(|(name, row)| (row, (*name).to_owned())).collect())
        };
        let (one, other) = (pairs(1), pairs(100));
        for offset in 0..3 {
            assert_eq!(one.of_row(1 + offset), other.of_row(100 + offset));
            assert_eq!(one.row(one.of_row(1 + offset)), 1 + offset);
        }
    }
}
