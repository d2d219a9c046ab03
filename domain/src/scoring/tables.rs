//! The rules beside tables of what they must come to: weekends of 2024, made-up cases, ties.

use super::*;

/// A weekend and the points it must come to, in hundredths.
struct Case {
    name: &'static str,
    weekend: DriverWeekend,
    official: i32,
    with_sprints: i32,
    extended: i32,
}

/// Lines that say something, with their numbers.
fn lines(table: &'static str) -> impl Iterator<Item = (usize, &'static str)> {
    (1..)
        .zip(table.lines().map(str::trim))
        .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
}

fn cases(table: &'static str) -> Vec<Case> {
    lines(table).map(|(_, line)| case(line)).collect()
}

fn case(line: &'static str) -> Case {
    let cells: Vec<_> = line.split('|').map(str::trim).collect();
    let [
        name,
        qualifying,
        sprint,
        race,
        official,
        with_sprints,
        extended,
    ] = cells[..]
    else {
        panic!("seven columns: {line}");
    };
    let weekend = DriverWeekend {
        driver_id: 1,
        qualifying: match qualifying {
            "-" => None,
            "no time" => Some(Qualifying {
                position: Some(20),
                time_set: false,
            }),
            position => Some(Qualifying {
                position: Some(position.parse().unwrap()),
                time_set: true,
            }),
        },
        sprint: outing(sprint),
        race: outing(race),
        driver_of_the_day: race.ends_with("voted"),
    };
    Case {
        name,
        weekend,
        official: hundredths(official),
        with_sprints: hundredths(with_sprints),
        extended: hundredths(extended),
    }
}

fn outing(cell: &str) -> Option<Outing> {
    if cell == "-" {
        return None;
    }
    let (place, facts) = cell.split_once(' ').unwrap_or((cell, ""));
    let (ending, position) = match place {
        "N" => (Ending::NotClassified, None),
        "D" => (Ending::Disqualified, None),
        "W" => (Ending::DidNotStart, None),
        place => (Ending::Classified, Some(place.parse().unwrap())),
    };
    let mut outing = Outing {
        ending,
        position,
        grid: None,
        points: 0,
        fastest_lap: false,
        overtakes: None,
    };
    for fact in facts.split_whitespace() {
        match fact {
            // As results have it.
            "pit" => outing.grid = Some(0),
            "fastest" => outing.fastest_lap = true,
            "voted" => {}
            _ if fact.starts_with('g') => outing.grid = Some(fact[1..].parse().unwrap()),
            _ if fact.ends_with('p') => outing.points = hundredths(fact.trim_end_matches('p')),
            _ if fact.ends_with('o') => {
                outing.overtakes = Some(fact.trim_end_matches('o').parse().unwrap());
            }
            _ => panic!("no such fact: {fact}"),
        }
    }
    Some(outing)
}

/// Hundredths from points written with at most one decimal.
fn hundredths(points: &str) -> i32 {
    match points.split_once('.') {
        None => points.parse::<i32>().unwrap() * 100,
        Some((whole, tenths)) => {
            whole.parse::<i32>().unwrap() * 100 + tenths.parse::<i32>().unwrap() * 10
        }
    }
}

#[test]
fn weekends_come_to_what_the_tables_say() {
    let with_sprints = OFFICIAL.clone().with_sprint_points();
    for (table, text) in [
        ("cases", include_str!("tables/cases.txt")),
        ("bahrain_2024", include_str!("tables/bahrain_2024.txt")),
        ("miami_2024", include_str!("tables/miami_2024.txt")),
        ("austria_2024", include_str!("tables/austria_2024.txt")),
        ("belgium_2024", include_str!("tables/belgium_2024.txt")),
    ] {
        for case in cases(text) {
            let points = |ruleset| score(ruleset, &case.weekend).total();
            assert_eq!(
                [points(&OFFICIAL), points(&with_sprints), points(&EXTENDED)],
                [case.official, case.with_sprints, case.extended],
                "{table}: {}",
                case.name
            );
        }
    }
}

