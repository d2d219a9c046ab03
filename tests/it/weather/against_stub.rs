//! The same against the stand-in for all services, where it and the data stand beside the
//! repository.

use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use domain::weather::Source;
use entities::{session, weather, weather_forecast};
use jobs::weather::{Observed, Refreshed, observe_with};
use sea_orm::EntityTrait;
use serde_json::{Value, json};

use super::{later, quick, refresh, set_session, test_with};

/// Thursday before Monaco 2024.
const NOW: &str = "2024-05-23T08:00:00Z";

fn shared(path: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../shared")
        .join(path);
    path.exists().then_some(path)
}

/// The stand-in, ended with the test.
struct Stub {
    child: Child,
    url: String,
}

impl Stub {
    fn start() -> Option<Self> {
        let (program, data) = (shared("upstream/upstream.py")?, shared("data")?);
        let mut child = Command::new("python3")
            .arg(program)
            .args(["--port", "0", "--now", NOW, "--speed", "0"])
            .arg("--data")
            .arg(data)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let address = lines.find_map(|line| {
            let line = line.ok()?;
            let (_, address) = line.split_once("listening on ")?;
            Some(address.split_whitespace().next()?.to_owned())
        });
        let url = format!("http://{}", address.expect("the stand-in listens"));
        Some(Self { child, url })
    }

    async fn tell(&self, path: &str, body: Value) {
        let client = reqwest::Client::new();
        let told = client.post(format!("{}{path}", self.url)).json(&body);
        let told = told.send().await.unwrap();
        assert!(told.status().is_success(), "{path}");
    }

    /// Service and status of each request.
    async fn log(&self) -> Vec<(String, u64)> {
        let log = reqwest::get(format!("{}/__log", self.url)).await.unwrap();
        let log: Value = log.json().await.unwrap();
        let requests = log["requests"].as_array().unwrap().iter();
        requests
            .map(|request| {
                let api = request["api"].as_str().unwrap().to_owned();
                (api, request["status"].as_u64().unwrap())
            })
            .collect()
    }
}

impl Drop for Stub {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test]
async fn a_weekend_is_forecast_by_both_services_and_known_afterwards() {
    let Some(stub) = Stub::start() else { return };
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
        stub.tell(
            "/__faults",
            json!({ "sequence": vec![fault; 3], "apis": ["openmeteo"], "retry_after": false }),
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
        stub.tell("/__faults", json!({ "sequence": [] })).await;
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
    stub.tell("/__faults", json!({ "sequence": ["503", "truncate"] }))
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
    let others = log.iter().filter(|(api, _)| api == "openweathermap");
    assert_eq!(others.count(), 6, "{log:?}");

    // Two days after the race.
    stub.tell("/__clock", json!({ "now": "2024-05-28T12:00:00Z" }))
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
