//! Open-Meteo: hourly forecasts for sixteen days, also of the days before, and an archive, which is
//! days late; by coordinates and without a key.
//!
//! One request is one race: the days of its weekend, from which the hours wanted are taken.
//! Temperature, wind, humidity, clouds and pressure are told of a moment, rain and its
//! probability of the hour that ends then; an hour here is told by how it begins, so that rain is
//! taken from the next.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    App,
    import::source::Problem,
    upstream::{Limits, Window},
    weather::{Hour, Place, Source, Span},
};
use serde_json::{Map, Value};

use super::{
    client::{Client, UpstreamError},
    hourly::{self, Hourly, Hours, Quantity, problem, shown},
    policy::Policy,
};

/// What the free service allows (<https://open-meteo.com/en/pricing>).
pub const LIMITS: Limits = Limits {
    windows: &[
        Window {
            requests: 600,
            within: TimeDelta::minutes(1),
        },
        Window {
            requests: 5_000,
            within: TimeDelta::hours(1),
        },
        Window {
            requests: 10_000,
            within: TimeDelta::days(1),
        },
    ],
};

/// The public service, and where it keeps its archive.
const PUBLIC: (&str, &str) = (
    "https://api.open-meteo.com",
    "https://archive-api.open-meteo.com",
);

const FORECAST: &str = "/v1/forecast";
const ARCHIVE: &str = "/v1/archive";

const HOUR: TimeDelta = TimeDelta::hours(1);

/// Names of a series, its unit, and where its values go.
struct Series {
    name: &'static str,
    quantity: Quantity,
    /// Told at the end of the hour that it is about.
    at_end: bool,
    put: fn(&mut Hour, Option<f64>),
}

const TEMPERATURE: Series = Series {
    name: "temperature_2m",
    quantity: hourly::TEMPERATURE,
    at_end: false,
    put: |hour, value| hour.air_temperature = value,
};
const PROBABILITY: Series = Series {
    name: "precipitation_probability",
    quantity: hourly::PERCENT,
    at_end: true,
    put: |hour, value| hour.precipitation_probability = value,
};
const PRECIPITATION: Series = Series {
    name: "precipitation",
    quantity: hourly::RAIN,
    at_end: true,
    put: |hour, value| hour.precipitation = value,
};
const WIND: Series = Series {
    name: "wind_speed_10m",
    quantity: hourly::WIND,
    at_end: false,
    put: |hour, value| hour.wind_speed = value,
};
const DIRECTION: Series = Series {
    name: "wind_direction_10m",
    quantity: hourly::DIRECTION,
    at_end: false,
    put: |hour, value| hour.wind_direction = value,
};
const HUMIDITY: Series = Series {
    name: "relative_humidity_2m",
    quantity: hourly::PERCENT,
    at_end: false,
    put: |hour, value| hour.humidity = value,
};
const CLOUDS: Series = Series {
    name: "cloud_cover",
    quantity: hourly::PERCENT,
    at_end: false,
    put: |hour, value| hour.cloud_cover = value,
};
const PRESSURE: Series = Series {
    name: "surface_pressure",
    quantity: hourly::PRESSURE,
    at_end: false,
    put: |hour, value| hour.pressure = value,
};

/// What a forecast is asked for.
const EXPECTED: [Series; 7] = [
    TEMPERATURE,
    PROBABILITY,
    PRECIPITATION,
    WIND,
    DIRECTION,
    HUMIDITY,
    CLOUDS,
];

/// What is asked for of the past: what fell, not how probable that was.
const MEASURED: [Series; 5] = [TEMPERATURE, PRECIPITATION, WIND, HUMIDITY, PRESSURE];

/// The service.
pub struct OpenMeteo {
    forecast: Client,
    archive: Client,
}

impl OpenMeteo {
    /// The service as configured; `None` when it is not to be asked.
    ///
    /// # Errors
    /// When an address cannot be used.
    pub fn configured(app: &App, policy: &Policy) -> Result<Option<Self>, UpstreamError> {
        let config = &app.config.upstream.open_meteo;
        if config.url.is_empty() {
            return Ok(None);
        }
        let archive = archive(&config.url, &config.archive_url);
        Ok(Some(Self {
            forecast: Client::new(app, &config.url, LIMITS, policy.clone())?,
            archive: Client::new(app, archive, LIMITS, policy.clone())?,
        }))
    }

    /// What the weather was, as far as is known by now: from the archive if the span is in it, else
    /// from the forecasts, which go back for some weeks. One request.
    ///
    /// # Errors
    /// When the service does not answer, or with something else.
    pub async fn measured(
        &self,
        place: Place,
        span: Span,
        archived: bool,
    ) -> Result<Hours, UpstreamError> {
        let path = if archived { ARCHIVE } else { FORECAST };
        ask(self.of_the_past(archived), path, &MEASURED, place, span).await
    }

    /// Where that is asked for.
    #[must_use]
    pub fn origin(&self, archived: bool) -> &str {
        self.of_the_past(archived).base()
    }

    fn of_the_past(&self, archived: bool) -> &Client {
        if archived {
            &self.archive
        } else {
            &self.forecast
        }
    }
}

