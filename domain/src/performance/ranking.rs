//! The drivers of a season in order.

use super::{
    record::{SeasonRecord, Whose},
    rules::{FORM_RACES, form},
};
use crate::{forecast::Rating, season::career::started};

/// What drivers are ranked by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RankingOrder {
    Rating,
    Points,
    Form,
}

/// A driver's place in the championship.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    pub driver_id: i32,
    /// `None` without a place.
    pub position: Option<i32>,
    /// Counted points in hundredths.
    pub points: i32,
}

/// A driver who started a race of the season.
#[derive(Debug, Clone, PartialEq)]
pub struct Ranked {
    /// From 1; equals share a rank.
    pub rank: u32,
    pub driver_id: i32,
    /// Of the latest race entered.
    pub constructor_id: i32,
    /// Elo rating after the latest race of the season.
    pub rating: f64,
    /// Its standard deviation.
    pub rating_deviation: f64,
    /// By how much the last races of the season moved it.
    pub rating_change: f64,
    /// Mean place over the same races.
    pub form: f64,
    /// Counted in the championship, hundredths.
    pub points: i32,
    championship_place: i32,
}

/// Everybody who started a race of a season, best first. `ratings` gives a driver's ratings of
/// that season, oldest first; who has none is left out.
#[must_use]
pub fn driver_ranking(
    record: &SeasonRecord,
    standings: &[Standing],
    ratings: impl Fn(i32) -> Vec<Rating>,
    order: RankingOrder,
) -> Vec<Ranked> {
    let mut drivers: Vec<Ranked> = active(record)
        .into_iter()
        .filter_map(|(driver_id, constructor_id)| {
            let ratings = ratings(driver_id);
            let (latest, recent) = (
                ratings.last()?,
                &ratings[ratings.len().saturating_sub(FORM_RACES)..],
            );
            let standing = standings.iter().find(|row| row.driver_id == driver_id);
            Some(Ranked {
                rank: 0,
                driver_id,
                constructor_id,
                rating: latest.after,
                rating_deviation: latest.deviation,
                rating_change: latest.after - recent.first()?.before,
                form: form(record, Whose::Driver(driver_id))?,
                points: standing.map_or(0, |row| row.points),
                championship_place: standing.and_then(|row| row.position).unwrap_or(i32::MAX),
            })
        })
        .collect();
    drivers.sort_by(|a, b| {
        let better = compare(a, b, order);
        better
            .then(b.rating.total_cmp(&a.rating))
            .then(a.driver_id.cmp(&b.driver_id))
    });
    for place in 0..drivers.len() {
        let level = place > 0 && compare(&drivers[place - 1], &drivers[place], order).is_eq();
        drivers[place].rank = if level {
            drivers[place - 1].rank
        } else {
            u32::try_from(place + 1).unwrap_or(u32::MAX)
        };
    }
    drivers
}

fn compare(a: &Ranked, b: &Ranked, order: RankingOrder) -> std::cmp::Ordering {
    match order {
        RankingOrder::Rating => b.rating.total_cmp(&a.rating),
        RankingOrder::Points => a.championship_place.cmp(&b.championship_place),
        RankingOrder::Form => a.form.total_cmp(&b.form),
    }
}

/// Who started a race, with the constructor of the latest.
fn active(record: &SeasonRecord) -> Vec<(i32, i32)> {
    let mut found: Vec<(i32, i32)> = Vec::new();
    for weekend in record.weekends.iter().rev() {
        for car in weekend.race.iter().filter(|car| started(car.status)) {
            if found.iter().all(|(driver, _)| *driver != car.driver_id) {
                found.push((car.driver_id, car.constructor_id));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use entities::result::Status;

    use super::*;
    use crate::performance::samples::{car, season, weekend};

    /// Driver 1 rises by 10 a race from 1500; others stand still at 1500 less their number.
    fn ratings(driver: i32) -> Vec<Rating> {
        (0..7)
            .map(|race| {
                let step = if driver == 1 { 10.0 } else { 0.0 };
                let start = if driver == 1 {
                    1500.0
                } else {
                    1500.0 - f64::from(driver)
                };
                let before = start + step * f64::from(race);
                Rating {
                    race_id: race,
                    season: 2024,
                    before,
                    after: before + step,
                    deviation: 30.0,
                }
            })
            .collect()
    }

    fn two_races() -> SeasonRecord {
        let mut withdrawn = car(9, 90, None);
        withdrawn.status = Status::DidNotStart;
        season([
            weekend(vec![
                car(3, 30, Some(1)),
                car(2, 20, Some(2)),
                car(1, 10, Some(3)),
                withdrawn,
            ]),
            weekend(vec![
                car(2, 21, Some(1)),
                car(3, 30, Some(2)),
                car(1, 10, Some(3)),
            ]),
        ])
    }

    fn standing(driver_id: i32, position: Option<i32>) -> Standing {
        Standing {
            driver_id,
            position,
            points: 100,
        }
    }

    #[test]
    fn drivers_are_ranked_by_what_is_asked_for() {
        let standings = [
            standing(3, Some(1)),
            standing(2, Some(2)),
            standing(1, None),
        ];
        for (order, expected) in [
            (RankingOrder::Rating, [(1, 1), (2, 2), (3, 3)]),
            (RankingOrder::Points, [(1, 3), (2, 2), (3, 1)]),
            // Level on form: both share the first rank, the better rating stands first.
            (RankingOrder::Form, [(1, 2), (1, 3), (3, 1)]),
        ] {
            let found = driver_ranking(&two_races(), &standings, ratings, order);
            let found: Vec<_> = found.iter().map(|row| (row.rank, row.driver_id)).collect();
            assert_eq!(found, expected, "{order:?}");
        }
    }

    #[test]
    fn a_row_tells_of_the_latest_races() {
        let found = driver_ranking(&two_races(), &[], ratings, RankingOrder::Rating);
        assert!((found[0].rating - 1570.0).abs() < 1e-9);
        assert!((found[0].rating_change - 50.0).abs() < 1e-9);
        assert_eq!((found[1].driver_id, found[1].constructor_id), (2, 21));
        assert_eq!(found[0].points, 0);
    }
}
