//! Who follows a draft sees everything as it happens, once and in order, and only as long as it is
//! theirs to see.

use serde_json::{Value, json};

use super::{
    League, OPENS, PAUSE, Paddock, Player, act, go_on, league, leave, look, order, players,
    refused, set_queue, tick,
};
use crate::{
    account::data,
    support::{TestApp, json::texts, streams::Socket},
};

const FOLLOW: &str = "subscription ($draft: ID!, $after: Int) {
  draftUpdated(draft: $draft, after: $after) {
    sequence gap { from to reason }
    entry { sequence action driver { ref } team { id } by automatic { why } }
    draft { id state sequence onTheClock { id } picks { driver { ref } } remainingSeconds }
  }
}";

/// A socket of somebody who follows a draft from where they are told, or from how it stands.
async fn following(app: &TestApp, player: &Player, draft: &str, after: Option<i64>) -> Socket {
    let token = json!({ "authorization": format!("Bearer {}", player.token) });
    let mut socket = Socket::greeted_with(app, token).await;
    let variables = json!({ "draft": draft, "after": after });
    let payload = json!({ "query": FOLLOW, "variables": variables });
    socket.subscribe_with("1", payload).await;
    socket
}

/// What is told next.
async fn next(socket: &mut Socket) -> Value {
    let mut message = socket.receive().await;
    assert_eq!(message["type"], "next", "{message:#}");
    assert_eq!(message["payload"].get("errors"), None, "{message:#}");
    message["payload"]["data"]["draftUpdated"].take()
}

/// How it stood when somebody began to follow.
async fn beginning(socket: &mut Socket) -> Value {
    let told = next(socket).await;
    assert_eq!(told["entry"], Value::Null, "{told:#}");
    told
}

fn sequence(told: &Value) -> i64 {
    told["sequence"].as_i64().unwrap()
}

/// What happened, to whom, and who did it.
fn entry(told: &Value) -> [Value; 3] {
    let entry = &told["entry"];
    [
        entry["action"].clone(),
        entry["driver"]["ref"].clone(),
        entry["by"].clone(),
    ]
}

/// What is told until the answer to a question that is asked now.
async fn until_now(socket: &mut Socket) -> Vec<Value> {
    socket.send(json!({ "type": "ping" })).await;
    let mut messages = Vec::new();
    loop {
        let message = socket.receive().await;
        if message["type"] == "pong" {
            return messages;
        }
        messages.push(message);
    }
}

#[tokio::test]
async fn two_members_see_each_others_picks_live() {
    let mut paddock = Paddock::on_sunday().await;
    let [max, lando] = players(&paddock, ["Max", "Lando"]).await;
    let an_hour = ", settings: { pickClockSeconds: 3600 }";
    let League { draft, teams, .. } = league(&paddock, &[&max, &lando], an_hour).await;
    set_queue(&paddock, &max, &teams[0], &["sainz"]).await;
    paddock.at(OPENS).await;
    let mut sockets = [
        following(&paddock, &max, &draft, None).await,
        following(&paddock, &lando, &draft, None).await,
    ];
    let mut last = 0;
    for socket in &mut sockets {
        let told = beginning(socket).await;
        assert_eq!(told["draft"]["onTheClock"]["id"], teams[0]);
        assert_eq!(told["sequence"], told["draft"]["sequence"]);
        last = sequence(&told);
    }
    for (player, driver, next_team) in [(&max, "norris", 1), (&lando, "piastri", 0)] {
        go_on(&paddock, &draft, &[(player, driver)]).await;
        last += 1;
        for socket in &mut sockets {
            let told = next(socket).await;
            assert_eq!(sequence(&told), last);
            assert_eq!(
                entry(&told),
                [json!("PICKED"), json!(driver), json!(player.name)]
            );
            assert_eq!(told["draft"]["onTheClock"]["id"], teams[next_team]);
            assert_eq!(told["draft"]["remainingSeconds"], 3600);
        }
    }
    act(&paddock, &max, &draft, "undoPick(draft: $draft, pick: 2)").await;
    for socket in &mut sockets {
        let told = next(socket).await;
        assert_eq!(entry(&told), [json!("UNDONE"), Value::Null, json!("Max")]);
        assert_eq!(texts(&told["draft"]["picks"], "/driver/ref"), ["norris"]);
    }
    go_on(&paddock, &draft, &[(&lando, "gasly")]).await;
    // What nobody does is told, too: what the clock brings, and that all is over.
    tick(&paddock.later("2024-05-13T13:00:00Z")).await;
    for socket in &mut sockets {
        assert_eq!(entry(&next(socket).await)[1], "gasly");
        let told = next(socket).await;
        assert_eq!(entry(&told), [json!("PICKED"), json!("sainz"), Value::Null]);
        assert_eq!(told["entry"]["automatic"]["why"], "CLOCK");
    }
    go_on(&paddock, &draft, &[(&lando, "ocon")]).await;
    for socket in &mut sockets {
        assert_eq!(entry(&next(socket).await)[1], "ocon");
        let told = next(socket).await;
        assert_eq!(entry(&told), [json!("CLOSED"), Value::Null, Value::Null]);
        assert_eq!(told["draft"]["state"], "CLOSED");
        assert_eq!(sequence(&told), last + 5);
    }
}

