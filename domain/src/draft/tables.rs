//! Runs the tables: the courses of drafts and the seasons of leagues.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use rand::SeedableRng;
use rand_pcg::Pcg32;

use super::{
    Command, DriverId, Method, Pick, Refusal, Setup, State, TeamId, Unfilled, UserId,
    example::{COMMISSIONER, Example, minute, setup},
    order::{self, Previous},
};

const STRANGER: UserId = UserId::numbered(101);

/// The lines of a table that say something, without what is said about them.
fn lines(table: &str) -> impl Iterator<Item = (&str, Vec<&str>)> {
    let lines = table.lines().filter(|line| !line.starts_with('#'));
    let words = lines.map(|line| (line, line.split_whitespace().collect::<Vec<_>>()));
    words.filter(|(_, words)| !words.is_empty())
}

/// Team 1 is A.
fn team(letter: &str) -> TeamId {
    let &[letter @ b'A'..=b'L'] = letter.as_bytes() else {
        panic!("no team: {letter}");
    };
    TeamId(i32::from(letter - b'A') + 1)
}

fn letter(team: TeamId) -> char {
    char::from(b'A' + u8::try_from(team.0 - 1).unwrap())
}

fn teams(letters: &[&str]) -> Vec<TeamId> {
    letters.iter().copied().map(team).collect()
}

fn driver(number: &str) -> DriverId {
    DriverId(number.parse().unwrap())
}

fn drivers(numbers: &[&str]) -> Vec<DriverId> {
    numbers.iter().copied().map(driver).collect()
}

fn method(word: &str) -> Method {
    match word {
        "sequential" => Method::Sequential,
        "snake" => Method::Snake,
        other => panic!("no method: {other}"),
    }
}

/// Minutes of `h:mm`.
fn minutes(text: &str) -> i64 {
    let (sign, text) = text.strip_prefix('-').map_or((1, text), |text| (-1, text));
    let (hours, minutes) = text.split_once(':').unwrap();
    sign * (hours.parse::<i64>().unwrap() * 60 + minutes.parse::<i64>().unwrap())
}

/// What a line of a course wants, and of whom.
fn command(words: &[&str]) -> (Option<UserId>, Command) {
    let by = match words[0] {
        "commissioner" => Some(COMMISSIONER),
        "stranger" => Some(STRANGER),
        "server" => None,
        letter => Some(UserId::numbered(team(letter).0)),
    };
    let number = |word: &str| word.parse::<usize>().unwrap();
    let command = match &words[1..] {
        ["picks", pick, "for", whom] => pick_for(whom, pick, None),
        ["picks", pick, "for", whom, "key", key] => pick_for(whom, pick, Some(key)),
        ["picks", pick] => Command::Pick {
            driver: driver(pick),
            key: None,
        },
        ["picks", pick, "key", key] => Command::Pick {
            driver: driver(pick),
            key: Some((*key).to_owned()),
        },
        ["pauses"] => Command::Pause,
        ["resumes"] => Command::Resume,
        ["undoes", pick] => Command::Undo { pick: number(pick) },
        ["resets"] => Command::Reset,
        ["sets", order @ ..] => Command::SetOrder {
            order: teams(order),
        },
        ["replaces", pick, "by", replacement] => Command::Substitute {
            pick: number(pick),
            replacement: (*replacement != "nobody").then(|| driver(replacement)),
            note: "ill".to_owned(),
        },
        ["scores"] => Command::Complete,
        other => panic!("no command: {other:?}"),
    };
    (by, command)
}

fn pick_for(whom: &str, pick: &str, key: Option<&str>) -> Command {
    Command::PickFor {
        team: team(whom),
        driver: driver(pick),
        key: key.map(str::to_owned),
    }
}

