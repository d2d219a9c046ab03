//! What classifications of every source have in common: how places are written, and what is
//! mended in them.

use super::record::ResultRecord;

/// A car that ran longer than this did not set its fastest lap on lap 1, from a standing start.
const FEWEST_LAPS_TO_DOUBT: i32 = 2;

/// Whether the fastest lap of a car that ran so many laps can hardly have been this one.
#[must_use]
pub fn is_doubtful_fastest_lap(lap: i32, laps: i32) -> bool {
    lap == 1 && laps > FEWEST_LAPS_TO_DOUBT
}

/// What [`place_text`] takes.
pub const PLACE_TEXT: &str = "a place or one of R, D, E, W, F and N";

/// A place as results write it.
#[must_use]
pub fn place_text(text: &str) -> Option<String> {
    let known = matches!(text, "R" | "D" | "E" | "W" | "F" | "N")
        || text.parse().is_ok_and(|place: i32| place > 0);
    known.then(|| text.to_owned())
}

/// What a place says of how the race ended, where no status does.
#[must_use]
pub fn status_of_place(text: &str) -> &'static str {
    match text {
        "R" => "Retired",
        "D" => "Disqualified",
        "E" => "Excluded",
        "W" => "Withdrew",
        "F" => "Did not qualify",
        "N" => "Not classified",
        _ => "Finished",
    }
}

/// Ranks the fastest laps by their times where none of them has a rank.
pub fn rank_fastest_laps(results: &mut [ResultRecord]) {
    if results
        .iter()
        .any(|result| result.fastest_lap_rank.is_some())
    {
        return;
    }
    let mut timed: Vec<&mut ResultRecord> = results
        .iter_mut()
        .filter(|result| result.fastest_lap_ms.is_some())
        .collect();
    timed.sort_by_key(|result| result.fastest_lap_ms);
    for (rank, result) in (1..).zip(timed) {
        result.fastest_lap_rank = Some(rank);
    }
}
