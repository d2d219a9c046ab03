use std::collections::{BTreeSet, HashMap, HashSet};

use super::*;

const EVERYTHING: Allowed = Allowed {
    bundled: None,
    seasons: true,
    live: true,
    weather: true,
    train: true,
};

/// The time, what is known, what is due, and what is next.
type Case = (
    &'static str,
    &'static [SessionKind],
    &'static [&'static str],
    Option<&'static str>,
);

fn at(time: &str) -> DateTime<Utc> {
    time.parse().unwrap()
}

/// Monaco 2023, with what was known of it at the time: the results of the sessions named.
fn monaco(known: &[SessionKind]) -> Weekend {
    let session = |kind, starts_at| Session {
        kind,
        starts_at: at(starts_at),
        known: known.contains(&kind),
    };
    Weekend {
        race: "2023_monaco".to_owned(),
        season: 2023,
        cancelled: false,
        in_progress: false,
        sessions: vec![
            session(SessionKind::Practice1, "2023-05-26T11:30:00Z"),
            session(SessionKind::Qualifying, "2023-05-27T14:00:00Z"),
            session(SessionKind::Race, "2023-05-28T13:00:00Z"),
        ],
        laps: false,
    }
}

fn situation(now: &str, known: &[SessionKind]) -> Situation {
    Situation {
        now: at(now),
        seasons: BTreeSet::from([2022, 2023]),
        weekends: vec![monaco(known)],
        data: 7,
        models: 3,
        ..Situation::default()
    }
}

/// Keys of what is due of these kinds.
fn keys(situation: &Situation, kinds: &[Kind]) -> Vec<String> {
    let due = due(situation, EVERYTHING);
    let wanted = due.iter().filter(|wanted| kinds.contains(&wanted.kind));
    wanted.map(Wanted::key).collect()
}

/// When a kind is next due, and for what.
fn planned(situation: &Situation, kind: Kind) -> Option<String> {
    let next = next(situation, EVERYTHING);
    let planned = next.iter().find(|planned| planned.kind == kind)?;
    let subject = planned.subject.as_deref().unwrap_or("-");
    Some(format!("{subject} {}", planned.at.format("%m-%d %H:%M")))
}

#[test]
fn results_are_asked_for_at_the_end_of_a_session_and_every_hour_until_they_are_in() {
    const QUALIFIED: [SessionKind; 1] = [SessionKind::Qualifying];
    const ALL: [SessionKind; 2] = [SessionKind::Qualifying, SessionKind::Race];
    let results = [Kind::Results, Kind::Verify];
    #[rustfmt::skip]
    let table: [Case; 9] = [
        ("2023-05-26T08:00:00Z", &[], &[], Some("2023_monaco 05-27 15:00")),
        ("2023-05-27T14:59:59Z", &[], &[], Some("2023_monaco 05-27 15:00")),
        ("2023-05-27T15:00:00Z", &[], &["results:2023_monaco@qualifying+0h"], Some("2023_monaco 05-27 16:00")),
        ("2023-05-27T17:30:00Z", &[], &["results:2023_monaco@qualifying+2h"], Some("2023_monaco 05-27 18:00")),
        ("2023-05-27T17:30:00Z", &QUALIFIED, &[], Some("2023_monaco 05-28 15:00")),
        ("2023-05-28T16:10:00Z", &QUALIFIED, &["results:2023_monaco@race+1h"], Some("2023_monaco 05-28 17:00")),
        ("2023-05-28T16:10:00Z", &ALL, &[], None),
        // After two days it is asked for daily, after a week as part of the season.
        ("2023-05-31T20:00:00Z", &QUALIFIED, &["results:2023_monaco@race+72h"], Some("2023_monaco 06-01 15:00")),
        ("2023-06-05T20:00:00Z", &QUALIFIED, &[], None),
    ];
    for (now, known, due, next) in table {
        let situation = situation(now, known);
        assert_eq!(keys(&situation, &results), due, "{now}");
        assert_eq!(planned(&situation, Kind::Results).as_deref(), next, "{now}");
    }
    let much_later = situation("2023-06-05T20:00:00Z", &QUALIFIED);
    assert_eq!(
        keys(&much_later, &[Kind::Season]),
        ["season:2023@2023-06-05T00:00"]
    );
}

