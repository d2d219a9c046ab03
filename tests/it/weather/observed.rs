//! What the weather was, from a service that does as a test says.

use domain::{
    error::Error,
    event,
    import::{self, ergast::Ergast},
    weather::NotMeasured,
};
use entities::{
    race_source::{Section, Source},
    weather,
};
use jobs::weather::{Observed, WeatherError, observe_with};
use sea_orm::EntityTrait;
use serde_json::{Value, json};

use super::{at, later, quick, test_with};
use crate::support::{
    Setup, TestApp,
    dump::Dump,
    weather::{WeatherService, open_meteo},
};

/// Showers until 14:00.
fn archive(asked: &crate::support::weather::Asked) -> (u16, String) {
    let answer = open_meteo(asked, |series, time| match series {
        "temperature_2m" => json!(if time < at("2024-05-26T14:00:00Z") {
            20
        } else {
            21
        }),
        "precipitation" => json!(if time <= at("2024-05-26T14:00:00Z") {
            1.5
        } else {
            0.0
        }),
        "wind_speed_10m" => json!(2.5),
        "surface_pressure" => json!(1008.4),
        _ => json!(60),
    });
    (200, answer.to_string())
}

const QUERY: &str = r#"{ race(ref: "2024_monaco") { weather {
    airTemperature humidity windSpeed pressure rainfallShare wetLapShare trackTemperature source
} } }"#;

#[tokio::test]
async fn the_weather_of_a_race_comes_from_the_archive_once() {
    let service = WeatherService::start(archive).await;
    let test = test_with("2024-06-02T12:00:00Z", &service.url, None).await;
    assert_eq!(test.data(QUERY).await["race"]["weather"], Value::Null);
    let sequence = event::last_sequence(&test.app.db, event::DATA)
        .await
        .unwrap();
    let observed = observe_with(&test.app, "2024_monaco", &quick())
        .await
        .unwrap();
    let expected = Observed::Stored {
        race: "2024_monaco".to_owned(),
        problems: Vec::new(),
    };
    assert_eq!(observed, expected);
    let asked = service.asked();
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].path, "/v1/archive");
    assert_eq!(asked[0].parameters["start_date"], "2024-05-26");
    let data = test.data(QUERY).await;
    assert_eq!(
        data["race"]["weather"],
        json!({
            "airTemperature": 20.5, "humidity": 60.0, "windSpeed": 2.5, "pressure": 1008.4,
            "rainfallShare": 0.5, "wetLapShare": null, "trackTemperature": null,
            "source": "OPEN_METEO",
        })
    );
    let rows = entities::race_source::Entity::find()
        .all(&test.app.db)
        .await
        .unwrap();
    let sources: Vec<_> = rows
        .iter()
        .filter(|row| row.section == Section::Weather)
        .collect();
    assert_eq!(sources.len(), 1);
    assert_eq!(sources[0].source, Source::OpenMeteo);
    let after = event::last_sequence(&test.app.db, event::DATA)
        .await
        .unwrap();
    assert_eq!(
        after,
        sequence + 1,
        "the race has changed, and nothing else"
    );

    let again = observe_with(&test.app, "2024_monaco", &quick())
        .await
        .unwrap();
    let known = NotMeasured::Known {
        race: "2024_monaco".to_owned(),
    };
    assert_eq!(again, Observed::Nothing(known));
    assert_eq!(service.asked().len(), 1);
}

#[tokio::test]
async fn what_is_not_known_yet_is_asked_again_another_day() {
    let service =
        WeatherService::start(|asked| (200, open_meteo(asked, |_, _| Value::Null).to_string()))
            .await;
    let test = test_with("2024-05-26T15:59:00Z", &service.url, None).await;
    let observed = observe_with(&test.app, "2024_monaco", &quick())
        .await
        .unwrap();
    let over = at("2024-05-26T16:00:00Z");
    let race = "2024_monaco".to_owned();
    assert_eq!(
        observed,
        Observed::Nothing(NotMeasured::NotOver {
            race: race.clone(),
            over
        })
    );
    assert_eq!(service.asked().len(), 0);

    let app = later(&test, "2024-05-27T12:00:00Z");
    let observed = observe_with(&app, "2024_monaco", &quick()).await.unwrap();
    assert_eq!(observed, Observed::Nothing(NotMeasured::NotYet { race }));
    assert_eq!(weather::Entity::find().all(&app.db).await.unwrap(), []);
    service.now(|_| (502, "no".to_owned()));
    let error = observe_with(&app, "2024_monaco", &quick())
        .await
        .unwrap_err();
    assert!(error.to_string().contains("status 502"), "{error}");
    service.now(archive);
    let observed = observe_with(&app, "2024_monaco", &quick()).await.unwrap();
    assert!(matches!(observed, Observed::Stored { .. }), "{observed:?}");

    let error = observe_with(&app, "2024_nowhere", &quick())
        .await
        .unwrap_err();
    assert!(
        matches!(error, WeatherError::Domain(Error::NotFound(_))),
        "{error}"
    );
}

