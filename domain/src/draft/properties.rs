//! What must hold whatever a league does in a draft, and whenever.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use rand::SeedableRng;
use rand_pcg::Pcg32;

use super::{
    Command, Draft, DriverId, Entry, Method, State, TeamId, Unfilled, UserId, due,
    example::{CLOSES, COMMISSIONER, Example, minute, setup},
    order,
};

/// Somebody wants something, minutes after the step before.
#[derive(Debug, Clone)]
enum Step {
    /// The team whose turn it is picks.
    Turn(i32),
    Asked(Option<UserId>, Command),
}

fn method() -> impl Strategy<Value = Method> {
    prop_oneof![Just(Method::Sequential), Just(Method::Snake)]
}

fn league() -> impl Strategy<Value = Example> {
    let clock = proptest::option::of(1..600_i64);
    (2..=11, method(), clock, any::<bool>()).prop_map(|(teams, method, clock, filled)| {
        let order = (1..=teams).map(TeamId).collect();
        let mut setup = setup(order, method);
        setup.pick_clock = clock.map(chrono::TimeDelta::minutes);
        setup.unfilled = if filled {
            Unfilled::Filled
        } else {
            Unfilled::LeftEmpty
        };
        let mut league = Example::with(setup);
        let favourites = [5, 9, 2].map(DriverId).to_vec();
        league.situation.queues.insert(TeamId(2), favourites);
        league
    })
}

fn step() -> impl Strategy<Value = Step> {
    let user = prop_oneof![
        (1..=12).prop_map(|id| Some(UserId::numbered(id))),
        Just(Some(COMMISSIONER)),
        Just(None),
    ];
    let key =
        proptest::option::weighted(0.2, prop_oneof![Just("a".to_owned()), Just("b".to_owned())]);
    let driver = (1..=24).prop_map(DriverId);
    let team = (1..=12).prop_map(TeamId);
    let command = prop_oneof![
        (driver.clone(), key.clone()).prop_map(|(driver, key)| Command::Pick { driver, key }),
        (team.clone(), driver.clone(), key).prop_map(|(team, driver, key)| Command::PickFor {
            team,
            driver,
            key
        }),
        Just(Command::Pause),
        Just(Command::Resume),
        Just(Command::Resume),
        (0..22_usize).prop_map(|pick| Command::Undo { pick }),
        Just(Command::Reset),
        Just((1..=5).map(TeamId).collect())
            .prop_shuffle()
            .prop_map(|order| Command::SetOrder { order }),
        (0..22_usize, proptest::option::of(driver)).prop_map(|(pick, replacement)| {
            let note = "ill".to_owned();
            Command::Substitute {
                pick,
                replacement,
                note,
            }
        }),
        team.prop_map(|team| Command::Leave { team }),
        Just(Command::Complete),
    ];
    prop_oneof![
        6 => (1..=24).prop_map(Step::Turn),
        1 => (user, command).prop_map(|(user, command)| Step::Asked(user, command)),
    ]
}

fn steps() -> impl Strategy<Value = Vec<(i64, Step)>> {
    proptest::collection::vec((0..400_i64, step()), 0..80)
}

/// Goes through some steps from the hour before the opening on, looking at the league after each.
fn go_through(league: &mut Example, steps: Vec<(i64, Step)>, mut look: impl FnMut(&Example, i64)) {
    let mut at = -60;
    for (later, step) in steps {
        at += later;
        // What is refused is none of the matter here.
        let _ = match step {
            Step::Turn(driver) => {
                league.look(at);
                let team = league.draft.on_the_clock().unwrap_or(TeamId(1));
                league.pick(at, team, driver)
            }
            Step::Asked(by, command) => league.ask(at, by, command),
        };
        look(league, at);
    }
}

/// What is to be seen of a draft, whenever it came about.
fn seen(draft: &Draft) -> impl PartialEq + std::fmt::Debug + use<> {
    let picks = draft.picks().iter();
    let picks: Vec<_> = picks
        .map(|pick| (pick.number, pick.team, pick.driver))
        .collect();
    (
        draft.state(),
        draft.order().to_vec(),
        picks,
        draft.on_the_clock(),
    )
}

