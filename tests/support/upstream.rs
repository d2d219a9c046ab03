//! A tiny stand-in for Jolpica on this machine, which serves a made-up season of three races and
//! can be told what is to go wrong.

use std::{
    collections::VecDeque,
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

/// The season that is served.
pub const SEASON: i32 = 2030;

/// Cars in each race: three races are two pages, and the second race is cut.
pub const CARS: usize = 60;

/// Requests that the season takes: the calendar, twice two pages, the sprint, two standings.
pub const REQUESTS: usize = 8;

/// What happens to a request.
#[derive(Debug, Clone)]
pub enum Fault {
    /// Nothing.
    None,
    /// A status, and a `Retry-After` if any.
    Status(u16, Option<String>),
    /// The connection is cut without an answer.
    Reset,
    /// Two thirds of the answer, then the connection is cut.
    Truncated,
    /// A page for people, with status 200.
    Html,
    /// Every row twice.
    Doubled,
    /// One row more is said to exist.
    OneMore,
    /// The answer comes so late.
    Late(Duration),
    /// The answer is elsewhere.
    Moved(String),
    /// An answer that is far too long.
    Endless,
}

/// A request that came.
#[derive(Debug, Clone)]
pub struct Seen {
    /// With its query.
    pub path: String,
    /// Header lines in lower case.
    pub head: String,
    pub at: Instant,
}

/// The running stand-in.
pub struct Upstream {
    pub url: String,
    address: SocketAddr,
    inside: Arc<Inside>,
}

struct Inside {
    stop: AtomicBool,
    state: Mutex<State>,
}

struct State {
    faults: VecDeque<Fault>,
    always: Fault,
    seen: Vec<Seen>,
    /// Changes a row of results before it is served.
    change: fn(usize, usize, &mut Value),
    etag: bool,
}

impl Upstream {
    /// Starts on a free port.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let inside = Arc::new(Inside {
            stop: AtomicBool::new(false),
            state: Mutex::new(State {
                faults: VecDeque::new(),
                always: Fault::None,
                seen: Vec::new(),
                change: |_, _, _| {},
                etag: false,
            }),
        });
        let serving = Arc::clone(&inside);
        thread::spawn(move || {
            for stream in listener.incoming() {
                if serving.stop.load(Ordering::SeqCst) {
                    return;
                }
                let (Ok(stream), serving) = (stream, Arc::clone(&serving)) else {
                    continue;
                };
                // The client may be gone before it is answered.
                thread::spawn(move || drop(serving.answer(stream)));
            }
        });
        Self {
            url: format!("http://{address}/ergast/f1"),
            address,
            inside,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.inside.state.lock().expect("not poisoned")
    }

    /// What happens to the next requests, one after the other.
    pub fn next(&self, faults: impl IntoIterator<Item = Fault>) {
        self.state().faults.extend(faults);
    }

    /// What happens to all requests that nothing else happens to.
    pub fn always(&self, fault: Fault) {
        self.state().always = fault;
    }

    /// Changes results before they are served: round, car (both from 1) and the row.
    pub fn change(&self, change: fn(usize, usize, &mut Value)) {
        self.state().change = change;
    }

    /// Has answers carry an `ETag`, and unchanged ones be 304.
    pub fn with_etags(&self) {
        self.state().etag = true;
    }

    /// Requests so far.
    pub fn seen(&self) -> Vec<Seen> {
        self.state().seen.clone()
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.inside.stop.store(true, Ordering::SeqCst);
        // Wakes the thread that listens.
        drop(TcpStream::connect(self.address));
    }
}

