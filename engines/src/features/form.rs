//! What is remembered of a driver or a team from race to race.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::record::Average;
use super::weekend::Showing;
use crate::draws::as_f64;

/// Memories in races: recent form, the form of half a season, and a career. These, the next and the
/// shares kept over a winter were chosen by coordinate search, walking a conditional logit forward
/// over 2003 to 2017, on the sum of the winner's log-loss at the three stages.
const SHORT: f64 = 2.0;
const LONG: f64 = 15.0;
const CAREER: f64 = 20.0;
/// How many races the team's record, or the newcomer's, counts for beside a driver's own, in the
/// short and in the long memory.
const PRIOR: [f64; 2] = [1.0, 4.0];
/// The same for retirements, which are rare.
const RETIREMENT_PRIOR: f64 = 20.0;
/// Seasons whose rules reset the field: what a car did before says less about it.
const REGULATION_BREAKS: [i32; 9] = [1983, 1989, 1994, 1998, 2009, 2014, 2017, 2022, 2026];

/// Whose form it is, which decides how much of it outlives a winter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Driver,
    Team,
}

impl Kind {
    /// Weight of what was seen before after a winter, and after one that brought new rules.
    fn kept(self) -> (f64, f64) {
        match self {
            Self::Driver => (0.6, 0.1),
            Self::Team => (0.2, 0.03),
        }
    }
}

/// Means of what was seen, older races fading.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Form {
    finish: [Average; 2],
    points: [Average; 2],
    wins: [Average; 2],
    qualifying: [Average; 2],
    pace: [Average; 2],
    slot: [Average; 2],
    /// Outlives winters, which is worth more here than being fresh.
    behind: Average,
    retirements: Average,
    pub gained: Average,
    pub mate_qualifying: Average,
    pub mate_race: Average,
    pub wet: Average,
    pub starts: u32,
    season: i32,
}

/// What a form comes to: means drawn to those of the team, or of a newcomer.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct View {
    pub finish: [f64; 2],
    pub points: [f64; 2],
    pub wins: [f64; 2],
    pub qualifying: [f64; 2],
    pub pace: [f64; 2],
    pub slot: [f64; 2],
    pub behind: f64,
    pub retirements: f64,
}

impl View {
    /// A team that was never seen: about as fast as the last but two.
    pub(super) fn newcomer(retirements: f64) -> Self {
        Self {
            finish: [0.3; 2],
            points: [0.0; 2],
            wins: [0.0; 2],
            qualifying: [2.5; 2],
            pace: [2.5; 2],
            slot: [2.7; 2],
            behind: 2.0,
            retirements,
        }
    }
}

impl Form {
    pub(super) fn new(season: i32) -> Self {
        let pair = [Average::new(SHORT), Average::new(LONG)];
        Self {
            finish: pair,
            points: pair,
            wins: pair,
            qualifying: pair,
            pace: pair,
            slot: pair,
            behind: Average::new(CAREER),
            retirements: Average::new(CAREER),
            gained: Average::new(LONG),
            mate_qualifying: Average::new(CAREER),
            mate_race: Average::new(CAREER),
            wet: Average::new(CAREER),
            starts: 0,
            season,
        }
    }

    /// Lets what was seen of the car fade when a season begins.
    pub(super) fn enter(&mut self, season: i32, kind: Kind) {
        let (winter, new_rules) = kind.kept();
        for year in self.season + 1..=season {
            let new = REGULATION_BREAKS.contains(&year);
            let kept = if new { new_rules } else { winter };
            let pairs = [
                &mut self.finish,
                &mut self.points,
                &mut self.wins,
                &mut self.qualifying,
                &mut self.pace,
                &mut self.slot,
            ];
            for average in pairs.into_iter().flatten() {
                average.fade(kept);
            }
        }
        self.season = self.season.max(season);
    }

    /// Whether it was last added to within so many seasons.
    pub(super) fn is_within(&self, seasons: i32, season: i32) -> bool {
        self.season + seasons >= season
    }

    /// The form as it stands before a race of `season`.
    pub(super) fn at(&self, season: i32, kind: Kind) -> Self {
        let mut form = self.clone();
        form.enter(season, kind);
        form
    }