#[test]
fn results_that_are_in_are_asked_for_again_after_a_day_and_a_week() {
    let all = [SessionKind::Qualifying, SessionKind::Race];
    #[rustfmt::skip]
    let table: [(&str, &[&str]); 5] = [
        ("2023-05-29T14:59:00Z", &[]),
        ("2023-05-29T15:00:00Z", &["verify:2023_monaco@24h"]),
        ("2023-06-04T14:59:00Z", &["verify:2023_monaco@24h"]),
        ("2023-06-04T15:00:00Z", &["verify:2023_monaco@7d"]),
        ("2023-06-12T15:00:00Z", &[]),
    ];
    for (now, due) in table {
        assert_eq!(keys(&situation(now, &all), &[Kind::Verify]), due, "{now}");
    }
}

#[test]
fn a_race_is_followed_from_just_before_its_start_until_its_results_are_in() {
    let live = [Kind::Live];
    let key = ["live:2023_monaco@live"];
    assert!(keys(&situation("2023-05-28T12:44:00Z", &[]), &live).is_empty());
    assert_eq!(keys(&situation("2023-05-28T12:45:00Z", &[]), &live), key);
    assert_eq!(keys(&situation("2023-05-28T17:00:00Z", &[]), &live), key);
    let known = situation("2023-05-28T17:00:00Z", &[SessionKind::Race]);
    assert!(keys(&known, &live).is_empty());
    // Or for no longer than is sensible.
    assert_eq!(keys(&situation("2023-05-28T18:59:59Z", &[]), &live), key);
    assert!(keys(&situation("2023-05-28T19:00:00Z", &[]), &live).is_empty());
    let mut cancelled = situation("2023-05-28T12:45:00Z", &[]);
    cancelled.weekends[0].cancelled = true;
    assert!(keys(&cancelled, &live).is_empty());
}

#[test]
fn a_race_begins_by_the_clock_and_ends_with_results_or_without() {
    let progress = [Kind::Progress];
    let key = ["progress:2023_monaco@7"];
    let running = |now: &str| {
        let mut situation = situation(now, &[]);
        situation.weekends[0].in_progress = true;
        situation
    };
    #[rustfmt::skip]
    let table: [(Situation, &[&str], Option<&str>); 7] = [
        (situation("2023-05-28T12:59:59Z", &[]), &[], Some("2023_monaco 05-28 13:00")),
        (situation("2023-05-28T13:00:00Z", &[]), &key, None),
        (running("2023-05-28T13:00:00Z"), &[], Some("2023_monaco 05-28 19:00")),
        (running("2023-05-28T19:00:00Z"), &key, None),
        // Nobody worked in those hours, or it was put off meanwhile.
        (situation("2023-05-28T19:00:00Z", &[]), &[], None),
        (running("2023-05-28T12:00:00Z"), &key, None),
        (situation("2023-05-28T16:00:00Z", &[SessionKind::Race]), &[], None),
    ];
    for (situation, due, next) in table {
        let now = situation.now;
        assert_eq!(keys(&situation, &progress), due, "{now}");
        assert_eq!(
            planned(&situation, Kind::Progress).as_deref(),
            next,
            "{now}"
        );
    }
    // Nothing is said of the next race while this one is run.
    let mut known = running("2023-05-28T14:00:00Z");
    known.ticks = HashMap::from([((Kind::Train, None), "7".to_owned())]);
    assert!(keys(&known, &[Kind::Forecasts]).is_empty());
    known.weekends[0].in_progress = false;
    assert_eq!(keys(&known, &[Kind::Forecasts]), ["forecasts@7.3"]);
}

