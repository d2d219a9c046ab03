//! Where the rules and the published Ergast tables are known to differ, each with its reason.
//!
//! Everything else agrees after every race from 1950 to 2024. A difference that is not
//! listed is a fault of the data or of the rules; an entry that no longer occurs is stale.

use super::comparison::DifferenceKind::{
    self, Place, PlaceWithoutRight, Points, SharedPlace, Unlisted, Wins,
};
use super::season_rules::Championship::{self, Constructors, Drivers};

/// The last season of a difference that is still met.
pub const STILL: i32 = i32::MAX;

/// Differences that are expected, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownDifference {
    pub championship: Championship,
    pub first_season: i32,
    /// [`STILL`] for a habit that goes on.
    pub last_season: i32,
    /// First and last round; none is every round.
    pub rounds: Option<(i32, i32)>,
    /// Public refs; empty is anybody.
    pub who: &'static [&'static str],
    pub kind: DifferenceKind,
    pub reason: &'static str,
}

impl KnownDifference {
    /// Whether this entry is about such a difference.
    #[must_use]
    pub fn covers(
        &self,
        championship: Championship,
        season: i32,
        round: i32,
        who: &str,
        kind: DifferenceKind,
    ) -> bool {
        self.championship == championship
            && self.kind == kind
            && (self.first_season..=self.last_season).contains(&season)
            && self
                .rounds
                .is_none_or(|(first, last)| (first..=last).contains(&round))
            && (self.who.is_empty() || self.who.contains(&who))
    }
}

/// The first known difference that covers this one.
#[must_use]
pub fn explanation_of(
    championship: Championship,
    season: i32,
    round: i32,
    who: &str,
    kind: DifferenceKind,
) -> Option<&'static KnownDifference> {
    KNOWN_DIFFERENCES
        .iter()
        .find(|known| known.covers(championship, season, round, who, kind))
}

const FANGIO_1956: &str = "the published table adds Fangio's 1.5 for a shared fourth place in Monaco to his shared second place \
     until Germany; only the better result counts, as in the published final table";
const AYULO_1951: &str = "Ayulo and McGrath shared third place at Indianapolis, with two points each; the published table ranks \
     McGrath by it and Ayulo below all others with two points";
const AUSTRALIA_2005: &str = "the dump lists both BARs of Australia as 11th and 14th in words but without a position, and its standings leave those places out";
const CANADA_2011: &str = "the published results have Karthikeyan 14th in Canada, as he crossed the line; the published standings \
     since Germany have him 17th, after his penalty, and those behind him one place better";
const BRAZIL_1995: &str = "published without the deduction for Brazil: Benetton 10 and Williams 6 points, for fuel unlike its sample";
const AUSTRIA_2000: &str =
    "published without the deduction for Austria: McLaren 10 points, for a missing seal";
const WINS_1961: &str = "published with the drivers' nine points for a win; constructors had eight";
const MONACO_1973: &str = "the published tables after Monaco and Sweden give Tyrrell 3 and Lotus 2 points for Monaco instead of \
     9 and 6; they are right again after France";
const NUMBERED_UNTIL_2001: &str =
    "the published table numbers everybody; a place needs points until 2001";
const NUMBERED_SINCE_2002: &str =
    "the published table numbers everybody; a place needs a classified finish since 2002";
const NUMBERED_THROUGH: &str = "equal after countback on every place: the rules share the place, the published table numbers through";
const NOT_YET_LISTED: &str =
    "without a classified finish so far: the published tables of some seasons leave them out";

/// A difference of one competitor or a few in one season.
const fn of(
    championship: Championship,
    season: i32,
    rounds: (i32, i32),
    who: &'static [&'static str],
    kind: DifferenceKind,
    reason: &'static str,
) -> KnownDifference {
    KnownDifference {
        championship,
        first_season: season,
        last_season: season,
        rounds: Some(rounds),
        who,
        kind,
        reason,
    }
}

