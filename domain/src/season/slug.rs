//! Public refs of races.

use crate::search::folded;

/// The part of a race's ref that comes from its name: `São Paulo Grand Prix` is `sao_paulo`.
#[must_use]
pub fn slug(name: &str) -> String {
    let plain = folded(&[name]);
    let plain = plain.strip_suffix("grand prix").unwrap_or(&plain);
    plain
        .split(|letter: char| !letter.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join("_")
}

/// The ref a race gets when it is first seen.
#[must_use]
pub fn reference(season: i32, name: &str) -> String {
    format!("{season}_{}", slug(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ref_is_the_season_and_the_name_without_grand_prix() {
        for (season, name, expected) in [
            (2024, "Monaco Grand Prix", "2024_monaco"),
            (2020, "70th Anniversary Grand Prix", "2020_70th_anniversary"),
            (2024, "São Paulo Grand Prix", "2024_sao_paulo"),
            (1950, "Indianapolis 500", "1950_indianapolis_500"),
            (2021, "Emilia Romagna Grand Prix", "2021_emilia_romagna"),
        ] {
            assert_eq!(reference(season, name), expected);
        }
    }
}
