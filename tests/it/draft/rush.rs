//! Many who want the same drivers at the same moment.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

use domain::{
    App,
    league::{self, Foundation, SettingsChange, Visibility},
    team::{self, Invitation},
};
use entities::{draft, draft_entry, draft_pick};
use futures::future::join_all;
use sea_orm::{ConnectionTrait, DatabaseBackend, EntityTrait, QueryOrder};
use serde_json::{Value, json};

use super::{OPENS, Paddock, Player, player, server::Server, token};
use crate::account::code_of;

const LEAGUES: usize = 50;

/// Teams of a league.
const TEAMS: usize = 5;

/// Whom everybody wants.
const DRIVERS: [&str; 4] = ["max_verstappen", "leclerc", "norris", "piastri"];

/// A call of `pickDriver`.
#[derive(Clone)]
struct Call {
    url: String,
    token: String,
    draft: String,
    driver: &'static str,
}

impl Call {
    /// How it was answered, and how long that took.
    async fn send(self, client: reqwest::Client) -> (Self, Value, Duration) {
        let query = "mutation ($draft: ID!, $driver: ID!) { pickDriver(draft: $draft, driver: $driver) { id } }";
        let variables = json!({ "draft": self.draft, "driver": self.driver });
        let body = json!({ "query": query, "variables": variables });
        let request = client.post(&self.url).bearer_auth(&self.token).json(&body);
        let sent = Instant::now();
        let answer = request.send().await.unwrap().json().await.unwrap();
        (self, answer, sent.elapsed())
    }
}

/// Makes the leagues of groups of players.
async fn found(app: &App, groups: &[&[Player]]) -> BTreeMap<i32, usize> {
    let mut leagues = BTreeMap::new();
    for (number, (group, players)) in groups.iter().enumerate().cycle().take(LEAGUES).enumerate() {
        let name = format!("League {number}");
        let foundation = Foundation {
            name: &name,
            team_name: &players[0].name,
            visibility: Visibility::Private,
            max_teams: None,
            settings: SettingsChange::default(),
        };
        let made = Box::pin(league::create(app, players[0].id, foundation));
        let made = made.await.unwrap();
        for player in &players[1..] {
            let code = Invitation::Code(&made.invite_code);
            let joined = Box::pin(team::join(app, player.id, code, &player.name));
            joined.await.unwrap();
        }
        leagues.insert(made.id, group);
    }
    leagues
}

/// What became of all calls.
#[derive(Default)]
struct Outcome {
    /// How often a driver was won in a draft.
    won: BTreeMap<(String, &'static str), usize>,
    /// Reasons of the refusals.
    lost: BTreeMap<String, usize>,
    times: Vec<Duration>,
}

impl Outcome {
    fn note(&mut self, call: Call, answer: &Value, took: Duration) {
        self.times.push(took);
        if answer.get("errors").is_none() {
            *self.won.entry((call.draft, call.driver)).or_default() += 1;
            return;
        }
        let (code, reason) = code_of(answer);
        assert_eq!(code, "CONFLICT", "{answer:#}");
        let reason = reason.as_str().unwrap().to_owned();
        *self.lost.entry(reason).or_default() += 1;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_a_thousand_who_want_the_same_drivers_at_once_one_gets_each_in_each_league() {
    // All come from one address.
    let paddock = Paddock::with(|config| config.server.max_connections_per_address = 5_000);
    let mut paddock = paddock.await;
    let mut people = Vec::new();
    for number in 0..4 * TEAMS {
        people.push(player(&paddock, &format!("Driver{number}")).await);
    }
    let groups: Vec<&[Player]> = people.chunks(TEAMS).collect();
    let leagues = found(&paddock.app, &groups).await;
    paddock.at(OPENS).await;
    let db = paddock.app.db.clone();
    let mut servers = vec![paddock.url("/graphql")];
    let mut processes = Vec::new();
    if db.get_database_backend() == DatabaseBackend::Postgres {
        let url = &paddock.app.config.database.url;
        processes.extend([Server::start(url, "100"), Server::start(url, "100")]);
        servers = processes.iter().map(|one| one.graphql.clone()).collect();
    }
    let drafts = draft::Entity::find().all(&db).await.unwrap();
    assert_eq!(drafts.len(), LEAGUES);
    let mut calls = Vec::new();
    // The same driver of all leagues, then the next: whoever comes first is everywhere another.
    for driver in DRIVERS {
        let places = (0..TEAMS).flat_map(|place| drafts.iter().map(move |draft| (place, draft)));
        for (place, draft) in places {
            assert_eq!(draft.state, draft::State::Open);
            let player = &groups[leagues[&draft.league_id]][place];
            calls.push(Call {
                url: servers[calls.len() % servers.len()].clone(),
                token: token(player.id, 30, OPENS.parse().unwrap()),
                draft: format!("Draft:{}", draft.reference),
                driver,
            });
        }
    }
    assert_eq!(calls.len(), 1_000);

    let client = reqwest::Client::new();
    let mut outcome = Outcome::default();
    let mut waves = 0;
    // In each wave the team on the clock asks for every driver, so somebody gets one.
    while outcome.won.len() < LEAGUES * DRIVERS.len() {
        waves += 1;
        assert!(waves <= DRIVERS.len(), "{:?}", outcome.lost);
        let sent = calls.iter().cloned();
        let sent = sent.map(|call| tokio::spawn(call.send(client.clone())));
        for answered in join_all(sent).await {
            let (call, answer, took) = answered.unwrap();
            outcome.note(call, &answer, took);
        }
    }
    assert!(
        outcome.won.values().all(|times| *times == 1),
        "{:?}",
        outcome.won
    );
    let reasons: Vec<&str> = outcome.lost.keys().map(String::as_str).collect();
    assert_eq!(reasons, ["DRIVER_TAKEN", "NOT_YOUR_TURN"]);
    assert_as_stored(&db).await;
    let times = &mut outcome.times;
    times.sort();
    println!(
        "{} calls in {waves} waves to {} servers: median {:?}, p99 {:?}, slowest {:?}; refused: {:?}",
        times.len(),
        servers.len(),
        times[times.len() / 2],
        times[times.len() * 99 / 100],
        times[times.len() - 1],
        outcome.lost
    );
}

/// What was won is stored, in each draft without a gap, and nothing else.
async fn assert_as_stored<C: ConnectionTrait>(db: &C) {
    let picks = draft_pick::Entity::find()
        .order_by_asc(draft_pick::Column::DraftId)
        .order_by_asc(draft_pick::Column::Number)
        .all(db)
        .await
        .unwrap();
    assert_eq!(picks.len(), LEAGUES * DRIVERS.len());
    for picks in picks.chunks(DRIVERS.len()) {
        let numbers: Vec<i32> = picks.iter().map(|pick| pick.number).collect();
        assert_eq!(numbers, [0, 1, 2, 3], "{picks:#?}");
        let drivers: BTreeSet<_> = picks.iter().map(|pick| pick.driver_id).collect();
        let teams: BTreeSet<_> = picks.iter().map(|pick| pick.team_id).collect();
        assert_eq!((drivers.len(), teams.len()), (4, 4), "{picks:#?}");
    }
    let entries = draft_entry::Entity::find().all(db).await.unwrap();
    // One more for the opening.
    assert_eq!(entries.len(), LEAGUES * (DRIVERS.len() + 1));
}
