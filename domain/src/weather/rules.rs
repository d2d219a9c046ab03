//! Which hours belong to a session, which of two forecasts counts, and what they come to.

use std::collections::BTreeMap;

use chrono::{DateTime, Days, DurationRound, NaiveTime, TimeDelta, Utc};
use entities::{
    session::{self, Kind},
    weather_forecast::{Model, Source},
};

use super::{Forecast, Hour, Place, Span};
use crate::import::record::WeatherRecord;

/// Days that are forecast, today among them.
pub const DAYS_AHEAD: u64 = 16;

/// Start of a race whose time of day is not known, UTC.
const AFTERNOON: (u32, u32) = (14, 0);

/// What was is in the archive so long after it: from day to day, five days late
/// (<https://open-meteo.com/en/docs/historical-weather-api>). Until then the forecasts tell of it.
const ARCHIVED: TimeDelta = TimeDelta::days(6);

/// Rain that counts as such, mm in an hour: less is not told apart from none.
const RAIN: f64 = 0.1;

/// How long a session takes, as the timetable has it. A race may go on for two hours, breaks
/// aside (FIA sporting regulations 2024, 5.4).
#[must_use]
pub fn length(kind: Kind) -> TimeDelta {
    TimeDelta::hours(if kind == Kind::Race { 2 } else { 1 })
}

/// When a session starts. Of a race of which only the day is known it is taken to be the
/// afternoon; of other sessions nothing is.
#[must_use]
pub fn start(session: &session::Model) -> Option<DateTime<Utc>> {
    let afternoon = || {
        let (hour, minute) = AFTERNOON;
        let time = NaiveTime::from_hms_opt(hour, minute, 0)?;
        (session.kind == Kind::Race).then(|| session.date.and_time(time).and_utc())
    };
    session.starts_at.or_else(afternoon)
}

/// Whether a session has not begun; of one without a time nothing is known.
#[must_use]
pub fn is_to_come(session: &session::Model, now: DateTime<Utc>) -> bool {
    start(session).is_some_and(|start| now < start)
}

/// The whole hours that a session that starts then falls into.
#[must_use]
pub fn span(kind: Kind, start: DateTime<Utc>) -> Span {
    let hour = TimeDelta::hours(1);
    let floor = |time: DateTime<Utc>| time.duration_trunc(hour).unwrap_or(time);
    let last = floor(start + length(kind) - TimeDelta::nanoseconds(1));
    Span {
        from: floor(start),
        to: last + hour,
    }
}

/// Whether a span is in the archive by then.
#[must_use]
pub fn is_archived(span: Span, by: DateTime<Utc>) -> bool {
    span.to + ARCHIVED <= by
}

/// From the first to the last hour of the sessions that have not begun, as far as can be
/// forecast; `None` when there is no such hour.
#[must_use]
pub fn ahead(sessions: &[session::Model], now: DateTime<Utc>) -> Option<Span> {
    let day = now.date_naive() + Days::new(DAYS_AHEAD);
    // What falls within an hour is told at its end, which must be part of the last day.
    let horizon = day.and_time(NaiveTime::MIN).and_utc() - TimeDelta::hours(1);
    let spans = sessions
        .iter()
        .filter(|session| is_to_come(session, now))
        .filter_map(|session| Some(span(session.kind, start(session)?)));
    let whole = spans.reduce(|one, other| Span {
        from: one.from.min(other.from),
        to: one.to.max(other.to),
    })?;
    let to = whole.to.min(horizon);
    (whole.from < to).then_some(Span { to, ..whole })
}

/// Whether coordinates are some of this globe. Zero and zero are those of nowhere.
#[must_use]
pub fn place(latitude: Option<f64>, longitude: Option<f64>) -> Option<Place> {
    let (latitude, longitude) = (latitude?, longitude?);
    let somewhere = latitude != 0.0 || longitude != 0.0;
    let valid = (-90.0..=90.0).contains(&latitude) && (-180.0..=180.0).contains(&longitude);
    (valid && somewhere).then_some(Place {
        latitude,
        longitude,
    })
}

