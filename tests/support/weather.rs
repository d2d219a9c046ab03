//! Stand-ins on this machine for services of weather, which answer as a test says.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    extract::State,
    http::{StatusCode, Uri},
    response::{IntoResponse, Response},
};
use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use serde_json::{Value, json};

/// A request that came: its path and its parameters.
#[derive(Debug, Clone)]
pub struct Asked {
    pub path: String,
    pub parameters: HashMap<String, String>,
}

/// Status and body.
pub type Answer = (u16, String);

type Answering = Arc<dyn Fn(&Asked) -> Answer + Send + Sync>;

/// A running stand-in.
pub struct WeatherService {
    pub url: String,
    inside: Arc<Inside>,
}

struct Inside {
    asked: Mutex<Vec<Asked>>,
    answer: Mutex<Answering>,
}

impl WeatherService {
    /// One that answers so.
    pub async fn start(answer: impl Fn(&Asked) -> Answer + Send + Sync + 'static) -> Self {
        let inside = Arc::new(Inside {
            asked: Mutex::default(),
            answer: Mutex::new(Arc::new(answer)),
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new()
            .fallback(receive)
            .with_state(Arc::clone(&inside));
        tokio::spawn(async { axum::serve(listener, router).await.unwrap() });
        Self { url, inside }
    }

    /// Answers so from now on.
    pub fn now(&self, answer: impl Fn(&Asked) -> Answer + Send + Sync + 'static) {
        *self.inside.answer.lock().unwrap() = Arc::new(answer);
    }

    /// All requests so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.inside.asked.lock().unwrap().clone()
    }
}

async fn receive(State(inside): State<Arc<Inside>>, uri: Uri) -> Response {
    let parameters = uri.query().unwrap_or_default().split('&');
    let asked = Asked {
        path: uri.path().to_owned(),
        parameters: parameters
            .filter_map(|pair| pair.split_once('='))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect(),
    };
    inside.asked.lock().unwrap().push(asked.clone());
    let answer = Arc::clone(&inside.answer.lock().unwrap());
    let (status, body) = answer(&asked);
    (StatusCode::from_u16(status).unwrap(), body).into_response()
}

/// What Open-Meteo answers: for each series and hour of the days asked for, a value.
pub fn open_meteo(asked: &Asked, value: impl Fn(&str, DateTime<Utc>) -> Value) -> Value {
    let day = |name: &str| -> DateTime<Utc> {
        let day: NaiveDate = asked.parameters[name].parse().unwrap();
        day.and_time(NaiveTime::MIN).and_utc()
    };
    let mut times = Vec::new();
    let mut time = day("start_date");
    while time < day("end_date") + TimeDelta::days(1) {
        times.push(time);
        time += TimeDelta::hours(1);
    }
    let seconds: Vec<i64> = times.iter().map(DateTime::timestamp).collect();
    let mut units = json!({ "time": "unixtime" });
    let mut hourly = json!({ "time": seconds });
    for series in asked.parameters["hourly"].split(',') {
        units[series] = match series {
            "temperature_2m" => "°C",
            "precipitation" => "mm",
            "wind_speed_10m" => "m/s",
            "wind_direction_10m" => "°",
            "surface_pressure" => "hPa",
            _ => "%",
        }
        .into();
        hourly[series] = times.iter().map(|time| value(series, *time)).collect();
    }
    json!({ "utc_offset_seconds": 0, "hourly_units": units, "hourly": hourly })
}

/// What OpenWeatherMap answers: forty steps of three hours from a moment on, all alike.
pub fn openweathermap(from: DateTime<Utc>, temperature: f64) -> Value {
    let step = |number: i32| {
        json!({
            "dt": (from + TimeDelta::hours(3) * number).timestamp(),
            "main": { "temp": temperature, "humidity": 55 },
            "clouds": { "all": 20 },
            "wind": { "speed": 4.5, "deg": 120 },
            "pop": 0.25,
            "rain": { "3h": 0.6 },
        })
    };
    let steps: Vec<Value> = (0..40).map(step).collect();
    json!({ "cod": "200", "cnt": steps.len(), "list": steps })
}
