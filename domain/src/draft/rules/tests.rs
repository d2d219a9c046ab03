//! What earlier designs got wrong, and what tables cannot show. Courses of drafts are in
//! `tables/drafts.txt`.

use chrono::TimeDelta;

use super::*;
use crate::draft::{
    Method, State, due,
    example::{CLOSES, COMMISSIONER, Example, member, minute},
};

fn with_key(driver: i32, key: &str) -> Command {
    Command::Pick {
        driver: DriverId(driver),
        key: Some(key.to_owned()),
    }
}

#[test]
fn a_driver_is_taken_in_his_own_league_alone() {
    let (mut one, mut other) = (
        Example::new(2, Method::Snake),
        Example::new(2, Method::Snake),
    );
    assert_eq!(one.pick(1, TeamId(1), 7), Ok(()));
    assert_eq!(other.pick(1, TeamId(1), 7), Ok(()));
    assert_eq!(one.pick(2, TeamId(2), 7), Err(Refusal::DriverTaken));
}

#[test]
fn of_two_picks_at_once_only_one_can_be_written() {
    let mut league = Example::new(2, Method::Sequential);
    league.look(0);
    // Both have read the same log, so both want to write the same line of it.
    let pick = |driver| Command::Pick {
        driver: DriverId(driver),
        key: None,
    };
    let decide = |league: &Example, driver| {
        let by = Some(UserId::numbered(1));
        let (draft, situation) = (&league.draft, &league.situation);
        decide(draft, situation, by, pick(driver), minute(1))
    };
    let (first, second) = (decide(&league, 7).unwrap(), decide(&league, 8).unwrap());
    assert_eq!(first[0].sequence, second[0].sequence);
    league.write(first);
    assert_eq!(decide(&league, 8), Err(Refusal::NotYourTurn));
}

#[test]
fn a_scored_draft_is_complete() {
    let mut league = Example::new(2, Method::Snake);
    league.go_on(1, 1..=4);
    assert_eq!(league.draft.state(), State::Closed);
    assert_eq!(league.ask(CLOSES, None, Command::Complete), Ok(()));
    assert_eq!(league.draft.state(), State::Complete);
    let lines = league.log.len();
    assert_eq!(league.ask(CLOSES + 1, None, Command::Complete), Ok(()));
    assert_eq!(league.log.len(), lines);
}

#[test]
fn the_clock_is_armed_again_after_every_pick_and_the_first() {
    let mut league = Example::with_clock(3, Method::Snake, 10);
    league.look(0);
    assert_eq!(league.draft.expires_at(), Some(minute(10)));
    for (at, driver) in (1..).zip(1..=5) {
        league.go_on(at, [driver]);
        assert_eq!(league.draft.expires_at(), Some(minute(at + 10)));
    }
    league.go_on(6, [6]);
    assert_eq!(league.draft.expires_at(), None);
}

#[test]
fn what_remains_is_told_for_any_moment() {
    let mut league = Example::with_clock(2, Method::Snake, 10);
    league.look(0);
    let remaining = |league: &Example, at| league.draft.remaining(minute(at));
    assert_eq!(remaining(&league, 4), Some(TimeDelta::minutes(6)));
    assert_eq!(remaining(&league, 40), Some(TimeDelta::zero()));
    league.command(4, Command::Pause).unwrap();
    assert_eq!(remaining(&league, 5), None);
    league.command(30, Command::Resume).unwrap();
    assert_eq!(remaining(&league, 30), Some(TimeDelta::minutes(10)));
}

#[test]
fn undo_reaches_back_across_the_turn_of_the_snake() {
    let mut league = Example::new(3, Method::Snake);
    league.go_on(1, 1..=5);
    assert_eq!(league.draft.on_the_clock(), Some(TeamId(1)));
    league.command(9, Command::Undo { pick: 1 }).unwrap();
    assert_eq!(league.draft.on_the_clock(), Some(TeamId(2)));
    let last = league.log.last().unwrap();
    assert_eq!(last.action, Action::Undone { to_pick: 1 });
    assert_eq!((last.by, last.at), (Some(COMMISSIONER), minute(9)));
    league.go_on(10, [2, 13, 14, 5, 6]);
    let picked: Vec<_> = league.picked();
    let expected = [(1, 1), (2, 2), (3, 13), (3, 14), (2, 5), (1, 6)];
    assert_eq!(
        picked,
        expected.map(|(team, driver)| (team, Some(driver))).to_vec()
    );
}

#[test]
fn a_pick_sent_again_is_the_earlier_pick() {
    let mut league = Example::new(2, Method::Snake);
    let member = Some(UserId::numbered(1));
    assert_eq!(league.ask(1, member, with_key(7, "a")), Ok(()));
    let before = league.clone();
    assert_eq!(league.ask(2, member, with_key(7, "a")), Ok(()));
    assert_eq!(league, before);
    let pick = league.draft.pick_with_key(TeamId(1), "a").unwrap();
    assert_eq!((pick.number, pick.driver), (0, Some(DriverId(7))));
    // The keys of others are their own.
    let other = league.ask(3, Some(UserId::numbered(2)), with_key(8, "a"));
    assert_eq!(other, Ok(()));
    let reused = league.ask(4, member, with_key(9, "a"));
    assert_eq!(reused, Err(Refusal::KeyReused));
    // However late it arrives.
    assert_eq!(league.ask(CLOSES + 5, member, with_key(7, "a")), Ok(()));
}

