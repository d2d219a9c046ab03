use sea_orm::ActiveEnum;

use super::*;
use crate::draft::{
    Command, Method,
    example::{CLOSES, Example, member, minute},
};

fn number(word: &str) -> i32 {
    word.parse().unwrap()
}

fn index(word: &str) -> usize {
    word.parse().unwrap()
}

fn command(words: &[&str]) -> Command {
    match words {
        ["pause"] => Command::Pause,
        ["resume"] => Command::Resume,
        ["reset"] => Command::Reset,
        ["undo", pick] => Command::Undo { pick: index(pick) },
        ["order", teams @ ..] => Command::SetOrder {
            order: teams.iter().map(|team| TeamId(number(team))).collect(),
        },
        ["substitute", pick, driver] => Command::Substitute {
            pick: index(pick),
            replacement: Some(DriverId(number(driver))),
            note: String::new(),
        },
        ["nobody", pick] => Command::Substitute {
            pick: index(pick),
            replacement: None,
            note: String::new(),
        },
        ["leave", team] => Command::Leave {
            team: TeamId(number(team)),
        },
        other => panic!("no command: {other:?}"),
    }
}

/// What is told when something happens to a draft.
fn told(example: &mut Example, happen: impl FnOnce(&mut Example)) -> Vec<Word> {
    let (before, known) = (example.draft.clone(), example.log.len());
    happen(example);
    let (entries, members) = (&example.log[known..], &example.situation.members);
    of_draft(&before, entries, &example.draft, members)
}

/// As in the table, those who are told the same together.
fn written(words: &[Word]) -> String {
    let mut text = String::new();
    let mut latest = None;
    for word in words {
        if latest != Some(word.kind) {
            let between = if latest.is_some() { " ; " } else { "" };
            text.push_str(between);
            text.push_str(&word.kind.to_value());
            latest = Some(word.kind);
        }
        text.push(' ');
        text.push_str(&word.to.team.0.to_string());
    }
    text
}

#[test]
fn members_are_told_what_the_table_says() {
    let mut example = None;
    let mut rows = 0;
    let lines = include_str!("words.txt").lines();
    for line in lines.filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if let Some(begin) = line.strip_prefix("= ") {
            let words: Vec<_> = begin.split(' ').collect();
            let method = match words[0] {
                "snake" => Method::Snake,
                _ => Method::Sequential,
            };
            let (teams, clock) = (number(words[1]), i64::from(number(words[2])));
            example = Some(match clock {
                0 => Example::new(teams, method),
                minutes => Example::with_clock(teams, method, minutes),
            });
            continue;
        }
        let example = example.as_mut().unwrap();
        let at = i64::from(number(line[..5].trim()));
        let (what, expected) = line[5..].split_at_checked(17).unwrap_or((&line[5..], ""));
        let what: Vec<_> = what.split_whitespace().collect();
        let found = told(example, |example| match what[..] {
            ["clock"] => example.look(at),
            ["pick", team, driver] => example
                .pick(at, TeamId(number(team)), number(driver))
                .unwrap(),
            _ => example.command(at, command(&what)).unwrap(),
        });
        assert_eq!(written(&found), expected.trim(), "{line}");
        rows += 1;
    }
    assert!(rows > 30);
}

#[test]
fn who_changes_the_order_is_not_told_that_it_has_changed() {
    let mut example = Example::new(3, Method::Sequential);
    let first = member(TeamId(1));
    example.situation.commissioner = first.user;
    let order = vec![TeamId(3), TeamId(2), TeamId(1)];
    let found = told(&mut example, |example| {
        let order = Command::SetOrder { order };
        example.ask(-5, Some(first.user), order).unwrap();
    });
    assert_eq!(written(&found), "order_changed 2 3");
}

#[test]
fn a_substitution_names_who_goes_and_who_comes() {
    let mut example = Example::new(2, Method::Sequential);
    example.go_on(0, [1, 2]);
    for (replacement, replaced) in [(Some(9), Some(1)), (None, Some(9)), (Some(4), None)] {
        let found = told(&mut example, |example| {
            let substitute = Command::Substitute {
                pick: 0,
                replacement: replacement.map(DriverId),
                note: String::new(),
            };
            example.command(10, substitute).unwrap();
        });
        let swap = Swap {
            replaced: replaced.map(DriverId),
            replacement: replacement.map(DriverId),
        };
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].to.team, found[0].swap), (TeamId(1), Some(swap)));
    }
}

#[test]
fn who_is_not_in_the_league_any_more_is_told_nothing() {
    let mut example = Example::new(2, Method::Sequential);
    example.look(0);
    let found = told(&mut example, |example| {
        example.situation.members.retain(|one| one.team.0 == 1);
        example.pick(1, TeamId(1), 1).unwrap();
    });
    assert!(found.is_empty(), "{found:?}");
}

/// Minutes after the opening.
fn warned_at(example: &Example) -> Option<i64> {
    let at = warn_at(&example.draft, &example.situation.window)?;
    Some((at - minute(0)).num_minutes())
}

#[test]
fn a_turn_is_warned_of_its_end_ten_minutes_before() {
    for (clock, expected) in [(60, Some(50)), (11, Some(1)), (10, None), (5, None)] {
        let mut example = Example::with_clock(2, Method::Sequential, clock);
        assert_eq!(warned_at(&example), None);
        example.look(0);
        assert_eq!(warned_at(&example), expected, "{clock}");
    }
    // Without a clock a turn lasts until the draft closes; a long one does not outlast it.
    let mut example = Example::new(2, Method::Sequential);
    example.look(0);
    assert_eq!(warned_at(&example), Some(CLOSES - 10));
    let mut example = Example::with_clock(2, Method::Sequential, 2 * CLOSES);
    example.look(0);
    assert_eq!(warned_at(&example), Some(CLOSES - 10));
}

#[test]
fn a_turn_that_begins_near_the_end_is_not_warned_again() {
    let mut example = Example::new(2, Method::Sequential);
    example.look(0);
    example.pick(CLOSES - 11, TeamId(1), 1).unwrap();
    assert_eq!(warned_at(&example), Some(CLOSES - 10));
    example.pick(CLOSES - 9, TeamId(2), 2).unwrap();
    assert_eq!(warned_at(&example), None);
}

#[test]
fn nobody_is_warned_while_nobody_can_pick() {
    let mut example = Example::with_clock(2, Method::Sequential, 60);
    example.look(0);
    example.command(20, Command::Pause).unwrap();
    assert_eq!(warned_at(&example), None);
    example.command(30, Command::Resume).unwrap();
    assert_eq!(warned_at(&example), Some(80));
    example.look(CLOSES);
    assert_eq!(warned_at(&example), None);
}
