//! A season being put together from the rows of its resources. A race with anything wrong in any
//! of its rows is refused whole; what belongs to no race is a warning.

use std::collections::{BTreeMap, HashMap};

use chrono::{NaiveDate, TimeDelta};
use domain::import::{
    classification::rank_fastest_laps,
    record::{
        Catalogue, CircuitRecord, ConstructorRecord, DriverRecord, QualifyingRecord, RaceRecord,
        ResultRecord, SeasonRecord, SessionKind, SessionRecord, StandingRecord,
    },
    source::{Problem, Refused},
};

use super::{
    fields::Fields,
    pages::{Resource, Row, Whole},
    records::{
        MOST_ROUNDS, circuit, classified, constructor, driver, qualified, standing,
        tell_retired_from_finished,
    },
};

/// Problems kept for one race; the rest is counted.
pub(super) const PROBLEMS_KEPT: usize = 20;

/// From this season on every classified car that is not `Lapped` is said to have `Finished`, those
/// too that stopped after 90 % of the distance.
const FEW_STATUSES_SINCE: i32 = 2023;

/// A weekend begins at most so long before its race: qualifying results may come from then on.
const WEEKEND: TimeDelta = TimeDelta::days(4);

/// Sessions of a weekend, as the service names them.
const SESSIONS: [(&str, SessionKind); 7] = [
    ("FirstPractice", SessionKind::Practice1),
    ("SecondPractice", SessionKind::Practice2),
    ("ThirdPractice", SessionKind::Practice3),
    ("Qualifying", SessionKind::Qualifying),
    ("Sprint", SessionKind::Sprint),
    // 2023 only.
    ("SprintShootout", SessionKind::SprintQualifying),
    ("SprintQualifying", SessionKind::SprintQualifying),
];

/// A race and what is wrong with it.
#[derive(Debug, Default)]
struct Draft {
    record: RaceRecord,
    problems: Vec<Problem>,
    more_problems: usize,
}

impl Draft {
    fn refuse(&mut self, problems: impl IntoIterator<Item = Problem>) {
        for problem in problems {
            if self.problems.len() < PROBLEMS_KEPT {
                self.problems.push(problem);
            } else {
                self.more_problems += 1;
            }
        }
    }
}

/// A season as far as it has been read.
#[derive(Debug, Default)]
pub(super) struct Season {
    year: i32,
    drafts: BTreeMap<i32, Draft>,
    circuits: HashMap<String, CircuitRecord>,
    drivers: HashMap<String, DriverRecord>,
    constructors: HashMap<String, ConstructorRecord>,
    pub(super) warnings: Vec<Problem>,
}

impl Season {
    pub(super) fn new(year: i32) -> Self {
        Self {
            year,
            ..Self::default()
        }
    }

    /// Number of races.
    pub(super) fn len(&self) -> usize {
        self.drafts.len()
    }

    /// Whether a race of the season may have been run by this day.
    pub(super) fn has_begun(&self, today: NaiveDate) -> bool {
        self.races().any(|race| race.date <= today)
    }

    /// Whether there may have been a qualifying by this day.
    pub(super) fn has_qualified(&self, today: NaiveDate) -> bool {
        self.races().any(|race| race.date - WEEKEND <= today)
    }

    /// Whether there may have been a sprint by this day.
    pub(super) fn has_sprinted(&self, today: NaiveDate) -> bool {
        let sprint =
            |session: &SessionRecord| session.kind == SessionKind::Sprint && session.date <= today;
        self.races().any(|race| race.sessions.iter().any(sprint))
    }

    /// Whether any race has a classification.
    pub(super) fn has_results(&self) -> bool {
        self.races().any(|race| !race.results.is_empty())
    }

    fn races(&self) -> impl Iterator<Item = &RaceRecord> {
        self.drafts.values().map(|draft| &draft.record)
    }

    /// Everybody and every place that was named.
    pub(super) fn catalogue(&self) -> Catalogue {
        fn sorted<T: Clone>(named: &HashMap<String, T>) -> Vec<T> {
            let by_name: BTreeMap<_, _> = named.iter().collect();
            by_name.into_values().cloned().collect()
        }
        Catalogue {
            circuits: sorted(&self.circuits),
            drivers: sorted(&self.drivers),
            constructors: sorted(&self.constructors),
            seasons: vec![SeasonRecord {
                year: self.year,
                wikipedia_url: None,
            }],
        }
    }