#[test]
fn laps_are_asked_for_until_they_are_in() {
    let details = [Kind::Details];
    let mut situation = situation("2023-05-28T22:00:00Z", &[SessionKind::Race]);
    assert_eq!(keys(&situation, &details), ["details:2023_monaco@6h"]);
    assert_eq!(
        planned(&situation, Kind::Details).as_deref(),
        Some("2023_monaco 05-29 15:00")
    );
    situation.weekends[0].laps = true;
    assert!(keys(&situation, &details).is_empty());
}

#[test]
fn forecasts_are_frozen_when_their_session_begins() {
    let freeze = [Kind::Freeze];
    let key = ["freeze:2023_monaco@qualifying"];
    assert!(keys(&situation("2023-05-27T13:59:59Z", &[]), &freeze).is_empty());
    assert_eq!(keys(&situation("2023-05-27T14:00:00Z", &[]), &freeze), key);
    assert_eq!(
        planned(&situation("2023-05-27T14:00:00Z", &[]), Kind::Freeze).as_deref(),
        Some("2023_monaco 05-28 13:00")
    );
}

#[test]
fn new_results_are_learned_from_before_the_next_race_is_forecast() {
    let pipeline = [
        Kind::Train,
        Kind::Forecasts,
        Kind::Score,
        Kind::ScoreLeagues,
    ];
    let mut situation = situation("2023-05-28T16:10:00Z", &[SessionKind::Race]);
    assert_eq!(
        keys(&situation, &pipeline),
        ["train@7", "score@7", "score_leagues@7"]
    );
    // While it is trained nothing else is said.
    let known = |kind| (kind, None);
    situation.ticks = HashMap::from([
        (known(Kind::Train), "7".to_owned()),
        (known(Kind::Score), "7".to_owned()),
        (known(Kind::ScoreLeagues), "7".to_owned()),
    ]);
    situation.open = HashSet::from([Kind::Train]);
    assert!(keys(&situation, &pipeline).is_empty());
    // Training made new models.
    situation.open.clear();
    situation.models = 8;
    assert_eq!(keys(&situation, &pipeline), ["forecasts@7.8"]);
    situation
        .ticks
        .insert(known(Kind::Forecasts), "7.8".to_owned());
    assert!(keys(&situation, &pipeline).is_empty());
    // A correction.
    situation.data = 9;
    assert_eq!(
        keys(&situation, &pipeline),
        ["train@9", "score@9", "score_leagues@9"]
    );
    // Half an import is not learned from.
    situation.importing = true;
    assert!(keys(&situation, &pipeline).is_empty());
}

#[test]
fn drafts_go_on_to_the_second_and_are_tried_again_by_the_minute() {
    let drafts = [Kind::Drafts];
    let mut situation = situation("2023-05-22T12:00:09Z", &[]);
    assert!(keys(&situation, &drafts).is_empty());
    situation.drafts = Some(at("2023-05-22T12:00:10Z"));
    assert!(keys(&situation, &drafts).is_empty());
    assert_eq!(
        planned(&situation, Kind::Drafts).as_deref(),
        Some("- 05-22 12:00")
    );
    let first = ["drafts@2023-05-22T12:00:10.000Z"];
    for (now, keys_then) in [
        ("2023-05-22T12:00:10Z", first),
        ("2023-05-22T12:01:09Z", first),
        ("2023-05-22T12:01:10Z", ["drafts@2023-05-22T12:01:10.000Z"]),
    ] {
        situation.now = at(now);
        assert_eq!(keys(&situation, &drafts), keys_then, "{now}");
    }
    situation.open = HashSet::from([Kind::Drafts]);
    assert!(keys(&situation, &drafts).is_empty());
}

