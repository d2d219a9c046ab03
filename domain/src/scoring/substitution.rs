//! Who replaced a driver who was drafted and did not race. Pure: what is known of the seats is
//! handed in.

use std::collections::BTreeSet;

/// A driver in the car of a constructor, by database ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Seat {
    pub driver: i32,
    pub constructor: i32,
}

/// Who sat in which car.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seats {
    /// Has a result in the race.
    pub raced: Vec<Seat>,
    /// Was entered for the weekend.
    pub entered: Vec<Seat>,
    /// Was entered for the latest race before.
    pub before: Vec<Seat>,
}

impl Seats {
    /// Who drove in the race instead of a driver: whoever is new at the constructor for which the
    /// driver was to drive. None for who raced, and where it cannot be told, since nobody is new
    /// there, or several are, or several are missing: then it is for the commissioner to say.
    #[must_use]
    pub fn replacement_of(&self, driver: i32) -> Option<i32> {
        if self.has_raced(driver) {
            return None;
        }
        let of_driver = |seat: &&Seat| seat.driver == driver;
        let seat = self.entered.iter().find(of_driver);
        let seat = seat.or_else(|| self.before.iter().find(of_driver))?;
        let at_constructor = |seats: &[Seat]| -> BTreeSet<i32> {
            let own = seats
                .iter()
                .filter(|one| one.constructor == seat.constructor);
            own.map(|one| one.driver).collect()
        };
        let before = at_constructor(&self.before);
        let raced = at_constructor(&self.raced);
        let mut missing = before.iter().filter(|driver| !self.has_raced(**driver));
        let mut new = raced.difference(&before);
        let replacement = new.next().copied();
        let is_clear = missing.all(|missing| *missing == driver) && new.next().is_none();
        replacement.filter(|_| is_clear)
    }

    fn has_raced(&self, driver: i32) -> bool {
        self.raced.iter().any(|seat| seat.driver == driver)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Drivers by number and constructors by letter: `16 F, 55 F`.
    fn seats(text: &str) -> Vec<Seat> {
        let seat = |seat: &str| {
            let (driver, constructor) = seat.trim().split_once(' ').unwrap();
            Seat {
                driver: driver.parse().unwrap(),
                constructor: i32::from(constructor.as_bytes()[0]),
            }
        };
        text.split(',').map(seat).collect()
    }

    #[test]
    fn a_driver_is_replaced_by_who_is_new_in_the_team() {
        for (name, before, entered, raced, driver, expected) in [
            (
                "Saudi Arabia 2024: Bearman for Sainz",
                "16 F, 55 F, 20 H, 27 H",
                "16 F, 38 F, 20 H, 27 H",
                "16 F, 38 F, 20 H, 27 H",
                55,
                Some(38),
            ),
            (
                "Azerbaijan 2024: Bearman for Magnussen",
                "16 F, 55 F, 20 H, 27 H",
                "16 F, 55 F, 50 H, 27 H",
                "16 F, 55 F, 50 H, 27 H",
                20,
                Some(50),
            ),
            (
                "who raced is not replaced",
                "16 F, 55 F",
                "16 F, 38 F",
                "16 F, 38 F",
                16,
                None,
            ),
            (
                "replaced after qualifying",
                "16 F, 55 F",
                "16 F, 55 F, 38 F",
                "16 F, 38 F",
                55,
                Some(38),
            ),
            ("nobody in the car", "16 F, 55 F", "16 F", "16 F", 55, None),
            (
                "two have changed seats",
                "30 R, 22 B",
                "22 R, 30 B",
                "22 R, 30 B",
                30,
                None,
            ),
            (
                "a team with two new drivers",
                "16 F, 55 F",
                "38 F, 39 F",
                "38 F, 39 F",
                55,
                None,
            ),
            (
                "two missing and one new: nobody can say whose car it is",
                "16 F, 55 F",
                "38 F",
                "38 F",
                55,
                None,
            ),
            (
                "moved up from another team",
                "10 T, 26 T, 23 R, 1 R",
                "23 T, 26 T, 10 R, 1 R",
                "23 T, 26 T, 1 R",
                10,
                None,
            ),
            ("not known at all", "16 F", "16 F", "16 F", 99, None),
        ] {
            let seats = Seats {
                raced: seats(raced),
                entered: seats(entered),
                before: seats(before),
            };
            assert_eq!(seats.replacement_of(driver), expected, "{name}");
        }
    }
}
