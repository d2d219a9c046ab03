//! Which constructors were one team under changing names.

/// A stretch of seasons in which a team raced under one name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch {
    /// Name of the team behind the names, by its base.
    pub team: &'static str,
    /// Ref of the constructor.
    pub constructor: &'static str,
    pub first_season: i32,
    /// `None` while it goes on.
    pub last_season: Option<i32>,
}

/// Teams that raced under more than one name, oldest name first.
#[rustfmt::skip]
pub const LINEAGE: &[Stretch] = &[
    stretch("brackley", "tyrrell", 1970, Some(1998)),
    stretch("brackley", "bar", 1999, Some(2005)),
    stretch("brackley", "honda", 2006, Some(2008)),
    stretch("brackley", "brawn", 2009, Some(2009)),
    stretch("brackley", "mercedes", 2010, None),
    stretch("enstone", "toleman", 1981, Some(1985)),
    stretch("enstone", "benetton", 1986, Some(2001)),
    stretch("enstone", "renault", 2002, Some(2011)),
    stretch("enstone", "lotus_f1", 2012, Some(2015)),
    stretch("enstone", "renault", 2016, Some(2020)),
    stretch("enstone", "alpine", 2021, None),
    stretch("faenza", "minardi", 1985, Some(2005)),
    stretch("faenza", "toro_rosso", 2006, Some(2019)),
    stretch("faenza", "alphatauri", 2020, Some(2023)),
    stretch("faenza", "rb", 2024, None),
    stretch("hinwil", "sauber", 1993, Some(2005)),
    stretch("hinwil", "bmw_sauber", 2006, Some(2009)),
    stretch("hinwil", "sauber", 2010, Some(2018)),
    stretch("hinwil", "alfa", 2019, Some(2023)),
    stretch("hinwil", "sauber", 2024, Some(2025)),
    stretch("hinwil", "audi", 2026, None),
    stretch("leafield", "lotus_racing", 2010, Some(2011)),
    stretch("leafield", "caterham", 2012, Some(2014)),
    stretch("bicester", "march", 1987, Some(1989)),
    stretch("bicester", "leyton", 1990, Some(1991)),
    stretch("bicester", "march", 1992, Some(1992)),
    stretch("banbury", "virgin", 2010, Some(2011)),
    stretch("banbury", "marussia", 2012, Some(2014)),
    stretch("banbury", "manor", 2015, Some(2016)),
    stretch("magny_cours", "ligier", 1976, Some(1996)),
    stretch("magny_cours", "prost", 1997, Some(2001)),
    stretch("milton_keynes_arrows", "arrows", 1978, Some(1990)),
    stretch("milton_keynes_arrows", "footwork", 1991, Some(1996)),
    stretch("milton_keynes_arrows", "arrows", 1997, Some(2002)),
    stretch("volpiano", "osella", 1980, Some(1990)),
    stretch("volpiano", "fondmetal", 1991, Some(1992)),
    stretch("milton_keynes", "stewart", 1997, Some(1999)),
    stretch("milton_keynes", "jaguar", 2000, Some(2004)),
    stretch("milton_keynes", "red_bull", 2005, None),
    stretch("silverstone", "jordan", 1991, Some(2005)),
    stretch("silverstone", "mf1", 2006, Some(2006)),
    stretch("silverstone", "spyker_mf1", 2006, Some(2006)),
    stretch("silverstone", "spyker", 2007, Some(2007)),
    stretch("silverstone", "force_india", 2008, Some(2018)),
    stretch("silverstone", "racing_point", 2019, Some(2020)),
    stretch("silverstone", "aston_martin", 2021, None),
];

const fn stretch(
    team: &'static str,
    constructor: &'static str,
    first_season: i32,
    last_season: Option<i32>,
) -> Stretch {
    Stretch {
        team,
        constructor,
        first_season,
        last_season,
    }
}

/// Name of the team behind a constructor in a season; `None` for one that raced under one name.
#[must_use]
pub fn team(constructor: &str, season: i32) -> Option<&'static str> {
    LINEAGE
        .iter()
        .find(|stretch| {
            stretch.constructor == constructor
                && stretch.first_season <= season
                && stretch.last_season.is_none_or(|last| season <= last)
        })
        .map(|stretch| stretch.team)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_one_team_follow_each_other() {
        for pair in LINEAGE.windows(2) {
            if pair[0].team == pair[1].team {
                let last = pair[0].last_season.expect("an earlier name has ended");
                // MF1 became Spyker MF1 within 2006.
                assert!(last <= pair[1].first_season, "{pair:?}");
            }
        }
    }
}
