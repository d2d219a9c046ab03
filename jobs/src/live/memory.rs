//! What was told of a race already, so that the same is not told again in each round. Pure.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use domain::live::{
    fact::Key,
    record::{Record, Said},
};

/// What was told last of each thing.
#[derive(Debug, Default)]
pub(super) struct Memory {
    told: BTreeMap<Key, Record>,
}

impl Memory {
    /// Leaves what was not told before, and of places, gaps and weather the latest only.
    pub(super) fn news(&self, mut records: Vec<Record>) -> Vec<Record> {
        let mut latest: BTreeMap<Key, DateTime<Utc>> = BTreeMap::new();
        for record in records.iter().filter(|record| latest_counts(record)) {
            let at = latest.entry(Key::of(record)).or_insert(record.at);
            *at = record.at.max(*at);
        }
        records.retain(|record| {
            let key = Key::of(record);
            let in_time = latest.get(&key).is_none_or(|latest| record.at >= *latest);
            in_time && self.is_news(&key, record)
        });
        records
    }

    /// Takes note of what was told.
    pub(super) fn remember(&mut self, records: Vec<Record>) {
        for record in records {
            let key = Key::of(&record);
            if self.is_news(&key, &record) {
                self.told.insert(key, record);
            }
        }
    }

    fn is_news(&self, key: &Key, record: &Record) -> bool {
        match self.told.get(key) {
            Some(told) if latest_counts(record) => record.at >= told.at && record != told,
            Some(told) => record != told,
            None => true,
        }
    }
}

/// When the winner was home, if that is said.
pub(super) fn flag(records: &[Record]) -> Option<DateTime<Utc>> {
    let is_flag = |said: &Said| match said {
        Said::RaceControl { flag, .. } => {
            let flag = flag.as_deref();
            flag.is_some_and(|flag| flag.eq_ignore_ascii_case("CHEQUERED"))
        }
        _ => false,
    };
    let flags = records.iter().filter(|record| is_flag(&record.said));
    flags.map(|record| record.at).max()
}

/// Whether the latest statement stands in the place of those before.
fn latest_counts(record: &Record) -> bool {
    matches!(
        record.said,
        Said::Position { .. } | Said::Interval { .. } | Said::Weather { .. }
    )
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    fn record(second: i64, said: Said) -> Record {
        let start: DateTime<Utc> = "2030-05-12T13:00:00Z".parse().unwrap();
        Record {
            at: start + TimeDelta::seconds(second),
            said,
        }
    }

    fn place(second: i64, number: i32, position: i32) -> Record {
        record(second, Said::Position { number, position })
    }

    fn lap(second: i64, time_ms: Option<i32>) -> Record {
        let said = Said::Lap {
            number: 7,
            lap: 3,
            started_at: None,
            sectors_ms: [None; 3],
            time_ms,
            pit_out: false,
        };
        record(second, said)
    }

    #[test]
    fn the_latest_place_is_told_once() {
        let mut memory = Memory::default();
        let all = vec![place(1, 7, 3), place(5, 7, 2), place(3, 8, 4)];
        let news = memory.news(all.clone());
        assert_eq!(news, [place(5, 7, 2), place(3, 8, 4)]);
        memory.remember(news);
        assert_eq!(memory.news(all), []);
        let more = vec![place(4, 7, 9), place(6, 8, 3)];
        assert_eq!(memory.news(more), [place(6, 8, 3)]);
    }

    #[test]
    fn a_lap_is_told_again_when_more_is_known() {
        let mut memory = Memory::default();
        memory.remember(vec![lap(10, None)]);
        let all = vec![lap(10, None), lap(80, Some(80_000))];
        assert_eq!(memory.news(all), [lap(80, Some(80_000))]);
    }

    #[test]
    fn the_flag_is_seen() {
        let message = |second, flag: &str| {
            let said = Said::RaceControl {
                category: "Flag".to_owned(),
                flag: Some(flag.to_owned()),
                scope: None,
                number: None,
                lap: None,
                message: flag.to_owned(),
            };
            record(second, said)
        };
        let records = [message(5, "GREEN"), message(60, "chequered"), lap(70, None)];
        assert_eq!(flag(&records), Some(records[1].at));
        assert_eq!(flag(&records[..1]), None);
    }
}
