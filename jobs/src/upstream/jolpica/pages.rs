//! Whole resources out of pages. Pages count rows, not races, so that a race may be cut in two;
//! and the data may change while they are read, which is noticed.

use std::collections::{BTreeSet, HashSet};

use serde::Deserialize;
use serde_json::{Map, Value};

use super::super::client::{Client, UpstreamError};

/// Rows of a page, the most that the service gives
/// (<https://github.com/jolpica/jolpica-f1/blob/main/docs/README.md>).
pub(super) const PAGE: usize = 100;

/// Times that a resource is read until it stands still.
const READINGS: usize = 3;

/// Rows of one resource at most: no race has 10,000 laps driven in it.
const MOST_ROWS: usize = 10_000;

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Resource {
    Races,
    Drivers,
    Constructors,
    Results,
    Sprint,
    Qualifying,
    DriverStandings,
    ConstructorStandings,
    /// Of one round.
    Laps(i32),
    /// Of one round.
    PitStops(i32),
}

/// A season, or one round of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) season: i32,
    pub(super) round: Option<i32>,
}

/// Where the rows are: the table, the list in it, the list of rows in each of that, and for
/// laps the list in each of those.
struct Place(&'static str, &'static str, &'static [&'static str]);

impl Resource {
    /// `/2024/results/`, `/2024/8/results/`. With the slash, since without it the service
    /// redirects.
    pub(super) fn path(self, span: Span) -> String {
        let season = span.season;
        match self {
            Self::Laps(round) => format!("/{season}/{round}/laps/"),
            Self::PitStops(round) => format!("/{season}/{round}/pitstops/"),
            _ => match span.round {
                Some(round) => format!("/{season}/{round}/{}/", self.name()),
                None => format!("/{season}/{}/", self.name()),
            },
        }
    }

    /// Its name, without season and round.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Races => "races",
            Self::Drivers => "drivers",
            Self::Constructors => "constructors",
            Self::Results => "results",
            Self::Sprint => "sprint",
            Self::Qualifying => "qualifying",
            Self::DriverStandings => "driverstandings",
            Self::ConstructorStandings => "constructorstandings",
            Self::Laps(_) => "laps",
            Self::PitStops(_) => "pitstops",
        }
    }

    fn place(self) -> Place {
        match self {
            Self::Races => Place("RaceTable", "Races", &[]),
            Self::Drivers => Place("DriverTable", "Drivers", &[]),
            Self::Constructors => Place("ConstructorTable", "Constructors", &[]),
            Self::Results => Place("RaceTable", "Races", &["Results"]),
            Self::Sprint => Place("RaceTable", "Races", &["SprintResults"]),
            Self::Qualifying => Place("RaceTable", "Races", &["QualifyingResults"]),
            Self::DriverStandings => {
                Place("StandingsTable", "StandingsLists", &["DriverStandings"])
            }
            Self::ConstructorStandings => Place(
                "StandingsTable",
                "StandingsLists",
                &["ConstructorStandings"],
            ),
            Self::Laps(_) => Place("RaceTable", "Races", &["Laps", "Timings"]),
            Self::PitStops(_) => Place("RaceTable", "Races", &["PitStops"]),
        }
    }

    /// What no two rows of a race have in common.
    fn key(self) -> &'static [&'static str] {
        match self {
            Self::Races => &["/round"],
            Self::Drivers => &["/driverId"],
            Self::Constructors => &["/constructorId"],
            Self::Results | Self::Sprint | Self::Qualifying => {
                &["/Driver/driverId", "/Constructor/constructorId", "/number"]
            }
            Self::DriverStandings => &["/Driver/driverId"],
            Self::ConstructorStandings => &["/Constructor/constructorId"],
            Self::Laps(_) => &["/driverId", "/lap"],
            Self::PitStops(_) => &["/driverId", "/stop"],
        }
    }
}

/// A row and the race it belongs to, if it belongs to one.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Row {
    /// 0 where there is no race.
    pub(super) season: i32,
    pub(super) round: i32,
    /// From 1, through all pages.
    pub(super) number: u64,
    pub(super) value: Value,
}

/// A resource as read from all its pages.
#[derive(Debug, PartialEq)]
pub(super) struct Whole {
    pub(super) rows: Vec<Row>,
    /// What was wrong with it however often it was read.
    pub(super) odd: Option<Odd>,
}

/// Pages that do not fit together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Odd {
    pub(super) why: String,
    /// The rounds that have rows twice; `None` if any may lack rows.
    pub(super) rounds: Option<BTreeSet<i32>>,
}

/// One page.
#[derive(Debug, PartialEq)]
struct Page {
    total: usize,
    rows: Vec<Row>,
}

/// Reads a resource whole; one whose pages do not fit together is read again.
///
/// # Errors
/// When the service does not answer.
pub(super) async fn read(
    client: &Client,
    span: Span,
    resource: Resource,
) -> Result<Whole, UpstreamError> {
    let mut whole = Whole {
        rows: Vec::new(),
        odd: None,
    };
    for _ in 0..READINGS {
        whole = read_once(client, span, resource).await?;
        let Some(odd) = &whole.odd else {
            return Ok(whole);
        };
        tracing::info!(resource = resource.path(span), odd.why, "reading again");
    }
    Ok(whole)
}

