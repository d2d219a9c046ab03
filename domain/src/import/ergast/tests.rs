//! Dumps written by the tests themselves, sound and broken, and facts of the full history
//! where it is at hand.

mod broken;
mod dump;
mod full_history;

use entities::{lap::Compound, race_control::Resumption, result::Status, session::Kind};

use dump::{Dump, Outcome};

const LAPS: &str = "year,round,driver_ref,lap,lap_time_ms,position,stint,compound,tyre_age,is_fresh_tyre,track_status,is_accurate,pit_in,pit_out,end_ms,pirelli_name\n";
const PRACTICE: &str = "year,round,session,driver_ref,constructor_ref,position,best_lap_ms,laps\n";
const PLAIN_LAPS: &str = "raceId,driverId,lap,position,time,milliseconds\n";

#[test]
fn a_sound_dump_is_read_in_order_of_the_rounds() {
    let outcome = Dump::new().read();
    assert_eq!((&outcome.refused, &outcome.warnings), (&vec![], &vec![]));
    let rounds: Vec<_> = outcome
        .races
        .iter()
        .map(|race| (race.season, race.round))
        .collect();
    assert_eq!(rounds, [(2024, 1), (2024, 2)]);
    let first = &outcome.races[0];
    assert_eq!((first.circuit.as_str(), first.starts_at), ("ring", None));
    assert_eq!(first.sessions.len(), 1);
    assert_eq!(first.sessions[0].starts_at, None);
    let second = &outcome.races[1];
    assert_eq!(
        second.starts_at.unwrap().to_rfc3339(),
        "2024-03-17T14:00:00+00:00"
    );
    let kinds: Vec<Kind> = second.sessions.iter().map(|session| session.kind).collect();
    assert_eq!(
        kinds,
        [
            Kind::Practice1,
            Kind::SprintQualifying,
            Kind::Qualifying,
            Kind::Sprint
        ]
    );
    let seasons: Vec<i32> = outcome
        .source
        .catalogue
        .seasons
        .iter()
        .map(|s| s.year)
        .collect();
    assert_eq!(seasons, [2023, 2024]);
    let drivers = &outcome.source.catalogue.drivers;
    assert_eq!(drivers[0].nationality, "British");
    assert_eq!(
        (drivers[1].family_name.as_str(), drivers[1].date_of_birth),
        ("Moss, Jr.", None)
    );
    assert_eq!(outcome.source.catalogue.circuits[0].altitude_m, Some(-3));
}

#[test]
fn results_are_typed() {
    let outcome = Dump::new().read();
    let winner = &outcome.races[0].results[0];
    assert_eq!(
        (winner.driver.as_str(), winner.constructor.as_str()),
        ("ada", "north")
    );
    assert_eq!((winner.points, winner.time_ms), (2600, Some(4_800_500)));
    assert_eq!(
        (winner.fastest_lap, winner.fastest_lap_ms),
        (Some(44), Some(91_250))
    );
    let retired = &outcome.races[0].results[1];
    assert_eq!((retired.position, retired.status), (None, Status::Retired));
    assert_eq!(
        (retired.status_text.as_str(), retired.fastest_lap_rank),
        ("Gearbox", None)
    );
    let second = &outcome.races[1].results;
    assert_eq!((second[0].grid, second[0].points), (Some(0), 1250));
    assert_eq!((second[1].number.as_str(), second[1].points), ("", 933));
    assert_eq!(second[1].status, Status::Lapped);
    // No rank is given, so the times decide.
    assert_eq!(second[0].fastest_lap_rank, Some(2));
    assert_eq!(second[1].fastest_lap_rank, Some(1));
}

#[test]
fn a_doubtful_first_lap_and_a_place_only_as_text_are_mended_and_remarked() {
    let mut dump = Dump::new();
    dump.replace("results.csv", "4860000,40,", b"4860000,1,");
    dump.replace("results.csv", "\\N,1,2,2,2,9.33", b"\\N,1,\\N,2,2,9.33");
    let outcome = dump.read();
    let results = &outcome.race(2024, 2).results;
    assert_eq!(
        (results[0].fastest_lap, results[0].fastest_lap_ms),
        (None, Some(92_000))
    );
    assert_eq!(results[1].position, Some(2));
    assert!(outcome.warnings.iter().all(|warning| warning.line == 0));
    assert_eq!(outcome.warnings.len(), 2);
}

#[test]
fn an_archive_reads_like_a_folder() {
    let mut dump = Dump::new();
    dump.file("lap_times.csv", PLAIN_LAPS);
    dump.line("lap_times.csv", "11,1,1,1,1:40.000,100000");
    let folder = dump.read();
    for under in ["", "ergast/", "dump/", "dump/ergast/"] {
        let (_kept, path) = dump.archive(under);
        let outcome = Outcome::of(&path).unwrap();
        assert_eq!(outcome.races, folder.races, "{under}");
    }
}

