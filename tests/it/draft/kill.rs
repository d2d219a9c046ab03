//! A process that is killed when it has written a pick and told nobody of it.

use std::time::Instant;

use entities::draft_pick;
use sea_orm::{EntityTrait, PaginatorTrait};
use serde_json::{Value, json};

use super::{OPENS, Paddock, league, players, server::Server, token};
use crate::support::{
    TestDatabase,
    streams::{Events, PATIENCE},
};

impl Server {
    fn request(&self, token: &str, query: &str, variables: &Value) -> reqwest::RequestBuilder {
        let body = json!({ "query": query, "variables": variables });
        let request = reqwest::Client::new()
            .post(&self.graphql)
            .bearer_auth(token);
        request.json(&body)
    }

    fn pick(&self, token: &str, draft: &str, driver: &str) -> reqwest::RequestBuilder {
        let query = format!(
            "mutation ($draft: ID!) {{ pickDriver(draft: $draft, driver: {driver:?}, idempotencyKey: {driver:?}) {{ picks {{ driver {{ ref }} }} }} }}"
        );
        self.request(token, &query, &json!({ "draft": draft }))
    }

    async fn follow(&self, token: &str, draft: &str, after: Option<i64>) -> Events {
        let query = "subscription ($draft: ID!, $after: Int) { draftUpdated(draft: $draft, after: $after) { sequence gap { reason } entry { driver { ref } } } }";
        let variables = json!({ "draft": draft, "after": after });
        let request = self.request(token, query, &variables);
        let request = request.header("accept", "text/event-stream");
        Events::of(request.send().await.unwrap())
    }
}

/// Somebody who follows a draft, and comes back to another server.
struct Follower {
    events: Events,
    /// How far they were told.
    last: i64,
    /// Sequence and driver of each entry that they were told.
    heard: Vec<(i64, String)>,
}

impl Follower {
    async fn begin(server: &Server, token: &str, draft: &str) -> Self {
        let mut events = server.follow(token, draft, None).await;
        let told = events.next().await.unwrap();
        Self {
            events,
            last: told["data"]["draftUpdated"]["sequence"].as_i64().unwrap(),
            heard: Vec::new(),
        }
    }

    /// Whether there was something to hear before the connection ended.
    async fn hear(&mut self) -> bool {
        let Some(told) = self.events.next().await else {
            return false;
        };
        let told = &told["data"]["draftUpdated"];
        assert_eq!(told["gap"], Value::Null, "{told:#}");
        self.last = told["sequence"].as_i64().unwrap();
        let driver = told["entry"]["driver"]["ref"].as_str().unwrap();
        self.heard.push((self.last, driver.to_owned()));
        true
    }

    async fn come_back(&mut self, server: &Server, token: &str, draft: &str) {
        self.events = server.follow(token, draft, Some(self.last)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pick_that_was_written_but_not_told_is_told_to_who_comes_back() {
    let database = TestDatabase::sqlite();
    let mut paddock = Paddock::with(|config| config.database.url.clone_from(&database.url)).await;
    let [max, lando] = players(&paddock, ["Max", "Lando"]).await;
    let draft = league(&paddock, &[&max, &lando], "").await.draft;
    paddock.at(OPENS).await;
    let [max, lando] = [&max, &lando].map(|player| token(player.id, 30, paddock.app.clock.now()));

    // One server that picks are sent to, and one that will not hear of them in time.
    let mut picking = Server::start(&database.url, "20");
    let mut deaf = Server::start(&database.url, "600000");
    let mut near = Follower::begin(&picking, &lando, &draft).await;
    let mut far = Follower::begin(&deaf, &lando, &draft).await;
    let begin = far.last;
    let asked = tokio::spawn(picking.pick(&max, &draft, "norris").send());
    let db = &paddock.app.db;
    let started = Instant::now();
    while draft_pick::Entity::find().count(db).await.unwrap() == 0 {
        assert!(started.elapsed() < PATIENCE, "nothing is written");
    }
    picking.kill();
    deaf.kill();
    drop(asked.await.unwrap());
    assert!(!far.hear().await, "{:?}", far.heard);
    while near.hear().await {}
    println!("told before the end: {:?}", near.heard);

    let server = Server::start(&database.url, "20");
    // Who got no answer asks again.
    let again = server.pick(&max, &draft, "norris").send().await.unwrap();
    let again: Value = again.json().await.unwrap();
    let picks = json!([{ "driver": { "ref": "norris" } }]);
    assert_eq!(again["data"]["pickDriver"]["picks"], picks, "{again:#}");
    for follower in [&mut near, &mut far] {
        follower.come_back(&server, &lando, &draft).await;
    }
    assert!(far.hear().await);
    let next = server.pick(&lando, &draft, "piastri").send().await.unwrap();
    let next: Value = next.json().await.unwrap();
    assert_eq!(next.get("errors"), None, "{next:#}");
    let all = [(begin + 1, "norris"), (begin + 2, "piastri")];
    let all = all.map(|(sequence, driver)| (sequence, driver.to_owned()));
    for follower in [&mut near, &mut far] {
        while follower.last < begin + 2 {
            assert!(follower.hear().await);
        }
        assert_eq!(follower.heard, all);
    }
}
