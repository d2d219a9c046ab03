//! Drafts: who picks when, what the clock and the commissioner do, and who hears of it.

mod commissioner;
mod drivers;
mod kill;
mod live;
mod rotation;
mod rush;
mod server;
mod time;
mod turns;

use std::ops::Deref;

use chrono::{DateTime, Utc};
use domain::{
    App,
    auth::{self, AccessTokens, Registration, SessionId, UserId},
    clock::Clock,
    config::Config,
    draft,
};
use entities::{race, user::Role};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter};
use serde_json::{Value, json};
use tokio::{sync::oneshot, task::JoinHandle};

use crate::{
    account::{PASSWORD, data, refusal, refused},
    support::{Setup, TestApp, json::items},
};

/// The day before drafts for Imola open; the race before was Miami.
const SUNDAY: &str = "2024-05-12T12:00:00Z";

/// Monday, eight o'clock in New York.
const OPENS: &str = "2024-05-13T12:00:00Z";

/// Qualifying starts.
const CLOSES: &str = "2024-05-18T14:00:00Z";

const IMOLA: &str = "2024_emilia_romagna";

/// What access tokens are signed with.
const KEY: &str = "a key of thirty-two characters!!";

/// Everything that a member is told of a draft, but for whom there is to draft.
const DRAFT: &str = "id state opensAt closesAt order { id } \
    picks { number round team { id } driver { ref } drafted { ref } by automatic { why from } substitution { replaced { ref } note at } } \
    turns { number round team { id } pick { number } } \
    onTheClock { id } clockExpiresAt remainingSeconds myTurn sequence \
    log { sequence at by action team { id } driver { ref } pick note automatic { why from } }";

/// A server with the bundled seasons whose time a test moves on.
struct Paddock {
    test: TestApp,
    /// Since the time was moved.
    serving: Option<Serving>,
}

struct Serving {
    stop: oneshot::Sender<()>,
    ended: JoinHandle<anyhow::Result<()>>,
}

impl Deref for Paddock {
    type Target = TestApp;

    fn deref(&self) -> &TestApp {
        &self.test
    }
}

impl Paddock {
    async fn on_sunday() -> Self {
        Self::with(|_| {}).await
    }

    async fn with(also: impl FnOnce(&mut Config)) -> Self {
        let setup = Setup {
            now: SUNDAY.parse().unwrap(),
            bundled: true,
            change: |config| {
                KEY.clone_into(&mut config.auth.key);
                // Nobody has to log in again while weeks go by.
                config.auth.access_minutes = u16::MAX;
            },
            ..Setup::default()
        };
        Self {
            test: TestApp::start_with(setup, also).await,
            serving: None,
        }
    }

    /// The application at another time.
    fn later(&self, now: &str) -> App {
        App {
            clock: Clock::standing(now.parse().unwrap()),
            ..self.test.app.clone()
        }
    }

    /// Moves the time on, and lets the clock do what is due by then. Sockets are closed.
    async fn at(&mut self, now: &str) {
        if let Some(Serving { stop, ended }) = self.serving.take() {
            drop(stop);
            ended.await.unwrap().unwrap();
        } else {
            self.test.ask_to_stop();
            self.test.stopped().await;
        }
        self.test.app = self.later(now);
        let (stop, stopped) = oneshot::channel::<()>();
        let (address, listening) = oneshot::channel();
        let ended = tokio::spawn(api::http::serve(
            self.test.app.clone(),
            |at| {
                let _ = address.send(at);
            },
            async { drop(stopped.await) },
        ));
        self.test.address = listening.await.unwrap();
        self.serving = Some(Serving { stop, ended });
        tick(&self.test.app).await;
    }

    /// A race will not be run.
    async fn cancel(&self, race: &str) {
        let changed = race::Entity::update_many()
            .set(race::ActiveModel {
                status: Set(race::Status::Cancelled),
                ..Default::default()
            })
            .filter(race::Column::Reference.eq(race))
            .exec(&self.app.db)
            .await
            .unwrap();
        assert_eq!(changed.rows_affected, 1);
    }
}

/// Does what the clock does.
async fn tick(app: &App) {
    Box::pin(draft::run_clock(app)).await.unwrap();
    Box::pin(draft::plan(app)).await.unwrap();
}

/// Somebody with an account.
struct Player {
    id: UserId,
    name: String,
    token: String,
}

async fn player(app: &TestApp, name: &str) -> Player {
    let email = format!("{}@example.org", name.to_lowercase());
    let registration = Registration {
        email: &email,
        password: PASSWORD,
        name,
    };
    let user = auth::create(&app.app, registration, Role::User);
    let id = UserId::parse(&user.await.unwrap().id).unwrap();
    Player {
        id,
        name: name.to_owned(),
        token: token(id, u16::MAX, app.app.clock.now()),
    }
}

async fn players<const N: usize>(app: &TestApp, names: [&str; N]) -> [Player; N] {
    let mut players = Vec::new();
    for name in names {
        players.push(player(app, name).await);
    }
    players.try_into().ok().unwrap()
}

/// An access token such as a login gives.
fn token(user: UserId, minutes: u16, now: DateTime<Utc>) -> String {
    let session = SessionId::parse("01890a5d-ac96-774b-bcce-b302099a8057").unwrap();
    let tokens = AccessTokens::new(KEY.as_bytes(), minutes);
    tokens.sign(user, session, 0, now).unwrap().0
}

