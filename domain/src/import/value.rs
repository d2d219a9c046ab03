//! What stands in a field of any source: pure readings of text, `None` where it is not what it
//! should be.

use chrono::{NaiveDate, NaiveTime};

/// A whole number, zero or more.
#[must_use]
pub fn whole(text: &str) -> Option<i32> {
    // `i32` would take a plus sign.
    text.as_bytes().first()?.is_ascii_digit().then_some(())?;
    text.parse().ok()
}

/// A decimal number in hundredths, rounded half away from zero: `1.33` is 133.
#[must_use]
pub fn hundredths(text: &str) -> Option<i32> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    let (units, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    if fraction.is_empty() || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let digit = |at: usize| {
        fraction
            .as_bytes()
            .get(at)
            .map_or(0, |byte| i32::from(byte - b'0'))
    };
    let part = digit(0) * 10 + digit(1) + i32::from(digit(2) >= 5);
    let value = whole(units)?.checked_mul(100)?.checked_add(part)?;
    Some(if negative { -value } else { value })
}

/// A finite decimal number.
#[must_use]
pub fn decimal(text: &str) -> Option<f64> {
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

/// A day that exists, `YYYY-MM-DD`.
#[must_use]
pub fn date(text: &str) -> Option<NaiveDate> {
    if text.len() != 10 {
        return None;
    }
    NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()
}

/// A time of day, `HH:MM:SS`, with or without a final `Z`.
#[must_use]
pub fn time_of_day(text: &str) -> Option<NaiveTime> {
    NaiveTime::parse_from_str(text.strip_suffix('Z').unwrap_or(text), "%H:%M:%S").ok()
}

/// A duration in milliseconds: `27.452`, `1:27.452` or `1:34:50.616`.
#[must_use]
pub fn duration_ms(text: &str) -> Option<i32> {
    let (clock, fraction) = text.split_once('.').unwrap_or((text, "0"));
    if fraction.is_empty()
        || fraction.len() > 3
        || !fraction.bytes().all(|byte| byte.is_ascii_digit())
    {
        return None;
    }
    let mut seconds = 0_i32;
    for (place, part) in clock.split(':').enumerate() {
        let part = whole(part)?;
        if place > 2 || (place > 0 && part >= 60) {
            return None;
        }
        seconds = seconds.checked_mul(60)?.checked_add(part)?;
    }
    let thousandths = fraction
        .bytes()
        .chain([b'0', b'0'])
        .take(3)
        .fold(0, |sum, byte| sum * 10 + i32::from(byte - b'0'));
    seconds.checked_mul(1000)?.checked_add(thousandths)
}

/// Longest public ref.
const LONGEST_REFERENCE: usize = 64;

/// A public ref as Ergast and Jolpica write them. Most are in lower case (`max_verstappen`), a
/// few are not (`Cannoc`, `scott_Brown`).
#[must_use]
pub fn reference(text: &str) -> Option<String> {
    let sound = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    let fits = (1..=LONGEST_REFERENCE).contains(&text.len());
    (fits && text.bytes().all(sound)).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_are_exact_hundredths() {
        for (text, expected) in [
            ("0", Some(0)),
            ("25", Some(2500)),
            ("50.5", Some(5050)),
            ("1.33", Some(133)),
            ("0.14", Some(14)),
            ("1.14286", Some(114)),
            ("0.145", Some(15)),
            ("0.999", Some(100)),
            ("-15", Some(-1500)),
            ("", None),
            ("-", None),
            ("+3", None),
            ("1.", None),
            ("1e2", None),
            ("99999999", None),
        ] {
            assert_eq!(hundredths(text), expected, "{text}");
        }
    }

    #[test]
    fn lap_times_are_milliseconds() {
        for (text, expected) in [
            ("1:27.452", Some(87_452)),
            ("1:34:50.616", Some(5_690_616)),
            ("59.9", Some(59_900)),
            ("2:03", Some(123_000)),
            ("1:75.000", None),
            ("1:27.4521", None),
            ("1::27.4", None),
            ("+5.478", None),
            ("", None),
        ] {
            assert_eq!(duration_ms(text), expected, "{text}");
        }
    }

    #[test]
    fn a_ref_is_short_and_plain() {
        for text in ["max_verstappen", "lds-alfa_romeo", "scott_Brown", "bar"] {
            assert_eq!(reference(text).as_deref(), Some(text));
        }
        for text in ["", "a b", "../x", "é", &"a".repeat(65)] {
            assert_eq!(reference(text), None, "{text}");
        }
    }

    #[test]
    fn impossible_days_and_times_are_refused() {
        assert_eq!(date("1986-02-30"), None);
        assert_eq!(date("1986-2-3"), None);
        assert_eq!(date("1988-02-29"), NaiveDate::from_ymd_opt(1988, 2, 29));
        assert_eq!(time_of_day("24:00:00"), None);
        assert_eq!(time_of_day("06:00:00Z"), NaiveTime::from_hms_opt(6, 0, 0));
        assert_eq!(whole("+1"), None);
        assert_eq!(whole("-1"), None);
        assert_eq!(whole("9999999999"), None);
    }
}