    /// Takes the next race out, whole or refused.
    pub(super) fn next(&mut self) -> Option<Result<RaceRecord, Refused>> {
        let (_, draft) = self.drafts.pop_first()?;
        let Draft {
            record,
            mut problems,
            more_problems,
        } = draft;
        if problems.is_empty() {
            return Some(Ok(record));
        }
        if more_problems > 0
            && let Some(last) = problems.last_mut()
        {
            last.message = format!("{} (and {more_problems} more problems)", last.message);
        }
        Some(Err(Refused {
            season: record.season,
            round: record.round,
            name: record.name,
            problems,
        }))
    }

    /// Lays the rows of a resource on the races that they belong to.
    pub(super) fn take(&mut self, resource: Resource, path: &str, whole: &Whole, today: NaiveDate) {
        if let Some(odd) = &whole.odd {
            self.doubt(path, resource, odd.rounds.as_ref(), &odd.why, today);
        }
        for row in &whole.rows {
            match resource {
                Resource::Races => self.race(path, row),
                Resource::Drivers | Resource::Constructors => self.named(resource, path, row),
                _ => self.row(resource, path, row),
            }
        }
        if matches!(resource, Resource::Results) {
            for draft in self.drafts.values_mut() {
                rank_fastest_laps(&mut draft.record.results);
                let order = |row: &ResultRecord| row.position_order;
                draft.record.results.sort_by_key(order);
                if self.year >= FEW_STATUSES_SINCE {
                    tell_retired_from_finished(&mut draft.record.results);
                }
            }
        }
        if matches!(resource, Resource::Sprint) {
            for draft in self.drafts.values_mut() {
                rank_fastest_laps(&mut draft.record.sprint);
            }
        }
        if matches!(resource, Resource::Qualifying) {
            for draft in self.drafts.values_mut() {
                // Pages are cut by best time, and a race that was cut is sorted in two parts.
                let order = |row: &QualifyingRecord| row.position.unwrap_or(i32::MAX);
                draft.record.qualifying.sort_by_key(order);
            }
        }
    }

    /// Refuses the races that a resource which does not stand still may tell of.
    fn doubt(
        &mut self,
        path: &str,
        resource: Resource,
        rounds: Option<&std::collections::BTreeSet<i32>>,
        why: &str,
        today: NaiveDate,
    ) {
        let problem = Problem {
            file: path.to_owned(),
            line: 1,
            column: String::new(),
            message: format!("its pages do not fit together, however often it is read: {why}"),
        };
        // A championship without its published standings is still whole.
        let standings = matches!(
            resource,
            Resource::DriverStandings | Resource::ConstructorStandings
        );
        if standings {
            self.warnings.push(problem);
            return;
        }
        for (round, draft) in &mut self.drafts {
            let told_of = match rounds {
                Some(rounds) => rounds.contains(round),
                None => draft.record.date - WEEKEND <= today,
            };
            if told_of {
                draft.refuse([problem.clone()]);
            }
        }
    }

    /// A race of the calendar.
    fn race(&mut self, path: &str, row: &Row) {
        let mut fields = Fields::new(path, row);
        let circuit = circuit(&mut fields);
        let date = fields.date("/date");
        let mut record = RaceRecord {
            season: self.season_of(&mut fields),
            round: fields.whole("/round", MOST_ROUNDS),
            name: fields.text("/raceName"),
            circuit: circuit.reference.clone(),
            date,
            starts_at: fields.start_or_none(date, "/time"),
            wikipedia_url: fields.text_or_none("/url"),
            ..RaceRecord::default()
        };
        for (name, kind) in SESSIONS {
            if let Some(date) = fields.date_or_none(&format!("/{name}/date")) {
                record.sessions.push(SessionRecord {
                    kind,
                    date,
                    starts_at: fields.start_or_none(date, &format!("/{name}/time")),
                });
            }
        }
        let problems = fields.problems();
        if problems.is_empty() {
            let reference = circuit.reference.clone();
            self.circuits.entry(reference).or_insert(circuit);
        }
        let draft = self.drafts.entry(record.round).or_default();
        draft.record = record;
        draft.refuse(problems);
    }

