//! Computed standings beside published ones, difference by difference.

use super::rules::Standing;

/// A row of a published championship table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedStanding {
    /// The competitor's id, as in the computed rows.
    pub who: i32,
    /// In hundredths.
    pub points: i32,
    pub wins: i32,
    pub position: Option<i32>,
    pub position_text: String,
}

/// In what a computed row differs from the published one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DifferenceKind {
    /// Points, in hundredths.
    Points,
    Wins,
    /// Both have a place, and not the same.
    Place,
    /// The rules give several the same place, which the published table numbers through.
    SharedPlace,
    /// Published with a number where the rules give no place.
    PlaceWithoutRight,
    /// The rules give a place, or another letter, where the published table says otherwise.
    Text,
    /// Not in the published table.
    Unlisted,
    /// In the published table only.
    Unknown,
}

/// One difference; the two sides as they would be printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    pub who: i32,
    pub kind: DifferenceKind,
    pub computed: String,
    pub published: String,
}

/// Every difference between a computed table and a published one.
#[must_use]
pub fn differences(computed: &[Standing], published: &[PublishedStanding]) -> Vec<Difference> {
    let mut found = Vec::new();
    for row in computed {
        match published.iter().find(|other| other.who == row.who) {
            Some(other) => found.extend(row_differences(
                row,
                other,
                last_shared_place(computed, row),
            )),
            None => found.push(Difference {
                who: row.who,
                kind: DifferenceKind::Unlisted,
                computed: row.position_text.clone(),
                published: String::new(),
            }),
        }
    }
    let unknown = published
        .iter()
        .filter(|other| computed.iter().all(|row| row.who != other.who));
    found.extend(unknown.map(|other| Difference {
        who: other.who,
        kind: DifferenceKind::Unknown,
        computed: String::new(),
        published: other.position_text.clone(),
    }));
    found
}

fn row_differences(
    row: &Standing,
    other: &PublishedStanding,
    last_shared: Option<i32>,
) -> Vec<Difference> {
    let mut found = Vec::new();
    let mut note = |kind, computed: String, published: String| {
        found.push(Difference {
            who: row.who,
            kind,
            computed,
            published,
        });
    };
    if row.points != other.points {
        note(
            DifferenceKind::Points,
            row.points.to_string(),
            other.points.to_string(),
        );
    }
    if row.wins != other.wins {
        note(
            DifferenceKind::Wins,
            row.wins.to_string(),
            other.wins.to_string(),
        );
    }
    if row.position_text != other.position_text {
        let kind = place_difference(row, other.position_text.parse().ok(), last_shared);
        note(kind, row.position_text.clone(), other.position_text.clone());
    }
    found
}

/// The last place that the row's sharers take up when numbered through.
fn last_shared_place(computed: &[Standing], row: &Standing) -> Option<i32> {
    let sharers = computed
        .iter()
        .filter(|other| other.position == row.position)
        .count();
    Some(row.position? - 1 + i32::try_from(sharers).ok()?)
}

fn place_difference(
    row: &Standing,
    published: Option<i32>,
    last_shared: Option<i32>,
) -> DifferenceKind {
    match (row.position, published) {
        (Some(place), Some(published)) if published >= place && Some(published) <= last_shared => {
            DifferenceKind::SharedPlace
        }
        (Some(_), Some(_)) => DifferenceKind::Place,
        (None, Some(_)) if row.position_text == "-" => DifferenceKind::PlaceWithoutRight,
        _ => DifferenceKind::Text,
    }
}
