//! What services of weather have in common: hours at a place, and the values that are believed.

use domain::{
    import::source::Problem,
    weather::{Hour, Place, Source, Span},
};
use serde_json::Value;

use super::client::UpstreamError;

/// Longest part of a value that a message repeats.
const SHOWN: usize = 60;

/// A service that forecasts the weather hour by hour.
pub trait Hourly: Send + Sync {
    /// Who it is.
    fn source(&self) -> Source;

    /// The hours of a span at a place, as far as the service can see. One request.
    ///
    /// # Errors
    /// When the service does not answer, or with something else.
    fn hours(
        &self,
        place: Place,
        span: Span,
    ) -> impl Future<Output = Result<Hours, UpstreamError>> + Send;
}

/// Hours of an answer.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Hours {
    /// In order, each once.
    pub hours: Vec<Hour>,
    /// What was left out, and why.
    pub problems: Vec<Problem>,
}

/// A kind of value: its unit, and the least and the most that occurs on earth.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Quantity {
    pub unit: &'static str,
    least: f64,
    most: f64,
}

pub(super) const TEMPERATURE: Quantity = quantity("°C", -90.0, 60.0);
pub(super) const PERCENT: Quantity = quantity("%", 0.0, 100.0);
/// 0 to 1.
pub(super) const SHARE: Quantity = quantity("a share", 0.0, 1.0);
/// The most that ever fell within an hour is 305 mm.
pub(super) const RAIN: Quantity = quantity("mm", 0.0, 400.0);
/// The same within three hours.
pub(super) const RAIN_OF_THREE_HOURS: Quantity = quantity("mm", 0.0, 1200.0);
pub(super) const WIND: Quantity = quantity("m/s", 0.0, 120.0);
pub(super) const DIRECTION: Quantity = quantity("°", 0.0, 360.0);
/// At the height of the place; circuits lie as high as 2,200 m.
pub(super) const PRESSURE: Quantity = quantity("hPa", 500.0, 1100.0);

const fn quantity(unit: &'static str, least: f64, most: f64) -> Quantity {
    Quantity { unit, least, most }
}

impl Quantity {
    /// The number of a value; `None` for null, which says nothing.
    ///
    /// # Errors
    /// What was expected, and what stands there instead.
    pub(super) fn read(self, value: &Value) -> Result<Option<f64>, String> {
        if value.is_null() {
            return Ok(None);
        }
        let number = value.as_f64();
        let fits = |number: &f64| (self.least..=self.most).contains(number);
        let number = number.filter(fits).ok_or_else(|| {
            let Self { unit, least, most } = self;
            let found = shown(value);
            format!("expected {unit}, {least} to {most}, found {found}")
        });
        number.map(Some)
    }
}

/// The beginning of a value, for a message.
pub(super) fn shown(value: &Value) -> String {
    let whole = value.to_string();
    let mut shown: String = whole.chars().take(SHOWN).collect();
    if shown.len() < whole.len() {
        shown.push('…');
    }
    shown
}

/// Something wrong with an hour of an answer, counted from 1.
pub(super) fn problem(path: &str, number: usize, field: &str, message: String) -> Problem {
    Problem {
        file: path.to_owned(),
        line: number as u64,
        column: field.to_owned(),
        message,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_value_is_a_number_that_occurs_or_nothing() {
        assert_eq!(TEMPERATURE.read(&json!(21.5)), Ok(Some(21.5)));
        assert_eq!(TEMPERATURE.read(&json!(-3)), Ok(Some(-3.0)));
        assert_eq!(PERCENT.read(&Value::Null), Ok(None));
        for (quantity, value) in [
            // Kelvin.
            (TEMPERATURE, json!(293.15)),
            (PERCENT, json!(100.5)),
            (PERCENT, json!(-1)),
            (RAIN, json!(9999)),
            (WIND, json!("3.2")),
            (DIRECTION, json!(true)),
            (PRESSURE, json!([1013])),
            (SHARE, json!(35)),
        ] {
            let error = quantity.read(&value).unwrap_err();
            assert!(error.contains(&value.to_string()), "{error}");
            assert!(error.contains(quantity.unit), "{error}");
        }
        let long = WIND.read(&json!("x".repeat(500))).unwrap_err();
        assert!(long.len() < 200, "{long}");
    }
}
