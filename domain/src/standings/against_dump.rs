//! Every season since 1950 computed by the rules, beside the published tables.
//!
//! Runs where the Ergast dump lies beside the repository, and passes silently elsewhere.

mod dump;
mod points;

use std::collections::{BTreeMap, BTreeSet};

use super::comparison::{Difference, DifferenceKind, differences};
use super::known_differences::{KNOWN_DIFFERENCES, STILL, explanation_of};
use super::rules::{Standing, Standings, standings_after, standings_after_each};
use super::season_rules::{Championship, SeasonRules, rules_of};
use dump::{Dump, DumpRace};

const CHAMPIONSHIPS: [Championship; 2] = [Championship::Drivers, Championship::Constructors];

/// A difference with where it was found.
struct Found<'a> {
    championship: Championship,
    season: i32,
    round: i32,
    is_final: bool,
    who: &'a str,
    what: Difference,
}

impl Found<'_> {
    fn line(&self) -> String {
        let Self {
            championship,
            season,
            round,
            who,
            what,
            ..
        } = self;
        let Difference {
            kind,
            computed,
            published,
            ..
        } = what;
        format!(
            "{season} round {round} {championship:?} {who}: {kind:?}, computed {computed}, published {published}"
        )
    }
}

/// Calls `visit` with the computed and the published tables after every race.
fn every_race(dump: &Dump, mut visit: impl FnMut(&SeasonRules, &Standings, &DumpRace, bool)) {
    for (season, races) in &dump.seasons {
        let rules = rules_of(*season);
        let last = races.last().map_or(0, |race| race.round);
        let computed = standings_after_each(&rules, &dump.races(*season));
        for (standings, race) in computed.iter().zip(races) {
            visit(&rules, standings, race, race.round == last);
        }
    }
}

fn all_differences(dump: &Dump) -> Vec<Found<'_>> {
    let mut found = Vec::new();
    every_race(dump, |rules, standings, race, is_final| {
        for championship in CHAMPIONSHIPS {
            for what in differences(standings.of(championship), race.published(championship)) {
                let who = dump.name(championship, what.who);
                found.push(Found {
                    championship,
                    season: rules.season,
                    round: race.round,
                    is_final,
                    who,
                    what,
                });
            }
        }
    });
    found
}

#[test]
fn every_champion_is_the_published_one() {
    let Some(dump) = Dump::open() else { return };
    let mut champions = 0;
    every_race(&dump, |rules, standings, race, is_final| {
        for championship in CHAMPIONSHIPS.into_iter().filter(|_| is_final) {
            let champion = standings.of(championship).first();
            let published = race
                .published(championship)
                .iter()
                .find(|row| row.position == Some(1));
            assert_eq!(
                champion.map(|row| row.who),
                published.map(|row| row.who),
                "{} {championship:?}",
                rules.season
            );
            champions += usize::from(champion.is_some());
            assert!(champion.is_none_or(|row| row.position == Some(1)));
        }
    });
    assert_eq!(
        champions,
        75 + 67,
        "drivers since 1950, constructors since 1958"
    );
}

#[test]
fn every_difference_is_a_known_one_and_every_known_one_occurs() {
    let Some(dump) = Dump::open() else { return };
    let mut unknown = Vec::new();
    let mut seen = BTreeSet::new();
    for found in all_differences(&dump) {
        let known = explanation_of(
            found.championship,
            found.season,
            found.round,
            found.who,
            found.what.kind,
        );
        match known.and_then(|known| KNOWN_DIFFERENCES.iter().position(|other| other == known)) {
            Some(index) => drop(seen.insert((index, found.who, found.season, found.round))),
            None => unknown.push(found.line()),
        }
    }
    assert!(unknown.is_empty(), "{}", unknown.join("\n"));
    for (index, known) in KNOWN_DIFFERENCES.iter().enumerate() {
        let occurs = |test: &dyn Fn(&str, i32, i32) -> bool| {
            seen.iter()
                .any(|(entry, who, season, round)| *entry == index && test(who, *season, *round))
        };
        assert!(
            occurs(&|_, season, _| season == known.first_season),
            "stale first season: {known:?}"
        );
        let open = known.last_season == STILL;
        assert!(
            open || occurs(&|_, season, _| season == known.last_season),
            "stale last season: {known:?}"
        );
        for name in known.who {
            assert!(
                occurs(&|who, _, _| who == *name),
                "stale name {name}: {known:?}"
            );
        }
        for end in known
            .rounds
            .into_iter()
            .flat_map(|(first, last)| [first, last])
        {
            assert!(
                occurs(&|_, _, round| round == end),
                "stale round {end}: {known:?}"
            );
        }
    }
}

