//! A league to try the rules on: teams 1, 2, 3 … of the users of the same numbers, and drivers 1
//! to 22, the best first. Times are minutes after the opening.

use chrono::{DateTime, TimeDelta, Utc};

use super::{
    Command, Draft, DriverId, Entry, Member, Method, Refusal, Setup, Situation, TeamId, Unfilled,
    UserId, Window, decide, due, order::ROUNDS,
};

pub const COMMISSIONER: UserId = UserId::numbered(100);

/// Minutes until the draft closes.
pub const CLOSES: i64 = 4 * 24 * 60;

#[derive(Debug, Clone, PartialEq)]
pub struct Example {
    pub situation: Situation,
    pub draft: Draft,
    pub log: Vec<Entry>,
}

pub fn minute(minute: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_716_206_400, 0).unwrap() + TimeDelta::minutes(minute)
}

pub fn setup(order: Vec<TeamId>, method: Method) -> Setup {
    Setup {
        method,
        rounds: ROUNDS,
        order,
        pick_clock: None,
        unfilled: Unfilled::Filled,
    }
}

impl Example {
    pub fn new(teams: i32, method: Method) -> Self {
        Self::with(setup((1..=teams).map(TeamId).collect(), method))
    }

    pub fn with_clock(teams: i32, method: Method, minutes: i64) -> Self {
        let mut setup = Self::new(teams, method).draft.setup().clone();
        setup.pick_clock = Some(TimeDelta::minutes(minutes));
        Self::with(setup)
    }

    pub fn with(setup: Setup) -> Self {
        let mut members: Vec<Member> = setup.order.iter().copied().map(member).collect();
        members.sort_by_key(|member| member.team);
        let situation = Situation {
            window: Window {
                earliest: minute(-60),
                opens_at: minute(0),
                closes_at: minute(CLOSES),
                estimated: false,
            },
            cancelled: false,
            commissioner: COMMISSIONER,
            members,
            entry_list: (1..=22).map(DriverId).collect(),
            queues: [].into(),
            ranking: (1..=22).map(DriverId).collect(),
        };
        Self {
            situation,
            draft: Draft::new(setup),
            log: Vec::new(),
        }
    }

    /// Writes what has come due.
    pub fn look(&mut self, at: i64) {
        let entries = due(&self.draft, &self.situation, minute(at));
        self.write(entries);
    }

    /// Writes what has come due, then what somebody wants.
    pub fn ask(&mut self, at: i64, by: Option<UserId>, command: Command) -> Result<(), Refusal> {
        self.look(at);
        let entries = decide(&self.draft, &self.situation, by, command, minute(at))?;
        self.write(entries);
        Ok(())
    }

    pub fn pick(&mut self, at: i64, team: TeamId, driver: i32) -> Result<(), Refusal> {
        let driver = DriverId(driver);
        let pick = Command::Pick { driver, key: None };
        self.ask(at, Some(UserId::numbered(team.0)), pick)
    }

    pub fn command(&mut self, at: i64, command: Command) -> Result<(), Refusal> {
        self.ask(at, Some(COMMISSIONER), command)
    }

    /// The team whose turn it is picks, one minute after the other.
    pub fn go_on(&mut self, from: i64, drivers: impl IntoIterator<Item = i32>) {
        for (at, driver) in (from..).zip(drivers) {
            self.look(at);
            let team = self.draft.on_the_clock().unwrap();
            self.pick(at, team, driver).unwrap();
        }
    }

    /// Teams and drivers of all picks.
    pub fn picked(&self) -> Vec<(i32, Option<i32>)> {
        let picks = self.draft.picks().iter();
        let seen = picks.map(|pick| (pick.team.0, pick.driver.map(|driver| driver.0)));
        seen.collect()
    }

    pub fn write(&mut self, entries: Vec<Entry>) {
        for entry in entries {
            self.draft.apply(&entry);
            self.log.push(entry);
        }
    }
}

pub fn member(team: TeamId) -> Member {
    Member {
        user: UserId::numbered(team.0),
        team,
    }
}
