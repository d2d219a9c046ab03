//! Whose power unit a constructor raced with, since the hybrid engines of 2014.

/// Constructors by power unit over a stretch of seasons.
struct Supply {
    power_unit: &'static str,
    first_season: i32,
    last_season: i32,
    constructors: &'static [&'static str],
}

/// Units sold under another name (TAG Heuer, RBPT) are listed by who built them.
#[rustfmt::skip]
const SUPPLIES: &[Supply] = &[
    supply("mercedes", 2014, 2014, &["mercedes", "mclaren", "force_india", "williams"]),
    supply("mercedes", 2015, 2015, &["mercedes", "force_india", "williams", "lotus_f1"]),
    supply("mercedes", 2016, 2016, &["mercedes", "force_india", "williams", "manor"]),
    supply("mercedes", 2017, 2020, &["mercedes", "force_india", "racing_point", "williams"]),
    supply("mercedes", 2021, 2025, &["mercedes", "aston_martin", "mclaren", "williams"]),
    supply("mercedes", 2026, 2026, &["mercedes", "alpine", "mclaren", "williams"]),
    supply("ferrari", 2014, 2015, &["ferrari", "sauber", "marussia", "manor"]),
    supply("ferrari", 2016, 2016, &["ferrari", "sauber", "haas", "toro_rosso"]),
    supply("ferrari", 2017, 2025, &["ferrari", "sauber", "alfa", "haas"]),
    supply("ferrari", 2026, 2026, &["ferrari", "haas", "cadillac"]),
    supply("renault", 2014, 2014, &["red_bull", "toro_rosso", "lotus_f1", "caterham"]),
    supply("renault", 2015, 2015, &["red_bull", "toro_rosso"]),
    supply("renault", 2016, 2016, &["red_bull", "renault"]),
    supply("renault", 2017, 2017, &["red_bull", "renault", "toro_rosso"]),
    supply("renault", 2018, 2018, &["red_bull", "renault", "mclaren"]),
    supply("renault", 2019, 2020, &["renault", "mclaren"]),
    supply("renault", 2021, 2025, &["alpine"]),
    supply("honda", 2015, 2017, &["mclaren"]),
    supply("honda", 2018, 2018, &["toro_rosso"]),
    supply("honda", 2019, 2025, &["red_bull", "toro_rosso", "alphatauri", "rb"]),
    supply("honda", 2026, 2026, &["aston_martin"]),
    supply("red_bull_ford", 2026, 2026, &["red_bull", "rb"]),
    supply("audi", 2026, 2026, &["audi"]),
];

const fn supply(
    power_unit: &'static str,
    first_season: i32,
    last_season: i32,
    constructors: &'static [&'static str],
) -> Supply {
    Supply {
        power_unit,
        first_season,
        last_season,
        constructors,
    }
}

/// Who built the power unit of a constructor; `None` where that is not known.
#[must_use]
pub fn power_unit(constructor: &str, season: i32) -> Option<&'static str> {
    SUPPLIES
        .iter()
        .find(|supply| {
            (supply.first_season..=supply.last_season).contains(&season)
                && supply.constructors.contains(&constructor)
        })
        .map(|supply| supply.power_unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_has_two_power_units_in_a_season() {
        for season in 2014..=2026 {
            let supplies = SUPPLIES
                .iter()
                .filter(|supply| (supply.first_season..=supply.last_season).contains(&season));
            let mut constructors: Vec<_> =
                supplies.flat_map(|supply| supply.constructors).collect();
            let count = constructors.len();
            constructors.sort_unstable();
            constructors.dedup();
            assert_eq!(constructors.len(), count, "{season}");
        }
    }

    #[test]
    fn mclaren_changed_its_supplier_three_times() {
        let of = |season| power_unit("mclaren", season);
        assert_eq!(of(2014), Some("mercedes"));
        assert_eq!(of(2017), Some("honda"));
        assert_eq!(of(2020), Some("renault"));
        assert_eq!(of(2021), Some("mercedes"));
        assert_eq!(of(2013), None);
    }
}
