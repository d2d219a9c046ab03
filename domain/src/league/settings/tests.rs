//! What settings are refused, and what is made of those that are not.

use super::*;
use crate::scoring::{Finish, SessionWeights};

fn apply(change: SettingsChange) -> Result<LeagueSettings> {
    apply_from(change, 2026)
}

fn apply_from(change: SettingsChange, season: i32) -> Result<LeagueSettings> {
    let settings = change.apply(LeagueSettings::default())?;
    settings.check(season)?;
    Ok(settings)
}

fn own(race: SessionWeights) -> Scoring {
    Scoring {
        ruleset: Kind::Custom,
        weights: Some(Weights {
            race,
            ..Weights::default()
        }),
        sprint_points: false,
    }
}

#[test]
fn settings_are_read_as_they_were_written() {
    let mut settings = LeagueSettings::default();
    assert_eq!(
        LeagueSettings::read(&settings.written().unwrap()).unwrap(),
        settings
    );
    settings.zone = Zone(Tz::Europe__Monaco);
    settings.pick_clock_seconds = Some(90);
    settings.scoring = own(SessionWeights {
        finish: Finish::Table(vec![1000, 500].into()),
        ..SessionWeights::default()
    });
    let written = settings.written().unwrap();
    assert!(written.contains("\"Europe/Monaco\""), "{written}");
    assert_eq!(LeagueSettings::read(&written).unwrap(), settings);
}

#[test]
fn settings_with_what_nobody_knows_are_not_read() {
    let written = LeagueSettings::default().written().unwrap();
    for (from, to) in [
        ("{\"method\"", "{\"colour\":\"red\",\"method\""),
        ("sequential", "sideways"),
        ("America/New_York", "America/Springfield"),
    ] {
        let other = written.replacen(from, to, 1);
        assert_ne!(other, written);
        assert!(LeagueSettings::read(&other).is_err(), "{other}");
    }
}

#[test]
fn what_is_not_named_stays() {
    let settings = apply(SettingsChange {
        rounds: Some(3),
        pick_clock_seconds: Limit::Of(60),
        ..SettingsChange::default()
    })
    .unwrap();
    let expected = LeagueSettings {
        rounds: 3,
        pick_clock_seconds: Some(60),
        ..LeagueSettings::default()
    };
    assert_eq!(settings, expected);
    let without = SettingsChange {
        pick_clock_seconds: Limit::Lifted,
        ..SettingsChange::default()
    };
    let settings = without.apply(settings).unwrap();
    assert_eq!((settings.rounds, settings.pick_clock_seconds), (3, None));
}

#[test]
fn what_cannot_be_is_refused() {
    let rounds = |rounds| SettingsChange {
        rounds: Some(rounds),
        ..SettingsChange::default()
    };
    let clock = |seconds| SettingsChange {
        pick_clock_seconds: Limit::Of(seconds),
        ..SettingsChange::default()
    };
    let zone = |zone: &str| SettingsChange {
        zone: Some(zone.to_owned()),
        ..SettingsChange::default()
    };
    let scoring = |scoring| SettingsChange {
        scoring: Some(scoring),
        ..SettingsChange::default()
    };
    let penalty_that_rewards = SessionWeights {
        not_classified: 100,
        ..SessionWeights::default()
    };
    for change in [
        rounds(0),
        rounds(6),
        rounds(-1),
        clock(9),
        clock(-1),
        clock(604_801),
        zone("Monaco"),
        scoring(own(penalty_that_rewards)),
        scoring(Scoring {
            ruleset: Kind::Custom,
            ..Scoring::default()
        }),
        scoring(Scoring {
            ruleset: Kind::Extended,
            ..own(SessionWeights::default())
        }),
    ] {
        let refused = apply(change.clone());
        assert!(matches!(refused, Err(Error::BadInput(_))), "{change:?}");
    }
}

#[test]
fn the_fastest_lap_never_counts_twice() {
    let change = || SettingsChange {
        scoring: Some(own(SessionWeights {
            finish: Finish::Published,
            fastest_lap: 100,
            ..SessionWeights::default()
        })),
        ..SettingsChange::default()
    };
    assert!(apply_from(change(), 2024).is_err());
    assert!(apply_from(change(), 2026).is_ok());
}

#[test]
fn sprint_points_count_where_the_league_says_so() {
    let mut settings = LeagueSettings::default();
    let sprint = |settings: &LeagueSettings| {
        let ruleset = settings.ruleset(1, 2024).unwrap();
        ruleset.weights().sprint.finish.clone()
    };
    assert_eq!(sprint(&settings), Finish::Nothing);
    settings.scoring.sprint_points = true;
    assert_eq!(sprint(&settings), Finish::Published);
    settings.scoring.ruleset = Kind::Extended;
    assert!(matches!(sprint(&settings), Finish::Table(_)));
}