#[test]
fn the_drivers_of_a_race_have_all_its_official_points() {
    // 101, and the point for the fastest lap where it was given; 36 in a sprint.
    for (text, race, sprint) in [
        (include_str!("tables/bahrain_2024.txt"), 10_200, 0),
        (include_str!("tables/miami_2024.txt"), 10_100, 3600),
        (include_str!("tables/austria_2024.txt"), 10_100, 3600),
        (include_str!("tables/belgium_2024.txt"), 10_200, 0),
    ] {
        let cases = cases(text);
        let official: i32 = cases.iter().map(|case| case.official).sum();
        let with_sprints: i32 = cases.iter().map(|case| case.with_sprints).sum();
        assert_eq!((official, with_sprints - official), (race, sprint));
    }
}

#[test]
fn a_breakdown_says_what_gave_which_points() {
    let cases = cases(include_str!("tables/cases.txt"));
    let perfect = cases.iter().find(|case| case.name == "perfect").unwrap();
    let breakdown = score(&EXTENDED, &perfect.weekend);
    let told: Vec<_> = breakdown
        .lines()
        .iter()
        .map(|line| (line.session, line.part, line.worth.value, line.worth.points))
        .collect();
    assert_eq!(
        told,
        [
            (Session::Qualifying, Part::Position, 1, 1000),
            (Session::Sprint, Part::Position, 1, 800),
            (Session::Sprint, Part::PlacesGained, 2, 200),
            (Session::Sprint, Part::Overtakes, 2, 200),
            (Session::Sprint, Part::FastestLap, 1, 500),
            (Session::Race, Part::Position, 1, 2500),
            (Session::Race, Part::PlacesGained, 1, 100),
            (Session::Race, Part::Overtakes, 5, 500),
            (Session::Race, Part::FastestLap, 1, 1000),
            (Session::Race, Part::DriverOfTheDay, 1, 1000),
        ]
    );
}

/// Team, picks and expected rank, as a line of the table has them.
type TeamOfSeason = (i32, &'static str, i32);

/// What each pick of a team brought, over one race as well as over one race each.
fn hauls(team_id: i32, cell: &str) -> Vec<Haul> {
    let haul = |pick: &str| {
        let (points, place) = pick.split_once('@').unwrap();
        Haul {
            team_id,
            points: hundredths(points),
            race_position: (place != "-").then(|| place.parse().unwrap()),
        }
    };
    cell.split_whitespace().map(haul).collect()
}

fn check_season(name: &str, rows: &[TeamOfSeason]) {
    let teams: Vec<_> = rows.iter().map(|(team, ..)| *team).collect();
    let all: Vec<_> = rows
        .iter()
        .flat_map(|(team, cell, _)| hauls(*team, cell))
        .collect();
    let expected: Vec<_> = rows.iter().map(|(team, _, rank)| (*team, *rank)).collect();
    let apart: Vec<_> = (1..)
        .zip(&all)
        .map(|(race_id, haul)| ScoredRace {
            race_id,
            hauls: vec![*haul],
        })
        .collect();
    let together = ScoredRace {
        race_id: 1,
        hauls: all,
    };
    for ranked in [
        race_leaderboard(&together),
        season_leaderboard(&teams, &[together]),
        season_leaderboard(&teams, &apart),
    ] {
        let ranks: Vec<_> = ranked.iter().map(|row| (row.team_id, row.rank)).collect();
        assert_eq!(ranks, expected, "{name}");
    }
}

#[test]
fn ties_are_broken_as_the_table_says() {
    let mut seasons: Vec<(&str, Vec<TeamOfSeason>)> = Vec::new();
    for (number, line) in lines(include_str!("tables/ties.txt")) {
        if let Some(name) = line.strip_prefix("season ") {
            seasons.push((name, Vec::new()));
            continue;
        }
        let cells: Vec<_> = line.split('|').map(str::trim).collect();
        let [team, picks, rank] = cells[..] else {
            panic!("three columns in line {number}");
        };
        let rows = &mut seasons.last_mut().expect("a season comes first").1;
        rows.push((team.parse().unwrap(), picks, rank.parse().unwrap()));
    }
    assert_eq!(seasons.len(), 9);
    for (name, rows) in seasons {
        check_season(name, &rows);
    }
}
