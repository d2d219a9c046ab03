//! A driver's season, beside team-mates.

use super::{
    record::{Qualified, SeasonRecord, Weekend, Whose},
    rules::{Achieved, count, median, points, slower_by},
};

/// A driver's season.
#[derive(Debug, Clone, PartialEq)]
pub struct DriverPerformance {
    pub achieved: Achieved,
    /// Whom the driver shared a team with, most races first.
    pub teammates: Vec<Teammate>,
}

/// Two drivers of one team, over the races that both entered for it.
#[derive(Debug, Clone, PartialEq)]
pub struct Teammate {
    pub driver_id: i32,
    /// Races that both entered.
    pub races: u32,
    /// Times that the driver qualified ahead, and behind.
    pub qualifying_ahead: u32,
    pub qualifying_behind: u32,
    /// Races that both were classified in, the driver ahead, and behind.
    pub race_ahead: u32,
    pub race_behind: u32,
    /// Median gap in per cent in the last part of qualifying in which both set a time; below
    /// zero when the driver is faster.
    pub qualifying_gap: Option<f64>,
    /// Race and sprint points of the driver in these races, in hundredths.
    pub points_for: i32,
    /// Those of the team-mate.
    pub points_against: i32,
}

impl DriverPerformance {
    /// The season of a driver; `None` when the driver entered no race.
    #[must_use]
    pub fn of(record: &SeasonRecord, driver_id: i32) -> Option<Self> {
        let achieved = Achieved::of(record, Whose::Driver(driver_id))?;
        let mut teammates: Vec<Teammate> = teammates(record, driver_id)
            .into_iter()
            .map(|teammate| compare(record, driver_id, teammate))
            .collect();
        // Stable: those with equally many races stay in order of the season.
        teammates.sort_by_key(|teammate| std::cmp::Reverse(teammate.races));
        Some(Self {
            achieved,
            teammates,
        })
    }
}

/// Who entered a race for the same team, in order of the season.
fn teammates(record: &SeasonRecord, driver_id: i32) -> Vec<i32> {
    let mut found = Vec::new();
    for weekend in &record.weekends {
        for car in &weekend.race {
            if !found.contains(&car.driver_id) && shared(weekend, driver_id, car.driver_id) {
                found.push(car.driver_id);
            }
        }
    }
    found
}

/// Whether two drivers entered a race for one team.
fn shared(weekend: &Weekend, driver_id: i32, other: i32) -> bool {
    let teams = |driver: i32| {
        let cars = weekend
            .race
            .iter()
            .filter(move |car| car.driver_id == driver);
        cars.map(|car| car.constructor_id)
    };
    driver_id != other && teams(driver_id).any(|team| teams(other).any(|theirs| theirs == team))
}

fn compare(record: &SeasonRecord, driver_id: i32, teammate: i32) -> Teammate {
    let together = |weekend: &&Weekend| shared(weekend, driver_id, teammate);
    let weekends: Vec<&Weekend> = record.weekends.iter().filter(together).collect();
    let places = |place: fn(&Weekend, i32) -> Option<i32>, ahead: bool| {
        let both = weekends.iter().filter_map(|weekend| {
            let (own, theirs) = (place(weekend, driver_id)?, place(weekend, teammate)?);
            Some(if ahead { own < theirs } else { own > theirs })
        });
        count(both.filter(|holds| *holds))
    };
    let sum = |driver: i32| {
        let each = weekends.iter();
        each.map(|weekend| points(weekend, Whose::Driver(driver)))
            .sum()
    };
    let gaps = weekends.iter().filter_map(|weekend| {
        let (own, theirs) = (
            qualifying_of(weekend, driver_id)?,
            qualifying_of(weekend, teammate)?,
        );
        gap_between(own, theirs)
    });
    Teammate {
        driver_id: teammate,
        races: count(weekends.iter()),
        qualifying_ahead: places(qualifying_place, true),
        qualifying_behind: places(qualifying_place, false),
        race_ahead: places(race_place, true),
        race_behind: places(race_place, false),
        qualifying_gap: median(gaps.collect()),
        points_for: sum(driver_id),
        points_against: sum(teammate),
    }
}

fn qualifying_of(weekend: &Weekend, driver_id: i32) -> Option<&Qualified> {
    let mut rows = weekend.qualifying.iter();
    rows.find(|row| row.driver_id == driver_id)
}

fn qualifying_place(weekend: &Weekend, driver_id: i32) -> Option<i32> {
    qualifying_of(weekend, driver_id)?.position
}

/// The best place: drives were shared once.
fn race_place(weekend: &Weekend, driver_id: i32) -> Option<i32> {
    let cars = weekend.race.iter().filter(|car| car.driver_id == driver_id);
    cars.filter_map(|car| car.position).min()
}

fn gap_between(own: &Qualified, theirs: &Qualified) -> Option<f64> {
    let mut parts = own.parts.iter().zip(&theirs.parts).rev();
    let (own, theirs) = parts.find_map(|(own, theirs)| Some(((*own)?, (*theirs)?)))?;
    slower_by(own, theirs)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::performance::samples::{car, qualified, season, weekend};

    #[test]
    fn team_mates_are_compared_where_both_stand() {
        let mut first = weekend(vec![car(1, 10, Some(1)), car(2, 10, Some(2))]);
        first.race[0].points = 2500;
        first.race[1].points = 1800;
        first.sprint = vec![car(2, 10, Some(1))];
        first.sprint[0].points = 800;
        first.qualifying = vec![
            qualified(2, 10, 1, [Some(1010), Some(1000), Some(990)]),
            qualified(1, 10, 11, [Some(1000), Some(1010), None]),
        ];
        // The team-mate retires.
        let second = weekend(vec![car(1, 10, Some(3)), car(2, 10, None)]);
        // Another team-mate, who is behind.
        let third = weekend(vec![car(1, 10, Some(3)), car(3, 10, Some(4))]);
        // Rivals of other teams.
        let fourth = weekend(vec![car(1, 10, Some(3)), car(2, 20, Some(4))]);
        let season = season([first, second, third, fourth]);
        let found = DriverPerformance::of(&season, 1).unwrap().teammates;
        let expected = Teammate {
            driver_id: 2,
            races: 2,
            qualifying_ahead: 0,
            qualifying_behind: 1,
            race_ahead: 1,
            race_behind: 0,
            qualifying_gap: slower_by(1010, 1000),
            points_for: 2500,
            points_against: 2600,
        };
        assert_eq!(found[0], expected);
        assert_eq!((found[1].driver_id, found[1].race_ahead), (3, 1));
        assert_eq!(found.len(), 2);
    }

    #[test]
    fn who_drove_alone_has_no_team_mate() {
        let season = season([weekend(vec![car(1, 10, Some(1)), car(2, 20, Some(2))])]);
        let performance = DriverPerformance::of(&season, 1).unwrap();
        assert_eq!(performance.teammates, []);
        assert_eq!(DriverPerformance::of(&season, 3), None);
    }
}
