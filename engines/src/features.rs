//! What the learned engines look at: one typed row of numbers for each entrant of a race, made in
//! one pass over history from earlier races alone.
//!
//! A [`Tracker`] takes in races in order and says at any moment what is known of the entrants of
//! the next. It does not know which numbers matter, nor how they are combined.

mod form;
mod pace;
mod record;
pub mod track;
mod weekend;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::elo::{Elo, EloModel};
use crate::history::{
    CircuitId, DriverId, Entrant, History, PastRace, PowerUnitId, RaceToForecast, Stage, TeamId,
};
use form::{Form, Kind, Standing, View};
use pace::Pace;
use record::Average;
use track::Tracks;
use weekend::{Sessions, Showing, best_of_team};

/// Counted up whenever the same history would give other rows or other chances to retire, so that
/// models and forecasts made with the old ones are known to be stale.
pub const REVISION: u32 = 5;

/// Seasons after which who was not seen is a newcomer again.
const REMEMBERED: i32 = 6;

/// A column of the rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// Snake-case name, as in contributions.
    pub name: &'static str,
    /// The first stage at which it can be known.
    pub from: Stage,
}

macro_rules! features {
    ($($(#[$doc:meta])* $name:ident: $stage:ident,)*) => {
        /// What is known of one entrant; `None` where nothing is.
        #[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
        pub struct Features {
            $($(#[$doc])* pub $name: Option<f64>,)*
        }

        /// The columns, in the order of [`Features::values`].
        pub const COLUMNS: &[Column] = &[
            $(Column { name: stringify!($name), from: Stage::$stage },)*
        ];

        impl Features {
            /// The numbers in the order of [`COLUMNS`].
            #[must_use]
            pub fn values(&self) -> Vec<Option<f64>> {
                let Self { $($name),* } = self;
                vec![$(*$name),*]
            }
        }
    };
}

features! {
    /// Finishing percentile of the driver over some two races, 1 for a win and 0 for last, among
    /// the cars that were classified.
    driver_finish_short: PreWeekend,
    /// The same over some fifteen races.
    driver_finish_long: PreWeekend,
    /// Mean finishing percentile of the team's cars over some two races.
    team_finish_short: PreWeekend,
    /// The same over some fifteen races.
    team_finish_long: PreWeekend,
    /// Driver's share of the race's points, square root, over some two races.
    driver_points_short: PreWeekend,
    /// The same over some fifteen races.
    driver_points_long: PreWeekend,
    /// Team's share of the race's points, square root, over some two races.
    team_points_short: PreWeekend,
    /// The same over some fifteen races.
    team_points_long: PreWeekend,
    /// Share of races won by the driver, over some two races.
    driver_wins_short: PreWeekend,
    /// The same over some fifteen races.
    driver_wins_long: PreWeekend,
    /// Share of races won by the team, over some two races.
    team_wins_short: PreWeekend,
    /// The same over some fifteen races.
    team_wins_long: PreWeekend,
    /// Driver's gap to the fastest in qualifying, %, over some two races.
    driver_qualifying_short: PreWeekend,
    /// The same over some fifteen races.
    driver_qualifying_long: PreWeekend,
    /// The team's better gap to the fastest in qualifying, %, over some two races.
    team_qualifying_short: PreWeekend,
    /// The same over some fifteen races.
    team_qualifying_long: PreWeekend,
    /// Driver's gap to the fastest lap of the race, %, over some two races finished.
    driver_pace_short: PreWeekend,
    /// The same over some fifteen races.
    driver_pace_long: PreWeekend,
    /// The team's better gap to the fastest lap of the race, %, over some two races.
    team_pace_short: PreWeekend,
    /// The same over some fifteen races.
    team_pace_long: PreWeekend,
    /// Cars ahead by how fast driver and team are by the clock, in practice and qualifying so far,
    /// this weekend's as far as they are known; natural logarithm of one more, a car that is level
    /// counts half.
    pace_rank: PreWeekend,
    /// How far behind the winner the driver was at the end, % of the race, over some twenty races
    /// finished.
    driver_behind: PreWeekend,
    /// The same of the team's better car, over some twenty races.
    team_behind: PreWeekend,
    /// Starting slot of the driver, natural logarithm, over some two races.
    driver_slot_short: PreWeekend,
    /// The same over some fifteen races.
    driver_slot_long: PreWeekend,
    /// Gap to the team mate in qualifying, %, over some twenty races; negative is faster.
    mate_qualifying: PreWeekend,
    /// Share of races finished ahead of the team mate, over some twenty races.
    mate_race: PreWeekend,
    /// Places gained from start to finish as a share of the field, over some fifteen races finished.
    driver_gained: PreWeekend,
    /// Elo rating of the driver, natural log scale.
    driver_elo: PreWeekend,
    /// Elo rating of the team, natural log scale.
    team_elo: PreWeekend,
    /// 1 for the cars of the team with the highest rating in the race, 0 for others.
    best_team: PreWeekend,
    /// Points of the season so far as a share of the leader's, from 0 to 1; before the second race
    /// of a season those of the last.
    championship: PreWeekend,
    /// The same for the team.
    team_championship: PreWeekend,
    /// How much better the driver is at this circuit than elsewhere, in finishing percentiles.
    driver_track: PreWeekend,
    /// The same for the team.
    team_track: PreWeekend,
    /// Chance not to be classified by the driver's own record, 0 to 1.
    driver_retirements: PreWeekend,
    /// The same by the team's record.
    team_retirements: PreWeekend,
    /// The same by the power unit's record.
    power_unit_retirements: PreWeekend,
    /// Starts of the driver so far, natural logarithm of one more.
    experience: PreWeekend,
    /// Share of the races here that the first car on the grid won, less the usual share.
    circuit_pole: PreWeekend,
    /// Part of the season that is over, 0 to 1 at 24 races.
    season_progress: PreWeekend,
    /// How much better the driver is in the wet, in finishing percentiles, times the share of wet
    /// laps that is expected.
    wet: PreWeekend,
    /// Gap to the best practice lap of the weekend, %.
    practice: PreQualifying,
    /// The team's better gap to the best practice lap of the weekend, %.
    team_practice: PreQualifying,
    /// Gap to the best lap of a practice session, %, mean over the sessions.
    practice_mean: PreQualifying,
    /// The least of that in the team.
    team_practice_mean: PreQualifying,
    /// Cars ahead by `practice_mean`, natural logarithm of one more; 0 is the fastest. Cars without
    /// it are last, a car that is level counts half.
    practice_rank: PreQualifying,
    /// The least of that in the team.
    team_practice_rank: PreQualifying,
    /// Starting slot, natural logarithm; 0 is pole.
    grid: PostQualifying,
    /// Starting slot as a share of the field; 0 is pole.
    grid_share: PostQualifying,
    /// Logarithm of the starting slot, times how much oftener than usual the first car on the grid
    /// wins here.
    grid_here: PostQualifying,
    /// Better starting slot of the team, natural logarithm.
    team_grid: PostQualifying,
    /// Gap to the fastest in this weekend's qualifying, %.
    qualifying: PostQualifying,
    /// The team's better gap to the fastest in this weekend's qualifying, %.
    team_qualifying: PostQualifying,
    /// Cars ahead by the gap to the fastest of each part of this weekend's qualifying, mean over
    /// the parts, counted as in `practice_rank`. Not known where qualifying had no parts, since it
    /// would say what `qualifying` says.
    qualifying_rank: PostQualifying,
    /// Place in this weekend's sprint, natural logarithm.
    sprint: PostQualifying,
}

/// Everything that is remembered of races that were run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Tracker {
    drivers: BTreeMap<DriverId, Form>,
    teams: BTreeMap<TeamId, Form>,
    power_units: BTreeMap<PowerUnitId, Average>,
    driver_standing: Standing<DriverId>,
    team_standing: Standing<TeamId>,
    /// How often the first car on the grid won, by circuit and everywhere.
    poles: BTreeMap<CircuitId, Average>,
    pole: Average,
    retirements: Average,
    tracks: Tracks,
    pace: Pace,
    elo: EloModel,
}

impl Default for Tracker {
    fn default() -> Self {
        Self {
            drivers: BTreeMap::new(),
            teams: BTreeMap::new(),
            power_units: BTreeMap::new(),
            driver_standing: Standing::default(),
            team_standing: Standing::default(),
            poles: BTreeMap::new(),
            pole: Average::new(100.0),
            retirements: Average::new(200.0),
            tracks: Tracks::default(),
            pace: Pace::default(),
            elo: Elo::default().train(&History::new(Vec::new())),
        }
    }
}

impl Tracker {
    /// A tracker that has taken in a history.
    #[must_use]
    pub fn of(history: &History) -> Self {
        let mut tracker = Self::default();
        for race in history.races() {
            tracker.observe(race);
        }
        tracker
    }

    /// How much better drivers and teams are at one circuit than elsewhere.
    #[must_use]
    pub fn tracks(&self) -> &Tracks {
        &self.tracks
    }

    /// Takes in the next race.
    pub fn observe(&mut self, race: &PastRace) {
        self.forget(race.season);
        let showings = Showing::of(race);
        let mut teams: BTreeMap<TeamId, Vec<&Showing<'_>>> = BTreeMap::new();
        for showing in &showings {
            teams.entry(showing.car.team).or_default().push(showing);
        }
        self.observe_track(race, &showings, &teams);
        for showing in &showings {
            let form = self.drivers.entry(showing.car.driver);
            let form = form.or_insert_with(|| Form::new(race.season));
            form.enter(race.season, Kind::Driver);
            form.observe(&[showing]);
            let mates = teams[&showing.car.team].iter();
            let mates = mates.filter(|mate| mate.car.driver != showing.car.driver);
            form.observe_mates(showing, mates.copied());
            form.observe_weather(showing, race.wetness);
            let stopped = f64::from(u8::from(!showing.car.classified()));
            self.retirements.add(stopped);
            if let Some(unit) = showing.car.power_unit {
                let average = self.power_units.entry(unit);
                average.or_insert(Average::new(60.0)).add(stopped);
            }
        }
        for (team, cars) in &teams {
            let form = self.teams.entry(*team);
            let form = form.or_insert_with(|| Form::new(race.season));
            form.enter(race.season, Kind::Team);
            form.observe(cars);
        }
        if let Some(first) = showings
            .iter()
            .find(|showing| showing.car.slot() == Some(1))
        {
            let won = f64::from(u8::from(first.won));
            self.pole.add(won);
            let here = self.poles.entry(race.circuit);
            here.or_insert(Average::new(8.0)).add(won);
        }
        let points = |showing: &Showing<'_>| showing.car.points + showing.car.sprint_points;
        let drivers = showings.iter().map(|s| (s.car.driver, points(s)));
        self.driver_standing.observe(race.season, drivers);
        let teams = showings.iter().map(|s| (s.car.team, points(s)));
        self.team_standing.observe(race.season, teams);
        self.pace.observe(race);
        self.elo.observe_race(race);
    }

    /// Drops who has not been seen for long, once a season.
    fn forget(&mut self, season: i32) {
        if season == self.driver_standing.season() {
            return;
        }
        self.drivers
            .retain(|_, form| form.is_within(REMEMBERED, season));
        self.teams
            .retain(|_, form| form.is_within(REMEMBERED, season));
        let (drivers, teams) = (&self.drivers, &self.teams);
        self.tracks.retain(
            |driver| drivers.contains_key(driver),
            |team| teams.contains_key(team),
        );
        self.pace.retain(
            |driver| drivers.contains_key(driver),
            |team| teams.contains_key(team),
        );
    }

    /// What drivers and teams gained here on the form of the day.
    fn observe_track(
        &mut self,
        race: &PastRace,
        showings: &[Showing<'_>],
        teams: &BTreeMap<TeamId, Vec<&Showing<'_>>>,
    ) {
        let gain = |view: &View, showing: &Showing<'_>| Some(showing.finish? - view.finish[1]);
        for showing in showings {
            let (driver, _) = self.views(showing.car.driver, showing.car.team, race.season);
            if let Some(gain) = gain(&driver, showing) {
                self.tracks
                    .add_driver(race.circuit, showing.car.driver, gain);
            }
        }
        for (team, cars) in teams {
            let view = self.team_view(*team, race.season);
            let gains: Vec<f64> = cars.iter().filter_map(|car| gain(&view, car)).collect();
            if !gains.is_empty() {
                let mean = gains.iter().sum::<f64>() / crate::draws::as_f64(gains.len());
                self.tracks.add_team(race.circuit, *team, mean);
            }
        }
    }

    fn team_view(&self, team: TeamId, season: i32) -> View {
        let stopping = self.retirements.mean(0.2, 20.0);
        match self.teams.get(&team) {
            Some(form) => form.at(season, Kind::Team).view(&View::newcomer(stopping)),
            None => View::newcomer(stopping),
        }
    }

    /// What is known of a driver, for want of it of the team, and what of the team.
    fn views(&self, driver: DriverId, team: TeamId, season: i32) -> (View, View) {
        let team = self.team_view(team, season);
        let driver = match self.drivers.get(&driver) {
            Some(form) => form.at(season, Kind::Driver).view(&team),
            None => team.clone(),
        };
        (driver, team)
    }

    /// What is known of the entrants of a race, in their order, at a stage.
    #[must_use]
    pub fn rows(&self, race: &RaceToForecast, stage: Stage) -> Vec<Features> {
        let pole = self.pole.mean(0.45, 20.0);
        let pole_here = self.poles.get(&race.circuit);
        let rating = |entrant: &Entrant| self.elo.team_lead(entrant.team, race.season);
        let field = Field {
            sessions: Sessions::of(race, stage),
            pace: self.pace.ahead(race, stage),
            pole_here: pole_here.map_or(0.0, |here| here.mean(pole, 8.0) - pole),
            best_rating: race.entrants.iter().map(rating).fold(f64::MIN, f64::max),
        };
        let entrants = race.entrants.iter().enumerate();
        entrants
            .map(|(index, entrant)| self.row(race, entrant, index, &field))
            .collect()
    }

    fn row(
        &self,
        race: &RaceToForecast,
        entrant: &Entrant,
        index: usize,
        field: &Field,
    ) -> Features {
        let sessions = &field.sessions;
        let (driver, team) = self.views(entrant.driver, entrant.team, race.season);
        let form = self.drivers.get(&entrant.driver);
        let unit = entrant
            .power_unit
            .and_then(|unit| self.power_units.get(&unit));
        let grid = sessions.grid[index];
        let team_elo = self.elo.team_lead(entrant.team, race.season);
        Features {
            driver_finish_short: Some(driver.finish[0]),
            driver_finish_long: Some(driver.finish[1]),
            team_finish_short: Some(team.finish[0]),
            team_finish_long: Some(team.finish[1]),
            driver_points_short: Some(driver.points[0]),
            driver_points_long: Some(driver.points[1]),
            team_points_short: Some(team.points[0]),
            team_points_long: Some(team.points[1]),
            driver_wins_short: Some(driver.wins[0]),
            driver_wins_long: Some(driver.wins[1]),
            team_wins_short: Some(team.wins[0]),
            team_wins_long: Some(team.wins[1]),
            driver_qualifying_short: Some(driver.qualifying[0]),
            driver_qualifying_long: Some(driver.qualifying[1]),
            team_qualifying_short: Some(team.qualifying[0]),
            team_qualifying_long: Some(team.qualifying[1]),
            driver_pace_short: Some(driver.pace[0]),
            driver_pace_long: Some(driver.pace[1]),
            team_pace_short: Some(team.pace[0]),
            team_pace_long: Some(team.pace[1]),
            pace_rank: field.pace[index].map(f64::ln_1p),
            driver_behind: Some(driver.behind),
            team_behind: Some(team.behind),
            driver_slot_short: Some(driver.slot[0]),
            driver_slot_long: Some(driver.slot[1]),
            mate_qualifying: form.map(|form| form.mate_qualifying.mean(0.0, 4.0)),
            mate_race: form.map(|form| form.mate_race.mean(0.5, 4.0)),
            driver_gained: form.map(|form| form.gained.mean(0.0, 5.0)),
            driver_elo: Some(self.elo.driver_lead(entrant.driver, race.season)),
            team_elo: Some(team_elo),
            best_team: Some(f64::from(u8::from(team_elo >= field.best_rating))),
            championship: self.driver_standing.share(entrant.driver, race.season),
            team_championship: self.team_standing.share(entrant.team, race.season),
            driver_track: Some(self.tracks.driver(race.circuit, entrant.driver).value),
            team_track: Some(self.tracks.team(race.circuit, entrant.team).value),
            driver_retirements: Some(driver.retirements),
            team_retirements: Some(team.retirements),
            power_unit_retirements: unit.map(|unit| unit.mean(team.retirements, 20.0)),
            experience: Some(form.map_or(0.0, |form| f64::from(form.starts).ln_1p())),
            circuit_pole: Some(field.pole_here),
            season_progress: Some(self.driver_standing.progress(race.season)),
            wet: race
                .wetness
                .zip(form)
                .map(|(share, form)| share * form.wet.mean(0.0, 6.0)),
            practice: sessions.practice[index],
            team_practice: best_of_team(&sessions.practice, race, index),
            practice_mean: sessions.practice_mean[index],
            team_practice_mean: best_of_team(&sessions.practice_mean, race, index),
            practice_rank: sessions.practice_rank[index].map(f64::ln_1p),
            team_practice_rank: best_of_team(&sessions.practice_rank, race, index).map(f64::ln_1p),
            grid: grid.map(f64::ln),
            grid_share: grid.map(|slot| (slot - 1.0) / sessions.field),
            grid_here: grid.map(|slot| slot.ln() * field.pole_here),
            team_grid: best_of_team(&sessions.grid, race, index).map(f64::ln),
            qualifying: sessions.qualifying[index],
            team_qualifying: best_of_team(&sessions.qualifying, race, index),
            qualifying_rank: sessions.qualifying_rank[index].map(f64::ln_1p),
            sprint: sessions.sprint[index].map(f64::ln),
        }
    }
}

/// What is worked out once for all entrants of a race.
struct Field {
    sessions: Sessions,
    /// Cars ahead of each by the clock.
    pace: Vec<Option<f64>>,
    /// How much oftener than usual the first car on the grid wins here.
    pole_here: f64,
    /// The highest rating of a team.
    best_rating: f64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::synthetic;

    #[test]
    fn the_best_team_is_the_one_that_is_rated_highest_among_those_that_race() {
        let history = synthetic::history(8, 40, 12);
        let tracker = Tracker::of(&history);
        let mut race = history.races()[39].to_forecast(Stage::PreWeekend);
        let best = |race: &RaceToForecast| -> Vec<TeamId> {
            let rows = tracker.rows(race, Stage::PreWeekend).into_iter();
            let cars = race.entrants.iter().zip(rows);
            let best = cars.filter(|(_, row)| row.best_team == Some(1.0));
            let mut teams: Vec<TeamId> = best.map(|(entrant, _)| entrant.team).collect();
            teams.sort_unstable();
            teams
        };
        assert_eq!(best(&race), [TeamId(0); 2]);
        race.entrants.retain(|entrant| entrant.team != TeamId(0));
        assert_eq!(best(&race), [TeamId(1); 2]);
    }
}
