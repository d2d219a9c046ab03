//! Ratings of drivers, or of teams, and how well each is known: drawn to their mean from season to season,
//! moved by evidence. What evidence is, those say who rate: [`crate::elo`], and [`crate::features`] by the
//! clock.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::draws::as_f64;

/// How the ratings of drivers, or of teams, behave.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PoolSettings {
    /// Rating of a newcomer relative to the mean of the last field.
    pub start: f64,
    /// Variance of a newcomer's rating; no rating is known worse.
    pub start_variance: f64,
    /// Variance added per race.
    pub race_variance: f64,
    /// Variance added per season.
    pub season_variance: f64,
    /// Part of the distance from the mean that is kept from one season to the next.
    pub season_kept: f64,
}

/// A rating and how well it is known.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Rating {
    /// On the scale of who rates, natural log in Elo; relative to nothing in particular.
    pub mean: f64,
    /// Square of the rating deviation.
    pub variance: f64,
    /// The last season in which it was used.
    season: i32,
    /// Races so far.
    pub starts: u32,
}

/// The ratings of all drivers, or of all teams.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Pool<Id: Ord> {
    settings: PoolSettings,
    /// Mean rating of the last field.
    centre: f64,
    ratings: BTreeMap<Id, Rating>,
}

impl<Id: Ord + Copy> Pool<Id> {
    pub(crate) fn new(settings: PoolSettings) -> Self {
        Self {
            settings,
            centre: 0.0,
            ratings: BTreeMap::new(),
        }
    }

    /// Mean rating of the last field.
    pub(crate) fn centre(&self) -> f64 {
        self.centre
    }

    /// The rating as it is before a race of `season`.
    pub(crate) fn before(&self, id: Id, season: i32) -> Rating {
        let settings = &self.settings;
        let Some(rating) = self.ratings.get(&id) else {
            return Rating {
                mean: self.centre + settings.start,
                variance: settings.start_variance,
                season,
                starts: 0,
            };
        };
        let years = (season - rating.season).max(0);
        let kept = settings.season_kept.powi(years);
        let grown = settings.race_variance + f64::from(years) * settings.season_variance;
        Rating {
            mean: self.centre + (rating.mean - self.centre) * kept,
            variance: (rating.variance + grown).min(settings.start_variance),
            season: rating.season.max(season),
            starts: rating.starts,
        }
    }

    /// The ratings as they are before a race of `season`.
    pub(crate) fn all_before(
        &self,
        ids: impl Iterator<Item = Id>,
        season: i32,
    ) -> BTreeMap<Id, Rating> {
        ids.map(|id| (id, self.before(id, season))).collect()
    }

    /// The rating as the last race left it.
    pub(crate) fn now(&self, id: Id) -> Option<Rating> {
        self.ratings.get(&id).copied()
    }

    /// Keeps only who passes.
    pub(crate) fn retain(&mut self, kept: impl Fn(&Id) -> bool) {
        self.ratings.retain(|id, _| kept(id));
    }

    /// Moves the rating of each id by the evidence of its cars.
    pub(crate) fn update(&mut self, season: i32, cars: &[(Id, Evidence)]) {
        let mut sums: BTreeMap<Id, Evidence> = BTreeMap::new();
        for (id, evidence) in cars {
            let sum = sums.entry(*id).or_default();
            sum.push += evidence.push;
            sum.weight += evidence.weight;
        }
        let mut centre = 0.0;
        let share = 1.0 / as_f64(sums.len().max(1));
        let moved: Vec<(Id, Rating)> = sums
            .into_iter()
            .map(|(id, sum)| {
                let mut rating = self.before(id, season);
                rating.mean += rating.variance * sum.push;
                rating.variance /= 1.0 + rating.variance * sum.weight;
                rating.starts += 1;
                centre += rating.mean * share;
                (id, rating)
            })
            .collect();
        if !moved.is_empty() {
            self.centre = centre;
        }
        self.ratings.extend(moved);
    }
}

/// What a weekend says about one car: the slope of the log-likelihood, and its curvature.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Evidence {
    pub push: f64,
    pub weight: f64,
}

impl Evidence {
    /// The same about each of two ratings of which only the sum shows: both are moved as far as the
    /// doubt about both allows.
    pub(crate) fn shared(self, doubt: f64) -> Self {
        let damping = 1.0 / (1.0 + doubt * self.weight);
        Self {
            push: self.push * damping,
            weight: self.weight * damping,
        }
    }
}
