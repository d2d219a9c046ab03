use domain::import::record::{Compound, ControlKind, LapRecord};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::*;

fn rows<T: DeserializeOwned>(rows: Value) -> Vec<T> {
    serde_json::from_value(rows).unwrap()
}

fn session() -> Session {
    let session = json!({ "session_key": 94, "meeting_key": 9, "session_name": "Race",
        "date_start": "2030-05-12T13:00:00+00:00", "date_end": "2030-05-12T15:00:00+00:00" });
    serde_json::from_value(session).unwrap()
}

fn stored() -> Stored {
    let car = |driver: &str, code: &str| Car {
        driver: driver.to_owned(),
        code: Some(code.to_owned()),
    };
    Stored {
        record: RaceRecord {
            season: 2030,
            name: "Welsh Grand Prix".to_owned(),
            ..RaceRecord::default()
        },
        cars: BTreeMap::from([(7, car("adler", "ADL")), (8, car("borg", "BOR"))]),
    }
}

/// Two cars over three laps; the second stops for wet tyres under a safety car.
fn read() -> Read {
    let lap = |number: i32, lap: i32, start: &str, time: f64, sectors: [f64; 3]| {
        json!({ "driver_number": number, "lap_number": lap, "lap_duration": time,
            "date_start": format!("2030-05-12T{start}+00:00"), "is_pit_out_lap": number == 8 && lap == 3,
            "duration_sector_1": sectors[0], "duration_sector_2": sectors[1], "duration_sector_3": sectors[2] })
    };
    let message = |time: &str, lap: i32, category: &str, flag: Option<&str>, text: &str| {
        json!({ "date": format!("2030-05-12T{time}+00:00"), "category": category, "flag": flag,
            "scope": flag.map(|_| "Track"), "lap_number": lap, "message": text })
    };
    Read {
        drivers: rows(json!([
            { "driver_number": 7, "name_acronym": "ADL" },
            { "driver_number": 8, "name_acronym": "BOR" },
            { "driver_number": 9, "name_acronym": "CRU" },
        ])),
        laps: rows(json!([
            lap(7, 1, "13:03:00", 90.0, [30.0, 30.0, 30.0]),
            lap(7, 2, "13:04:30", 80.0, [26.0, 27.0, 27.0]),
            lap(7, 3, "13:05:50", 80.5, [26.0, 27.0, 20.0]),
            lap(8, 1, "13:03:00", 91.0, [30.0, 30.0, 31.0]),
            lap(8, 2, "13:04:31", 100.0, [26.0, 27.0, 47.0]),
            lap(8, 3, "13:06:11", 95.0, [40.0, 27.0, 28.0]),
            lap(9, 1, "13:03:00", 89.0, [30.0, 30.0, 29.0]),
        ])),
        stints: rows(json!([
            { "driver_number": 7, "stint_number": 1, "compound": "HARD", "lap_start": 1, "lap_end": 3, "tyre_age_at_start": 2 },
            { "driver_number": 8, "stint_number": 1, "compound": "SOFT", "lap_start": 1, "lap_end": 3, "tyre_age_at_start": 0 },
            { "driver_number": 8, "stint_number": 2, "compound": "WET", "lap_start": 3, "lap_end": 3, "tyre_age_at_start": 0 },
        ])),
        pit: rows(json!([
            { "driver_number": 8, "lap_number": 2, "date": "2030-05-12T13:06:15+00:00", "pit_duration": 22.5 },
            { "driver_number": 8, "lap_number": 2, "date": "2030-05-12T13:06:15+00:00", "pit_duration": 22.5 },
            { "driver_number": 9, "lap_number": 2, "date": "2030-05-12T13:06:20+00:00", "lane_duration": 25.0 },
        ])),
        race_control: rows(json!([
            message("13:05:00", 2, "SafetyCar", None, "SAFETY CAR DEPLOYED"),
            message("13:05:40", 2, "SafetyCar", None, "SAFETY CAR IN THIS LAP"),
            message("13:05:55", 3, "Flag", Some("CLEAR"), "TRACK CLEAR"),
            message(
                "13:07:00",
                3,
                "SafetyCar",
                None,
                "VIRTUAL SAFETY CAR DEPLOYED"
            ),
            message(
                "13:07:20",
                4,
                "SafetyCar",
                None,
                "VIRTUAL SAFETY CAR ENDING"
            ),
            message("13:07:30", 5, "Flag", Some("GREEN"), "GREEN FLAG"),
        ])),
        weather: rows(json!([
            { "date": "2030-05-12T12:30:00+00:00", "air_temperature": 40.0, "rainfall": 0 },
            { "date": "2030-05-12T13:30:00+00:00", "air_temperature": 20.0, "rainfall": 0, "pressure": 1000.0 },
            { "date": "2030-05-12T13:31:00+00:00", "air_temperature": 21.0, "rainfall": 1, "pressure": null },
        ])),
    }
}