proptest! {
    #[test]
    fn no_driver_is_drafted_twice((mut league, steps) in (league(), steps())) {
        go_through(&mut league, steps, |league, _| {
            let picks = league.draft.picks().iter();
            let drivers: Vec<_> = picks.filter_map(|pick| pick.driver).collect();
            assert_eq!(drivers.iter().collect::<BTreeSet<_>>().len(), drivers.len());
        });
    }

    #[test]
    fn numbers_of_picks_differ_by_one_at_most((mut league, steps) in (league(), steps())) {
        go_through(&mut league, steps, |league, _| {
            let draft = &league.draft;
            let turns: BTreeMap<TeamId, usize> = draft.order().iter().map(|team| {
                let own = draft.picks().iter().filter(|pick| pick.team == *team);
                (*team, own.count())
            }).collect();
            let (least, most) = (turns.values().min().unwrap(), turns.values().max().unwrap());
            assert!(most - least <= 1 && *most <= order::ROUNDS);
        });
    }

    #[test]
    fn the_log_tells_the_whole_draft((mut league, steps) in (league(), steps())) {
        let setup = league.draft.setup().clone();
        go_through(&mut league, steps, |league, _| {
            assert_eq!(Draft::replay(setup.clone(), &league.log), league.draft);
        });
        let read_again = |entry: &Entry| {
            let stored = serde_json::to_string(&entry.action).unwrap();
            let action = serde_json::from_str(&stored).unwrap();
            Entry { action, ..entry.clone() }
        };
        let log: Vec<Entry> = league.log.iter().map(read_again).collect();
        prop_assert_eq!(&log, &league.log);
        let sequences: Vec<i64> = (1..).take(log.len()).collect();
        prop_assert_eq!(log.iter().map(|entry| entry.sequence).collect::<Vec<_>>(), sequences);
        prop_assert!(log.is_sorted_by_key(|entry| entry.at));
    }

    #[test]
    fn what_is_due_does_not_depend_on_who_looks_when(
        (mut league, steps) in (league(), steps()),
        mut looks in proptest::collection::vec(0..CLOSES, 0..20),
        to in 0..CLOSES + 60,
    ) {
        let mut from = 0;
        go_through(&mut league, steps, |_, at| from = at);
        looks.sort_unstable();
        let (mut often, mut once) = (league.clone(), league);
        for at in looks.into_iter().map(|at| from + at).take_while(|at| *at < from + to) {
            often.look(at);
        }
        often.look(from + to);
        once.look(from + to);
        prop_assert_eq!(&often, &once);
        prop_assert!(due(&once.draft, &once.situation, minute(from + to)).is_empty());
    }

    #[test]
    fn every_draft_is_closed_at_its_deadline((mut league, steps) in (league(), steps())) {
        go_through(&mut league, steps, |_, _| ());
        league.look(CLOSES);
        prop_assert!(matches!(league.draft.state(), State::Closed | State::Complete));
        let draft = &league.draft;
        prop_assert_eq!(draft.picks().len(), draft.order().len() * order::ROUNDS);
        if draft.setup().unfilled == Unfilled::Filled {
            let left = |team| draft.has_left(team);
            prop_assert!(draft.picks().iter().all(|pick| pick.drafted.is_some() || left(pick.team)));
        }
    }

    #[test]
    fn what_remains_is_never_more_than_the_whole_clock((mut league, steps) in (league(), steps())) {
        go_through(&mut league, steps, |league, at| {
            let remaining = league.draft.remaining(minute(at));
            let open = league.draft.state() == State::Open;
            assert_eq!(remaining.is_some(), open && league.draft.setup().pick_clock.is_some());
            assert!(remaining <= league.draft.setup().pick_clock);
        });
    }

    #[test]
    fn the_same_picks_after_an_undo_give_the_same_draft(
        teams in 2..=11,
        method in method(),
        drivers in Just((1..=22).collect::<Vec<i32>>()).prop_shuffle(),
        made in 1..=22_usize,
        back_to in 0..22_usize,
    ) {
        let made = made.min(usize::try_from(teams * 2).unwrap());
        let back_to = back_to % made;
        let mut league = Example::new(teams, method);
        league.go_on(1, drivers[..made].iter().copied());
        let before = league.clone();
        league.command(50, Command::Undo { pick: back_to }).unwrap();
        prop_assert_eq!(league.picked(), &before.picked()[..back_to]);
        league.go_on(60, drivers[back_to..made].iter().copied());
        prop_assert_eq!(seen(&league.draft), seen(&before.draft));
    }

    #[test]
    fn everybody_has_every_place_once_in_a_cycle(teams in 1..=11_i32, seed in any::<u64>()) {
        let teams: Vec<TeamId> = (1..=teams).map(TeamId).collect();
        let mut order = order::drawn(&teams, &mut Pcg32::seed_from_u64(seed));
        let mut places: Vec<BTreeSet<TeamId>> = vec![BTreeSet::new(); teams.len()];
        for _ in &teams {
            for (place, team) in places.iter_mut().zip(&order) {
                place.insert(*team);
            }
            order = order::rotated(&order, &teams);
        }
        prop_assert!(places.iter().all(|place| place.len() == teams.len()));
    }

    #[test]
    fn rotation_loses_and_doubles_nobody(
        before in proptest::collection::btree_set(1..=15, 0..11),
        after in proptest::collection::btree_set(1..=15, 0..11),
    ) {
        let [before, after] = [before, after]
            .map(|teams| teams.into_iter().map(TeamId).collect::<Vec<_>>());
        for order in [order::rotated(&before, &after), order::kept(&before, &after)] {
            prop_assert_eq!(order::check(&order, &after), Ok(()));
        }
    }
}
