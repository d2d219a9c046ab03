//! Scalars of our own: points, durations, dates.

use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, Value};
use chrono::NaiveDate;

/// A decimal number as text, exact to hundredths: `"25"`, `"0.5"`, `"1.33"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decimal(i32);

impl Decimal {
    /// From whole hundredths.
    #[must_use]
    pub fn hundredths(hundredths: i32) -> Self {
        Self(hundredths)
    }

    /// In whole hundredths.
    #[must_use]
    pub fn in_hundredths(self) -> i32 {
        self.0
    }
}

impl std::fmt::Display for Decimal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let (whole, rest) = (self.0.unsigned_abs() / 100, self.0.unsigned_abs() % 100);
        match rest {
            0 => write!(f, "{sign}{whole}"),
            rest if rest % 10 == 0 => write!(f, "{sign}{whole}.{}", rest / 10),
            rest => write!(f, "{sign}{whole}.{rest:02}"),
        }
    }
}

/// A decimal number as text, exact to hundredths: `"25"`, `"0.5"`, `"1.33"`.
#[Scalar(name = "Decimal")]
impl ScalarType for Decimal {
    fn parse(value: Value) -> InputValueResult<Self> {
        let text = match &value {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            _ => return Err(InputValueError::expected_type(value)),
        };
        parse_hundredths(&text)
            .map(Self)
            .ok_or_else(|| InputValueError::custom("expected a decimal number such as \"25.5\""))
    }

    fn to_value(&self) -> Value {
        Value::String(self.to_string())
    }
}

fn parse_hundredths(text: &str) -> Option<i32> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (whole, rest) = digits.split_once('.').unwrap_or((digits, "0"));
    if rest.is_empty() || rest.len() > 2 || !rest.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let rest: i32 = format!("{rest:0<2}").parse().ok()?;
    let whole: i32 = whole.parse().ok().filter(|whole| *whole >= 0)?;
    let sum = whole.checked_mul(100)?.checked_add(rest)?;
    Some(if negative { -sum } else { sum })
}

/// A duration in whole milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Duration(pub i32);

/// A duration in whole milliseconds.
#[Scalar(name = "Duration")]
impl ScalarType for Duration {
    fn parse(value: Value) -> InputValueResult<Self> {
        match &value {
            Value::Number(number) => number
                .as_i64()
                .and_then(|ms| i32::try_from(ms).ok())
                .map(Self)
                .ok_or_else(|| InputValueError::custom("expected whole milliseconds")),
            _ => Err(InputValueError::expected_type(value)),
        }
    }

    fn to_value(&self) -> Value {
        Value::from(self.0)
    }
}

/// A calendar day, `2024-05-26`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Date(pub NaiveDate);

/// A calendar day, `2024-05-26`.
#[Scalar(name = "Date")]
impl ScalarType for Date {
    fn parse(value: Value) -> InputValueResult<Self> {
        match &value {
            Value::String(text) => text
                .parse()
                .map(Self)
                .map_err(|_| InputValueError::custom("expected a day such as \"2024-05-26\"")),
            _ => Err(InputValueError::expected_type(value)),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_are_shown_without_needless_zeros() {
        for (hundredths, text) in [
            (2500, "25"),
            (50, "0.5"),
            (133, "1.33"),
            (-1500, "-15"),
            (5, "0.05"),
        ] {
            assert_eq!(Decimal::hundredths(hundredths).to_string(), text);
            assert_eq!(parse_hundredths(text), Some(hundredths));
        }
    }

    #[test]
    fn what_is_no_decimal_is_refused() {
        for text in ["", "abc", "1.234", "1.", "--1", "1.-2", "99999999999"] {
            assert_eq!(parse_hundredths(text), None, "{text}");
        }
    }
}