    /// Takes in the cars of one race: the driver's own, or all of the team's.
    pub(super) fn observe(&mut self, cars: &[&Showing<'_>]) {
        let finishes: Vec<f64> = cars.iter().filter_map(|car| car.finish).collect();
        let finish =
            (!finishes.is_empty()).then(|| finishes.iter().sum::<f64>() / as_f64(finishes.len()));
        let best = |value: fn(&Showing<'_>) -> Option<f64>| {
            let values = cars.iter().filter_map(|car| value(car));
            values.reduce(f64::min)
        };
        let points = cars.iter().map(|car| car.points).sum::<f64>().sqrt();
        let won = cars.iter().any(|car| car.won);
        let qualifying = best(|car| car.qualifying);
        let pace = best(|car| car.pace);
        let behind = best(|car| car.behind);
        let slot = best(|car| car.slot);
        for span in 0..2 {
            self.finish[span].add_some(finish);
            self.points[span].add(points);
            self.wins[span].add(f64::from(u8::from(won)));
            self.qualifying[span].add_some(qualifying);
            self.pace[span].add_some(pace);
            self.slot[span].add_some(slot.map(f64::ln));
        }
        self.behind.add_some(behind);
        for car in cars {
            self.retirements
                .add(f64::from(u8::from(!car.car.classified())));
            self.gained.add_some(car.gained);
        }
        self.starts += 1;
    }

    /// Takes in how a driver compared with those in the same car.
    pub(super) fn observe_mates<'a>(
        &mut self,
        own: &Showing<'_>,
        mates: impl Iterator<Item = &'a Showing<'a>>,
    ) {
        for mate in mates {
            let gap = own.qualifying.zip(mate.qualifying);
            self.mate_qualifying
                .add_some(gap.map(|(own, mate)| (own - mate).clamp(-1.5, 1.5)));
            let ahead = own.finish.zip(mate.finish).map(|(own, mate)| own > mate);
            self.mate_race
                .add_some(ahead.map(|ahead| f64::from(u8::from(ahead))));
        }
    }

    /// Takes in how a driver did on a wet track, beside what was to be expected.
    pub(super) fn observe_weather(&mut self, own: &Showing<'_>, wetness: Option<f64>) {
        let usual = self.finish[1].mean(0.5, PRIOR[1]);
        if wetness.is_some_and(|share| share > 0.3) {
            self.wet.add_some(own.finish.map(|finish| finish - usual));
        }
    }

    /// The means, drawn to `prior` where little was seen.
    pub(super) fn view(&self, prior: &View) -> View {
        let pair = |own: &[Average; 2], prior: [f64; 2]| {
            [
                own[0].mean(prior[0], PRIOR[0]),
                own[1].mean(prior[1], PRIOR[1]),
            ]
        };
        View {
            finish: pair(&self.finish, prior.finish),
            points: pair(&self.points, prior.points),
            wins: pair(&self.wins, prior.wins),
            qualifying: pair(&self.qualifying, prior.qualifying),
            pace: pair(&self.pace, prior.pace),
            slot: pair(&self.slot, prior.slot),
            behind: self.behind.mean(prior.behind, PRIOR[1]),
            retirements: self.retirements.mean(prior.retirements, RETIREMENT_PRIOR),
        }
    }
}

/// Points of the running season and of the last.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Standing<Id: Ord> {
    season: i32,
    races: u32,
    points: BTreeMap<Id, f64>,
    last_season: BTreeMap<Id, f64>,
}

impl<Id: Ord> Default for Standing<Id> {
    fn default() -> Self {
        Self {
            season: 0,
            races: 0,
            points: BTreeMap::new(),
            last_season: BTreeMap::new(),
        }
    }
}

impl<Id: Ord + Copy> Standing<Id> {
    pub(super) fn observe(&mut self, season: i32, lines: impl Iterator<Item = (Id, f64)>) {
        if season != self.season {
            self.season = season;
            self.races = 0;
            self.last_season = std::mem::take(&mut self.points);
        }
        self.races += 1;
        for (id, points) in lines {
            *self.points.entry(id).or_default() += points;
        }
    }

    /// The running season.
    pub(super) fn season(&self) -> i32 {
        self.season
    }

    /// Share of the leader's points, of the season before until a race of this one is known.
    pub(super) fn share(&self, id: Id, season: i32) -> Option<f64> {
        let leader = self.points.values().copied().fold(0.0, f64::max);
        let points = self.points.get(&id).copied().unwrap_or(0.0);
        let now = (leader > 0.0).then(|| points / leader);
        let best = self.last_season.values().copied().fold(0.0, f64::max);
        let before = (best > 0.0).then(|| self.last_season.get(&id).copied().unwrap_or(0.0) / best);
        if season != self.season {
            return now;
        }
        // The first races of a season say little by themselves.
        let weight = f64::from(self.races) / (f64::from(self.races) + 2.0);
        match (now, before) {
            (Some(now), Some(before)) => Some(weight * now + (1.0 - weight) * before),
            (now, before) => now.or(before),
        }
    }

    /// Part of a season of 24 races that is over.
    pub(super) fn progress(&self, season: i32) -> f64 {
        let races = if season == self.season { self.races } else { 0 };
        f64::from(races) / 24.0
    }
}