impl Inside {
    fn answer(&self, mut stream: TcpStream) -> std::io::Result<()> {
        let head = head(&mut stream)?;
        let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
        let (fault, change, etag) = {
            let mut state = self.state.lock().expect("not poisoned");
            state.seen.push(Seen {
                path: path.clone(),
                head: head.to_lowercase(),
                at: Instant::now(),
            });
            let always = state.always.clone();
            let fault = state.faults.pop_front().unwrap_or(always);
            (fault, state.change, state.etag)
        };
        let body = page(&path, &fault, change);
        let tag = format!("\"{}\"", body.len());
        let known = head
            .to_lowercase()
            .contains(&format!("if-none-match: {tag}"));
        let plain = |status: &str, kind: &str, more: &str, body: &[u8]| {
            let head = format!(
                "HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {}\r\nconnection: close\r\n{more}\r\n",
                body.len()
            );
            [head.as_bytes(), body].concat()
        };
        let json = "application/json";
        let answer = match fault {
            Fault::None | Fault::Doubled | Fault::OneMore if etag && known => {
                plain("304 Not Modified", json, &format!("etag: {tag}\r\n"), b"")
            }
            Fault::None | Fault::Doubled | Fault::OneMore => {
                let more = if etag {
                    format!("etag: {tag}\r\n")
                } else {
                    String::new()
                };
                plain("200 OK", json, &more, body.as_bytes())
            }
            Fault::Status(status, wait) => {
                let more = wait.map(|wait| format!("retry-after: {wait}\r\n"));
                plain(
                    &format!("{status} No"),
                    "text/plain",
                    &more.unwrap_or_default(),
                    b"no",
                )
            }
            Fault::Reset => return Ok(()),
            Fault::Truncated => {
                let mut whole = plain("200 OK", json, "", body.as_bytes());
                whole.truncate(whole.len() * 2 / 3);
                whole
            }
            Fault::Html => plain("200 OK", "text/html", "", b"<html><p>Back soon</p></html>"),
            Fault::Late(time) => {
                thread::sleep(time);
                plain("200 OK", json, "", body.as_bytes())
            }
            Fault::Moved(to) => plain("301 Moved", json, &format!("location: {to}\r\n"), b""),
            Fault::Endless => plain("200 OK", json, "", &vec![b' '; 1 << 20]),
        };
        stream.write_all(&answer)
    }
}

fn head(stream: &mut TcpStream) -> std::io::Result<String> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    Ok(String::from_utf8_lossy(&head).into_owned())
}

fn parameter(path: &str, name: &str, default: usize) -> usize {
    let (_, query) = path.split_once('?').unwrap_or_default();
    let value = query
        .split('&')
        .find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
    value
        .and_then(|value| value.parse().ok())
        .unwrap_or(default)
}

/// A page of a resource, with `limit` and `offset` counting rows.
fn page(path: &str, fault: &Fault, change: fn(usize, usize, &mut Value)) -> String {
    // The season, a round perhaps, and the resource.
    let (parts, _) = path.split_once('?').unwrap_or((path, ""));
    let parts: Vec<&str> = parts.split('/').filter(|part| !part.is_empty()).collect();
    let resource = parts.last().copied().unwrap_or_default();
    let season = parts
        .iter()
        .find(|part| part.len() == 4 && part.parse::<i32>().is_ok());
    let round: Option<usize> = parts.iter().rev().nth(1).and_then(|part| part.parse().ok());
    let round = round.filter(|round| *round < 100);
    let (limit, offset) = (parameter(path, "limit", 30), parameter(path, "offset", 0));
    let (table, outer, inner) = match resource {
        "results" => ("RaceTable", "Races", "Results"),
        "sprint" => ("RaceTable", "Races", "SprintResults"),
        "qualifying" => ("RaceTable", "Races", "QualifyingResults"),
        "driverstandings" => ("StandingsTable", "StandingsLists", "DriverStandings"),
        "constructorstandings" => ("StandingsTable", "StandingsLists", "ConstructorStandings"),
        "drivers" => ("DriverTable", "Drivers", ""),
        "constructors" => ("ConstructorTable", "Constructors", ""),
        "laps" | "pitstops" => ("RaceTable", "Races", "Laps"),
        _ => ("RaceTable", "Races", ""),
    };
    let mut rows = rows(resource, change);
    rows.retain(|(of, _)| round.is_none_or(|round| *of == round));
    if season != Some(&SEASON.to_string().as_str()) {
        rows.clear();
    }
    let mut list: Vec<Value> = Vec::new();
    for (round, row) in rows.iter().skip(offset).take(limit) {
        if inner.is_empty() {
            list.push(row.clone());
            continue;
        }
        let round = round.to_string();
        if list.last().is_none_or(|race| race["round"] != round) {
            list.push(json!({ "season": SEASON.to_string(), "round": round, inner: [] }));
        }
        let race = list.last_mut().expect("a race");
        let cars = race[inner].as_array_mut().expect("a list");
        cars.push(row.clone());
        if matches!(fault, Fault::Doubled) {
            cars.push(row.clone());
        }
    }
    let total = rows.len() + usize::from(matches!(fault, Fault::OneMore));
    json!({ "MRData": { "limit": limit.min(100).to_string(), "offset": offset.to_string(),
        "total": total.to_string(), table: { outer: list } } })
    .to_string()
}

