//! The key of a service is told to that service alone.

use std::{
    fmt::{Debug, Write},
    sync::{Arc, Mutex},
};

use entities::{event, import_run, upstream_request, weather_forecast};
use sea_orm::EntityTrait;
use serde_json::json;
use tracing::{
    Event, Metadata, Subscriber,
    field::{Field, Visit},
    span,
};

use super::{KEY, NOW, at, refresh, test_with};
use crate::support::weather::{WeatherService, openweathermap};

/// Writes down whatever is logged, of every level.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<String>>);

impl Visit for Log {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let _ = write!(self.0.lock().unwrap(), "{field}={value:?} ");
    }
}

impl Subscriber for Log {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &span::Attributes<'_>) -> span::Id {
        span.record(&mut self.clone());
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, values: &span::Record<'_>) {
        values.record(&mut self.clone());
    }

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &Event<'_>) {
        event.record(&mut self.clone());
        self.0.lock().unwrap().push('\n');
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

#[tokio::test]
async fn the_key_is_in_no_error_no_log_and_no_row() {
    let log = Log::default();
    let _logging = tracing::subscriber::set_default(log.clone());
    let down = WeatherService::start(|_| (503, "down".to_owned())).await;
    let other = WeatherService::start(|_| (200, String::new())).await;
    let test = test_with(NOW, &down.url, Some(&other.url)).await;

    // Also when the service repeats it.
    let repeated = || json!({ "list": [{ "dt": KEY, "main": { "temp": KEY } }] }).to_string();
    for (status, body) in [
        (
            401,
            format!("{{\"cod\":401,\"message\":\"Invalid API key {KEY}\"}}"),
        ),
        (500, KEY.to_owned()),
        (200, KEY.to_owned()),
        (200, format!("{{\"list\": {KEY}}}")),
        (200, repeated()),
    ] {
        other.now(move |_| (status, body.clone()));
        let error = refresh(&test.app).await.unwrap_err();
        let mut shown = format!("{error} {error:?}");
        let _ = write!(shown, " {:#}", anyhow::Error::from(error));
        assert!(shown.contains("OpenWeatherMap: "), "{shown}");
        assert!(!shown.contains(KEY), "{shown}");
    }
    // No connection at all: the library would name the whole address.
    let mut config = (*test.app.config).clone();
    config.upstream.openweathermap.url = "http://127.0.0.1:1".to_owned();
    let mut app = test.app.clone();
    app.config = Arc::new(config);
    let error = refresh(&app).await.unwrap_err().to_string();
    assert!(
        error.contains("http://127.0.0.1:1/data/2.5/forecast?lat="),
        "{error}"
    );
    assert!(!error.contains(KEY) && !error.contains("appid"), "{error}");
    other.now(|_| {
        let mut answer = openweathermap(at("2025-03-15T12:00:00Z"), 18.5);
        answer["list"][3]["pop"] = KEY.into();
        (200, answer.to_string())
    });
    let refreshed = format!("{:?}", refresh(&test.app).await.unwrap());
    assert!(refreshed.contains("column: \"pop\""), "{refreshed}");
    assert!(!refreshed.contains(KEY), "{refreshed}");

    let asked = other.asked();
    assert!(asked.iter().all(|asked| asked.parameters["appid"] == KEY));
    assert!(asked.len() > 6, "{}", asked.len());
    let log = log.0.lock().unwrap().clone();
    assert!(log.contains("a request upstream failed"), "{log}");
    assert!(!log.contains(KEY), "{log}");
    macro_rules! rows {
        ($($table:ident),*) => {
            [$(format!("{:?}", $table::Entity::find().all(&test.app.db).await.unwrap())),*].concat()
        };
    }
    let rows = rows!(upstream_request, import_run, event, weather_forecast);
    assert!(rows.contains("127.0.0.1"), "{rows}");
    assert!(!rows.contains(KEY), "{rows}");
}
