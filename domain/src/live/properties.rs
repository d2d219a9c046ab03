//! What must hold whatever a feed says, and however often and in whatever order it says it.

use chrono::{DateTime, TimeDelta, Utc};
use entities::lap::Compound;
use proptest::prelude::*;

use super::{
    board::Board,
    change::Change,
    fold::Fold,
    record::{Gap, Record, Said},
    setting::{Setting, Starter},
};

const CARS: i32 = 5;

fn setting() -> Setting {
    let car = |number: i32| {
        let starter = Starter {
            driver_id: number * 10,
            constructor_id: number / 2,
            grid: (number > 1).then_some(number - 1),
        };
        (number, starter)
    };
    Setting {
        cars: (1..=CARS).map(car).collect(),
    }
}

fn at(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_700_000_000, 0).unwrap() + TimeDelta::seconds(second)
}

fn statement() -> impl Strategy<Value = Said> {
    // One car that nobody entered, and values that cannot be.
    let number = 1..=CARS + 1;
    let gap = prop_oneof![(-5..90_000).prop_map(Gap::Time), (0..3).prop_map(Gap::Laps)];
    let time = proptest::option::of(-1..100_000);
    prop_oneof![
        (number.clone(), -1..8).prop_map(|(number, position)| Said::Position { number, position }),
        (
            number.clone(),
            proptest::option::of(gap.clone()),
            proptest::option::of(gap)
        )
            .prop_map(|(number, to_leader, ahead)| Said::Interval {
                number,
                to_leader,
                ahead
            }),
        (
            number.clone(),
            0..7,
            proptest::option::of(0..600_i64),
            [time.clone(), time.clone(), time.clone()],
            time.clone(),
            any::<bool>()
        )
            .prop_map(|(number, lap, started, sectors_ms, time_ms, pit_out)| {
                Said::Lap {
                    number,
                    lap,
                    started_at: started.map(at),
                    sectors_ms,
                    time_ms,
                    pit_out,
                }
            }),
        (number.clone(), 0..4, 0..7, proptest::option::of(0..7)).prop_map(
            |(number, stint, first_lap, last_lap)| Said::Stint {
                number,
                stint,
                compound: if first_lap % 2 == 0 {
                    Compound::Unknown
                } else {
                    Compound::Hard
                },
                first_lap,
                last_lap,
                tyre_age_at_start: None,
            }
        ),
        (number.clone(), 0..7, time).prop_map(|(number, lap, lane_ms)| Said::PitStop {
            number,
            lap,
            lane_ms,
            stationary_ms: None
        }),
        (0..4).prop_map(|kind| Said::RaceControl {
            category: "Flag".to_owned(),
            flag: Some(["GREEN", "YELLOW", "RED", "CLEAR"][usize::try_from(kind).unwrap()].into()),
            scope: Some("Track".to_owned()),
            number: None,
            lap: None,
            message: "FLAG".to_owned(),
        }),
        (-600..1200).prop_map(|air| Said::Weather {
            air_celsius: Some(f64::from(air) / 10.0),
            track_celsius: None,
            humidity: None,
            raining: None,
            wind_speed: None,
            wind_direction: None,
        }),
        (number, proptest::option::of(1..6), any::<bool>()).prop_map(
            |(number, position, retired)| Said::Classification {
                number,
                position,
                laps: None,
                retired,
                disqualified: false,
                started: true,
            }
        ),
    ]
}

fn records() -> impl Strategy<Value = Vec<Record>> {
    let record = (0..600_i64, statement()).prop_map(|(second, said)| Record {
        at: at(second),
        said,
    });
    proptest::collection::vec(record, 0..60)
}

fn folded(records: &[Record]) -> Fold {
    let mut fold = Fold::new(setting());
    fold.take(records.iter().cloned());
    fold
}

proptest! {
    #[test]
    fn saying_it_again_changes_nothing_and_tells_nothing(records in records()) {
        let mut fold = folded(&records);
        let before = fold.clone();
        let again = fold.take(records);
        prop_assert_eq!(again.changes, vec![]);
        prop_assert!(again.learned.is_empty());
        prop_assert_eq!(fold, before);
    }

    #[test]
    fn however_late_and_however_bundled_it_ends_the_same(
        (records, other) in records().prop_flat_map(|records| {
            let other = Just(records.clone()).prop_shuffle();
            (Just(records), other)
        }),
        size in 1..10_usize,
    ) {
        let mut late = Fold::new(setting());
        for some in other.chunks(size) {
            late.take(some.iter().cloned());
        }
        prop_assert_eq!(late, folded(&records));
    }

    #[test]
    fn what_is_told_adds_up_to_what_is_known(records in records(), size in 1..10_usize) {
        let mut fold = Fold::new(setting());
        let mut board = Board::default();
        for some in records.chunks(size) {
            for dated in fold.take(some.iter().cloned()).changes {
                prop_assert!(board.apply(&dated.change), "told twice: {:?}", dated);
            }
            prop_assert_eq!(&board, fold.board());
        }
        let mut anew = Board::default();
        for change in board.changes() {
            anew.apply(&change);
        }
        prop_assert_eq!(anew, board);
    }

    #[test]
    fn from_the_first_statement_on_every_car_has_a_place_of_its_own(records in records()) {
        let fold = folded(&records);
        if fold.facts().latest().is_some() {
            let mut places: Vec<_> = fold.board().cars.values().map(|car| car.position).collect();
            places.sort_unstable();
            prop_assert_eq!(places, (1..=CARS).map(Some).collect::<Vec<_>>());
        }
    }

    #[test]
    fn who_is_entered_later_is_told_of_as_if_it_had_been_from_the_start(records in records()) {
        let mut few = setting();
        few.cars.remove(&2);
        let mut fold = Fold::new(few);
        let mut board = Board::default();
        for dated in fold.take(records.clone()).changes {
            board.apply(&dated.change);
        }
        for dated in fold.reset(setting()) {
            board.apply(&dated.change);
        }
        for dated in fold.take(records.clone()).changes {
            board.apply(&dated.change);
        }
        let whole = folded(&records);
        if fold.facts() == whole.facts() && fold.facts().latest().is_some() {
            prop_assert_eq!(&board, whole.board());
        }
    }

    #[test]
    fn bodies_are_read_as_they_were_written(records in records()) {
        let mut fold = Fold::new(setting());
        for dated in fold.take(records.clone()).changes {
            let text = serde_json::to_string(&dated.change).unwrap();
            prop_assert_eq!(serde_json::from_str::<Change>(&text).unwrap(), dated.change);
        }
        for record in records {
            let text = serde_json::to_string(&record).unwrap();
            prop_assert_eq!(serde_json::from_str::<Record>(&text).unwrap(), record);
        }
    }
}
