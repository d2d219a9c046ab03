//! The weather of sessions to come and of races that were run, from services that do as a test says.

use chrono::{DateTime, TimeDelta, Timelike, Utc};
use domain::{App, clock::Clock, event, weather::Source};
use entities::{race, session, weather_forecast};
use jobs::{
    upstream::Policy,
    weather::{Refreshed, WeatherError, policy, refresh_with},
};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, EntityTrait};
use serde_json::{Value, json};

use crate::support::{
    Setup, TestApp,
    weather::{Asked, WeatherService, open_meteo},
};

mod against_stub;
mod observed;
mod secret;
mod services;

/// Six days before the first race of 2025, which starts at 04:00 on 16 March.
const NOW: &str = "2025-03-10T12:00:00Z";

const KEY: &str = "0123456789abcdef0123456789abcdef";

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// No time is lost between tries.
fn quick() -> Policy {
    Policy {
        first_pause: TimeDelta::milliseconds(5),
        ..policy()
    }
}

async fn test_with(now: &str, url: &str, other: Option<&str>) -> TestApp {
    let setup = Setup {
        now: at(now),
        bundled: true,
        ..Setup::default()
    };
    TestApp::start_with(setup, |config| {
        url.clone_into(&mut config.upstream.open_meteo.url);
        if let Some(other) = other {
            other.clone_into(&mut config.upstream.openweathermap.url);
            KEY.clone_into(&mut config.upstream.openweathermap.key);
        }
    })
    .await
}

/// The application at another time.
fn later(test: &TestApp, now: &str) -> App {
    let mut app = test.app.clone();
    app.clock = Clock::standing(at(now));
    app
}

async fn refresh(app: &App) -> Result<Refreshed, WeatherError> {
    refresh_with(app, &quick()).await
}

/// A dry day that gets warmer by a degree an hour from midnight on.
fn fine(asked: &Asked) -> (u16, String) {
    let answer = open_meteo(asked, |series, time| {
        let hour = time.hour();
        match series {
            "temperature_2m" => json!(hour),
            "precipitation_probability" => json!(hour * 2),
            "wind_direction_10m" => json!(200),
            "surface_pressure" => json!(1010),
            "precipitation" => json!(0.0),
            _ => json!(10),
        }
    });
    (200, answer.to_string())
}

async fn set_session(app: &App, race: &str, kind: session::Kind, starts_at: &str) {
    let races = race::Entity::find().all(&app.db).await.unwrap();
    let race = races.into_iter().find(|row| row.reference == race).unwrap();
    let starts_at = at(starts_at);
    let row = session::ActiveModel {
        race_id: Set(race.id),
        kind: Set(kind),
        date: Set(starts_at.date_naive()),
        starts_at: Set(Some(starts_at)),
    };
    row.update(&app.db).await.unwrap();
}

async fn events(app: &App) -> (i64, i64) {
    let last = async |stream| event::last_sequence(&app.db, stream).await.unwrap();
    (last(event::WEATHER).await, last(event::DATA).await)
}

const QUERY: &str = r#"{
    race(ref: "2025_australian") {
        weatherForecast {
            chanceOfRain source fetchedAt attribution
            hours {
                startsAt airTemperature precipitationProbability precipitation windSpeed
                windDirection humidity cloudCover source fetchedAt
            }
        }
        sessions { kind weatherForecast { hours { startsAt } } }
    }
}"#;

