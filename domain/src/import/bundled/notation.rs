//! The notation of the bundled facts: one line a fact, to be read and mended by hand.
//!
//! A season file looks like this:
//!
//! ```text
//! # Notation: domain/src/import/bundled/notation.rs
//! season 2024
//!
//! car NOR 4 mclaren norris
//! car VER 1 red_bull max_verstappen
//! car BOT 77 sauber bottas
//! car SAR 2 williams sargeant
//!
//! round 5 shanghai Chinese Grand Prix
//! practice 1 2024-04-19 03:30
//! sprint qualifying 2024-04-19 07:30
//! sprint 2024-04-20 03:00
//! 1 VER g4 19 32:04.660 8p 1:40.331@3
//! qualifying 2024-04-20 07:00
//! 1 VER 1:34.742 1:33.794 1:33.660
//! 20 SAR 1:36.358
//! race 2024-04-21 07:00
//! 1 VER g1 56 1:40:52.554 25p 1:38.406@33
//! 2 NOR g4 56 +13.773 18p 1:38.751@?
//! R BOT g10 19 1:41.276@11
//! ```
//!
//! - Empty lines and lines that begin with `#` say nothing.
//! - `car` gives the code, number (`-` unknown) and team of a driver from here on, until
//!   another `car` line says otherwise. A driver without a three-letter code is keyed by ref.
//! - `round` opens a Grand Prix: round, circuit, full name.
//! - `practice 1`, `practice 2`, `practice 3`, `sprint qualifying`, `sprint`, `qualifying` and
//!   `race` open a session: date and, where known, start, both UTC. `race` has the day at the
//!   circuit; a start on another day in UTC is written with its own date. A session of
//!   which nothing is known but its classification stands without a date.
//! - Below a session stands its classification, a car a line: place and code first. A place
//!   is a number or R D E W F N (in qualifying `-`).
//! - In qualifying follow the best laps of the parts, `-` where there is none.
//! - In a race or sprint follow, in this order, each where it applies: grid (`g7`, `pit` for
//!   0), laps, time (absolute for the first, `+5.515` behind it for the others), points
//!   (`25p`), own fastest lap and the lap it was driven on (`1:37.810@45`, `?` unknown),
//!   and the reason in brackets, `(Gearbox)`.
//! - The reason is left out where it is plain: `Finished` with a time, `+1 Lap` by the laps
//!   missing to the first, and `Retired`, `Disqualified`, `Withdrew` with R, D, W.
//! - The rank of a fastest lap follows from the times (equal ones: the earlier lap
//!   first, then the better place). Where the published rank differs it is added, `#14`, or
//!   `#-` for none.
//!
//! Average speeds are left out: they follow from the lap and the length of the circuit.
//! People and places have a file of their own, see [`read_people_and_places`].

use super::super::record::{RaceRecord, ResultRecord};

pub use super::notation_people::{read_people_and_places, write_people_and_places};
pub use super::notation_read::read_season;
pub use super::notation_write::write_season;

/// The facts of one season.
#[derive(Debug, Clone, PartialEq)]
pub struct Season {
    pub year: i32,
    /// By round; sessions in the order of their starts.
    pub races: Vec<RaceRecord>,
}

/// A record that the notation has no words for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("season {season} round {round}: {reason}")]
pub struct NotWritable {
    pub season: i32,
    pub round: i32,
    pub reason: String,
}

/// Milliseconds as `1:31:44.742`, `1:30.031` or `58.123`.
pub(super) fn format_time(milliseconds: i32) -> String {
    let (seconds, rest) = (milliseconds / 1000, milliseconds % 1000);
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 {
        format!("{hours}:{minutes:02}:{seconds:02}.{rest:03}")
    } else if minutes > 0 {
        format!("{minutes}:{seconds:02}.{rest:03}")
    } else {
        format!("{seconds}.{rest:03}")
    }
}

/// Milliseconds from `h:mm:ss.mmm`, `m:ss.mmm` or `s.mmm`, three decimals always.
pub(super) fn parse_time(text: &str) -> Option<i32> {
    let (clock, milliseconds) = text.split_once('.')?;
    if milliseconds.len() != 3 {
        return None;
    }
    let mut seconds = 0_i32;
    for (index, part) in clock.split(':').enumerate() {
        let value = parse_digits(part)?;
        if index > 2 || (index > 0 && (value > 59 || part.len() != 2)) {
            return None;
        }
        seconds = seconds.checked_mul(60)?.checked_add(value)?;
    }
    seconds
        .checked_mul(1000)?
        .checked_add(parse_digits(milliseconds)?)
}

/// A number written with digits only: no sign, no blank.
pub(super) fn parse_digits(text: &str) -> Option<i32> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        text.parse().ok()
    } else {
        None
    }
}

/// The ranks of the fastest laps as they follow from the times, in the order of the rows.
#[must_use]
pub fn fastest_lap_ranks(rows: &[ResultRecord]) -> Vec<Option<i32>> {
    let mut order: Vec<usize> = (0..rows.len())
        .filter(|&index| rows[index].fastest_lap_ms.is_some())
        .collect();
    order.sort_by_key(|&index| (rows[index].fastest_lap_ms, rows[index].fastest_lap, index));
    let mut ranks = vec![None; rows.len()];
    for (rank, index) in (1..).zip(order) {
        ranks[index] = Some(rank);
    }
    ranks
}

/// The reason that needs no words: from the place, whether there is a time, and the laps
/// missing to the first.
pub(super) fn plain_reason(place: &str, has_time: bool, laps_missing: i32) -> Option<String> {
    match place {
        "R" => Some("Retired".to_owned()),
        "D" => Some("Disqualified".to_owned()),
        "W" => Some("Withdrew".to_owned()),
        _ if parse_digits(place).is_none() => None,
        _ if has_time => Some("Finished".to_owned()),
        _ if laps_missing == 1 => Some("+1 Lap".to_owned()),
        _ if laps_missing > 1 => Some(format!("+{laps_missing} Laps")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_they_are_written() {
        for milliseconds in [
            0, 7, 999, 1000, 59_999, 60_000, 91_031, 3_599_999, 3_600_000, 8_595_554,
        ] {
            assert_eq!(parse_time(&format_time(milliseconds)), Some(milliseconds));
        }
        assert_eq!(format_time(5_504_742), "1:31:44.742");
        assert_eq!(format_time(515), "0.515");
    }

    #[test]
    fn sloppy_times_are_refused() {
        for text in [
            "",
            "1",
            "1.5",
            "1:5.123",
            "1:60.000",
            "1:00:00:00.000",
            "-1.000",
            ".123x",
            "9999999.000",
        ] {
            assert_eq!(parse_time(text), None, "{text}");
        }
    }

    #[test]
    fn plain_reasons_follow_from_place_and_laps() {
        assert_eq!(plain_reason("3", true, 0).as_deref(), Some("Finished"));
        assert_eq!(plain_reason("9", false, 1).as_deref(), Some("+1 Lap"));
        assert_eq!(plain_reason("12", false, 3).as_deref(), Some("+3 Laps"));
        assert_eq!(plain_reason("12", false, 0), None);
        assert_eq!(plain_reason("N", false, 9), None);
    }
}
