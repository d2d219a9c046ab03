//! Whom a member would draft. Pure.

use rand::{Rng, RngExt, seq::SliceRandom};

use super::weekend::Weekend;
use crate::draft::DriverId;

/// Places by which members think a driver worse than the list that they go by, at most.
const DOUBT: usize = 5;

/// By what a member drafts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Taste {
    Standings,
    LatestRace,
    Luck,
}

impl Taste {
    fn of(member: usize) -> Self {
        match member % 3 {
            0 => Self::Standings,
            1 => Self::LatestRace,
            _ => Self::Luck,
        }
    }
}

/// The drivers of a race in the order in which a member, by number, would draft them.
pub(super) fn favourites(weekend: &Weekend, member: usize, rng: &mut impl Rng) -> Vec<DriverId> {
    let latest = Some(&weekend.latest).filter(|latest| !latest.is_empty());
    match Taste::of(member) {
        Taste::Standings => by(&weekend.standings, &weekend.drivers, rng),
        Taste::LatestRace => by(latest.unwrap_or(&weekend.standings), &weekend.drivers, rng),
        Taste::Luck => {
            let mut drivers = weekend.drivers.clone();
            drivers.shuffle(rng);
            drivers
        }
    }
}

/// Roughly by a list; whom it does not know comes behind, as entered.
fn by(list: &[DriverId], drivers: &[DriverId], rng: &mut impl Rng) -> Vec<DriverId> {
    let place = |(entry, driver): (usize, &DriverId)| {
        let known = list.iter().position(|one| one == driver);
        let place = known.unwrap_or(list.len() + entry);
        (place + rng.random_range(0..=DOUBT), *driver)
    };
    let mut placed: Vec<(usize, DriverId)> = drivers.iter().enumerate().map(place).collect();
    placed.sort_by_key(|(place, _)| *place);
    placed.into_iter().map(|(_, driver)| driver).collect()
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand_pcg::Pcg64;

    use super::*;

    fn drivers(ids: std::ops::Range<i32>) -> Vec<DriverId> {
        ids.map(DriverId).collect()
    }

    #[test]
    fn a_list_is_followed_but_for_some_doubt_and_strangers_come_last() {
        let (list, field) = (drivers(0..20), drivers(0..22));
        for seed in 0..50 {
            let wanted = by(&list, &field, &mut Pcg64::seed_from_u64(seed));
            assert_eq!(wanted.len(), field.len());
            for (place, driver) in wanted.iter().enumerate() {
                let listed = usize::try_from(driver.0).unwrap();
                let most = if listed < list.len() { DOUBT } else { 1 };
                assert!(place.abs_diff(listed) <= most, "{driver:?} at {place}");
            }
        }
    }

    #[test]
    fn the_same_seed_is_the_same_wish_and_another_seed_another() {
        let list = drivers(0..20);
        let wish = |seed| by(&list, &list, &mut Pcg64::seed_from_u64(seed));
        assert_eq!(wish(1), wish(1));
        assert_ne!(wish(1), wish(2));
    }
}