#[test]
fn a_pick_that_was_undone_does_not_come_back_by_its_key() {
    let mut league = Example::new(2, Method::Snake);
    let member = Some(UserId::numbered(1));
    league.ask(1, member, with_key(7, "a")).unwrap();
    league.command(2, Command::Undo { pick: 0 }).unwrap();
    let late = league.ask(3, member, with_key(7, "a"));
    assert_eq!(late, Err(Refusal::PickUndone));
    assert_eq!(league.ask(4, member, with_key(7, "b")), Ok(()));
}

#[test]
fn nothing_is_decided_before_what_is_due_is_written() {
    let mut league = Example::with_clock(2, Method::Snake, 10);
    league.look(0);
    let late = |league: &Example, at| {
        let (draft, situation) = (&league.draft, &league.situation);
        decide(
            draft,
            situation,
            Some(UserId::numbered(1)),
            with_key(7, "a"),
            at,
        )
    };
    let just_in_time = minute(10) - TimeDelta::milliseconds(1);
    assert_eq!(late(&league, just_in_time).unwrap().len(), 1);
    assert_eq!(late(&league, minute(10)), Err(Refusal::DraftBehind));
    league.look(10);
    assert_eq!(late(&league, minute(10)), Err(Refusal::NotYourTurn));
}

#[test]
fn a_draft_of_a_cancelled_race_stands_still() {
    let mut league = Example::with_clock(2, Method::Snake, 10);
    league.go_on(1, [1]);
    league.situation.cancelled = true;
    let before = league.clone();
    league.look(CLOSES);
    let refused = league.ask(CLOSES, None, Command::Complete);
    assert_eq!(refused, Err(Refusal::RaceCancelled));
    assert_eq!(league, before);
}

#[test]
fn who_joins_before_the_opening_takes_part_and_who_left_does_not() {
    let mut league = Example::new(3, Method::Snake);
    let by_hand = [3, 2, 1].map(TeamId).to_vec();
    let command = Command::SetOrder { order: by_hand };
    league.command(-60, command).unwrap();
    league.situation.members = [1, 3, 4].map(|team| member(TeamId(team))).to_vec();
    league.look(0);
    assert_eq!(league.draft.order(), [3, 1, 4].map(TeamId));
    // Later changes are for the next race.
    league.situation.members.push(member(TeamId(5)));
    league.look(1);
    assert_eq!(league.draft.order(), [3, 1, 4].map(TeamId));
    assert_eq!(league.pick(1, TeamId(5), 1), Err(Refusal::NotYourTurn));
}

#[test]
fn a_replacement_says_of_whom_and_when_and_why() {
    let mut league = Example::new(2, Method::Snake);
    league.go_on(1, [7]);
    let substitute = Command::Substitute {
        pick: 0,
        replacement: None,
        note: "ill".to_owned(),
    };
    league.ask(5, None, substitute).unwrap();
    let pick = &league.draft.picks()[0];
    assert_eq!((pick.drafted, pick.driver), (Some(DriverId(7)), None));
    let substitution = pick.substitution.as_ref().unwrap();
    assert_eq!(substitution.replaced, Some(DriverId(7)));
    assert_eq!(substitution.at, minute(5));
    assert_eq!(substitution.note, "ill");
}

#[test]
fn who_leaves_twice_has_left_once() {
    let mut league = Example::new(3, Method::Snake);
    let leave = || Command::Leave { team: TeamId(2) };
    league.ask(1, None, leave()).unwrap();
    let before = league.clone();
    league.ask(2, None, leave()).unwrap();
    assert_eq!(league, before);
}

#[test]
fn entries_are_dated_in_order_although_clocks_differ() {
    let mut league = Example::new(2, Method::Snake);
    league.go_on(5, [1]);
    let by = Some(UserId::numbered(2));
    let (draft, situation) = (&league.draft, &league.situation);
    let slow = decide(draft, situation, by, with_key(2, "a"), minute(4)).unwrap();
    assert_eq!(slow[0].at, minute(5));
}

#[test]
fn a_window_that_moves_back_closes_the_draft_at_once() {
    let mut league = Example::new(2, Method::Snake);
    league.go_on(50, [1]);
    league.situation.window.closes_at = minute(40);
    let entries = due(&league.draft, &league.situation, minute(60));
    assert!(entries.iter().all(|entry| entry.at == minute(50)));
    league.write(entries);
    assert_eq!(league.draft.state(), State::Closed);
}

#[test]
fn the_commissioner_opens_a_draft_once_it_is_time() {
    let mut league = Example::new(3, Method::Sequential);
    league.situation.window.earliest = minute(-10);
    let refused = league.command(-11, Command::Open);
    assert_eq!(refused, Err(Refusal::TooEarly));
    let refused = league.ask(-5, Some(UserId::numbered(1)), Command::Open);
    assert_eq!(refused, Err(Refusal::NotCommissioner));
    // Who has joined since the order was made comes last.
    league.situation.members.push(member(TeamId(9)));
    league.command(-5, Command::Open).unwrap();
    assert_eq!(league.draft.state(), State::Open);
    assert_eq!(league.draft.order().last(), Some(&TeamId(9)));
    let refused = league.command(-4, Command::Open);
    assert_eq!(refused, Err(Refusal::DraftHasOpened));
    league.look(0);
    assert_eq!(league.log.len(), 1, "it does not open again by itself");
}
