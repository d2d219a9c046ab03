//! Seasons made up at random come back from the notation as they went in.

use chrono::{Days, NaiveDate, TimeDelta};
use entities::session::Kind;

use crate::import::{
    bundled::notation::{Season, fastest_lap_ranks, read_season, write_season},
    record::{QualifyingRecord, RaceRecord, ResultRecord, SessionRecord, result_status},
};

/// A small generator, the same numbers on every run.
struct Dice(u64);

impl Dice {
    /// 0 to `sides` - 1.
    fn roll(&mut self, sides: i32) -> i32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        let sides = u64::try_from(sides).expect("positive");
        i32::try_from(self.0 % sides).expect("small")
    }

    fn maybe(&mut self, sides: i32) -> Option<i32> {
        (self.roll(3) > 0).then(|| self.roll(sides))
    }
}

const REASONS: [&str; 7] = [
    "Finished",
    "+1 Lap",
    "+2 Laps",
    "Retired",
    "Gearbox",
    "Collision damage",
    "Withdrew",
];
const DRIVERS: [(&str, Option<&str>); 6] = [
    ("max_verstappen", Some("VER")),
    ("hamilton", Some("HAM")),
    ("de_vries", Some("DEV")),
    ("moss", None),
    ("kevin_magnussen", Some("MAG")),
    ("albon", Some("ALB")),
];

#[test]
fn made_up_seasons_come_back_unchanged() {
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    for _ in 0..300 {
        let season = season(&mut dice);
        let text = write_season(&season).expect("writable");
        let read = read_season("made up", &text)
            .unwrap_or_else(|problems| panic!("{problems:#?}\n{text}"));
        assert_eq!(read, season, "{text}");
        assert_eq!(write_season(&read).expect("writable"), text);
    }
}

#[test]
fn garbled_lines_are_refused_not_panicked_at() {
    let words: Vec<&str> = include_str!("../facts/2024.txt")
        .split_inclusive([' ', '\n'])
        .take(900)
        .collect();
    let mut dice = Dice(0x2545_f491_4f6c_dd1d);
    let sides = i32::try_from(words.len()).expect("small");
    let word = |dice: &mut Dice| usize::try_from(dice.roll(sides)).expect("small");
    for _ in 0..300 {
        let mut garbled = words.clone();
        for _ in 0..3 {
            let (to, from) = (word(&mut dice), word(&mut dice));
            garbled[to] = words[from];
        }
        if let Err(problems) = read_season("garbled", &garbled.concat()) {
            assert!(
                problems
                    .iter()
                    .all(|problem| problem.line > 0 && !problem.message.is_empty())
            );
        }
    }
}

fn season(dice: &mut Dice) -> Season {
    let mut races = Vec::new();
    let mut round = 0;
    for _ in 0..dice.roll(5) {
        round += 1 + dice.roll(2);
        races.push(race(dice, round));
    }
    Season { year: 2030, races }
}

fn race(dice: &mut Dice, round: i32) -> RaceRecord {
    let day = NaiveDate::from_ymd_opt(2030, 3, 1).expect("a day")
        + Days::new(u64::from(round.unsigned_abs()) * 7);
    let start = day.and_hms_opt(0, 0, 0).expect("midnight").and_utc();
    let cars: Vec<(String, String)> = DRIVERS
        .iter()
        .map(|_| {
            (
                dice.maybe(99).map_or(String::new(), |n| n.to_string()),
                format!("team_{}", dice.roll(3)),
            )
        })
        .collect();
    let mut sessions = Vec::new();
    for (days, kind) in [
        (3, Kind::Practice1),
        (2, Kind::SprintQualifying),
        (1, Kind::Sprint),
        (1, Kind::Qualifying),
    ] {
        if dice.roll(2) == 0 {
            let date = day - Days::new(days);
            let time = TimeDelta::seconds(
                i64::from(dice.roll(3600)) + if kind == Kind::Qualifying { 7200 } else { 0 },
            );
            let starts_at = (dice.roll(4) > 0 && days != 1)
                .then(|| date.and_hms_opt(0, 0, 0).expect("midnight").and_utc() + time);
            sessions.push(SessionRecord {
                kind,
                date,
                starts_at,
            });
        }
    }
    let mut qualifying = qualifiers(dice, Kind::SprintQualifying, &cars);
    let sprint_qualifying_is_dated = sessions
        .iter()
        .any(|session| session.kind == Kind::SprintQualifying);
    let qualifying_is_dated = sessions
        .iter()
        .any(|session| session.kind == Kind::Qualifying);
    if qualifying_is_dated && !sprint_qualifying_is_dated {
        qualifying.clear();
    }
    qualifying.extend(qualifiers(dice, Kind::Qualifying, &cars));
    RaceRecord {
        season: 2030,
        round,
        name: "Grand Prix of São Nowhere (1)".to_owned(),
        circuit: "nowhere".to_owned(),
        date: day,
        starts_at: dice
            .maybe(200_000)
            .map(|seconds| start + TimeDelta::seconds(i64::from(seconds))),
        wikipedia_url: None,
        status: None,
        sessions,
        results: finishers(dice, &cars),
        sprint: finishers(dice, &cars),
        qualifying,
        practice: Vec::new(),
        laps: Vec::new(),
        pit_stops: Vec::new(),
        weather: None,
        race_control: Vec::new(),
        driver_standings: Vec::new(),
        constructor_standings: Vec::new(),
    }
}

fn qualifiers(dice: &mut Dice, session: Kind, cars: &[(String, String)]) -> Vec<QualifyingRecord> {
    let count = usize::try_from(dice.roll(6)).expect("small");
    DRIVERS[..count]
        .iter()
        .zip(cars)
        .map(|((driver, _), (number, constructor))| QualifyingRecord {
            session,
            driver: (*driver).to_owned(),
            constructor: constructor.clone(),
            number: number.clone(),
            position: dice.maybe(20),
            q1_ms: dice.maybe(200_000),
            q2_ms: dice.maybe(200_000),
            q3_ms: dice.maybe(200_000),
        })
        .collect()
}

fn finishers(dice: &mut Dice, cars: &[(String, String)]) -> Vec<ResultRecord> {
    let mut rows = Vec::new();
    for (order, ((driver, code), (number, constructor))) in (1..).zip(DRIVERS.iter().zip(cars)) {
        let position = dice.maybe(20);
        let letter = ["R", "D", "E", "W", "F", "N"][usize::try_from(dice.roll(6)).expect("small")];
        let position_text = position.map_or(letter.to_owned(), |position| position.to_string());
        let status_text = REASONS[usize::try_from(dice.roll(7)).expect("small")].to_owned();
        rows.push(ResultRecord {
            driver: (*driver).to_owned(),
            constructor: constructor.clone(),
            number: number.clone(),
            code: code.map(str::to_owned),
            grid: dice.maybe(22),
            position,
            status: result_status(&position_text, &status_text),
            position_text,
            position_order: order,
            points: dice.maybe(2_700).unwrap_or(0),
            laps: dice.roll(70),
            time_ms: dice.maybe(9_000_000),
            status_text,
            fastest_lap: dice.maybe(70),
            fastest_lap_rank: None,
            fastest_lap_ms: dice.maybe(120_000),
            fastest_lap_speed: None,
        });
    }
    let derived = fastest_lap_ranks(&rows);
    for (row, derived) in rows.iter_mut().zip(derived) {
        row.fastest_lap_rank = if dice.roll(8) == 0 {
            dice.maybe(20)
        } else {
            derived
        };
    }
    rows
}
