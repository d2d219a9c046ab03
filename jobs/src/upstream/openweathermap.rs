//! OpenWeatherMap: a forecast in steps of three hours for five days, by coordinates and with a key.
//!
//! The steps are made hours: temperature, wind, humidity and clouds lie on a line between two
//! steps; rain is told of the three hours that end with a step, and a third of it falls in each.
//! Its probability is that of the three hours, which is no less than that of one.

use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    App,
    upstream::{Limits, Window},
    weather::{Hour, Place, Source, Span},
};
use serde_json::Value;

use super::{
    client::{Client, UpstreamError},
    hourly::{
        DIRECTION, Hourly, Hours, PERCENT, Quantity, RAIN_OF_THREE_HOURS, SHARE, TEMPERATURE, WIND,
        problem, shown,
    },
    policy::Policy,
};

/// What a free key allows (<https://openweathermap.org/price>).
pub const LIMITS: Limits = Limits {
    windows: &[Window {
        requests: 60,
        within: TimeDelta::minutes(1),
    }],
};

const FORECAST: &str = "/data/2.5/forecast";

/// The parameter that carries the key.
const KEY: &str = "appid";

const HOUR: TimeDelta = TimeDelta::hours(1);

/// From one step to the next.
const STEP: TimeDelta = TimeDelta::hours(3);

/// The service.
pub struct OpenWeatherMap(Client);

impl OpenWeatherMap {
    /// The service as configured; `None` without a key.
    ///
    /// # Errors
    /// When its address cannot be used.
    pub fn configured(app: &App, policy: &Policy) -> Result<Option<Self>, UpstreamError> {
        let config = &app.config.upstream.openweathermap;
        if config.key.is_empty() || config.url.is_empty() {
            return Ok(None);
        }
        let client = Client::new(app, &config.url, LIMITS, policy.clone())?;
        Ok(Some(Self(client.with_key(KEY, &config.key))))
    }
}

impl Hourly for OpenWeatherMap {
    fn source(&self) -> Source {
        Source::OpenWeatherMap
    }

    async fn hours(&self, place: Place, span: Span) -> Result<Hours, UpstreamError> {
        let query = format!(
            "{FORECAST}?lat={:.4}&lon={:.4}&units=metric",
            place.latitude, place.longitude
        );
        let mut found = self.0.get(&query, |body| read(body, span)).await?;
        for problem in &mut found.problems {
            problem.message = self.0.without_key(&problem.message);
        }
        Ok(found)
    }
}

/// A step of the forecast.
#[derive(Debug, Clone, PartialEq)]
struct Step {
    at: DateTime<Utc>,
    temperature: Option<f64>,
    humidity: Option<f64>,
    clouds: Option<f64>,
    wind: Option<f64>,
    direction: Option<f64>,
    /// 0 to 1, within the three hours before.
    probability: Option<f64>,
    /// mm, within the three hours before.
    precipitation: f64,
}

/// The hours of an answer. One that is not what was asked for is refused whole, a step with a
/// value that cannot be is left out.
fn read(body: &[u8], span: Span) -> Result<Hours, String> {
    let answer: Value = serde_json::from_slice(body).map_err(|error| error.to_string())?;
    let list = answer.get("list").and_then(Value::as_array);
    let list = list.ok_or("expected a list of steps")?;
    let mut found = Hours::default();
    let mut steps: Vec<Step> = Vec::with_capacity(list.len());
    for (index, value) in list.iter().enumerate() {
        match step(value) {
            Ok(step) if steps.contains(&step) => {}
            Ok(step) if steps.iter().any(|other| other.at == step.at) => {
                let message = format!("expected each step once, found {} again", step.at);
                let problem = problem(FORECAST, index + 1, "dt", message);
                found.problems.push(problem);
            }
            Ok(step) => steps.push(step),
            Err((field, message)) => {
                let problem = problem(FORECAST, index + 1, field, message);
                found.problems.push(problem);
            }
        }
    }
    steps.sort_by_key(|step| step.at);
    let mut start = span.from;
    while start < span.to {
        let hour = hour(&steps, start);
        if hour.says_something() {
            found.hours.push(hour);
        }
        start += HOUR;
    }
    Ok(found)
}

fn step(value: &Value) -> Result<Step, (&'static str, String)> {
    let read = |quantity: Quantity, at: &str, name: &'static str| {
        let found = value.pointer(at).unwrap_or(&Value::Null);
        quantity.read(found).map_err(|message| (name, message))
    };
    let seconds = value.get("dt").unwrap_or(&Value::Null);
    let at = seconds
        .as_i64()
        .filter(|seconds| seconds % 3600 == 0)
        .and_then(|seconds| DateTime::from_timestamp(seconds, 0))
        .ok_or_else(|| {
            let found = shown(seconds);
            let message = format!("expected a whole hour in seconds, found {found}");
            ("dt", message)
        })?;
    // Where none is expected, none is told of.
    let rain = read(RAIN_OF_THREE_HOURS, "/rain/3h", "rain.3h")?;
    let snow = read(RAIN_OF_THREE_HOURS, "/snow/3h", "snow.3h")?;
    Ok(Step {
        at,
        temperature: read(TEMPERATURE, "/main/temp", "main.temp")?,
        humidity: read(PERCENT, "/main/humidity", "main.humidity")?,
        clouds: read(PERCENT, "/clouds/all", "clouds.all")?,
        wind: read(WIND, "/wind/speed", "wind.speed")?,
        direction: read(DIRECTION, "/wind/deg", "wind.deg")?,
        probability: read(SHARE, "/pop", "pop")?,
        precipitation: rain.unwrap_or(0.0) + snow.unwrap_or(0.0),
    })
}

/// An hour out of the steps around it.
fn hour(steps: &[Step], start: DateTime<Utc>) -> Hour {
    let before = steps
        .iter()
        .rfind(|step| step.at <= start && start - step.at < STEP);
    let after = steps
        .iter()
        .find(|step| start <= step.at && step.at - start < STEP);
    let on_line = |value: fn(&Step) -> Option<f64>| match (before, after) {
        (Some(before), Some(after)) => {
            let share = if before.at == after.at {
                0.0
            } else {
                (start - before.at).as_seconds_f64() / (after.at - before.at).as_seconds_f64()
            };
            match (value(before), value(after)) {
                (Some(one), Some(other)) => Some(tenths(one + (other - one) * share)),
                (one, other) => one.or(other),
            }
        }
        // The first steps begin after now, and the last ends somewhere.
        (one, other) => value(one.or(other)?),
    };
    let near = |before: &Step, after: &Step| start - before.at <= after.at - start;
    let nearest = match (before, after) {
        (Some(one), Some(other)) if near(one, other) => Some(one),
        (one, other) => other.or(one),
    };
    // The three hours that the hour is one of end then.
    let end = start + HOUR;
    let around = steps
        .iter()
        .find(|step| end <= step.at && step.at - end < STEP);
    Hour {
        start,
        air_temperature: on_line(|step| step.temperature),
        humidity: on_line(|step| step.humidity),
        cloud_cover: on_line(|step| step.clouds),
        wind_speed: on_line(|step| step.wind),
        wind_direction: nearest.and_then(|step| step.direction),
        precipitation_probability: around
            .and_then(|step| step.probability)
            .map(|share| tenths(share * 100.0)),
        precipitation: around.map(|step| (step.precipitation / 3.0 * 100.0).round() / 100.0),
        pressure: None,
    }
}

/// More digits than these are none that the service said.
fn tenths(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

#[cfg(test)]
mod tests;