/// Whose turn it is, and until when, or the state of a draft.
fn summary(league: &Example) -> String {
    let draft = &league.draft;
    match draft.state() {
        State::Upcoming => "UPCOMING".to_owned(),
        State::Open => {
            let turn = letter(draft.on_the_clock().unwrap());
            let until = draft.expires_at().map(|at| (at - minute(0)).num_minutes());
            let until = until.map(|until| format!(" until {}:{:02}", until / 60, until % 60));
            format!("{turn}{}", until.unwrap_or_default())
        }
        State::Paused => "PAUSED".to_owned(),
        State::Closed => "CLOSED".to_owned(),
        State::Complete => "COMPLETE".to_owned(),
    }
}

/// A pick as tables write it.
fn written(pick: &Pick) -> String {
    let name = |driver: Option<DriverId>| driver.map_or("-".to_owned(), |id| id.0.to_string());
    let replaced = pick.substitution.as_ref().map(|_| name(pick.driver));
    format!(
        "{}={}{}{}",
        letter(pick.team),
        name(pick.drafted),
        if pick.automatic.is_some() { "*" } else { "" },
        replaced.map_or(String::new(), |driver| format!(">{driver}")),
    )
}

fn set(setup: &mut Setup, words: &[&str]) {
    match words {
        ["teams", letters @ ..] => setup.order = teams(letters),
        ["method", word] => setup.method = method(word),
        ["clock", minutes] => {
            setup.pick_clock = Some(TimeDelta::minutes(minutes.parse().unwrap()));
        }
        ["unfilled", "left_empty"] => setup.unfilled = Unfilled::LeftEmpty,
        other => panic!("no setting: {other:?}"),
    }
}

/// How things stand; whether that is what a line is about.
fn stands(league: &mut Example, words: &[&str]) -> bool {
    let situation = &mut league.situation;
    match words {
        ["drivers", count] => {
            situation.entry_list = (1..=count.parse().unwrap()).map(DriverId).collect();
        }
        ["closes", at] => situation.window.closes_at = minute(minutes(at)),
        ["queue", whom, numbers @ ..] => {
            situation.queues.insert(team(whom), drivers(numbers));
        }
        ["ranking", numbers @ ..] => situation.ranking = drivers(numbers),
        ["enters", number] => {
            situation.entry_list.insert(driver(number));
        }
        ["withdraws", number] => {
            situation.entry_list.remove(&driver(number));
        }
        _ => return false,
    }
    true
}

/// One line of a course: what is wanted, and what comes of it.
fn step(league: &mut Example, at: i64, words: &[&str]) -> String {
    let outcome: Result<(), Refusal> = match words {
        ["look"] => {
            league.look(at);
            Ok(())
        }
        [whom, "leaves"] => {
            let gone = team(whom);
            league.look(at);
            let members = &mut league.situation.members;
            members.retain(|member| member.team != gone);
            league.ask(at, None, Command::Leave { team: gone })
        }
        words => {
            let (by, command) = command(words);
            league.ask(at, by, command)
        }
    };
    outcome.map_or_else(|refused| refused.reason().to_owned(), |()| summary(league))
}

#[test]
fn drafts_go_as_the_table_says() {
    let mut league = Example::new(0, Method::Sequential);
    let mut courses = 0;
    for (line, words) in lines(include_str!("tables/drafts.txt")) {
        match words.as_slice() {
            ["draft", ..] => {
                league = Example::new(0, Method::Sequential);
                courses += 1;
            }
            ["picks", expected @ ..] => {
                let picks: Vec<String> = league.draft.picks().iter().map(written).collect();
                assert_eq!(picks, expected, "{line}");
            }
            [time, words @ ..] if time.contains(':') => {
                let at = minutes(time);
                let arrow = words.iter().position(|word| *word == "->");
                let (words, expected) = words.split_at(arrow.unwrap_or(words.len()));
                if expected.is_empty() {
                    league.look(at);
                    assert!(stands(&mut league, words), "{line}");
                } else {
                    let outcome = step(&mut league, at, words);
                    assert_eq!(outcome, expected[1..].join(" "), "{line}");
                }
            }
            words if stands(&mut league, words) => {}
            words => {
                let mut setup = league.draft.setup().clone();
                set(&mut setup, words);
                let situation = league.situation;
                league = Example::with(setup);
                league.situation = super::Situation {
                    members: league.situation.members,
                    ..situation
                };
            }
        }
    }
    assert!(courses > 15);
}