async fn read_once(
    client: &Client,
    span: Span,
    resource: Resource,
) -> Result<Whole, UpstreamError> {
    let mut sheaf = Sheaf::new(resource);
    loop {
        let offset = sheaf.rows.len();
        let path = format!("{}?limit={PAGE}&offset={offset}", resource.path(span));
        let page = client
            .get(&path, |body| page(body, resource, offset))
            .await?;
        match sheaf.add(page) {
            Added::More => {}
            Added::Complete => return Ok(sheaf.finish()),
            Added::Odd(why) => {
                return Ok(Whole {
                    rows: Vec::new(),
                    odd: Some(Odd { why, rounds: None }),
                });
            }
        }
    }
}

/// Pages read so far.
struct Sheaf {
    resource: Resource,
    total: Option<usize>,
    rows: Vec<Row>,
}

enum Added {
    More,
    Complete,
    Odd(String),
}

impl Sheaf {
    fn new(resource: Resource) -> Self {
        Self {
            resource,
            total: None,
            rows: Vec::new(),
        }
    }

    fn add(&mut self, page: Page) -> Added {
        let total = *self.total.get_or_insert(page.total);
        if page.total != total {
            return Added::Odd(format!(
                "there were {total} rows, and {} at the next page",
                page.total
            ));
        }
        if total > MOST_ROWS {
            return Added::Odd(format!("{total} rows are too many"));
        }
        let due = PAGE.min(total.saturating_sub(self.rows.len()));
        if page.rows.len() != due {
            return Added::Odd(format!(
                "expected {due} rows from row {} on, found {}",
                self.rows.len() + 1,
                page.rows.len()
            ));
        }
        for mut row in page.rows {
            row.number = self.rows.len() as u64 + 1;
            self.rows.push(row);
        }
        if self.rows.len() < total {
            Added::More
        } else {
            Added::Complete
        }
    }

    /// All rows. Two that are about the same mean that rows moved from page to page, or that the
    /// service has them twice.
    fn finish(self) -> Whole {
        let mut seen = HashSet::new();
        let mut rounds = BTreeSet::new();
        let mut first = None;
        for row in &self.rows {
            let parts = self.resource.key().iter();
            let key: Vec<_> = parts
                .map(|part| row.value.pointer(part).and_then(Value::as_str))
                .collect();
            if !seen.insert((row.season, row.round, key.clone())) {
                rounds.insert(row.round);
                first.get_or_insert_with(|| {
                    let key: Vec<_> = key.into_iter().flatten().collect();
                    format!("round {} has {} twice", row.round, key.join(" "))
                });
            }
        }
        let odd = first.map(|why| Odd {
            why,
            rounds: Some(rounds),
        });
        Whole {
            rows: self.rows,
            odd,
        }
    }
}

/// `{"MRData": …}`
#[derive(Deserialize)]
struct Envelope {
    #[serde(rename = "MRData")]
    data: Map<String, Value>,
}

/// Reads a page. What cannot be one, or is another than was asked for, is a reason to ask again.
fn page(body: &[u8], resource: Resource, offset: usize) -> Result<Page, String> {
    let envelope: Envelope = serde_json::from_slice(body).map_err(|error| {
        let start = String::from_utf8_lossy(&body[..body.len().min(40)]);
        format!("expected JSON with MRData, found {start:?} ({error})")
    })?;
    let number = |key: &str| -> Result<usize, String> {
        let value = envelope.data.get(key);
        let text = value.and_then(Value::as_str);
        text.and_then(|text| text.parse().ok())
            .ok_or_else(|| format!("expected {key} as a number in quotes, found {value:?}"))
    };
    for (key, asked) in [("offset", offset), ("limit", PAGE)] {
        let found = number(key)?;
        if found != asked {
            return Err(format!(
                "expected the page with {key} {asked}, found {found}"
            ));
        }
    }
    let Place(table, outer, inner) = resource.place();
    let list = envelope.data.get(table).and_then(|table| table.get(outer));
    let list = list.and_then(Value::as_array);
    let list = list.ok_or_else(|| format!("expected a list {table}.{outer}, found none"))?;
    let mut rows = Vec::new();
    for item in list {
        let season = whole(item, "season").unwrap_or_default();
        let round = whole(item, "round").unwrap_or_default();
        let mut items = vec![item.clone()];
        for list in inner {
            items = unfold(&items, list)?;
        }
        rows.extend(items.into_iter().map(|value| Row {
            season,
            round,
            number: 0,
            value,
        }));
    }
    Ok(Page {
        total: number("total")?,
        rows,
    })
}

