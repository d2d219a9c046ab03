//! Who and what the ids in the tables stand for.

use std::collections::HashMap;

use super::{row::Row, table::Column};

/// Ids of one kind of thing and the public refs, or texts, they stand for.
#[derive(Debug)]
pub(super) struct Names {
    /// `a driverId of drivers.csv`
    by_id_expected: &'static str,
    by_ref_expected: &'static str,
    refs: Vec<String>,
    by_id: HashMap<i32, u32>,
    by_ref: HashMap<String, u32>,
}

impl Names {
    pub(super) fn new(by_id_expected: &'static str, by_ref_expected: &'static str) -> Self {
        Self {
            by_id_expected,
            by_ref_expected,
            refs: Vec::new(),
            by_id: HashMap::new(),
            by_ref: HashMap::new(),
        }
    }

    /// Adds a name whose id and ref are new.
    pub(super) fn add(&mut self, id: i32, reference: String) {
        let place = u32::try_from(self.refs.len()).unwrap_or(u32::MAX);
        self.by_id.insert(id, place);
        self.by_ref.insert(reference.clone(), place);
        self.refs.push(reference);
    }

    /// The name whose numeric id stands in `column`.
    pub(super) fn of(&self, row: &mut Row<'_>, column: Column) -> String {
        self.name(self.place_of(row, column))
    }

    /// The name whose numeric id stands in `column`, if one does.
    pub(super) fn of_optional(&self, row: &mut Row<'_>, column: Column) -> Option<String> {
        let place = row.optional(column, self.by_id_expected, |text| {
            self.by_id.get(&text.parse().ok()?).copied()
        });
        place.map(|place| self.name(place))
    }

    /// Place in the list of the name whose numeric id stands in `column`.
    pub(super) fn place_of(&self, row: &mut Row<'_>, column: Column) -> u32 {
        row.required(column, self.by_id_expected, |text| {
            self.by_id.get(&text.parse().ok()?).copied()
        })
    }

    /// Place in the list of the name that itself stands in `column`.
    pub(super) fn place_of_ref(&self, row: &mut Row<'_>, column: Column) -> u32 {
        row.required(column, self.by_ref_expected, |text| {
            self.by_ref.get(text).copied()
        })
    }

    /// The name at a place; empty for a stand-in.
    pub(super) fn name(&self, place: u32) -> String {
        self.refs.get(place as usize).cloned().unwrap_or_default()
    }
}

/// Whom ids stand for.
#[derive(Debug)]
pub(super) struct People {
    pub(super) drivers: Names,
    pub(super) constructors: Names,
    pub(super) circuits: Names,
    pub(super) statuses: Names,
}

impl People {
    pub(super) fn nobody() -> Self {
        Self {
            drivers: Names::new("a driverId of drivers.csv", "a driverRef of drivers.csv"),
            constructors: Names::new(
                "a constructorId of constructors.csv",
                "a constructorRef of constructors.csv",
            ),
            circuits: Names::new(
                "a circuitId of circuits.csv",
                "a circuitRef of circuits.csv",
            ),
            statuses: Names::new("a statusId of status.csv", "a status of status.csv"),
        }
    }
}
