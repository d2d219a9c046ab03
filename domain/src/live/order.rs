//! Who is where, how far apart, and who is out: what the feed says, mended by the laps where
//! it is late, wrong or silent.

use std::{cmp::Reverse, collections::BTreeMap};

use chrono::{DateTime, TimeDelta, Utc};

use super::{
    change::{Classified, Gaps},
    fact::{Facts, Key},
    record::{Gap, Record, Said},
    setting::Setting,
};

/// A crossing of the line contradicts what was said of places only when it is so much newer: the
/// two are not timed by the same clock.
const CLOCKS: TimeDelta = TimeDelta::seconds(5);

/// A car is out when somebody has completed so many laps since it was last heard of.
const LAPS_UNHEARD_OF: i32 = 3;

/// What follows from all facts for one car.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// From 1.
    pub position: i32,
    pub gaps: Gaps,
    pub out: bool,
}

/// What is known of a car when cars are put in order.
struct Runner {
    number: i32,
    /// Place as said, and when.
    claim: Option<(i32, DateTime<Utc>)>,
    /// Another was said to be there later.
    superseded: bool,
    grid: (i32, i32),
    /// Laps completed, and when the last of them was.
    laps: i32,
    crossed: Option<DateTime<Utc>>,
    /// When it was last heard of on the track.
    heard: Option<DateTime<Utc>>,
    classified: Option<Classified>,
    out: bool,
}

/// Where every car is: each has a place of its own, from 1 without gaps.
#[must_use]
pub fn standings(setting: &Setting, facts: &Facts) -> BTreeMap<i32, Standing> {
    let mut runners: Vec<Runner> = setting
        .cars
        .keys()
        .map(|number| Runner::of(*number, setting, facts))
        .collect();
    find_out_who_is_out(&mut runners, facts);
    put_in_order(&mut runners);
    let gaps: Vec<Gaps> = (0..runners.len())
        .map(|index| gaps(&runners, index, facts))
        .collect();
    (1..)
        .zip(runners.iter().zip(gaps))
        .map(|(position, (runner, gaps))| {
            let out = runner.out;
            let standing = Standing {
                position,
                gaps,
                out,
            };
            (runner.number, standing)
        })
        .collect()
}

impl Runner {
    fn of(number: i32, setting: &Setting, facts: &Facts) -> Self {
        let claim = facts.get(&Key::Position(number));
        let claim = claim.and_then(|record| match record.said {
            Said::Position { position, .. } => Some((position, record.at)),
            _ => None,
        });
        let classified = facts.get(&Key::Classification(number));
        let (laps, crossed, heard) = progress(facts, number);
        Self {
            number,
            claim,
            superseded: false,
            grid: setting.grid(number),
            laps,
            crossed,
            heard,
            classified: classified.and_then(classification),
            out: false,
        }
    }

    fn claimed_at(&self) -> DateTime<Utc> {
        self.claim.map_or(DateTime::<Utc>::MIN_UTC, |(_, at)| at)
    }

    /// When the laps began to show that this car is ahead of another; none when they do not.
    fn ahead_since(&self, other: &Self) -> Option<DateTime<Utc>> {
        let (mine, its) = (self.crossed?, other.crossed);
        match its {
            Some(its) if self.laps == other.laps => (mine < its).then_some(its),
            _ => (self.laps > other.laps).then_some(mine),
        }
    }
}

/// Of what a classification says.
#[must_use]
pub fn classification(record: &Record) -> Option<Classified> {
    match record.said {
        Said::Classification {
            position,
            laps,
            retired,
            disqualified,
            started,
            ..
        } => Some(Classified {
            position,
            laps,
            retired,
            disqualified,
            started,
        }),
        _ => None,
    }
}

/// Laps completed, when the last was, and when the car was last heard of.
fn progress(facts: &Facts, number: i32) -> (i32, Option<DateTime<Utc>>, Option<DateTime<Utc>>) {
    let mut begun = None;
    for record in facts
        .between(Key::Lap(number, 0), Key::Lap(number, i32::MAX))
        .rev()
    {
        let Said::Lap {
            lap, started_at, ..
        } = record.said
        else {
            continue;
        };
        if let Some(end) = end(facts, number, lap) {
            return (lap, Some(end), begun.max(Some(end)));
        }
        begun = begun.max(started_at);
    }
    (0, None, begun)
}

