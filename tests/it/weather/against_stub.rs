//! The same against the stand-in for all services, where it and the data stand beside the
//! repository.

use domain::weather::Source;
use entities::{session, weather, weather_forecast};
use jobs::weather::{Observed, Refreshed, observe_with};
use sea_orm::EntityTrait;
use serde_json::json;

use super::{later, quick, refresh, set_session, test_with};
use crate::support::stub::Stub;

/// Thursday before Monaco 2024.
const NOW: &str = "2024-05-23T08:00:00Z";

#[tokio::test]
async fn a_weekend_is_forecast_by_both_services_and_known_afterwards() {
    let Some(stub) = Stub::start(NOW, 0) else {
        return;
    };
    let test = test_with(NOW, &stub.url, Some(&stub.url)).await;
    let app = &test.app;
    set_session(
        app,
        "2024_monaco",
        session::Kind::Qualifying,
        "2024-05-25T14:00:00Z",
    )
    .await;
    let refreshed = refresh(app).await.unwrap();
    let Refreshed::Stored {
        ref race,
        source: Source::OpenMeteo,
        hours: 8,
        ref problems,
        ..
    } = refreshed
    else {
        panic!("{refreshed:?}");
    };
    assert_eq!((race.as_str(), problems.len()), ("2024_monaco", 0));
    let rows = weather_forecast::Entity::find().all(&app.db).await.unwrap();
    assert!(
        rows.iter().all(|row| row
            .air_temperature
            .is_some_and(|air| (5.0..35.0).contains(&air))),
        "{rows:?}"
    );
    assert!(
        rows.iter()
            .all(|row| row.precipitation_probability.is_some()),
        "{rows:?}"
    );

    // Each way to fail, then the other service.
    for fault in ["503", "html", "truncate", "reset", "400", "429"] {
        stub.faults(
            &json!({ "sequence": vec![fault; 3], "apis": ["openmeteo"], "retry_after": false }),
        )
        .await;
        let refreshed = refresh(app).await.unwrap();
        let Refreshed::Stored {
            source: Source::OpenWeatherMap,
            hours: 8,
            ..
        } = refreshed
        else {
            panic!("{fault}: {refreshed:?}");
        };
        stub.faults(&json!({ "sequence": [] })).await;
        let refreshed = refresh(app).await.unwrap();
        assert!(
            matches!(
                refreshed,
                Refreshed::Stored {
                    source: Source::OpenMeteo,
                    ..
                }
            ),
            "{fault}: {refreshed:?}"
        );
    }
    // A fault that passes is not noticed.
    stub.faults(&json!({ "sequence": ["503", "truncate"] }))
        .await;
    let refreshed = refresh(app).await.unwrap();
    assert!(
        matches!(
            refreshed,
            Refreshed::Stored {
                source: Source::OpenMeteo,
                ..
            }
        ),
        "{refreshed:?}"
    );
    let log = stub.log().await;
    let others = log.iter().filter(|asked| asked.api == "openweathermap");
    assert_eq!(others.count(), 6, "{log:?}");

    // Two days after the race.
    stub.control("__clock", &json!({ "now": "2024-05-28T12:00:00Z" }))
        .await;
    let app = later(&test, "2024-05-28T12:00:00Z");
    let observed = observe_with(&app, "2024_monaco", &quick()).await.unwrap();
    assert!(matches!(observed, Observed::Stored { .. }), "{observed:?}");
    let rows = weather::Entity::find().all(&app.db).await.unwrap();
    assert_eq!(rows.len(), 1);
    assert!(
        rows[0]
            .air_temperature
            .is_some_and(|air| (10.0..35.0).contains(&air)),
        "{rows:?}"
    );
    assert!(
        rows[0].humidity.is_some() && rows[0].rainfall_share.is_some(),
        "{rows:?}"
    );
}
