//! The fields of a car's line in a race or sprint, behind place and code, and the small
//! pieces of text they are made of. See [`super::notation`].

use super::notation::{parse_digits, parse_time};

/// What a line says about the rank of its fastest lap.
#[derive(Default)]
pub(super) enum Rank {
    #[default]
    Derived,
    Published(Option<i32>),
}

/// What follows place and code in a race or sprint, without the reason.
#[derive(Default)]
pub(super) struct Fields {
    pub(super) grid: Option<i32>,
    pub(super) laps: Option<i32>,
    pub(super) time_ms: Option<i32>,
    pub(super) points: Option<i32>,
    pub(super) fastest_lap: Option<i32>,
    pub(super) fastest_lap_ms: Option<i32>,
    pub(super) rank: Rank,
    fastest_given: bool,
}

impl Fields {
    pub(super) fn read(text: &str, first_ms: Option<i32>) -> Result<Self, String> {
        let mut fields = Self::default();
        for word in words(text) {
            fields
                .word(word, first_ms)
                .ok_or_else(|| format!("`{word}` is not understood, or said twice"))?;
        }
        Ok(fields)
    }

    /// `None` where the word is not understood or its field is given already.
    fn word(&mut self, word: &str, first_ms: Option<i32>) -> Option<()> {
        if let Some(fastest) = word.split_once('@') {
            self.fastest(fastest)
        } else if word == "pit" {
            once(&mut self.grid, 0)
        } else if let Some(grid) = word.strip_prefix('g') {
            once(&mut self.grid, parse_digits(grid).filter(|&grid| grid > 0)?)
        } else if let Some(points) = word.strip_suffix('p') {
            once(&mut self.points, parse_hundredths(points)?)
        } else if let Some(gap) = word.strip_prefix('+') {
            once(&mut self.time_ms, first_ms?.checked_add(parse_time(gap)?)?)
        } else if let Some(gap) = word.strip_prefix('-') {
            once(&mut self.time_ms, first_ms?.checked_sub(parse_time(gap)?)?)
        } else if word.contains('.') {
            once(&mut self.time_ms, parse_time(word)?)
        } else {
            once(&mut self.laps, parse_digits(word)?)
        }
    }

    fn fastest(&mut self, (time, lap): (&str, &str)) -> Option<()> {
        if std::mem::replace(&mut self.fastest_given, true) {
            return None;
        }
        let (lap, rank) = match lap.split_once('#') {
            Some((lap, "-")) => (lap, Rank::Published(None)),
            Some((lap, rank)) => (lap, Rank::Published(Some(parse_digits(rank)?))),
            None => (lap, Rank::Derived),
        };
        self.fastest_lap_ms = if time == "?" {
            None
        } else {
            Some(parse_time(time)?)
        };
        self.fastest_lap = if lap == "?" {
            None
        } else {
            Some(parse_digits(lap)?)
        };
        self.rank = rank;
        Some(())
    }
}

/// Sets a field that is not set yet.
fn once(field: &mut Option<i32>, value: i32) -> Option<()> {
    if field.is_some() {
        return None;
    }
    *field = Some(value);
    Some(())
}

pub(super) fn words(text: &str) -> Vec<&str> {
    text.split_whitespace().collect()
}

/// Hundredths from `25`, `12.5` or `0.14`.
fn parse_hundredths(text: &str) -> Option<i32> {
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
    let part = match part.len() {
        1 => parse_digits(part)? * 10,
        2 => parse_digits(part)?,
        _ => return None,
    };
    parse_digits(whole)?.checked_mul(100)?.checked_add(part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_points_are_exact() {
        assert_eq!(parse_hundredths("12.5"), Some(1250));
        assert_eq!(parse_hundredths("0.14"), Some(14));
        assert_eq!(parse_hundredths("25"), Some(2500));
        assert_eq!(parse_hundredths("25."), None);
        assert_eq!(parse_hundredths(""), None);
    }
}
