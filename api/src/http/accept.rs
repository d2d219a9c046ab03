//! Which form of answer a client wants.

use axum::http::{HeaderMap, header};

/// Forms of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Form {
    /// `application/graphql-response+json`: the status says whether the request ran.
    Modern,
    /// `application/json`: status 200 even for documents that do not run.
    Json,
    /// `text/event-stream`: a stream of answers.
    Events,
}

impl Form {
    /// The form that a client likes best; JSON when it does not say, none when it takes nothing
    /// that there is.
    #[must_use]
    pub fn wanted(headers: &HeaderMap) -> Option<Self> {
        let mut values = headers.get_all(header::ACCEPT).iter().peekable();
        if values.peek().is_none() {
            return Some(Self::Json);
        }
        let ranges = values
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .filter_map(|range| {
                let (form, rank) = Self::named(range.split(';').next().unwrap_or_default().trim())?;
                Some((quality(range), rank, form))
            })
            .filter(|(quality, ..)| *quality > 0);
        // Among equals the exact name counts, and among those the newer form.
        ranges
            .max_by_key(|(quality, rank, _)| (*quality, *rank))
            .map(|(.., form)| form)
    }

    /// The form that a media range means, and how much it says.
    fn named(range: &str) -> Option<(Self, u8)> {
        let is = |name: &str| range.eq_ignore_ascii_case(name);
        if is("application/graphql-response+json") {
            Some((Self::Modern, 3))
        } else if is("application/json") {
            Some((Self::Json, 2))
        } else if is("text/event-stream") {
            Some((Self::Events, 1))
        } else if is("*/*") || is("application/*") {
            Some((Self::Json, 0))
        } else {
            None
        }
    }

    /// The header of the answer.
    #[must_use]
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Modern => "application/graphql-response+json; charset=utf-8",
            Self::Json => "application/json; charset=utf-8",
            Self::Events => "text/event-stream; charset=utf-8",
        }
    }
}

/// `q` in thousandths.
pub(super) fn quality(range: &str) -> u16 {
    range
        .split(';')
        .skip(1)
        .filter_map(|parameter| parameter.trim().strip_prefix("q="))
        .find_map(|value| value.trim().parse::<f32>().ok())
        .map_or(1000, |quality| {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "between 0 and 1000"
            )]
            let thousandths = (quality.clamp(0.0, 1.0) * 1000.0) as u16;
            thousandths
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_is_the_one_that_the_client_likes_best() {
        use Form::{Events, Json, Modern};
        for (accept, form) in [
            ("application/json", Some(Json)),
            ("application/graphql-response+json", Some(Modern)),
            (
                "Application/GraphQL-Response+JSON; charset=utf-8",
                Some(Modern),
            ),
            (
                "application/json, application/graphql-response+json",
                Some(Modern),
            ),
            (
                "application/json, application/graphql-response+json;q=0.9",
                Some(Json),
            ),
            (
                "application/graphql-response+json; charset=utf-8, application/json; charset=utf-8",
                Some(Modern),
            ),
            ("*/*", Some(Json)),
            ("application/*;q=0.5, text/html", Some(Json)),
            ("text/event-stream", Some(Events)),
            ("text/event-stream, */*;q=0.1", Some(Events)),
            ("text/event-stream, application/json", Some(Json)),
            ("text/html", None),
            ("application/json;q=0", None),
            ("", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT, accept.parse().unwrap());
            assert_eq!(Form::wanted(&headers), form, "{accept}");
        }
        assert_eq!(Form::wanted(&HeaderMap::new()), Some(Json));
    }
}