    fn season_of(&self, fields: &mut Fields<'_>) -> i32 {
        let what = self.year.to_string();
        fields.required("/season", &what, |text| {
            (*text == what).then_some(self.year)
        })
    }

    /// A driver or constructor of the season's list.
    fn named(&mut self, resource: Resource, path: &str, row: &Row) {
        let mut fields = Fields::new(path, row);
        let driver = (resource == Resource::Drivers).then(|| driver(&mut fields, ""));
        let team = (resource == Resource::Constructors).then(|| constructor(&mut fields, ""));
        self.introduce(fields.problems(), driver, team, None);
    }

    /// Takes note of who was named, or of what was wrong: with the race, if there is one.
    fn introduce(
        &mut self,
        problems: Vec<Problem>,
        driver: Option<DriverRecord>,
        constructor: Option<ConstructorRecord>,
        round: Option<i32>,
    ) -> bool {
        if !problems.is_empty() {
            match round.and_then(|round| self.drafts.get_mut(&round)) {
                Some(draft) => draft.refuse(problems),
                None => self.warnings.extend(problems),
            }
            return false;
        }
        if let Some(driver) = driver {
            let reference = driver.reference.clone();
            self.drivers.entry(reference).or_insert(driver);
        }
        if let Some(constructor) = constructor {
            let reference = constructor.reference.clone();
            self.constructors.entry(reference).or_insert(constructor);
        }
        true
    }

    /// A row that belongs to a race.
    fn row(&mut self, resource: Resource, path: &str, row: &Row) {
        let mut fields = Fields::new(path, row);
        if row.season != self.year || !self.drafts.contains_key(&row.round) {
            let found = format!("{} round {}", row.season, row.round);
            let message = format!("expected a race of {}, found {found}", self.year);
            fields.problem("round", message);
            self.warnings.extend(fields.problems());
            return;
        }
        let with_driver = resource != Resource::ConstructorStandings;
        let with_team = resource != Resource::DriverStandings;
        let driver = with_driver.then(|| driver(&mut fields, "/Driver"));
        let team = with_team.then(|| constructor(&mut fields, "/Constructor"));
        let who = |driver: &Option<DriverRecord>| {
            let driver = driver.as_ref();
            driver.map_or_else(String::new, |driver| driver.reference.clone())
        };
        let part = match resource {
            Resource::Results | Resource::Sprint => {
                let mut record = classified(&mut fields);
                record.driver = who(&driver);
                record.constructor = team_of(team.as_ref());
                Part::Classified(record)
            }
            Resource::Qualifying => {
                let mut record = qualified(&mut fields);
                record.driver = who(&driver);
                record.constructor = team_of(team.as_ref());
                Part::Qualified(record)
            }
            _ => {
                let mut record = standing(&mut fields);
                record.who = driver
                    .as_ref()
                    .map_or_else(|| team_of(team.as_ref()), |driver| driver.reference.clone());
                Part::Standing(record)
            }
        };
        if !self.introduce(fields.problems(), driver, team, Some(row.round)) {
            return;
        }
        let Some(draft) = self.drafts.get_mut(&row.round) else {
            return;
        };
        let record = &mut draft.record;
        match part {
            Part::Classified(row) if resource == Resource::Sprint => record.sprint.push(row),
            Part::Classified(row) => record.results.push(row),
            Part::Qualified(row) => record.qualifying.push(row),
            Part::Standing(row) if resource == Resource::DriverStandings => {
                record.driver_standings.push(row);
            }
            Part::Standing(row) => record.constructor_standings.push(row),
        }
    }
}

/// What a row says of a race.
enum Part {
    Classified(ResultRecord),
    Qualified(QualifyingRecord),
    Standing(StandingRecord),
}

fn team_of(constructor: Option<&ConstructorRecord>) -> String {
    constructor.map_or_else(String::new, |constructor| constructor.reference.clone())
}

#[cfg(test)]
mod tests;
