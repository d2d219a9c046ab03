//! Which rulesets are refused, and how they are stored.

use super::super::breakdown::{Part, Session};
use super::super::weights::MOST;
use super::*;

const SINCE_2025: Seasons = Seasons {
    first: 2025,
    last: None,
};

fn custom(weights: Weights) -> Result<Ruleset, RulesetError> {
    Ruleset::custom(1, SINCE_2025, weights)
}

fn for_the_race(race: SessionWeights) -> Weights {
    Weights {
        race,
        ..Weights::default()
    }
}

#[test]
fn built_in_rulesets_keep_the_bounds_and_each_is_one_version() {
    let mut seen = Vec::new();
    for ruleset in BUILT_IN {
        assert_eq!(ruleset.clone().checked().as_ref(), Ok(ruleset));
        seen.push((ruleset.kind, ruleset.version));
    }
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), BUILT_IN.len());
}

#[test]
fn a_season_has_the_latest_version_for_it() {
    assert_eq!(built_in(Kind::Official, 2024), Some(&OFFICIAL));
    assert_eq!(built_in(Kind::Extended, 2026), Some(&EXTENDED));
    assert_eq!(built_in(Kind::Official, 1949), None);
    assert_eq!(built_in(Kind::Custom, 2024), None);
}

#[test]
fn sprint_points_are_added_only_where_there_are_none() {
    let with_sprints = OFFICIAL.clone().with_sprint_points();
    assert_eq!(with_sprints.weights.sprint.finish, Finish::Published);
    assert_eq!(EXTENDED.clone().with_sprint_points(), EXTENDED);
}

#[test]
fn a_ruleset_is_read_as_it_was_written() {
    for ruleset in BUILT_IN {
        let written = serde_json::to_string(ruleset).unwrap();
        let read: Ruleset = serde_json::from_str(&written).unwrap();
        assert_eq!(&read, ruleset);
    }
}

#[test]
fn a_weight_left_out_is_worth_nothing_and_an_unknown_one_is_refused() {
    let read = |race: &str| {
        serde_json::from_str::<Ruleset>(&format!(
            r#"{{"kind":"CUSTOM","version":1,"seasons":{{"first":2025,"last":null}},
                "weights":{{"race":{{{race}}}}}}}"#
        ))
    };
    let ruleset = read(r#""finish":{"TABLE":[300,100]},"overtake":50"#).unwrap();
    let race = SessionWeights {
        finish: Finish::Table(Cow::Borrowed(&[300, 100])),
        overtake: 50,
        ..NOTHING
    };
    assert_eq!(ruleset, custom(for_the_race(race)).unwrap());
    assert!(read(r#""overtakes":50"#).is_err());
}

#[test]
fn what_is_read_from_storage_is_checked_too() {
    let refused = serde_json::from_str::<Ruleset>(
        r#"{"kind":"CUSTOM","version":0,"seasons":{"first":2025,"last":null},"weights":{}}"#,
    );
    assert!(refused.unwrap_err().to_string().contains("below 1"));
}

#[test]
fn a_penalty_that_rewards_and_a_weight_without_measure_are_refused() {
    let penalty = SessionWeights {
        disqualified: 2000,
        ..NOTHING
    };
    assert_eq!(
        custom(for_the_race(penalty)),
        Err(RulesetError::OutOfRange {
            session: Session::Race,
            part: Part::Disqualified,
            value: 2000,
            least: -MOST,
            most: 0,
        })
    );
    for value in [MOST + 1, -1, i32::MAX, i32::MIN] {
        let weights = Weights {
            driver_of_the_day: value,
            ..Weights::default()
        };
        let refusal = custom(weights).unwrap_err();
        assert!(
            matches!(refusal, RulesetError::OutOfRange { .. }),
            "{value}"
        );
    }
}

#[test]
fn a_table_longer_than_any_grid_is_refused() {
    let of_length = |length| {
        custom(Weights {
            qualifying: QualifyingWeights {
                positions: Cow::Owned(vec![100; length]),
                no_time: 0,
            },
            ..Weights::default()
        })
    };
    assert!(of_length(30).is_ok());
    let refusal = of_length(31).unwrap_err();
    assert_eq!(
        refusal.to_string(),
        "position (qualifying) has a table of 31 places, more than 30"
    );
}

#[test]
fn seasons_are_some_of_the_championship_and_in_order() {
    let of_seasons =
        |first, last| Ruleset::custom(1, Seasons { first, last }, Weights::default()).is_ok();
    assert!(of_seasons(2024, Some(2024)));
    assert!(!of_seasons(2025, Some(2024)));
    assert!(!of_seasons(1949, None));
    assert!(!of_seasons(2024, Some(9999)));
}

#[test]
fn a_fastest_lap_in_the_official_points_cannot_be_weighed_again() {
    let weights = |finish| {
        for_the_race(SessionWeights {
            finish,
            fastest_lap: 100,
            ..NOTHING
        })
    };
    let of_season = |season, finish| {
        let only = Seasons {
            first: season,
            last: Some(season),
        };
        Ruleset::custom(1, only, weights(finish))
    };
    for season in [1950, 1959, 2019, 2024] {
        assert_eq!(
            of_season(season, Finish::Published),
            Err(RulesetError::FastestLapTwice { season })
        );
        assert!(of_season(season, Finish::Nothing).is_ok(), "{season}");
    }
    for season in [1960, 2018, 2025] {
        assert!(of_season(season, Finish::Published).is_ok(), "{season}");
    }
}