/// The rows of a race after a forecast came in. Of each hour of a session that had not begun the
/// latest that was said counts; hours that no longer belong to a session are dropped; sessions
/// that had begun keep theirs.
#[must_use]
pub fn latest(
    race_id: i32,
    sessions: &[session::Model],
    stored: Vec<Model>,
    forecast: &Forecast,
) -> Vec<Model> {
    let mut rows: BTreeMap<(Kind, DateTime<Utc>), Model> = stored
        .into_iter()
        .map(|row| ((row.session, row.hour), row))
        .collect();
    let open: BTreeMap<Kind, Option<Span>> = sessions
        .iter()
        .map(|session| {
            let start = start(session).filter(|start| forecast.fetched_at < *start);
            (session.kind, start.map(|start| span(session.kind, start)))
        })
        .collect();
    rows.retain(|(kind, hour), _| match open.get(kind) {
        Some(Some(span)) => span.contains(*hour),
        Some(None) => true,
        None => false,
    });
    for (kind, span) in open {
        let Some(span) = span else { continue };
        let within = |hour: &&Hour| span.contains(hour.start) && hour.says_something();
        for hour in forecast.hours.iter().filter(within) {
            let key = (kind, hour.start);
            let newer = rows.get(&key);
            if newer.is_none_or(|row| row.fetched_at <= forecast.fetched_at) {
                rows.insert(key, row(race_id, kind, forecast, hour));
            }
        }
    }
    rows.into_values().collect()
}

/// Whether two sets of rows, in the same order, expect the same, whenever that was said.
#[must_use]
pub fn same(before: &[Model], after: &[Model]) -> bool {
    let equal = |(one, other): (&Model, &Model)| {
        let one = Model {
            fetched_at: other.fetched_at,
            ..one.clone()
        };
        one == *other
    };
    before.len() == after.len() && before.iter().zip(after).all(equal)
}

fn row(race_id: i32, session: Kind, forecast: &Forecast, hour: &Hour) -> Model {
    Model {
        race_id,
        session,
        hour: hour.start,
        source: forecast.source,
        fetched_at: forecast.fetched_at,
        air_temperature: hour.air_temperature,
        precipitation_probability: hour.precipitation_probability,
        precipitation: hour.precipitation,
        wind_speed: hour.wind_speed,
        wind_direction: hour.wind_direction,
        humidity: hour.humidity,
        cloud_cover: hour.cloud_cover,
    }
}

/// The chance, 0 to 1, that something falls in a session, from the percentages of its hours: that
/// of the wettest. Hours of one afternoon are wet or dry together, so that the chances of each
/// must not be taken for independent; the truth is this or a little more.
#[must_use]
pub fn chance_of_rain(hours: impl IntoIterator<Item = Option<f64>>) -> Option<f64> {
    let highest = hours.into_iter().flatten().reduce(f64::max)?;
    Some(highest / 100.0)
}

/// Whom to name, and how, wherever what a source says is shown.
#[must_use]
pub fn attribution(source: Source) -> &'static str {
    match source {
        Source::OpenMeteo => {
            "Weather data by Open-Meteo.com (https://open-meteo.com), \
             CC BY 4.0 (https://creativecommons.org/licenses/by/4.0/)"
        }
        Source::OpenWeatherMap => {
            "Weather data provided by OpenWeather (https://openweathermap.org)"
        }
    }
}

/// The weather of a race from its hours; `None` when they say nothing.
#[must_use]
pub fn record(hours: &[Hour]) -> Option<WeatherRecord> {
    let mean = |value: fn(&Hour) -> Option<f64>| {
        let values: Vec<f64> = hours.iter().filter_map(value).collect();
        #[expect(clippy::cast_precision_loss, reason = "a few hours")]
        let count = values.len() as f64;
        // Two digits are more than is known.
        let mean = (values.iter().sum::<f64>() / count * 100.0).round() / 100.0;
        (!values.is_empty()).then_some(mean)
    };
    let record = WeatherRecord {
        air_temperature: mean(|hour| hour.air_temperature),
        humidity: mean(|hour| hour.humidity),
        wind_speed: mean(|hour| hour.wind_speed),
        pressure: mean(|hour| hour.pressure),
        rainfall_share: mean(|hour| Some(f64::from(u8::from(hour.precipitation? >= RAIN)))),
        wet_lap_share: None,
        track_temperature: None,
    };
    (record != WeatherRecord::default()).then_some(record)
}

#[cfg(test)]
mod tests;