#[tokio::test]
async fn the_next_race_gets_its_forecast_with_one_request() {
    let service = WeatherService::start(fine).await;
    let test = test_with(NOW, &service.url, None).await;
    let none = test.data(QUERY).await;
    assert_eq!(none["race"]["weatherForecast"], Value::Null);
    let qualifying = session::Kind::Qualifying;
    set_session(
        &test.app,
        "2025_australian",
        qualifying,
        "2025-03-15T05:00:00Z",
    )
    .await;
    let before = events(&test.app).await;

    let refreshed = refresh(&test.app).await.unwrap();
    let expected = Refreshed::Stored {
        race: "2025_australian".to_owned(),
        source: Source::OpenMeteo,
        hours: 3,
        changed: true,
        problems: Vec::new(),
    };
    assert_eq!(refreshed, expected);
    let asked = service.asked();
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].path, "/v1/forecast");
    let parameter = |name: &str| asked[0].parameters[name].as_str();
    assert_eq!(
        (parameter("latitude"), parameter("longitude")),
        ("-37.8497", "144.9680")
    );
    assert_eq!(
        (parameter("start_date"), parameter("end_date")),
        ("2025-03-15", "2025-03-16")
    );
    assert_eq!(
        (parameter("wind_speed_unit"), parameter("timeformat")),
        ("ms", "unixtime")
    );

    // The answer that was kept is forgotten.
    let data = test.data(QUERY).await;
    let forecast = &data["race"]["weatherForecast"];
    // Rain is told at the end of an hour: 10 and 12 % for those from 4 and from 5 o'clock.
    assert_eq!(forecast["chanceOfRain"], 0.12);
    assert_eq!(
        (&forecast["source"], &forecast["fetchedAt"]),
        (&json!("OPEN_METEO"), &json!("2025-03-10T12:00:00+00:00"))
    );
    let attribution = forecast["attribution"].as_str().unwrap();
    assert!(attribution.contains("Open-Meteo.com") && attribution.contains("CC BY 4.0"));
    assert_eq!(
        forecast["hours"],
        json!([4, 5].map(|hour| json!({
            "startsAt": format!("2025-03-16T0{hour}:00:00+00:00"), "airTemperature": f64::from(hour),
            "precipitationProbability": f64::from(hour + 1) * 2.0 / 100.0, "precipitation": 0.0,
            "windSpeed": 10.0, "windDirection": 200.0, "humidity": 10.0, "cloudCover": 10.0,
            "source": "OPEN_METEO", "fetchedAt": "2025-03-10T12:00:00+00:00",
        })))
    );
    let sessions = &data["race"]["sessions"];
    assert_eq!(sessions[0]["kind"], "QUALIFYING");
    assert_eq!(
        sessions[0]["weatherForecast"]["hours"],
        json!([{ "startsAt": "2025-03-15T05:00:00+00:00" }])
    );
    assert_eq!(
        sessions[1]["weatherForecast"]["hours"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    // What races are forecast from has not changed.
    assert_eq!(events(&test.app).await, (before.0 + 1, before.1));
}

#[tokio::test]
async fn the_same_again_is_no_news_but_holds_as_of_later() {
    let service = WeatherService::start(fine).await;
    let test = test_with(NOW, &service.url, None).await;
    refresh(&test.app).await.unwrap();
    let app = later(&test, "2025-03-11T12:00:00Z");
    let again = refresh(&app).await.unwrap();
    let Refreshed::Stored {
        hours: 2,
        changed: false,
        ..
    } = again
    else {
        panic!("{again:?}");
    };
    assert_eq!(events(&app).await.0, 1);
    let data = test.data(QUERY).await;
    let fetched = &data["race"]["weatherForecast"]["fetchedAt"];
    assert_eq!(fetched, "2025-03-11T12:00:00+00:00");
}

#[tokio::test]
async fn many_at_the_same_time_are_one_piece_of_news() {
    let service = WeatherService::start(fine).await;
    let test = test_with(NOW, &service.url, None).await;
    let policy = quick();
    let all = (0..4).map(|_| refresh_with(&test.app, &policy));
    for refreshed in futures::future::join_all(all).await {
        assert!(
            matches!(refreshed, Ok(Refreshed::Stored { .. })),
            "{refreshed:?}"
        );
    }
    assert_eq!(events(&test.app).await.0, 1);
    let rows = weather_forecast::Entity::find()
        .all(&test.app.db)
        .await
        .unwrap();
    assert_eq!(rows.len(), 2);
}

#[tokio::test]
async fn a_session_that_has_begun_keeps_what_was_expected_before() {
    let service = WeatherService::start(fine).await;
    let test = test_with(NOW, &service.url, None).await;
    refresh(&test.app).await.unwrap();
    service.now(|asked| (200, open_meteo(asked, |_, _| json!(30)).to_string()));

    // Ten minutes before the race it is told anew.
    let app = later(&test, "2025-03-16T03:50:00Z");
    let refreshed = refresh(&app).await.unwrap();
    assert!(
        matches!(refreshed, Refreshed::Stored { changed: true, .. }),
        "{refreshed:?}"
    );
    let temperature =
        |data: &Value| data["race"]["weatherForecast"]["hours"][0]["airTemperature"].clone();
    assert_eq!(temperature(&test.data(QUERY).await), 30.0);

    // While it is run, the next is China, a week later; what was expected stays.
    service.now(fine);
    let app = later(&test, "2025-03-16T04:00:00Z");
    let Refreshed::Stored { race, hours, .. } = refresh(&app).await.unwrap() else {
        panic!("the race after it is near");
    };
    assert_eq!((race.as_str(), hours), ("2025_chinese", 2));
    let data = test.data(QUERY).await;
    assert_eq!(temperature(&data), 30.0);
    assert_eq!(
        data["race"]["weatherForecast"]["fetchedAt"],
        "2025-03-16T03:50:00+00:00"
    );
}

#[tokio::test]
async fn a_race_at_another_time_has_other_hours() {
    let service = WeatherService::start(fine).await;
    let test = test_with(NOW, &service.url, None).await;
    refresh(&test.app).await.unwrap();
    set_session(
        &test.app,
        "2025_australian",
        session::Kind::Race,
        "2025-03-16T05:30:00Z",
    )
    .await;
    refresh(&test.app).await.unwrap();
    let data = test.data(QUERY).await;
    let hours = data["race"]["weatherForecast"]["hours"].as_array().unwrap();
    let starts: Vec<_> = hours
        .iter()
        .map(|hour| hour["startsAt"].as_str().unwrap())
        .collect();
    assert_eq!(
        starts,
        [
            "2025-03-16T05:00:00+00:00",
            "2025-03-16T06:00:00+00:00",
            "2025-03-16T07:00:00+00:00"
        ]
    );
}

#[tokio::test]
async fn bad_hours_are_reported_and_what_was_known_of_them_stays() {
    let service = WeatherService::start(fine).await;
    let test = test_with(NOW, &service.url, None).await;
    refresh(&test.app).await.unwrap();
    service.now(|asked| {
        let answer = open_meteo(asked, |series, time| match series {
            "temperature_2m" if time == at("2025-03-16T05:00:00Z") => json!(451),
            _ => json!(20),
        });
        (200, answer.to_string())
    });
    let app = later(&test, "2025-03-11T12:00:00Z");
    let Refreshed::Stored {
        hours, problems, ..
    } = refresh(&app).await.unwrap()
    else {
        panic!("it is due");
    };
    assert_eq!((hours, problems.len()), (2, 1));
    let problem = problems[0].to_string();
    assert!(
        problem.contains("column temperature_2m: expected °C, -90 to 60, found 451"),
        "{problem}"
    );
    let data = test.data(QUERY).await;
    let forecast = &data["race"]["weatherForecast"];
    assert_eq!(forecast["hours"][0]["airTemperature"], 20.0);
    assert_eq!(forecast["hours"][1]["airTemperature"], 5.0);
    assert_eq!(
        forecast["hours"][1]["fetchedAt"],
        "2025-03-10T12:00:00+00:00"
    );
    assert_eq!(forecast["fetchedAt"], "2025-03-11T12:00:00+00:00");
}
