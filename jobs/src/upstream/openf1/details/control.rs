//! The track during a race, from what race control wrote: who reads it is the live feed's reader.

use chrono::{DateTime, Utc};
use domain::{
    import::record::{ControlKind, RaceControlRecord},
    live::{change::TrackStatus, fold::Fold, setting::Setting},
};

use super::super::{
    page::Page,
    payload::{RaceControl, Session},
    translate::{Course, translate},
};

/// From when on the track was how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Turn {
    pub(super) at: DateTime<Utc>,
    pub(super) status: TrackStatus,
    /// The leader's lap.
    lap: Option<i32>,
    /// The safety car comes in at the end of this lap, or comes in no more.
    last_lap: Option<i32>,
}

/// The changes of the track, in order of time.
pub(super) fn timeline(session: &Session, messages: &[RaceControl]) -> Vec<Turn> {
    let page = Page {
        rows: messages.to_vec(),
        problems: Vec::new(),
    };
    let (mut records, _) = translate(&page, &Course::new(session));
    records.sort_by_key(|record| record.at);
    let mut fold = Fold::new(Setting::default());
    let mut turns: Vec<Turn> = Vec::new();
    for record in records {
        let domain::live::record::Said::RaceControl { lap, message, .. } = &record.said else {
            continue;
        };
        let (lap, at) = (*lap, record.at);
        let comes_in = message.to_uppercase().contains("SAFETY CAR IN THIS LAP");
        fold.take([record]);
        let status = fold.board().track;
        match turns.last_mut() {
            Some(last) if last.status == status => {
                if comes_in {
                    last.last_lap = lap;
                }
            }
            _ => turns.push(Turn {
                at,
                status,
                lap,
                last_lap: None,
            }),
        }
    }
    turns
}

/// The codes that were shown in a time, in order: 1 clear, 2 yellow, 4 safety car, 5 red, 6 and 7
/// virtual safety car.
pub(super) fn codes(turns: &[Turn], from: DateTime<Utc>, to: DateTime<Utc>) -> String {
    let before = turns.iter().rev().find(|turn| turn.at <= from);
    let first = before.map_or(TrackStatus::Clear, |turn| turn.status);
    let during = turns.iter().filter(|turn| turn.at > from && turn.at < to);
    let mut codes: Vec<char> = during
        .map(|turn| turn.status)
        .chain([first])
        .filter_map(code)
        .collect();
    codes.sort_unstable();
    codes.dedup();
    codes.into_iter().collect()
}

fn code(status: TrackStatus) -> Option<char> {
    Some(match status {
        TrackStatus::Clear => '1',
        TrackStatus::Yellow => '2',
        TrackStatus::SafetyCar => '4',
        TrackStatus::Red => '5',
        TrackStatus::VirtualSafetyCar => '6',
        TrackStatus::VirtualSafetyCarEnding => '7',
        TrackStatus::Chequered => return None,
    })
}

/// Safety cars and red flags.
pub(super) fn records(turns: &[Turn]) -> Vec<RaceControlRecord> {
    let kind = |turn: &Turn| match turn.status {
        TrackStatus::SafetyCar => Some(ControlKind::SafetyCar),
        TrackStatus::Red => Some(ControlKind::RedFlag),
        TrackStatus::VirtualSafetyCar => Some(ControlKind::VirtualSafetyCar),
        _ => None,
    };
    let mut records: Vec<RaceControlRecord> = Vec::new();
    for (index, turn) in turns.iter().enumerate() {
        let (Some(kind), Some(from_lap)) = (kind(turn), turn.lap) else {
            continue;
        };
        let mut after = turns[index + 1..].iter();
        // That it ends is no end yet.
        let end = after.find(|turn| turn.status != TrackStatus::VirtualSafetyCarEnding);
        let to_lap = turn.last_lap.or_else(|| end.and_then(|turn| turn.lap));
        records.push(RaceControlRecord {
            kind,
            from_lap,
            to_lap: to_lap.filter(|lap| *lap >= from_lap),
            full_laps: None,
            cause: String::new(),
            resumption: None,
        });
    }
    records
}
