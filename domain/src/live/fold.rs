//! The fold: statements in, changes out. What is known depends on the statements alone, neither
//! on their order nor on how they were bundled.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    board::Board,
    change::{Change, Dated, Lap, Message, Stop, Tyres, Weather},
    fact::{Facts, Key, plausible},
    order::{classification, standings},
    record::{Record, Said},
    setting::Setting,
    track,
};

/// A race as far as it is known.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Fold {
    setting: Setting,
    facts: Facts,
    board: Board,
}

/// What some statements came to.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Taken {
    /// In the order in which they are told.
    pub changes: Vec<Dated>,
    /// Facts that are new or say more than before.
    pub learned: BTreeSet<Key>,
    /// Statements that cannot be, or of cars that nobody has entered.
    pub refused: usize,
}

impl Fold {
    /// Before anything was said.
    #[must_use]
    pub fn new(setting: Setting) -> Self {
        Self {
            setting,
            ..Self::default()
        }
    }

    #[must_use]
    pub fn board(&self) -> &Board {
        &self.board
    }

    #[must_use]
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    #[must_use]
    pub fn setting(&self) -> &Setting {
        &self.setting
    }

    /// Takes statements in, in any order, again or for the first time.
    pub fn take(&mut self, records: impl IntoIterator<Item = Record>) -> Taken {
        let mut taken = Taken::default();
        for record in records {
            let entered = Key::of(&record)
                .number()
                .is_none_or(|number| self.setting.cars.contains_key(&number));
            match plausible(record).filter(|_| entered) {
                Some(record) => taken.learned.extend(self.facts.learn(record)),
                None => taken.refused += 1,
            }
        }
        if !taken.learned.is_empty() {
            self.tell(&taken.learned, &mut taken.changes);
        }
        taken
    }

    /// Goes on with what more is known of the cars.
    pub fn reset(&mut self, setting: Setting) -> Vec<Dated> {
        let mut changes = Vec::new();
        if setting != self.setting {
            self.setting = setting;
            let all = self.facts.keys().cloned().collect();
            self.tell(&all, &mut changes);
        }
        changes
    }

    /// Tells what has changed with some facts.
    fn tell(&mut self, keys: &BTreeSet<Key>, told: &mut Vec<Dated>) {
        let times = keys.iter().filter_map(|key| self.facts.get(key));
        let now = times.map(|record| record.at).max();
        let Some(now) = now.or_else(|| self.facts.latest()) else {
            return;
        };
        let mut changes: Vec<Dated> = keys
            .iter()
            .filter_map(|key| direct(self.facts.get(key)?))
            .collect();
        let stints: BTreeSet<i32> = keys
            .iter()
            .filter(|key| matches!(key, Key::Stint(..)))
            .filter_map(Key::number)
            .collect();
        let mut derived = Vec::new();
        for number in stints {
            self.stints(number, &mut derived);
        }
        if keys.iter().any(|key| matches!(key, Key::RaceControl(..))) {
            let status = track::status(&self.facts);
            derived.push(Change::TrackStatus { status });
        }
        self.places(&mut derived);
        changes.extend(derived.into_iter().map(|change| Dated { at: now, change }));
        // As it happened, where the feed says when.
        changes.sort_by_key(|dated| dated.at);
        changes.retain(|dated| self.board.apply(&dated.change));
        told.extend(changes);
    }

    /// Place, gaps and retirement of every car: what is said of one moves others.
    fn places(&self, changes: &mut Vec<Change>) {
        for (number, standing) in standings(&self.setting, &self.facts) {
            let (position, gaps, out) = (standing.position, standing.gaps, standing.out);
            changes.push(Change::Position { number, position });
            changes.push(Change::Interval { number, gaps });
            changes.push(Change::Retirement { number, out });
        }
    }

    /// The stints of a car that can be: each begins after the one before, which ends there. After
    /// a red flag feeds tell of others.
    fn stints(&self, number: i32, changes: &mut Vec<Change>) {
        let mut possible: BTreeMap<i32, Tyres> = BTreeMap::new();
        let (from, to) = (Key::Stint(number, 0), Key::Stint(number, i32::MAX));
        for record in self.facts.between(from, to) {
            let Said::Stint {
                stint,
                compound,
                first_lap,
                last_lap,
                tyre_age_at_start,
                ..
            } = record.said
            else {
                continue;
            };
            if let Some(mut before) = possible.last_entry() {
                let before = before.get_mut();
                if first_lap <= before.first_lap {
                    continue;
                }
                before.last_lap = Some(before.last_lap.unwrap_or(i32::MAX).min(first_lap - 1));
            }
            let tyres = Tyres {
                compound,
                first_lap,
                last_lap,
                age_at_start: tyre_age_at_start,
            };
            possible.insert(stint, tyres);
        }
        let told = self.board.cars.get(&number).map(|car| &car.stints);
        let gone = told.into_iter().flat_map(BTreeMap::keys);
        let gone = gone.filter(|stint| !possible.contains_key(stint));
        changes.extend(gone.map(|stint| Change::Stint {
            number,
            stint: *stint,
            tyres: None,
        }));
        changes.extend(possible.into_iter().map(|(stint, tyres)| Change::Stint {
            number,
            stint,
            tyres: Some(tyres),
        }));
    }
}

/// The change that a fact alone makes.
fn direct(record: &Record) -> Option<Dated> {
    let change = match &record.said {
        Said::Position { .. } | Said::Interval { .. } | Said::Stint { .. } => return None,
        Said::Lap {
            number,
            lap,
            started_at,
            sectors_ms,
            time_ms,
            pit_out,
        } => Change::Lap {
            number: *number,
            lap: *lap,
            times: Lap {
                started_at: *started_at,
                sectors_ms: *sectors_ms,
                time_ms: time_ms.or_else(|| sectors_ms.iter().copied().sum()),
                pit_out: *pit_out,
            },
        },
        Said::PitStop {
            number,
            lap,
            lane_ms,
            stationary_ms,
        } => Change::PitStop {
            number: *number,
            lap: *lap,
            times: Stop {
                lane_ms: *lane_ms,
                stationary_ms: *stationary_ms,
            },
        },
        Said::RaceControl {
            category,
            flag,
            scope,
            number,
            lap,
            message,
        } => Change::RaceControl(Message {
            at: record.at,
            message: message.clone(),
            category: category.clone(),
            flag: flag.clone(),
            scope: scope.clone(),
            number: *number,
            lap: *lap,
        }),
        Said::Weather {
            air_celsius,
            track_celsius,
            humidity,
            raining,
            wind_speed,
            wind_direction,
        } => Change::Weather(Weather {
            air_celsius: *air_celsius,
            track_celsius: *track_celsius,
            humidity: *humidity,
            raining: *raining,
            wind_speed: *wind_speed,
            wind_direction: *wind_direction,
        }),
        Said::Classification { number, .. } => Change::Classification {
            number: *number,
            place: classification(record)?,
        },
    };
    let at = record.at;
    Some(Dated { at, change })
}
