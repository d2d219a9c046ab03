use serde_json::json;

use super::*;

fn at(text: &str) -> DateTime<Utc> {
    format!("2024-05-{text}:00Z").parse().unwrap()
}

fn span(from: &str, to: &str) -> Span {
    Span {
        from: at(from),
        to: at(to),
    }
}

/// An answer for the hours from 12 to 16 of a Sunday.
fn answer() -> Value {
    let times: Vec<i64> = (12..=16)
        .map(|hour| at(&format!("26T{hour}:00")).timestamp())
        .collect();
    json!({
        "latitude": 43.75, "longitude": 7.42, "utc_offset_seconds": 0, "timezone": "GMT",
        "hourly_units": {
            "time": "unixtime", "temperature_2m": "°C", "precipitation_probability": "%",
            "precipitation": "mm", "wind_speed_10m": "m/s", "wind_direction_10m": "°",
            "relative_humidity_2m": "%", "cloud_cover": "%",
        },
        "hourly": {
            "time": times,
            "temperature_2m": [20.0, 21.0, 22.5, 23.0, 22.0],
            "precipitation_probability": [0, 5, 10, 40, 60],
            "precipitation": [0.0, 0.0, 0.1, 1.2, 2.5],
            "wind_speed_10m": [2.0, 2.5, 3.0, 3.5, 4.0],
            "wind_direction_10m": [180, 190, 200, 210, 360],
            "relative_humidity_2m": [60, 61, 62, 63, 64],
            "cloud_cover": [10, 20, 30, 40, 100],
        },
    })
}

fn reading(answer: &Value) -> Result<Hours, String> {
    let span = span("26T13:00", "26T16:00");
    read(FORECAST, answer.to_string().as_bytes(), &EXPECTED, span)
}

#[test]
fn rain_is_told_of_the_hour_that_ends_and_everything_else_of_the_moment() {
    let found = reading(&answer()).unwrap();
    assert_eq!(found.problems, []);
    let starts: Vec<_> = found.hours.iter().map(|hour| hour.start).collect();
    assert_eq!(starts, [at("26T13:00"), at("26T14:00"), at("26T15:00")]);
    let expected = Hour {
        start: at("26T14:00"),
        air_temperature: Some(22.5),
        precipitation_probability: Some(40.0),
        precipitation: Some(1.2),
        wind_speed: Some(3.0),
        wind_direction: Some(200.0),
        humidity: Some(62.0),
        cloud_cover: Some(30.0),
        pressure: None,
    };
    assert_eq!(found.hours[1], expected);
}

#[test]
fn null_says_nothing_and_an_hour_of_which_nothing_is_said_is_not_there() {
    let mut answer = answer();
    // Probabilities end before the rest does.
    answer["hourly"]["precipitation_probability"] = json!([0, 5, null, null, null]);
    let found = reading(&answer).unwrap();
    assert_eq!((found.hours.len(), found.problems.len()), (3, 0));
    assert_eq!(found.hours[0].precipitation_probability, None);
    for (_, values) in answer["hourly"].as_object_mut().unwrap() {
        if values[0].as_f64().is_some_and(|first| first < 1e9) {
            *values = json!([null, null, null, null, null]);
        }
    }
    assert_eq!(reading(&answer).unwrap(), Hours::default());
}

#[test]
fn hours_that_the_answer_does_not_reach_are_not_said() {
    let span = span("26T15:00", "26T20:00");
    let body = answer().to_string();
    let found = read(FORECAST, body.as_bytes(), &EXPECTED, span).unwrap();
    assert_eq!(found.problems, []);
    // At 16:00 the moment is known, the hour that begins is not.
    assert_eq!(found.hours.len(), 2);
    assert_eq!(found.hours[1].air_temperature, Some(22.0));
    assert_eq!(found.hours[1].precipitation, None);
}