#[tokio::test]
async fn the_weather_is_known_when_the_race_is_over_and_the_archive_is_asked_when_it_has_it() {
    let service = WeatherService::start(archive).await;
    let test = test_with("2024-05-26T16:00:00Z", &service.url, None).await;
    let observe = async |now: &str| {
        let app = later(&test, now);
        observe_with(&app, "2024_monaco", &quick()).await.unwrap()
    };
    let paths = || {
        let asked = service.asked().into_iter();
        asked.map(|asked| asked.path).collect::<Vec<_>>()
    };
    let known = Observed::Nothing(NotMeasured::Known {
        race: "2024_monaco".to_owned(),
    });
    // The archive is days late; the forecasts tell of the hours that have passed.
    let observed = observe("2024-05-26T16:00:00Z").await;
    assert!(matches!(observed, Observed::Stored { .. }), "{observed:?}");
    assert_eq!(observe("2024-05-27T15:00:00Z").await, known);
    assert_eq!(paths(), ["/v1/forecast"]);
    assert_eq!(service.asked()[0].parameters["start_date"], "2024-05-26");

    service.now(|asked| {
        let answer = open_meteo(asked, |series, _| match series {
            "temperature_2m" => json!(17),
            "surface_pressure" => json!(1001),
            _ => json!(2),
        });
        (200, answer.to_string())
    });
    let observed = observe("2024-06-02T15:00:00Z").await;
    assert!(matches!(observed, Observed::Stored { .. }), "{observed:?}");
    assert_eq!(observe("2024-06-09T15:00:00Z").await, known);
    assert_eq!(paths(), ["/v1/forecast", "/v1/archive"]);
    let rows = weather::Entity::find().all(&test.app.db).await.unwrap();
    let told: Vec<_> = rows
        .iter()
        .map(|row| (row.air_temperature, row.rainfall_share))
        .collect();
    assert_eq!(told, [(Some(17.0), Some(1.0))]);
}

#[tokio::test]
async fn what_was_measured_on_the_spot_replaces_what_the_archive_says_and_not_the_other_way_round()
{
    let service = WeatherService::start(archive).await;
    let setup = Setup {
        now: at("2032-01-01T12:00:00Z"),
        ..Setup::default()
    };
    let test = TestApp::start_with(setup, |config| {
        config.upstream.open_meteo.url.clone_from(&service.url);
    })
    .await;
    let app = &test.app;
    let mut dump = Dump::new();
    let folder = dump.write();
    let source = Ergast::open(&folder.path()).unwrap();
    import::import(app, source, |_| {}).await.unwrap();
    let races = entities::race::Entity::find().all(&app.db).await.unwrap();
    let first = races
        .iter()
        .find(|race| race.season == 2030 && race.round == 1)
        .unwrap();
    let observed = observe_with(app, &first.reference, &quick()).await.unwrap();
    assert!(matches!(observed, Observed::Stored { .. }), "{observed:?}");
    let humidity = async || {
        let rows = weather::Entity::find().all(&app.db).await.unwrap();
        rows.iter()
            .map(|row| (row.race_id, row.humidity))
            .collect::<Vec<_>>()
    };
    assert_eq!(humidity().await, [(first.id, Some(60.0))]);

    dump.set(
        "race_weather.csv",
        "year,round,wet_lap_share,air_temp_c,track_temp_c,humidity_pct,wind_speed_ms,pressure_mbar,rainfall_share\n\
         2030,1,0.0,25.0,40.0,33.0,1.0,1000.0,0.0\n2030,2,0.0,25.0,40.0,44.0,1.0,1000.0,0.0\n",
    );
    let folder = dump.write();
    let source = Ergast::open(&folder.path()).unwrap();
    import::import(app, source, |_| {}).await.unwrap();
    let mut measured = humidity().await;
    measured.sort_unstable_by_key(|row| row.0);
    assert_eq!(measured.len(), 2);
    assert_eq!(measured[0], (first.id, Some(33.0)));
    for race in races.iter().filter(|race| race.season == 2030) {
        let observed = observe_with(app, &race.reference, &quick()).await.unwrap();
        assert!(
            matches!(observed, Observed::Nothing(NotMeasured::Known { .. })),
            "{observed:?}"
        );
    }
    assert_eq!(service.asked().len(), 1);
}