#[test]
fn what_comes_again_and_again_has_a_tick_for_each_time() {
    let periodic = [
        Kind::Calendar,
        Kind::People,
        Kind::Weather,
        Kind::Health,
        Kind::CleanUp,
    ];
    let situation = situation("2023-05-26T13:47:00Z", &[]);
    assert_eq!(
        keys(&situation, &periodic),
        [
            "calendar:2023@2023-05-26T00:00",
            "people:2023@2023-05-26T12:00",
            "weather@2023-05-26T12:00",
            "health@2023-05-26T13:30",
            "clean_up@2023-05-26T03:00",
        ]
    );
    assert_eq!(
        planned(&situation, Kind::CleanUp).as_deref(),
        Some("- 05-27 03:00")
    );
    assert_eq!(
        planned(&situation, Kind::People).as_deref(),
        Some("2023 05-26 18:00")
    );
}

#[test]
fn an_empty_database_begins_with_this_season_and_the_one_before() {
    let empty = Situation {
        now: at("2026-11-28T12:00:00Z"),
        ..Situation::default()
    };
    let kinds = [Kind::Calendar, Kind::Season];
    assert_eq!(
        keys(&empty, &kinds),
        [
            "calendar:2026@2026-11-28T00:00",
            "calendar:2027@2026-11-28T00:00",
            "season:2025@2026-11-28T00:00",
            "season:2026@2026-11-28T00:00",
        ]
    );
}

#[test]
fn a_database_that_fell_behind_catches_up_season_by_season() {
    let mut behind = situation("2025-07-01T12:00:00Z", &[]);
    behind.seasons = BTreeSet::from([2022, 2023]);
    assert_eq!(
        keys(&behind, &[Kind::Season]),
        [
            "season:2024@2025-07-01T00:00",
            "season:2025@2025-07-01T00:00",
            "season:2023@2025-07-01T00:00",
        ]
    );
}

#[test]
fn what_is_not_allowed_is_never_due() {
    let nothing = Allowed {
        bundled: None,
        seasons: false,
        live: false,
        weather: false,
        train: false,
    };
    let situation = situation("2023-05-28T16:10:00Z", &[]);
    let kinds: Vec<Kind> = occurrences(&situation, nothing)
        .iter()
        .map(|wanted| wanted.kind)
        .collect();
    let harmless = [
        Kind::Progress,
        Kind::Freeze,
        Kind::Forecasts,
        Kind::Score,
        Kind::ScoreLeagues,
        Kind::PlanDrafts,
        Kind::CleanUp,
    ];
    assert!(
        kinds.iter().all(|kind| harmless.contains(kind)),
        "{kinds:?}"
    );
}

/// However unevenly the timetable is looked at, each tick is asked for under one key.
#[test]
fn every_tick_of_a_weekend_is_asked_for_once_and_none_is_early() {
    let mut now = at("2023-05-25T00:00:00Z");
    let mut asked: HashSet<String> = HashSet::new();
    let mut expected: HashSet<String> = HashSet::new();
    let mut steps = [7, 29, 3, 28, 13, 1].iter().cycle();
    while now < at("2023-06-14T00:00:00Z") {
        let situation = Situation {
            now,
            ..situation("2023-05-25T00:00:00Z", &[])
        };
        for wanted in occurrences(&situation, EVERYTHING) {
            if wanted.due_at > now {
                expected.insert(wanted.key());
            } else {
                assert!(wanted.due_at <= now, "{wanted:?}");
                asked.insert(wanted.key());
            }
        }
        now += TimeDelta::minutes(*steps.next().unwrap());
    }
    // All that was announced comes, but for what lies ahead at the end.
    let hourly: Vec<_> = asked
        .iter()
        .filter(|key| key.starts_with("results:"))
        .collect();
    // 48 h hourly and five days daily, of qualifying and race.
    assert_eq!(hourly.len(), 2 * (48 + 5), "{hourly:?}");
    let missed = expected.difference(&asked).count();
    assert!(missed <= 12, "{:?}", expected.difference(&asked));
}