#[tokio::test]
async fn who_comes_back_has_missed_nothing_and_gets_nothing_twice() {
    let mut paddock = Paddock::on_sunday().await;
    let [max, lando] = players(&paddock, ["Max", "Lando"]).await;
    let rounds = ", settings: { rounds: 3 }";
    let League { draft, .. } = league(&paddock, &[&max, &lando], rounds).await;
    paddock.at(OPENS).await;
    let mut socket = following(&paddock, &lando, &draft, None).await;
    let begin = sequence(&beginning(&mut socket).await);
    go_on(&paddock, &draft, &[(&max, "norris")]).await;
    let mut heard = vec![next(&mut socket).await];
    drop(socket);
    // Meanwhile, and then again while they are back.
    act(&paddock, &max, &draft, PAUSE).await;
    act(&paddock, &max, &draft, super::RESUME).await;
    go_on(&paddock, &draft, &[(&lando, "piastri"), (&max, "sainz")]).await;
    let mut socket = following(&paddock, &lando, &draft, Some(begin + 1)).await;
    for _ in 0..4 {
        heard.push(next(&mut socket).await);
    }
    go_on(&paddock, &draft, &[(&lando, "gasly")]).await;
    heard.push(next(&mut socket).await);
    assert_eq!(until_now(&mut socket).await, Vec::<Value>::new());
    drop(socket);
    let sequences: Vec<i64> = heard.iter().map(sequence).collect();
    let expected: Vec<i64> = (begin + 1..=begin + 6).collect();
    assert_eq!(sequences, expected);
    let actions: Vec<Value> = heard.iter().map(|told| entry(told)[0].clone()).collect();
    assert_eq!(
        actions,
        ["PICKED", "PAUSED", "RESUMED", "PICKED", "PICKED", "PICKED"]
    );
    let numbers = heard.iter().map(|told| told["entry"]["sequence"].as_i64());
    assert_eq!(numbers.collect::<Vec<_>>(), [3, 4, 5, 6, 7, 8].map(Some));

    // What the draft itself says goes on from there just as well.
    let seen = look(&paddock, &lando, &draft).await;
    let mut socket = following(&paddock, &lando, &draft, seen["sequence"].as_i64()).await;
    assert_eq!(until_now(&mut socket).await, Vec::<Value>::new());
    go_on(&paddock, &draft, &[(&max, "ocon")]).await;
    assert_eq!(entry(&next(&mut socket).await)[1], "ocon");
    // A sequence that never was: how it stands, and why.
    let mut socket = following(&paddock, &lando, &draft, Some(999)).await;
    let told = next(&mut socket).await;
    assert_eq!(told["gap"]["reason"], "UNKNOWN", "{told:#}");
    assert_eq!(told["draft"]["picks"].as_array().map(Vec::len), Some(5));
}

#[tokio::test]
async fn what_happens_in_other_drafts_and_to_the_league_is_not_told() {
    let mut paddock = Paddock::on_sunday().await;
    let [max, lando, oscar] = players(&paddock, ["Max", "Lando", "Oscar"]).await;
    let made = league(&paddock, &[&max, &lando], "").await;
    let other = league(&paddock, &[&max, &lando], "").await;
    paddock.at(OPENS).await;
    let mut socket = following(&paddock, &lando, &made.draft, None).await;
    beginning(&mut socket).await;
    go_on(&paddock, &other.draft, &[(&max, "norris")]).await;
    super::join(&paddock, &oscar, &made).await;
    leave(&paddock, &oscar, &made).await;
    go_on(&paddock, &made.draft, &[(&max, "piastri")]).await;
    assert_eq!(entry(&next(&mut socket).await)[1], "piastri");
    assert_eq!(until_now(&mut socket).await, Vec::<Value>::new());
}