/// The items of a list in each item. A timing learns the number of its lap.
fn unfold(items: &[Value], list: &str) -> Result<Vec<Value>, String> {
    let mut unfolded = Vec::new();
    for item in items {
        let inner = item.get(list).and_then(Value::as_array);
        let inner = inner.ok_or_else(|| format!("expected a list {list}, found none"))?;
        for value in inner {
            let mut value = value.clone();
            if list == "Timings"
                && let (Some(fields), Some(lap)) = (value.as_object_mut(), item.get("number"))
            {
                fields.insert("lap".to_owned(), lap.clone());
            }
            unfolded.push(value);
        }
    }
    Ok(unfolded)
}

fn whole(value: &Value, key: &str) -> Option<i32> {
    value.get(key)?.as_str()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn body(total: usize, offset: usize, races: &Value) -> Vec<u8> {
        let (total, offset) = (total.to_string(), offset.to_string());
        let data = json!({ "MRData": {
            "total": total, "offset": offset, "limit": "100", "RaceTable": { "Races": races },
        }});
        data.to_string().into_bytes()
    }

    fn results(round: usize, drivers: std::ops::Range<usize>) -> Value {
        let row = |driver| {
            json!({ "number": "1", "Driver": { "driverId": format!("driver{driver}") },
                "Constructor": { "constructorId": "team" } })
        };
        let rows: Vec<_> = drivers.map(row).collect();
        json!({ "season": "2024", "round": round.to_string(), "Results": rows })
    }

    fn read_page(total: usize, offset: usize, races: &Value) -> Page {
        page(&body(total, offset, races), Resource::Results, offset).unwrap()
    }

    /// 120 rows: six races of 20, the sixth of them behind the cut.
    fn two_pages() -> (Page, Page) {
        let first: Vec<_> = (1..=4).map(|round| results(round, 0..22)).collect();
        let mut first = first;
        first.push(results(5, 0..12));
        (
            read_page(120, 0, &json!(first)),
            read_page(120, 100, &json!([results(5, 12..22), results(6, 0..10)])),
        )
    }

    #[test]
    fn a_race_cut_across_two_pages_is_put_together_again() {
        let (first, second) = two_pages();
        let mut sheaf = Sheaf::new(Resource::Results);
        assert!(matches!(sheaf.add(first), Added::More));
        assert!(matches!(sheaf.add(second), Added::Complete));
        let whole = sheaf.finish();
        assert_eq!(whole.odd, None);
        let fifth = whole.rows.iter().filter(|row| row.round == 5);
        assert_eq!(fifth.count(), 22);
        assert_eq!(whole.rows[119].number, 120);
    }

    #[test]
    fn rows_that_come_or_go_between_pages_are_noticed() {
        let (first, _) = two_pages();
        let mut sheaf = Sheaf::new(Resource::Results);
        sheaf.add(first);
        let later = read_page(121, 100, &json!([results(5, 12..22), results(6, 0..11)]));
        assert!(matches!(sheaf.add(later), Added::Odd(why) if why.contains("120 rows, and 121")));
    }

    #[test]
    fn a_page_with_too_few_or_too_many_rows_is_noticed() {
        for rows in [99, 101, 0] {
            let mut sheaf = Sheaf::new(Resource::Results);
            let short = read_page(120, 0, &json!([results(1, 0..rows)]));
            assert!(matches!(sheaf.add(short), Added::Odd(_)), "{rows}");
        }
    }

    #[test]
    fn a_row_that_moved_from_one_page_to_the_next_is_noticed() {
        let (first, _) = two_pages();
        let mut sheaf = Sheaf::new(Resource::Results);
        sheaf.add(first);
        sheaf.add(read_page(
            120,
            100,
            &json!([results(5, 11..22), results(6, 0..9)]),
        ));
        let odd = sheaf.finish().odd.unwrap();
        assert_eq!(odd.rounds, Some(BTreeSet::from([5])));
        assert!(odd.why.contains("driver11"), "{}", odd.why);
    }

    #[test]
    fn what_is_no_page_is_asked_for_again() {
        for (text, expected) in [
            ("<html>sorry</html>", "expected JSON"),
            (r#"{"MRData":{"limit":"100","off"#, "expected JSON"),
            (r#"{"detail":"nothing"}"#, "expected JSON"),
            (
                r#"{"MRData":{"limit":"100","offset":"0","total":"0"}}"#,
                "a list RaceTable.Races",
            ),
            (
                r#"{"MRData":{"limit":"30","offset":"0","total":"0","RaceTable":{"Races":[]}}}"#,
                "limit 100, found 30",
            ),
            (
                r#"{"MRData":{"limit":"100","offset":"0","total":0,"RaceTable":{"Races":[]}}}"#,
                "total as a number",
            ),
        ] {
            let error = page(text.as_bytes(), Resource::Results, 0).unwrap_err();
            assert!(error.contains(expected), "{error}");
        }
    }

    #[test]
    fn a_timing_knows_its_lap() {
        let races = json!([{ "season": "2023", "round": "6", "Laps": [
            { "number": "7", "Timings": [{ "driverId": "alonso", "position": "2", "time": "1:20.1" }] },
        ]}]);
        let page = page(&body(1, 0, &races), Resource::Laps(6), 0).unwrap();
        assert_eq!(page.rows[0].value["lap"], "7");
        assert_eq!(page.rows[0].round, 6);
    }
}
