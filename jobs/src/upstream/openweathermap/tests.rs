use serde_json::json;

use super::*;

fn at(text: &str) -> DateTime<Utc> {
    format!("2024-05-{text}:00Z").parse().unwrap()
}

fn step_at(time: &str, temperature: f64, rain: Option<f64>) -> Value {
    let mut step = json!({
        "dt": at(time).timestamp(),
        "main": { "temp": temperature, "humidity": 60, "pressure": 1013 },
        "clouds": { "all": 40 },
        "wind": { "speed": 3.0, "deg": 350, "gust": 5.0 },
        "pop": 0.35,
    });
    if let Some(rain) = rain {
        step["rain"] = json!({ "3h": rain });
    }
    step
}

/// Steps at 12, 15 and 18 of a Sunday.
fn answer() -> Value {
    json!({ "cod": "200", "cnt": 3, "list": [
        step_at("26T12:00", 20.0, None),
        step_at("26T15:00", 23.0, Some(1.5)),
        step_at("26T18:00", 20.0, Some(6.0)),
    ] })
}

fn reading(answer: &Value, from: &str, to: &str) -> Result<Hours, String> {
    let span = Span {
        from: at(from),
        to: at(to),
    };
    read(answer.to_string().as_bytes(), span)
}

#[test]
fn steps_of_three_hours_are_made_hours() {
    let found = reading(&answer(), "26T12:00", "26T17:00").unwrap();
    assert_eq!(found.problems, []);
    let told: Vec<_> = found
        .hours
        .iter()
        .map(|hour| (hour.air_temperature.unwrap(), hour.precipitation.unwrap()))
        .collect();
    // What fell until 15:00 fell in the hours from 12:00 on.
    assert_eq!(
        told,
        [
            (20.0, 0.5),
            (21.0, 0.5),
            (22.0, 0.5),
            (23.0, 2.0),
            (22.0, 2.0)
        ]
    );
    let hour = found.hours[1];
    assert_eq!(hour.start, at("26T13:00"));
    assert_eq!(hour.precipitation_probability, Some(35.0));
    assert_eq!(
        (hour.wind_speed, hour.wind_direction),
        (Some(3.0), Some(350.0))
    );
    assert_eq!((hour.humidity, hour.cloud_cover), (Some(60.0), Some(40.0)));
}

#[test]
fn a_direction_is_that_of_the_nearer_step_since_the_mean_of_two_may_be_the_opposite() {
    let mut answer = answer();
    answer["list"][1]["wind"]["deg"] = json!(10);
    let found = reading(&answer, "26T12:00", "26T15:00").unwrap();
    let directions: Vec<_> = found
        .hours
        .iter()
        .filter_map(|hour| hour.wind_direction)
        .collect();
    assert_eq!(directions, [350.0, 350.0, 10.0]);
}

#[test]
fn before_the_first_step_it_is_what_the_first_says_and_far_from_any_nothing() {
    let found = reading(&answer(), "26T08:00", "26T12:00").unwrap();
    let starts: Vec<_> = found.hours.iter().map(|hour| hour.start).collect();
    // The first step tells of what falls from 09:00 on, and of the moments from 10:00 on.
    assert_eq!(starts, [at("26T09:00"), at("26T10:00"), at("26T11:00")]);
    assert_eq!(found.hours[0].air_temperature, None);
    assert_eq!(found.hours[1].air_temperature, Some(20.0));
    let after = reading(&answer(), "26T18:00", "27T00:00").unwrap();
    assert_eq!(after.hours.len(), 3);
    assert_eq!(after.hours[2].precipitation, None);
}

#[test]
fn snow_falls_as_well_as_rain() {
    let mut answer = answer();
    answer["list"][1]["snow"] = json!({ "3h": 3.0 });
    let found = reading(&answer, "26T14:00", "26T15:00").unwrap();
    assert_eq!(found.hours[0].precipitation, Some(1.5));
}

#[test]
fn a_step_with_a_value_that_cannot_be_is_reported_and_left_out() {
    for (at, value, field) in [
        // Kelvin: the units that were asked for were not used.
        ("/main/temp", json!(296.1), "main.temp"),
        ("/main/humidity", json!("wet"), "main.humidity"),
        ("/pop", json!(35), "pop"),
        ("/rain/3h", json!(-1), "rain.3h"),
        ("/wind/speed", json!(500), "wind.speed"),
        ("/wind/deg", json!(-10), "wind.deg"),
        ("/clouds/all", json!(140), "clouds.all"),
        ("/dt", json!("now"), "dt"),
    ] {
        let mut answer = answer();
        *answer["list"][1].pointer_mut(at).unwrap() = value;
        let found = reading(&answer, "26T12:00", "26T17:00").unwrap();
        let problem = found.problems[0].to_string();
        let begin = format!("/data/2.5/forecast:2, column {field}: expected ");
        assert!(problem.starts_with(&begin), "{problem}");
        assert_eq!(found.problems.len(), 1);
        // Nothing is known of the rain between 12 and 15 then.
        let rain: Vec<_> = found.hours.iter().map(|hour| hour.precipitation).collect();
        assert_eq!(rain, [None, None, None, Some(2.0), Some(2.0)], "{field}");
    }
}

#[test]
fn a_step_that_comes_twice_counts_once_and_one_that_says_two_things_is_reported() {
    let expected = reading(&answer(), "26T12:00", "26T17:00").unwrap();
    let mut doubled = answer();
    let steps: Vec<Value> = doubled["list"].as_array().unwrap().clone();
    doubled["list"] = steps.iter().chain(&steps).cloned().collect();
    assert_eq!(reading(&doubled, "26T12:00", "26T17:00").unwrap(), expected);
    doubled["list"][4]["pop"] = json!(0.9);
    let found = reading(&doubled, "26T12:00", "26T17:00").unwrap();
    assert_eq!(found.hours, expected.hours);
    assert!(
        found.problems[0].to_string().contains("again"),
        "{:?}",
        found.problems
    );
}

#[test]
fn an_answer_of_another_shape_is_refused_whole() {
    for body in [
        "",
        "<html></html>",
        "[]",
        "{\"list\": {}}",
        "{\"cod\": \"200\"}",
        "{\"list\": [",
    ] {
        let span = Span {
            from: at("26T12:00"),
            to: at("26T15:00"),
        };
        assert!(read(body.as_bytes(), span).is_err(), "{body}");
    }
    assert_eq!(
        reading(&json!({ "list": [] }), "26T12:00", "26T15:00"),
        Ok(Hours::default())
    );
}
