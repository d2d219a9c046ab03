//! Which service answers, and what happens when none does.

use domain::weather::{NotDue, Source};
use entities::{circuit, session};
use jobs::weather::Refreshed;
use sea_orm::{ActiveModelTrait, ActiveValue::Set, EntityTrait, IntoActiveModel};
use serde_json::{Value, json};

use super::{KEY, NOW, QUERY, at, fine, refresh, set_session, test_with};
use crate::support::weather::{WeatherService, openweathermap};

#[tokio::test]
async fn where_open_meteo_fails_openweathermap_answers_and_the_source_says_so() {
    let other = WeatherService::start(|_| {
        (
            200,
            openweathermap(at("2025-03-14T12:00:00Z"), 18.5).to_string(),
        )
    })
    .await;
    for fault in [
        (503, "come back later".to_owned()),
        (400, json!({ "error": true, "reason": "no" }).to_string()),
        (200, "<html><p>Back soon</p></html>".to_owned()),
        (200, json!({ "hourly_units": {}, "hourly": {} }).to_string()),
    ] {
        let service = WeatherService::start(move |_| fault.clone()).await;
        let now = "2025-03-14T10:00:00Z";
        let test = test_with(now, &service.url, Some(&other.url)).await;
        let refreshed = refresh(&test.app).await.unwrap();
        let Refreshed::Stored {
            source: Source::OpenWeatherMap,
            hours: 2,
            changed: true,
            ..
        } = refreshed
        else {
            panic!("{refreshed:?}");
        };
        let data = test.data(QUERY).await;
        let forecast = &data["race"]["weatherForecast"];
        assert_eq!(
            (&forecast["source"], &forecast["chanceOfRain"]),
            (&json!("OPENWEATHERMAP"), &json!(0.25))
        );
        assert!(
            forecast["attribution"]
                .as_str()
                .unwrap()
                .contains("OpenWeather")
        );
        let hour = &forecast["hours"][0];
        assert_eq!(
            (&hour["airTemperature"], &hour["precipitation"]),
            (&json!(18.5), &json!(0.2))
        );
        // When the first answers again, it counts.
        service.now(fine);
        let refreshed = refresh(&test.app).await.unwrap();
        assert!(
            matches!(
                refreshed,
                Refreshed::Stored {
                    source: Source::OpenMeteo,
                    changed: true,
                    ..
                }
            ),
            "{refreshed:?}"
        );
    }
    let asked = other.asked();
    assert_eq!(asked.len(), 4);
    assert_eq!(asked[0].path, "/data/2.5/forecast");
    assert_eq!(asked[0].parameters["appid"], KEY);
    assert_eq!(asked[0].parameters["units"], "metric");
}

#[tokio::test]
async fn where_nothing_is_due_nothing_is_asked() {
    let service = WeatherService::start(fine).await;
    // The forecast reaches sixteen days, today among them: qualifying, then neither.
    for (now, known) in [
        ("2025-03-01T23:00:00Z", 3),
        ("2025-02-28T23:00:00Z", 1),
        ("2025-02-27T23:00:00Z", 0),
    ] {
        let test = test_with(now, &service.url, None).await;
        let qualifying = session::Kind::Qualifying;
        set_session(
            &test.app,
            "2025_australian",
            qualifying,
            "2025-03-15T05:00:00Z",
        )
        .await;
        let race = "2025_australian".to_owned();
        match refresh(&test.app).await.unwrap() {
            Refreshed::Stored { hours, .. } => assert_eq!(hours, known, "{now}"),
            Refreshed::Nothing(why) => {
                assert_eq!((why, known), (NotDue::TooFar { race }, 0), "{now}");
            }
        }
    }
    let test = test_with("2026-01-15T12:00:00Z", &service.url, None).await;
    assert_eq!(
        refresh(&test.app).await.unwrap(),
        Refreshed::Nothing(NotDue::NoRace)
    );

    let before = service.asked().len();
    let test = test_with(NOW, &service.url, None).await;
    let circuits = circuit::Entity::find().all(&test.app.db).await.unwrap();
    let albert_park = circuits
        .into_iter()
        .find(|row| row.reference == "albert_park");
    let mut nowhere = albert_park.unwrap().into_active_model();
    nowhere.latitude = Set(None);
    nowhere.update(&test.app.db).await.unwrap();
    let Refreshed::Nothing(why) = refresh(&test.app).await.unwrap() else {
        panic!("nobody knows where it is");
    };
    assert!(
        why.to_string().contains("albert_park") && why.to_string().contains("no coordinates"),
        "{why}"
    );
    let test = test_with(NOW, "", None).await;
    assert_eq!(
        refresh(&test.app).await.unwrap(),
        Refreshed::Nothing(NotDue::Off)
    );
    assert_eq!(service.asked().len(), before);
}

#[tokio::test]
async fn without_weather_everything_else_goes_on() {
    let service = WeatherService::start(|_| (500, "no".to_owned())).await;
    let test = test_with(NOW, &service.url, None).await;
    let error = refresh(&test.app).await.unwrap_err().to_string();
    assert!(
        error.contains("2025_australian") && error.contains("status 500"),
        "{error}"
    );
    assert_eq!(service.asked().len(), 3, "it is not insisted on");
    let data = test
        .data("{ nextRace { name weatherForecast { chanceOfRain } weather { humidity } forecast(engine: ELO) { stage } } }")
        .await;
    let next = &data["nextRace"];
    assert_eq!(next["name"], "Australian Grand Prix");
    assert_eq!(
        (&next["weatherForecast"], &next["weather"]),
        (&Value::Null, &Value::Null)
    );
    assert_eq!(next["forecast"]["stage"], "PRE_WEEKEND");

    // An address that cannot be used is named, and nothing is asked.
    let test = test_with(NOW, "http://weather.example.org", None).await;
    let error = refresh(&test.app).await.unwrap_err().to_string();
    assert!(error.contains("https://"), "{error}");
}