#[tokio::test]
async fn who_is_sent_away_while_following_hears_nothing_more() {
    let mut paddock = Paddock::on_sunday().await;
    let [max, lando, oscar] = players(&paddock, ["Max", "Lando", "Oscar"]).await;
    let made = league(&paddock, &[&max, &lando, &oscar], "").await;
    let League { draft, teams, .. } = &made;
    paddock.at(OPENS).await;
    let mut gone = following(&paddock, &lando, draft, None).await;
    let mut stays = following(&paddock, &oscar, draft, None).await;
    let begin = sequence(&beginning(&mut gone).await);
    beginning(&mut stays).await;
    go_on(&paddock, draft, &[(&max, "norris")]).await;
    for socket in [&mut gone, &mut stays] {
        assert_eq!(entry(&next(socket).await)[1], "norris");
    }
    let remove = format!(
        "mutation {{ removeFantasyTeam(id: {:?}) {{ id }} }}",
        teams[1]
    );
    data(&paddock, &max.token, &remove, json!({})).await;
    go_on(&paddock, draft, &[(&oscar, "piastri"), (&max, "sainz")]).await;
    // Left, passed over, two picks, passed over: when Oscar has heard it, Lando would have.
    let mut actions = Vec::new();
    for _ in 0..5 {
        actions.push(text_of(&next(&mut stays).await));
    }
    let expected = [
        "LEFT",
        "LEFT_EMPTY",
        "PICKED piastri",
        "PICKED sainz",
        "LEFT_EMPTY",
    ];
    assert_eq!(actions, expected);
    let told = until_now(&mut gone).await;
    let told: Vec<&Value> = told
        .iter()
        .filter(|message| !message["payload"]["data"]["draftUpdated"].is_null())
        .collect();
    assert_eq!(told, Vec::<&Value>::new());
    // Nor by coming again, from wherever.
    for after in [None, Some(begin)] {
        let mut again = following(&paddock, &lando, draft, after).await;
        let message = again.receive().await;
        assert!(
            message["payload"]["data"]["draftUpdated"].is_null(),
            "{message:#}"
        );
        let text = message.to_string();
        assert!(
            !text.contains("piastri") && text.contains("NOT_FOUND"),
            "{text}"
        );
    }
}

fn text_of(told: &Value) -> String {
    let [action, driver, _] = entry(told);
    let words = [action.as_str(), driver.as_str()];
    words.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn a_private_draft_is_followed_by_nobody_else() {
    let mut paddock = Paddock::on_sunday().await;
    let [max, lando, george] = players(&paddock, ["Max", "Lando", "George"]).await;
    let hidden = league(&paddock, &[&max, &lando], "").await;
    let shown = league(&paddock, &[&max, &lando], ", visibility: PUBLIC").await;
    paddock.at(OPENS).await;
    let mut stranger = following(&paddock, &george, &hidden.draft, None).await;
    let message = stranger.receive().await;
    assert!(message.to_string().contains("NOT_FOUND"), "{message:#}");
    // A public one is for everybody to watch, without an account too.
    let mut watching = following(&paddock, &george, &shown.draft, None).await;
    beginning(&mut watching).await;
    let query = format!(
        "subscription {{ draftUpdated(draft: {:?}) {{ entry {{ driver {{ ref }} }} }} }}",
        shown.draft
    );
    let mut guest = paddock.events(&query).await;
    guest.next().await.unwrap();
    go_on(&paddock, &shown.draft, &[(&max, "norris")]).await;
    assert_eq!(entry(&next(&mut watching).await)[1], "norris");
    let told = guest.next().await.unwrap();
    assert_eq!(
        told["data"]["draftUpdated"]["entry"]["driver"]["ref"],
        "norris"
    );
}

#[tokio::test]
async fn before_anything_has_happened_a_draft_is_followed_from_its_beginning() {
    let paddock = Paddock::on_sunday().await;
    let [max, lando] = players(&paddock, ["Max", "Lando"]).await;
    let League { draft, teams, .. } = league(&paddock, &[&max, &lando], "").await;
    let mut socket = following(&paddock, &lando, &draft, None).await;
    assert_eq!(beginning(&mut socket).await["draft"]["state"], "UPCOMING");
    act(&paddock, &max, &draft, &order(&[&teams[1], &teams[0]])).await;
    assert_eq!(entry(&next(&mut socket).await)[0], "ORDER_SET");
    tick(&paddock.later(OPENS)).await;
    let told = next(&mut socket).await;
    assert_eq!(entry(&told)[0], "OPENED");
    assert_eq!(told["draft"]["onTheClock"]["id"], teams[1]);
    let wrong = "mutation ($draft: ID!) { pickDriver(draft: $draft, driver: \"vettel\") { id } }";
    let refused = refused(&paddock, &lando.token, wrong, json!({ "draft": draft })).await;
    // What is refused is told to nobody else.
    assert_eq!(refused.0, "CONFLICT");
    assert_eq!(until_now(&mut socket).await, Vec::<Value>::new());
}