/// A league in its season.
struct Season {
    method: Method,
    teams: Vec<TeamId>,
    by_hand: Option<Vec<TeamId>>,
    previous: Option<(Vec<TeamId>, bool)>,
}

impl Season {
    fn next_order(&mut self) -> Vec<TeamId> {
        let previous = self.previous.as_ref();
        let previous = previous.map(|(order, cancelled)| Previous {
            order,
            cancelled: *cancelled,
        });
        let order = match previous {
            Some(previous) => order::after(previous, &self.teams),
            None => order::drawn(&self.teams, &mut Pcg32::seed_from_u64(1)),
        };
        match self.by_hand.take() {
            Some(by_hand) => {
                order::check(&by_hand, &order).unwrap();
                by_hand
            }
            None => order,
        }
    }

    /// Drafts for a race, everybody when it is their turn; whose turns they were.
    fn draft(&self, order: &[TeamId]) -> Vec<TeamId> {
        let mut league = Example::with(setup(order.to_vec(), self.method));
        let mut turns = Vec::new();
        league.look(0);
        while let Some(turn) = league.draft.on_the_clock() {
            let at = i64::try_from(turns.len()).unwrap();
            let driver = 22 - i32::try_from(turns.len()).unwrap();
            for other in self.teams.iter().filter(|team| **team != turn) {
                let refused = league.pick(at, *other, driver);
                assert_eq!(refused, Err(Refusal::NotYourTurn));
            }
            league.pick(at, turn, driver).unwrap();
            turns.push(turn);
        }
        for team in &self.teams {
            assert_eq!(league.draft.drivers(*team).count(), order::ROUNDS);
        }
        let drafted: BTreeSet<_> = self
            .teams
            .iter()
            .flat_map(|team| league.draft.drivers(*team))
            .collect();
        assert_eq!(drafted.len(), turns.len());
        assert_eq!(league.ask(10_000, None, Command::Complete), Ok(()));
        turns
    }
}

#[test]
fn seasons_go_as_the_table_says() {
    let mut seasons = Vec::new();
    let mut sizes = BTreeSet::new();
    for (line, words) in lines(include_str!("tables/seasons.txt")) {
        let season = match words.as_slice() {
            ["season", ..] => {
                seasons.push(Season {
                    method: Method::Sequential,
                    teams: Vec::new(),
                    by_hand: None,
                    previous: None,
                });
                continue;
            }
            _ => seasons.last_mut().unwrap(),
        };
        match words.as_slice() {
            ["method", word] => season.method = method(word),
            ["joins", letters @ ..] => season.teams.extend(teams(letters)),
            ["leaves", letters @ ..] => {
                let gone = teams(letters);
                season.teams.retain(|team| !gone.contains(team));
            }
            ["sets", letters @ ..] => season.by_hand = Some(teams(letters)),
            ["cancelled", expected @ ..] => {
                let order = season.next_order();
                assert_eq!(order, teams(expected), "{line}");
                season.previous = Some((order, true));
            }
            ["race", words @ ..] => {
                let bar = words.iter().position(|word| *word == "|").unwrap();
                let order = season.next_order();
                assert_eq!(order, teams(&words[..bar]), "{line}");
                assert_eq!(season.draft(&order), teams(&words[bar + 1..]), "{line}");
                sizes.insert((season.method as usize, order.len()));
                season.previous = Some((order, false));
            }
            other => panic!("no event: {other:?}"),
        }
    }
    // Two to eleven teams, both methods.
    assert_eq!(sizes.len(), 20);
}