#[test]
fn an_hour_with_a_value_that_cannot_be_is_reported_and_left_out() {
    for (series, place, value, hour) in [
        ("temperature_2m", 2, json!(295.6), 1),
        ("wind_speed_10m", 1, json!("fast"), 0),
        ("wind_direction_10m", 3, json!(361), 2),
        ("relative_humidity_2m", 2, json!(-1), 1),
        // Of the hour that ends then.
        ("precipitation", 3, json!(-0.1), 1),
        ("precipitation_probability", 4, json!(101), 2),
        ("cloud_cover", 1, json!({}), 0),
    ] {
        let mut answer = answer();
        answer["hourly"][series][place] = value;
        let found = reading(&answer).unwrap();
        let left: Vec<_> = found.hours.iter().map(|hour| hour.start).collect();
        let mut expected = vec![at("26T13:00"), at("26T14:00"), at("26T15:00")];
        expected.remove(hour);
        assert_eq!(left, expected, "{series}");
        assert_eq!(found.problems.len(), 1, "{series}");
        let problem = found.problems[0].to_string();
        let begin = format!("/v1/forecast:{}, column {series}: expected ", place + 1);
        assert!(problem.starts_with(&begin), "{problem}");
    }
}

#[test]
fn a_time_that_is_none_or_comes_twice_is_reported() {
    let mut answer = answer();
    answer["hourly"]["time"][1] = answer["hourly"]["time"][0].clone();
    answer["hourly"]["time"][2] = json!("2024-05-26T14:00");
    let found = reading(&answer).unwrap();
    let problems: Vec<_> = found.problems.iter().map(ToString::to_string).collect();
    assert_eq!(problems.len(), 2, "{problems:?}");
    assert!(problems[0].contains("again"), "{problems:?}");
    assert!(problems[1].contains("2024-05-26T14:00"), "{problems:?}");
}

#[test]
fn an_answer_in_other_units_or_of_another_shape_is_refused_whole() {
    type Change = fn(&mut Value);
    let changes: [(Change, &str); 8] = [
        (
            |a| a["hourly_units"]["wind_speed_10m"] = json!("km/h"),
            "wind_speed_10m in m/s, found \"km/h\"",
        ),
        (
            |a| a["hourly_units"]["temperature_2m"] = json!("°F"),
            "temperature_2m in °C",
        ),
        (
            |a| {
                drop(
                    a["hourly_units"]
                        .as_object_mut()
                        .unwrap()
                        .remove("precipitation"),
                );
            },
            "precipitation in mm, found nothing",
        ),
        (
            |a| a["hourly_units"]["time"] = json!("iso8601"),
            "time in unixtime",
        ),
        (|a| a["utc_offset_seconds"] = json!(7200), "7200 s from UTC"),
        (
            |a| a["hourly"]["cloud_cover"] = json!([1, 2]),
            "5 times, but 2 of cloud_cover",
        ),
        (
            |a| a["hourly"]["precipitation"] = json!("none"),
            "a list precipitation",
        ),
        (
            |a| *a = json!({ "error": true, "reason": "no" }),
            "an object hourly_units",
        ),
    ];
    for (change, expected) in changes {
        let mut answer = answer();
        change(&mut answer);
        let error = reading(&answer).unwrap_err();
        assert!(error.contains(expected), "{error}");
    }
    for body in ["", "<html></html>", "[]", "{\"hourly\": {"] {
        let span = span("26T13:00", "26T16:00");
        assert!(
            read(FORECAST, body.as_bytes(), &EXPECTED, span).is_err(),
            "{body}"
        );
    }
}

#[test]
fn the_archive_is_where_the_service_is_unless_that_is_the_public_one() {
    for (url, own, expected) in [
        (
            "https://api.open-meteo.com",
            "",
            "https://archive-api.open-meteo.com",
        ),
        (
            "https://api.open-meteo.com/",
            "",
            "https://archive-api.open-meteo.com",
        ),
        ("http://127.0.0.1:8700", "", "http://127.0.0.1:8700"),
        (
            "https://api.open-meteo.com",
            "https://a.example.org",
            "https://a.example.org",
        ),
    ] {
        assert_eq!(archive(url, own), expected);
    }
}