#[test]
fn tables_beside_the_dump_are_read_with_it() {
    let mut inner = Dump::new();
    inner.file(
        "ergast/lap_times.csv.gz",
        &format!("{PLAIN_LAPS}11,1,1,1,1:40.000,100000\n12,1,1,1,1:41.000,101000\n"),
    );
    for name in [
        "races",
        "results",
        "drivers",
        "constructors",
        "circuits",
        "status",
        "seasons",
    ] {
        inner.move_into_ergast(name);
    }
    inner.file(
        "laps/laps_2024.csv.gz",
        &format!(
            "{LAPS}2024,1,ada,1,,1,,UNKNOWN,,1,12,0,1,1,99000,UNKNOWN\n\
             2024,1,ada,2,95500,1,,SOFT,1,1,1,1,0,1,194500,C4\n"
        ),
    );
    inner.file(
        "practice.csv",
        &format!(
            "{PRACTICE}2024,1,fp2,bo,south,1,90000,20\n2024,2,fp1,bo,south,1,,20\n2024,2,fp2,bo,south,1,90000,9\n"
        ),
    );
    inner.file(
        "race_weather.csv",
        "year,round,wet_lap_share,air_temp_c,track_temp_c,humidity_pct,wind_speed_ms,pressure_mbar,rainfall_share\n2024,2,0.25,20.5,,,,,\n",
    );
    inner.file(
        "calendar_2025.csv",
        "raceId,year,round,circuitId,name,date\n12,2025,2,7,Third Grand Prix,2025-04-06\n11,2025,1,7,First Grand Prix,2025-03-09\n13,2024,2,7,Second Grand Prix,2024-03-17\n",
    );
    let outcome = inner.read();
    assert_eq!((&outcome.refused, &outcome.warnings), (&vec![], &vec![]));
    let rounds: Vec<_> = outcome
        .races
        .iter()
        .map(|race| (race.season, race.round))
        .collect();
    assert_eq!(rounds, [(2024, 1), (2024, 2), (2025, 1), (2025, 2)]);
    assert_eq!(outcome.race(2025, 2).results, []);

    let laps = &outcome.race(2024, 1).laps;
    assert_eq!((laps.len(), laps[0].time_ms), (2, None));
    let (first, second) = (
        laps[0].detail.clone().unwrap(),
        laps[1].detail.clone().unwrap(),
    );
    assert_eq!(
        (first.stint, first.pit_out, first.is_fresh_tyre),
        (1, false, None)
    );
    assert_eq!(
        (first.compound, first.compound_name),
        (Compound::Unknown, None)
    );
    assert_eq!((second.stint, second.pit_out), (2, true));
    assert_eq!(
        (second.compound, second.compound_name.as_deref()),
        (Compound::Soft, Some("C4"))
    );
    // The second race has no laps with tyres: the plain ones serve.
    assert_eq!(outcome.race(2024, 2).laps[0].detail, None);
    assert!(outcome.note("lap_times.csv.gz").is_some());

    let sessions = |round| {
        outcome
            .race(2024, round)
            .practice
            .iter()
            .map(|row| row.session)
            .collect::<Vec<_>>()
    };
    assert_eq!(sessions(1), [Kind::Practice2]);
    assert_eq!(sessions(2), [Kind::Practice1]);
    assert!(outcome.note("practice.csv").is_some());
    assert_eq!(
        outcome
            .race(2024, 2)
            .weather
            .as_ref()
            .unwrap()
            .wet_lap_share,
        Some(0.25)
    );
}

#[test]
fn standings_safety_cars_red_flags_and_stops_are_typed() {
    let mut dump = Dump::new();
    dump.file("driver_standings.csv", "driverStandingsId,raceId,driverId,points,position,positionText,wins\n1,11,1,26,1,1,1\n2,11,2,78,26,D,5\n");
    dump.file(
        "safety_cars.csv",
        "raceId,Race,Cause,Deployed,Retreated,FullLaps\n11,x, Rain ,3,,2\n",
    );
    dump.file(
        "red_flags.csv",
        "raceId,Race,Lap,Resumed,Incident,Excluded\n11,x,1,Y,\"Crash, big.\",\n11,x,1,N,Again.,\n",
    );
    dump.file(
        "pit_stops.csv",
        "raceId,driverId,stop,lap,time,duration,milliseconds\n11,1,1,9,17:05:23,1:26.898,86898\n",
    );
    dump.file("qualifying.csv", "qualifyId,raceId,driverId,constructorId,number,position,q1,q2,q3\n1,11,1,1,7,2,1:30.1,59.5,\\N\n");
    let outcome = dump.read();
    assert_eq!((&outcome.refused, &outcome.warnings), (&vec![], &vec![]));
    let race = outcome.race(2024, 1);
    assert_eq!(race.driver_standings[0].position, Some(1));
    assert_eq!(
        (
            race.driver_standings[1].position,
            race.driver_standings[1].points
        ),
        (None, 7800)
    );
    assert_eq!(race.race_control.len(), 3);
    assert_eq!(
        (
            race.race_control[0].cause.as_str(),
            race.race_control[0].to_lap
        ),
        ("Rain", None)
    );
    assert_eq!(race.race_control[1].resumption, Some(Resumption::Restarted));
    assert_eq!(race.pit_stops[0].lane_ms, Some(86_898));
    assert_eq!(race.pit_stops[0].local_time.as_deref(), Some("17:05:23"));
    let times = &race.qualifying[0];
    assert_eq!(
        (times.q1_ms, times.q2_ms, times.q3_ms),
        (Some(90_100), Some(59_500), None)
    );
}