impl Hourly for OpenMeteo {
    fn source(&self) -> Source {
        Source::OpenMeteo
    }

    async fn hours(&self, place: Place, span: Span) -> Result<Hours, UpstreamError> {
        ask(&self.forecast, FORECAST, &EXPECTED, place, span).await
    }
}

/// The address of the archive that goes with that of the forecasts.
fn archive<'a>(url: &'a str, archive: &'a str) -> &'a str {
    match archive {
        "" if url.trim_end_matches('/') == PUBLIC.0 => PUBLIC.1,
        "" => url,
        archive => archive,
    }
}

async fn ask(
    client: &Client,
    path: &str,
    series: &[Series],
    place: Place,
    span: Span,
) -> Result<Hours, UpstreamError> {
    let names: Vec<&str> = series.iter().map(|series| series.name).collect();
    let query = format!(
        "{path}?latitude={:.4}&longitude={:.4}&hourly={}&start_date={}&end_date={}\
         &timeformat=unixtime&timezone=GMT&wind_speed_unit=ms",
        place.latitude,
        place.longitude,
        names.join(","),
        span.from.date_naive(),
        span.to.date_naive(),
    );
    let read = |body: &[u8]| read(path, body, series, span);
    client.get(&query, read).await
}

/// The hours of an answer. One that is not what was asked for, or in other units, is refused whole;
/// an hour with a value that cannot be is left out.
fn read(path: &str, body: &[u8], series: &[Series], span: Span) -> Result<Hours, String> {
    let answer: Value = serde_json::from_slice(body).map_err(|error| error.to_string())?;
    if let Some(offset) = answer.get("utc_offset_seconds")
        && offset != 0
    {
        return Err(format!("times are {} s from UTC", shown(offset)));
    }
    let table = |name: &str| {
        let found = answer.get(name).and_then(Value::as_object);
        found.ok_or_else(|| format!("expected an object {name}"))
    };
    let (units, hourly) = (table("hourly_units")?, table("hourly")?);
    expect_unit(units, "time", "unixtime")?;
    let times = column(hourly, "time")?;
    let mut columns = Vec::with_capacity(series.len());
    for series in series {
        expect_unit(units, series.name, series.quantity.unit)?;
        let values = column(hourly, series.name)?;
        if values.len() != times.len() {
            let (times, values) = (times.len(), values.len());
            return Err(format!("{times} times, but {values} of {}", series.name));
        }
        columns.push((series, values));
    }
    let mut found = Hours::default();
    let places = places(path, times, &mut found.problems);
    let mut start = span.from;
    while start < span.to {
        match hour(path, start, &places, &columns) {
            Ok(hour) if hour.says_something() => found.hours.push(hour),
            Ok(_) => {}
            Err(problem) => found.problems.push(problem),
        }
        start += HOUR;
    }
    Ok(found)
}

fn expect_unit(units: &Map<String, Value>, name: &str, unit: &str) -> Result<(), String> {
    match units.get(name) {
        Some(found) if found == unit => Ok(()),
        found => {
            let found = found.map_or_else(|| "nothing".to_owned(), shown);
            Err(format!("expected {name} in {unit}, found {found}"))
        }
    }
}

fn column<'v>(hourly: &'v Map<String, Value>, name: &str) -> Result<&'v [Value], String> {
    let values = hourly.get(name).and_then(Value::as_array);
    let values = values.ok_or_else(|| format!("expected a list {name}"))?;
    Ok(values)
}

/// Where in the lists each time is.
fn places(
    path: &str,
    times: &[Value],
    problems: &mut Vec<Problem>,
) -> HashMap<DateTime<Utc>, usize> {
    let mut places = HashMap::with_capacity(times.len());
    for (place, value) in times.iter().enumerate() {
        let time = value.as_i64().filter(|seconds| seconds % 3600 == 0);
        match time.and_then(|seconds| DateTime::from_timestamp(seconds, 0)) {
            Some(time) if !places.contains_key(&time) => {
                places.insert(time, place);
            }
            Some(_) => {
                let message = format!("expected each hour once, found {} again", shown(value));
                problems.push(problem(path, place + 1, "time", message));
            }
            None => {
                let message = format!("expected a whole hour in seconds, found {}", shown(value));
                problems.push(problem(path, place + 1, "time", message));
            }
        }
    }
    places
}

/// An hour; what is not in the answer is not said.
fn hour(
    path: &str,
    start: DateTime<Utc>,
    places: &HashMap<DateTime<Utc>, usize>,
    columns: &[(&Series, &[Value])],
) -> Result<Hour, Problem> {
    let mut hour = Hour {
        start,
        ..Hour::default()
    };
    for (series, values) in columns {
        let time = if series.at_end { start + HOUR } else { start };
        let Some(place) = places.get(&time) else {
            continue;
        };
        let value = series.quantity.read(&values[*place]);
        let value = value.map_err(|message| problem(path, place + 1, series.name, message))?;
        (series.put)(&mut hour, value);
    }
    Ok(hour)
}

#[cfg(test)]
mod tests;