fn lap<'r>(laps: &'r [LapRecord], driver: &str, lap: i32) -> &'r LapRecord {
    let mut laps = laps.iter();
    laps.find(|row| row.driver == driver && row.lap == lap)
        .unwrap()
}

#[test]
fn laps_know_their_tyres_their_place_and_the_track() {
    let (record, problems) = record(stored(), &session(), &read());
    assert_eq!(record.name, "Welsh Grand Prix");
    let messages: Vec<_> = problems.iter().map(ToString::to_string).collect();
    assert_eq!(messages, ["drivers: car 9 of Some(\"CRU\") is not entered"]);
    assert_eq!(record.laps.len(), 6);

    let second = lap(&record.laps, "adler", 2);
    assert_eq!((second.position, second.time_ms), (Some(1), Some(80_000)));
    let detail = second.detail.as_ref().unwrap();
    assert_eq!((detail.stint, detail.compound), (1, Compound::Hard));
    assert_eq!(
        (detail.tyre_age, detail.is_fresh_tyre),
        (Some(4), Some(false))
    );
    assert_eq!(
        (detail.track_status.as_str(), detail.is_accurate),
        ("14", false)
    );
    assert_eq!(detail.end_ms, Some(170_000));
    assert_eq!(detail.sector1_ms, Some(26_000));
    assert_eq!(lap(&record.laps, "borg", 2).position, Some(2));

    // Of the stints that a lap could belong to, the one that has begun last.
    let last = lap(&record.laps, "borg", 3).detail.as_ref().unwrap();
    assert_eq!(
        (last.stint, last.compound, last.tyre_age),
        (2, Compound::Wet, Some(1))
    );
    assert!(last.pit_out && !last.pit_in);
    assert!(lap(&record.laps, "borg", 2).detail.as_ref().unwrap().pit_in);
    // Its sectors do not make the lap.
    let odd = lap(&record.laps, "adler", 3).detail.as_ref().unwrap();
    assert!(!odd.is_accurate);
    assert_eq!(odd.track_status, "146");
}

#[test]
fn stops_race_control_and_weather_come_along() {
    let (record, _) = record(stored(), &session(), &read());
    assert_eq!(record.pit_stops.len(), 1);
    let stop = &record.pit_stops[0];
    let stop = (stop.driver.as_str(), stop.stop, stop.lap, stop.lane_ms);
    assert_eq!(stop, ("borg", 1, 2, Some(22_500)));

    let control: Vec<_> = record
        .race_control
        .iter()
        .map(|row| (row.kind, row.from_lap, row.to_lap))
        .collect();
    let expected = [
        (ControlKind::SafetyCar, 2, Some(2)),
        (ControlKind::VirtualSafetyCar, 3, Some(5)),
    ];
    assert_eq!(control, expected);

    let weather = record.weather.unwrap();
    assert_eq!(weather.air_temperature, Some(20.5));
    assert_eq!(
        (weather.rainfall_share, weather.pressure),
        (Some(0.5), Some(1000.0))
    );
    assert_eq!(weather.wet_lap_share, Some(0.167));
    assert_eq!(weather.humidity, None);
}

#[test]
fn a_car_that_is_anothers_here_is_left_out() {
    let mut stored = stored();
    stored.cars.get_mut(&8).unwrap().code = Some("XYZ".to_owned());
    let (record, problems) = record(stored, &session(), &read());
    assert!(record.laps.iter().all(|lap| lap.driver == "adler"));
    assert!(record.pit_stops.is_empty());
    let text = problems[0].to_string();
    assert!(text.contains("car 8 is borg's"), "{text}");
}

#[test]
fn of_nothing_nothing_is_made() {
    let nothing = Read {
        drivers: Vec::new(),
        laps: Vec::new(),
        stints: Vec::new(),
        pit: Vec::new(),
        race_control: Vec::new(),
        weather: Vec::new(),
    };
    let (record, problems) = record(stored(), &session(), &nothing);
    assert_eq!((record, problems), (stored().record, Vec::new()));
}
