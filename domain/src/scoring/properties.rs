//! What must hold of scores whatever the ruleset, the weekend and the picks.

use std::borrow::Cow;

use proptest::prelude::*;

use super::*;

fn amount() -> impl Strategy<Value = i32> {
    0..=weights::MOST
}

fn table() -> impl Strategy<Value = weights::Table> {
    prop::collection::vec(-weights::MOST..=weights::MOST, 0..=weights::LONGEST_TABLE)
        .prop_map(Cow::Owned)
}

fn session_weights() -> impl Strategy<Value = SessionWeights> {
    let finish = prop_oneof![
        Just(Finish::Nothing),
        Just(Finish::Published),
        table().prop_map(Finish::Table),
    ];
    (finish, prop::array::uniform6(amount())).prop_map(|(finish, amounts)| {
        let [
            gained,
            lost,
            overtake,
            fastest_lap,
            not_classified,
            disqualified,
        ] = amounts;
        SessionWeights {
            finish,
            place_gained: gained,
            place_lost: -lost,
            overtake,
            fastest_lap,
            not_classified: -not_classified,
            disqualified: -disqualified,
        }
    })
}

/// Any ruleset within the bounds; from 2025 on nothing counts twice.
fn ruleset() -> impl Strategy<Value = Ruleset> {
    let own = (
        table(),
        amount(),
        session_weights(),
        session_weights(),
        amount(),
    )
        .prop_map(|(positions, no_time, sprint, race, driver_of_the_day)| {
            let weights = Weights {
                qualifying: QualifyingWeights {
                    positions,
                    no_time: -no_time,
                },
                sprint,
                race,
                driver_of_the_day,
            };
            let seasons = Seasons {
                first: 2025,
                last: None,
            };
            Ruleset::custom(1, seasons, weights).unwrap()
        });
    prop_oneof![
        Just(OFFICIAL.clone()),
        Just(OFFICIAL.clone().with_sprint_points()),
        Just(EXTENDED.clone()),
        own,
    ]
}

fn position() -> impl Strategy<Value = Option<i32>> {
    prop::option::of(1..=22_i32)
}

fn outing() -> impl Strategy<Value = Outing> {
    let ending = prop_oneof![
        5 => Just(Ending::Classified),
        1 => Just(Ending::NotClassified),
        1 => Just(Ending::Disqualified),
        1 => Just(Ending::DidNotStart),
    ];
    let overtakes = prop::option::of(prop_oneof![9 => 0..30_i32, 1 => any::<i32>()]);
    (
        ending,
        position(),
        position(),
        0..=26_i32,
        any::<bool>(),
        overtakes,
    )
        .prop_map(
            |(ending, position, grid, points, fastest_lap, overtakes)| Outing {
                ending,
                position,
                grid,
                points: points * 100,
                fastest_lap,
                overtakes,
            },
        )
}

fn weekend(driver_id: i32) -> impl Strategy<Value = DriverWeekend> {
    let qualifying = (position(), any::<bool>())
        .prop_map(|(position, time_set)| Qualifying { position, time_set });
    (
        prop::option::of(qualifying),
        prop::option::of(outing()),
        prop::option::of(outing()),
        any::<bool>(),
    )
        .prop_map(
            move |(qualifying, sprint, race, driver_of_the_day)| DriverWeekend {
                driver_id,
                qualifying,
                sprint,
                race,
                driver_of_the_day,
            },
        )
}

/// Some of eight drivers.
fn weekends() -> impl Strategy<Value = Vec<DriverWeekend>> {
    let all: Vec<_> = (1..=8).map(weekend).collect();
    all.prop_flat_map(|all| prop::sample::subsequence(all, 0..=8))
}