/// Rows of a resource with their rounds.
fn rows(resource: &str, change: fn(usize, usize, &mut Value)) -> Vec<(usize, Value)> {
    let of_races = |rounds: std::ops::RangeInclusive<usize>, row: fn(usize, usize) -> Value| {
        rounds
            .flat_map(|round| (1..=CARS).map(move |car| (round, row(round, car))))
            .collect()
    };
    match resource {
        "results" => {
            let mut rows: Vec<(usize, Value)> = of_races(1..=3, result);
            for (index, (round, row)) in rows.iter_mut().enumerate() {
                change(*round, index % CARS + 1, row);
            }
            rows
        }
        "sprint" => of_races(2..=2, result),
        "qualifying" => of_races(1..=3, qualified),
        "driverstandings" => of_races(3..=3, |_, car| standing("Driver", &driver(car), car)),
        "constructorstandings" => (1..=10)
            .map(|place| (3, standing("Constructor", &team(place), place)))
            .collect(),
        "drivers" => (1..=CARS).map(|car| (0, driver(car))).collect(),
        "constructors" => (1..=10).map(|number| (0, team(number))).collect(),
        "laps" | "pitstops" => Vec::new(),
        _ => (1..=3).map(|round| (round, race(round))).collect(),
    }
}

fn race(round: usize) -> Value {
    let (name, circuit) = [
        ("Welsh", "oldfield"),
        ("Maltese", "seaside"),
        ("Third", "third"),
    ][round - 1];
    let mut race = json!({
        "season": SEASON.to_string(), "round": round.to_string(), "raceName": format!("{name} Grand Prix"),
        "date": format!("{SEASON}-0{}-12", round + 4), "time": "13:00:00Z",
        "Circuit": { "circuitId": circuit, "circuitName": circuit, "Location": { "lat": "1.5", "long": "-2.5" } },
    });
    if round == 2 {
        race["Sprint"] = json!({ "date": format!("{SEASON}-06-11"), "time": "10:00:00Z" });
    }
    race
}

fn driver(car: usize) -> Value {
    json!({ "driverId": format!("driver{car}"), "givenName": "Dee", "familyName": format!("Driver {car}"),
        "dateOfBirth": "2001-02-03", "nationality": "Welsh" })
}

fn team(number: usize) -> Value {
    json!({ "constructorId": format!("team{number}"), "name": format!("Team {number}"), "nationality": "Welsh" })
}

/// Another winner every race.
fn result(round: usize, place: usize) -> Value {
    let car = (place + round - 2) % CARS + 1;
    let points = [25, 18, 15, 12, 10, 8].get(place - 1).copied().unwrap_or(0);
    json!({
        "number": car.to_string(), "position": place.to_string(), "positionText": place.to_string(),
        "points": points.to_string(), "grid": place.to_string(), "laps": "50", "status": "Finished",
        "Driver": driver(car), "Constructor": team(car % 10 + 1),
        "Time": { "millis": (5_400_000 + place * 1000).to_string(), "time": "+1.000" },
    })
}

fn qualified(round: usize, place: usize) -> Value {
    let car = (place + round - 2) % CARS + 1;
    json!({ "number": car.to_string(), "position": place.to_string(), "Q1": "1:20.500", "Q2": "",
        "Driver": driver(car), "Constructor": team(car % 10 + 1) })
}

fn standing(kind: &str, who: &Value, place: usize) -> Value {
    json!({ "position": place.to_string(), "positionText": place.to_string(), "points": "1.5", "wins": "0", kind: who })
}