/// When a car has completed a lap.
fn end(facts: &Facts, number: i32, lap: i32) -> Option<DateTime<Utc>> {
    let of = |lap| match facts
        .get(&Key::Lap(number, lap))
        .map(|record| (record.at, &record.said))
    {
        Some((
            at,
            Said::Lap {
                started_at,
                sectors_ms,
                time_ms,
                ..
            },
        )) => Some((at, *started_at, *sectors_ms, *time_ms)),
        _ => None,
    };
    if let Some((_, Some(next), ..)) = of(lap + 1) {
        return Some(next);
    }
    let (at, started_at, sectors, time_ms) = of(lap)?;
    let sum = || sectors.iter().copied().sum::<Option<i32>>();
    let time = TimeDelta::milliseconds(time_ms.or_else(sum)?.into());
    Some(started_at.map_or(at, |start| start + time))
}

fn find_out_who_is_out(runners: &mut [Runner], facts: &Facts) {
    let most = runners.iter().map(|runner| runner.laps).max().unwrap_or(0);
    // The first of all who completed the lap that begins the last few.
    let first = runners
        .iter()
        .filter_map(|runner| end(facts, runner.number, most - LAPS_UNHEARD_OF + 1))
        .min();
    for runner in runners {
        let silent = first.is_some_and(|first| runner.heard.is_none_or(|heard| heard < first));
        runner.out = match runner.classified {
            Some(place) => place.retired || place.disqualified || !place.started,
            None => silent && most >= LAPS_UNHEARD_OF,
        };
    }
}

fn put_in_order(runners: &mut [Runner]) {
    let mut latest: BTreeMap<i32, DateTime<Utc>> = BTreeMap::new();
    for (place, at) in runners.iter().filter_map(|runner| runner.claim) {
        let known = latest.entry(place).or_insert(at);
        *known = at.max(*known);
    }
    for runner in runners.iter_mut() {
        runner.superseded = runner.claim.is_some_and(|(place, at)| latest[&place] > at);
    }
    // Whoever was said later to be somewhere is there, the other next to it.
    runners.sort_by_key(|runner| {
        let place = runner.claim.map_or(runner.grid.0, |(place, _)| place);
        (place, Reverse(runner.claimed_at()), runner.grid)
    });
    // What the laps show and what is newer than what was said moves cars forward. It may
    // contradict itself, so that there is an end to it.
    for _ in 0..runners.len() {
        let mut settled = true;
        for index in 1..runners.len() {
            let (front, back) = (&runners[index - 1], &runners[index]);
            // That the front is ahead was said last when either was said to be where it is; if
            // the front is said to be there no more, when that was said.
            let said = if front.superseded {
                front.claimed_at()
            } else {
                front.claimed_at().max(back.claimed_at())
            };
            let overtaken = back
                .ahead_since(front)
                .is_some_and(|since| said == DateTime::<Utc>::MIN_UTC || since - CLOCKS > said);
            if overtaken {
                runners.swap(index - 1, index);
                settled = false;
            }
        }
        if settled {
            break;
        }
    }
    // A classification stands above all. Those out are behind, whoever came furthest first.
    runners.sort_by_key(|runner| {
        let place = runner.classified.and_then(|place| place.position);
        let came = if runner.out { -runner.laps } else { 0 };
        (place.unwrap_or(i32::MAX), runner.out, came)
    });
}

fn gaps(runners: &[Runner], index: usize, facts: &Facts) -> Gaps {
    let runner = &runners[index];
    if index == 0 || runner.out {
        return Gaps::default();
    }
    if let Some(record) = facts.get(&Key::Interval(runner.number))
        && let Said::Interval {
            to_leader, ahead, ..
        } = record.said
        && runner
            .crossed
            .is_none_or(|crossed| record.at >= crossed - CLOCKS)
    {
        return Gaps { to_leader, ahead };
    }
    Gaps {
        to_leader: behind(runner, &runners[0], facts),
        ahead: behind(runner, &runners[index - 1], facts),
    }
}

/// How far a car was behind another when it last crossed the line.
fn behind(runner: &Runner, other: &Runner, facts: &Facts) -> Option<Gap> {
    let crossed = runner.crossed?;
    let mut lap = other.laps;
    let mut at = other.crossed?;
    while at > crossed && lap > runner.laps {
        lap -= 1;
        at = end(facts, other.number, lap)?;
    }
    if lap > runner.laps {
        return Some(Gap::Laps(lap - runner.laps));
    }
    let time = (crossed - end(facts, other.number, runner.laps)?).num_milliseconds();
    i32::try_from(time)
        .ok()
        .filter(|ms| *ms >= 0)
        .map(Gap::Time)
}