/// Two picks for each of four teams.
fn picks() -> impl Strategy<Value = Vec<Pick>> {
    let drafted = || prop::option::weighted(0.9, 1..=8_i32);
    let replacement = || prop::option::weighted(0.2, 1..=8_i32);
    prop::collection::vec((drafted(), replacement()), 8).prop_map(|drivers| {
        (0..)
            .zip(drivers)
            .map(|(index, (driver_id, replacement_id))| Pick {
                team_id: index / 2,
                number: index % 2 + 1,
                driver_id,
                replacement_id,
            })
            .collect()
    })
}

/// Few points and places, so that ties are many.
fn races() -> impl Strategy<Value = Vec<ScoredRace>> {
    let haul = (0..6_i32, -1..3_i32, prop::option::of(1..4_i32)).prop_map(
        |(team_id, points, race_position)| Haul {
            team_id,
            points: points * 100,
            race_position,
        },
    );
    prop::collection::vec(prop::collection::vec(haul, 0..12), 0..6).prop_map(|races| {
        (0..)
            .zip(races)
            .map(|(race_id, hauls)| ScoredRace { race_id, hauls })
            .collect()
    })
}

const TEAMS: [i32; 6] = [0, 1, 2, 3, 4, 5];

proptest! {
    #[test]
    fn a_breakdown_adds_up_session_by_session_and_has_no_empty_line(
        ruleset in ruleset(), weekend in weekend(1),
    ) {
        let whole = score(&ruleset, &weekend);
        let nothing = DriverWeekend {
            qualifying: None, sprint: None, race: None, driver_of_the_day: false, ..weekend
        };
        let sessions = [
            DriverWeekend { qualifying: weekend.qualifying, ..nothing },
            DriverWeekend { sprint: weekend.sprint, ..nothing },
            DriverWeekend { race: weekend.race, ..nothing },
            DriverWeekend { driver_of_the_day: weekend.driver_of_the_day, ..nothing },
        ];
        let apart: Vec<Line> =
            sessions.iter().flat_map(|part| score(&ruleset, part).lines().to_vec()).collect();
        prop_assert_eq!(whole.lines(), apart);
        let sum = whole.lines().iter().map(|line| line.worth.points).sum::<i32>();
        prop_assert_eq!(whole.total(), sum);
        prop_assert!(whole.lines().iter().all(|line| line.worth.points != 0));
        let mut parts: Vec<_> =
            whole.lines().iter().map(|line| (line.session, line.part)).collect();
        parts.sort_unstable();
        parts.dedup();
        prop_assert_eq!(parts.len(), whole.lines().len(), "a part of a session has one line");
    }

    #[test]
    fn official_scores_are_the_published_points_and_nothing_else(weekend in weekend(1)) {
        let race = weekend.race.map_or(0, |race| race.points);
        let sprint = weekend.sprint.map_or(0, |sprint| sprint.points);
        prop_assert_eq!(score(&OFFICIAL, &weekend).total(), race);
        let with_sprints = OFFICIAL.clone().with_sprint_points();
        prop_assert_eq!(score(&with_sprints, &weekend).total(), race + sprint);
    }

    #[test]
    fn scoring_again_in_any_order_changes_nothing(
        ruleset in ruleset(), weekends in weekends(), picks in picks(),
    ) {
        let scored = score_race(&ruleset, &picks, &weekends);
        let (mut other_picks, mut other_weekends) = (picks, weekends);
        other_picks.reverse();
        other_weekends.reverse();
        let again = score_race(&ruleset, &other_picks, &other_weekends);
        prop_assert_eq!(changes(&scored, &again), []);
        prop_assert_eq!(scored, again);
    }

    #[test]
    fn a_pick_without_a_weekend_says_why_and_brings_nothing(
        ruleset in ruleset(), weekends in weekends(), picks in picks(),
    ) {
        for pick in score_race(&ruleset, &picks, &weekends) {
            let nothing = pick.basis().reason_for_nothing().is_some();
            prop_assert_eq!(nothing, pick.counted_driver_id.is_none());
            prop_assert!(!nothing || (pick.points() == 0 && pick.race_position.is_none()));
        }
    }

    #[test]
    fn changes_account_for_every_hundredth_and_undo_each_other(
        ruleset in ruleset(), picks in picks(), weekends in (weekends(), weekends()),
    ) {
        let before = score_race(&ruleset, &picks, &weekends.0);
        let after = score_race(&ruleset, &picks, &weekends.1);
        let moved = changes(&before, &after);
        let total = |scored: &[ScoredPick]| scored.iter().map(ScoredPick::points).sum::<i32>();
        let sum = moved.iter().map(Change::points).sum::<i32>();
        prop_assert_eq!(sum, total(&after) - total(&before));
        prop_assert_eq!(moved.is_empty(), before == after);
        let back = changes(&after, &before);
        prop_assert_eq!(back.iter().map(Change::points).sum::<i32>(), -sum);
        prop_assert_eq!(back.len(), moved.len());
    }

    #[test]
    fn rulesets_survive_storage(ruleset in ruleset()) {
        let written = serde_json::to_string(&ruleset).unwrap();
        prop_assert_eq!(serde_json::from_str::<Ruleset>(&written).unwrap(), ruleset);
    }

    #[test]
    fn ranks_are_a_total_order_whatever_the_order_of_races_and_teams(races in races()) {
        let rows = season_leaderboard(&TEAMS, &races);
        prop_assert_eq!(rows.len(), TEAMS.len());
        for (index, row) in rows.iter().enumerate() {
            // Counted apart: one more than those with more points or better finishes.
            let key = |row: &Row| (row.points, row.finishes.clone());
            let better = rows.iter().filter(|other| key(other) > key(row)).count();
            prop_assert_eq!(usize::try_from(row.rank).unwrap(), better + 1);
            prop_assert!(index == 0 || rows[index - 1].rank <= row.rank);
        }
        let mut other = races.clone();
        other.reverse();
        for race in &mut other {
            race.hauls.reverse();
        }
        let mut teams = TEAMS;
        teams.reverse();
        prop_assert_eq!(season_leaderboard(&teams, &other), rows);
    }

    #[test]
    fn a_season_is_the_sum_of_its_races(races in races()) {
        let histories = season_history(&TEAMS, &races);
        for row in season_leaderboard(&TEAMS, &races) {
            let of_races = races.iter().flat_map(race_leaderboard);
            let own: i32 =
                of_races.filter(|one| one.team_id == row.team_id).map(|one| one.points).sum();
            prop_assert_eq!(own, row.points);
            let history = &histories[&row.team_id];
            prop_assert_eq!(history.len(), races.len());
            if let Some(last) = history.last() {
                prop_assert_eq!((last.total, last.season_rank), (row.points, row.rank));
            }
        }
    }

    #[test]
    fn what_one_team_wins_the_other_loses(races in races()) {
        let (one, other) = (head_to_head(0, 1, &races), head_to_head(1, 0, &races));
        prop_assert_eq!(one.count(Outcome::Won), other.count(Outcome::Lost));
        prop_assert_eq!(one.count(Outcome::Lost), other.count(Outcome::Won));
        prop_assert_eq!(one.count(Outcome::Tied), other.count(Outcome::Tied));
        prop_assert_eq!(one.points(), other.opponent_points());
        for (meeting, race) in one.meetings.iter().map(|meeting| {
            (meeting, races.iter().find(|race| race.race_id == meeting.race_id).unwrap())
        }) {
            let rows = race_leaderboard(race);
            let rank = |team| rows.iter().find(|row| row.team_id == team).unwrap().rank;
            let expected = match rank(0).cmp(&rank(1)) {
                std::cmp::Ordering::Less => Outcome::Won,
                std::cmp::Ordering::Equal => Outcome::Tied,
                std::cmp::Ordering::Greater => Outcome::Lost,
            };
            prop_assert_eq!(meeting.outcome, expected);
        }
    }
}