/// A league and its draft for Imola.
struct League {
    id: String,
    code: String,
    /// As their owners were given.
    teams: Vec<String>,
    draft: String,
}

/// Makes a league of players, with arguments (`, visibility: PUBLIC`). The first of them is its
/// commissioner, and they draft in this order.
async fn league(app: &TestApp, players: &[&Player], arguments: &str) -> League {
    let founder = players[0];
    let query = format!(
        "mutation {{ createLeague(name: \"Sunday club\", teamName: {:?}{arguments}) {{ id inviteCode myTeam {{ id }} draft(race: \"{IMOLA}\") {{ id }} }} }}",
        founder.name
    );
    let made = data(app, &founder.token, &query, json!({})).await["createLeague"].take();
    let mut league = League {
        id: text(&made["id"]),
        code: text(&made["inviteCode"]),
        teams: vec![text(&made["myTeam"]["id"])],
        draft: text(&made["draft"]["id"]),
    };
    for player in &players[1..] {
        let team = join(app, player, &league).await;
        league.teams.push(team);
    }
    let order = order(&league.teams);
    act(app, founder, &league.draft, &order).await;
    league
}

/// Joins; gives the id of the team.
async fn join(app: &TestApp, player: &Player, league: &League) -> String {
    let query = format!(
        "mutation {{ joinLeague(inviteCode: {:?}, teamName: {:?}) {{ id }} }}",
        league.code, player.name
    );
    let joined = data(app, &player.token, &query, json!({})).await;
    text(&joined["joinLeague"]["id"])
}

async fn leave(app: &TestApp, player: &Player, league: &League) {
    let query = format!("mutation {{ leaveLeague(league: {:?}) }}", league.id);
    data(app, &player.token, &query, json!({})).await;
}

/// A draft as somebody sees it.
async fn look(app: &TestApp, player: &Player, draft: &str) -> Value {
    let query = format!("query ($draft: ID!) {{ draft(id: $draft) {{ {DRAFT} }} }}");
    let variables = json!({ "draft": draft });
    data(app, &player.token, &query, variables).await["draft"].take()
}

/// Does something in a draft that goes well; gives the draft after it.
async fn act(app: &TestApp, player: &Player, draft: &str, field: &str) -> Value {
    let query = format!("mutation ($draft: ID!) {{ done: {field} {{ {DRAFT} }} }}");
    let variables = json!({ "draft": draft });
    data(app, &player.token, &query, variables).await["done"].take()
}

/// Code and reason of the refusal of who wants to do something in a draft.
async fn refused_to(app: &TestApp, token: &str, draft: &str, field: &str) -> (String, Value) {
    let query = format!("mutation ($draft: ID!) {{ done: {field} {{ id }} }}");
    refused(app, token, &query, json!({ "draft": draft })).await
}

async fn assert_conflict(app: &TestApp, player: &Player, draft: &str, field: &str, reason: &str) {
    let found = refused_to(app, &player.token, draft, field).await;
    assert_eq!(found, refusal("CONFLICT", reason), "{field}");
}

fn pick(driver: &str) -> String {
    format!("pickDriver(draft: $draft, driver: {driver:?})")
}

fn pick_with_key(driver: &str, key: &str) -> String {
    format!("pickDriver(draft: $draft, driver: {driver:?}, idempotencyKey: {key:?})")
}

fn pick_for(team: &str, driver: &str) -> String {
    format!("pickForTeam(draft: $draft, team: {team:?}, driver: {driver:?})")
}

fn order<T: AsRef<str>>(teams: &[T]) -> String {
    let teams: Vec<&str> = teams.iter().map(AsRef::as_ref).collect();
    format!("setDraftOrder(draft: $draft, teams: {teams:?})")
}

const PAUSE: &str = "pauseDraft(draft: $draft)";
const RESUME: &str = "resumeDraft(draft: $draft)";
const RESET: &str = "resetDraft(draft: $draft)";

/// Members pick, one after the other; gives the draft after the last.
async fn go_on(app: &TestApp, draft: &str, picks: &[(&Player, &str)]) -> Value {
    let mut after = Value::Null;
    for (player, driver) in picks {
        after = act(app, player, draft, &pick(driver)).await;
    }
    after
}

/// Says whom a player would draft.
async fn set_queue(app: &TestApp, player: &Player, team: &str, drivers: &[&str]) -> Value {
    let query = format!(
        "mutation {{ setPickQueue(team: {team:?}, drivers: {drivers:?}) {{ pickQueue {{ ref }} }} }}"
    );
    data(app, &player.token, &query, json!({})).await["setPickQueue"]["pickQueue"].take()
}

/// Teams and drivers of all picks.
fn picked(draft: &Value) -> Vec<(&str, &str)> {
    items(&draft["picks"])
        .iter()
        .map(|pick| {
            let team = pick["team"]["id"].as_str().unwrap();
            (team, pick["driver"]["ref"].as_str().unwrap_or("nobody"))
        })
        .collect()
}

/// The latest line of the log of this action.
fn logged<'a>(draft: &'a Value, action: &str) -> &'a Value {
    let mut lines = items(&draft["log"]).iter().rev();
    lines
        .find(|line| line["action"] == action)
        .unwrap_or_else(|| panic!("no {action} in {:#}", draft["log"]))
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}