/// A difference of anybody over many seasons.
const fn habit(
    championship: Championship,
    first_season: i32,
    last_season: i32,
    kind: DifferenceKind,
    reason: &'static str,
) -> KnownDifference {
    KnownDifference {
        championship,
        first_season,
        last_season,
        rounds: None,
        who: &[],
        kind,
        reason,
    }
}

/// All known differences, the particular before the general.
pub const KNOWN_DIFFERENCES: &[KnownDifference] = &[
    of(
        Drivers,
        1951,
        (2, 8),
        &["ayulo", "ball", "cabantous", "graffenried"],
        Place,
        AYULO_1951,
    ),
    of(Drivers, 1956, (2, 6), &["fangio"], Points, FANGIO_1956),
    of(
        Drivers,
        1956,
        (2, 6),
        &["fangio", "behra", "collins"],
        Place,
        FANGIO_1956,
    ),
    of(
        Drivers,
        2005,
        (1, 8),
        &[
            "albers",
            "button",
            "friesacher",
            "karthikeyan",
            "monteiro",
            "ralf_schumacher",
            "sato",
            "villeneuve",
        ],
        Place,
        AUSTRALIA_2005,
    ),
    of(
        Constructors,
        2005,
        (1, 6),
        &["bar", "jordan", "minardi"],
        Place,
        AUSTRALIA_2005,
    ),
    of(
        Drivers,
        2011,
        (10, 19),
        &["karthikeyan", "glock"],
        Place,
        CANADA_2011,
    ),
    of(
        Drivers,
        2011,
        (12, 12),
        &["ambrosio", "kovalainen"],
        Place,
        CANADA_2011,
    ),
    of(
        Drivers,
        2022,
        (6, 6),
        &["ricciardo", "tsunoda"],
        Place,
        "the published table has Tsunoda (best place 7th) before Ricciardo (6th) at equal points; in order again after Monaco",
    ),
    of(
        Constructors,
        1961,
        (1, 8),
        &["ferrari", "lotus-climax"],
        Points,
        WINS_1961,
    ),
    of(
        Constructors,
        1973,
        (6, 7),
        &["tyrrell", "team_lotus"],
        Points,
        MONACO_1973,
    ),
    of(
        Constructors,
        1995,
        (1, 17),
        &["benetton", "williams"],
        Points,
        BRAZIL_1995,
    ),
    of(
        Constructors,
        1995,
        (1, 1),
        &["benetton", "williams"],
        PlaceWithoutRight,
        BRAZIL_1995,
    ),
    of(
        Constructors,
        1995,
        (1, 9),
        &["benetton", "williams", "ferrari", "mclaren"],
        Place,
        BRAZIL_1995,
    ),
    of(
        Constructors,
        2000,
        (10, 17),
        &["mclaren"],
        Points,
        AUSTRIA_2000,
    ),
    of(
        Constructors,
        2000,
        (10, 11),
        &["mclaren", "ferrari"],
        Place,
        AUSTRIA_2000,
    ),
    of(
        Constructors,
        2007,
        (9, 9),
        &["mclaren"],
        Wins,
        "the published table counts the win of the following race, the Nürburgring, a race early",
    ),
    habit(Drivers, 1950, STILL, SharedPlace, NUMBERED_THROUGH),
    habit(Constructors, 1966, STILL, SharedPlace, NUMBERED_THROUGH),
    habit(Drivers, 1950, 2001, PlaceWithoutRight, NUMBERED_UNTIL_2001),
    habit(Drivers, 2005, STILL, PlaceWithoutRight, NUMBERED_SINCE_2002),
    habit(
        Constructors,
        1958,
        2001,
        PlaceWithoutRight,
        NUMBERED_UNTIL_2001,
    ),
    habit(
        Constructors,
        2010,
        STILL,
        PlaceWithoutRight,
        NUMBERED_SINCE_2002,
    ),
    habit(Drivers, 1954, 2011, Unlisted, NOT_YET_LISTED),
    habit(Constructors, 1961, 2012, Unlisted, NOT_YET_LISTED),
];