#[test]
fn final_points_are_the_published_ones_but_for_five_constructors() {
    let Some(dump) = Dump::open() else { return };
    let differ: Vec<String> = all_differences(&dump)
        .iter()
        .filter(|found| found.is_final && found.what.kind == DifferenceKind::Points)
        .map(|found| {
            format!(
                "{} {} {} {}",
                found.season, found.who, found.what.computed, found.what.published
            )
        })
        .collect();
    let mut expected = vec![
        "1961 ferrari 4000 4500",
        "1961 lotus-climax 3200 3500",
        "1995 benetton 13700 14700",
        "1995 williams 11200 11800",
        "2000 mclaren 15200 16200",
    ];
    let mut differ: Vec<&str> = differ.iter().map(String::as_str).collect();
    differ.sort_unstable();
    expected.sort_unstable();
    assert_eq!(differ, expected);
}

#[test]
fn the_final_order_of_drivers_since_2000_is_the_published_one_but_for_places_25_and_26_of_2011() {
    let Some(dump) = Dump::open() else { return };
    every_race(&dump, |rules, standings, race, is_final| {
        if !is_final || rules.season < 2000 {
            return;
        }
        let mut published: Vec<_> = race
            .drivers
            .iter()
            .map(|row| (row.position, row.who))
            .collect();
        published.sort_unstable();
        let mut published: Vec<i32> = published.into_iter().map(|(_, who)| who).collect();
        if rules.season == 2011 {
            published.swap(24, 25);
        }
        let listed = |row: &&Standing| published.contains(&row.who);
        let computed: Vec<i32> = standings
            .drivers
            .iter()
            .filter(listed)
            .map(|row| row.who)
            .collect();
        assert_eq!(computed, published, "{}", rules.season);
    });
}

#[test]
fn whoever_is_missing_from_a_published_table_has_no_classified_finish() {
    let Some(dump) = Dump::open() else { return };
    for found in all_differences(&dump)
        .iter()
        .filter(|found| found.what.kind == DifferenceKind::Unlisted)
    {
        let races = dump.races(found.season);
        let so_far = races.iter().filter(|race| race.round <= found.round);
        let classified = so_far.flat_map(|race| &race.cars).any(|car| {
            let who = match found.championship {
                Championship::Drivers => car.driver.id,
                Championship::Constructors => car.constructor.id,
            };
            who == found.what.who && car.position.is_some()
        });
        assert!(!classified, "{}", found.line());
    }
}

#[test]
fn rulings_show_in_the_final_tables() {
    let Some(dump) = Dump::open() else { return };
    let row = |season, championship, who: &str| {
        let standings = standings_after(&rules_of(season), &dump.races(season));
        let row = standings
            .of(championship)
            .iter()
            .find(|row| dump.name(championship, row.who) == who);
        row.map(|row| (row.points, row.position_text.clone()))
            .unwrap_or_default()
    };
    let constructor = |season, who| row(season, Championship::Constructors, who);
    assert_eq!(
        row(1997, Championship::Drivers, "michael_schumacher"),
        (7800, "D".to_owned())
    );
    assert_eq!(
        row(1956, Championship::Drivers, "fangio"),
        (3000, "1".to_owned())
    );
    assert_eq!(constructor(2007, "mclaren"), (21800, "E".to_owned()));
    assert_eq!(constructor(2018, "force_india"), (5200, "7".to_owned()));
    assert_eq!(constructor(2020, "racing_point"), (19500, "4".to_owned()));
    assert_eq!(constructor(1961, "ferrari"), (4000, "1".to_owned()));
}

/// Prints how far rules and published tables agree; `cargo test agreement -- --nocapture`.
#[test]
fn agreement_after_every_race_is_all_but_the_known_differences() {
    let Some(dump) = Dump::open() else { return };
    let mut rows: BTreeMap<(bool, Championship), usize> = BTreeMap::new();
    every_race(&dump, |_, standings, _, is_final| {
        for championship in CHAMPIONSHIPS {
            *rows.entry((is_final, championship)).or_default() += standings.of(championship).len();
        }
    });
    let mut differing: BTreeMap<(bool, Championship, DifferenceKind), usize> = BTreeMap::new();
    for found in all_differences(&dump) {
        *differing
            .entry((found.is_final, found.championship, found.what.kind))
            .or_default() += 1;
    }
    for ((is_final, championship), rows) in rows {
        println!(
            "{championship:?}, {}: {rows} rows",
            if is_final { "final" } else { "between" }
        );
        for ((_, _, kind), count) in differing
            .iter()
            .filter(|((end, table, _), _)| (*end, *table) == (is_final, championship))
        {
            println!("  {kind:?}: {count}");
        }
    }
    let points = |is_final, championship| {
        differing
            .get(&(is_final, championship, DifferenceKind::Points))
            .copied()
    };
    assert_eq!(points(true, Championship::Drivers), None);
    assert_eq!(points(false, Championship::Drivers), Some(5));
}
