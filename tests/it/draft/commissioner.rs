//! What the commissioner does, and that it is written down for good.

use serde_json::{Value, json};

use super::{
    CLOSES, League, OPENS, Paddock, RESET, act, assert_conflict, go_on, league, logged, look,
    order, pick, pick_for, pick_with_key, picked, players, refused_to, text,
};
use crate::support::json::{each, items, texts};

/// A league of three whose draft snakes.
struct Snake {
    paddock: Paddock,
    players: [super::Player; 3],
    league: League,
}

impl Snake {
    async fn open() -> Self {
        let mut paddock = Paddock::on_sunday().await;
        let players = players(&paddock, ["Max", "Lando", "Oscar"]).await;
        let [max, lando, oscar] = &players;
        let arguments = ", settings: { draftMethod: SNAKE, pickClockSeconds: 3600 }";
        let league = league(&paddock, &[max, lando, oscar], arguments).await;
        paddock.at(OPENS).await;
        Self {
            paddock,
            players,
            league,
        }
    }
}

/// Takes back a pick, from 1, and all later ones.
fn undo(pick: usize) -> String {
    format!("undoPick(draft: $draft, pick: {pick})")
}

fn substitute(pick: usize, driver: Option<&str>, note: &str) -> String {
    let driver = driver.map_or("null".to_owned(), |driver| format!("{driver:?}"));
    format!("substituteDriver(draft: $draft, pick: {pick}, driver: {driver}, note: {note:?})")
}

#[tokio::test]
async fn a_pick_is_undone_with_all_later_ones_even_where_the_snake_turns() {
    let Snake {
        mut paddock,
        players,
        league,
    } = Snake::open().await;
    let [max, lando, oscar] = &players;
    let League { draft, teams, .. } = &league;
    let [a, b, c] = [&teams[0], &teams[1], &teams[2]].map(String::as_str);
    let picks = [
        (max, "norris"),
        (lando, "piastri"),
        (oscar, "sainz"),
        (oscar, "leclerc"),
        (lando, "gasly"),
    ];
    go_on(&paddock, draft, &picks).await;
    paddock.at("2024-05-13T12:40:00Z").await;
    // Where one round ends and the next begins the same team picks twice.
    let seen = act(&paddock, max, draft, &undo(4)).await;
    assert_eq!(picked(&seen), [(a, "norris"), (b, "piastri"), (c, "sainz")]);
    assert_eq!(seen["onTheClock"]["id"], c);
    assert_eq!(seen["remainingSeconds"], 3600);
    let seen = act(&paddock, max, draft, &undo(3)).await;
    assert_eq!(picked(&seen), [(a, "norris"), (b, "piastri")]);
    assert_eq!(seen["onTheClock"]["id"], c);
    assert_conflict(&paddock, max, draft, &undo(3), "NOTHING_TO_UNDO").await;
    let (code, _) = refused_to(&paddock, &max.token, draft, &undo(0)).await;
    assert_eq!(code, "BAD_USER_INPUT");
    // Who was taken back is free, and the snake turns where it did.
    let anew = [
        (oscar, "leclerc"),
        (oscar, "gasly"),
        (lando, "sainz"),
        (max, "hamilton"),
    ];
    let seen = go_on(&paddock, draft, &anew).await;
    let expected = [
        (a, "norris"),
        (b, "piastri"),
        (c, "leclerc"),
        (c, "gasly"),
        (b, "sainz"),
        (a, "hamilton"),
    ];
    assert_eq!(picked(&seen), expected);
    assert_eq!(seen["state"], "CLOSED");
    // Until qualifying even the last pick can be taken back; then never.
    let seen = act(&paddock, max, draft, &undo(6)).await;
    assert_eq!(
        (&seen["state"], &seen["onTheClock"]["id"]),
        (&json!("OPEN"), &json!(a))
    );
    let undone: Vec<&Value> = items(&seen["log"])
        .iter()
        .filter(|line| line["action"] == "UNDONE")
        .collect();
    let numbers: Vec<_> = undone.iter().map(|line| line["pick"].as_u64()).collect();
    assert_eq!(numbers, [Some(4), Some(3), Some(6)]);
    for line in undone {
        assert_eq!(line["by"], "Max");
        assert_eq!(line["at"], "2024-05-13T12:40:00+00:00");
    }
    // What was undone stays in the log.
    let gone = items(&seen["log"])
        .iter()
        .filter(|line| line["action"] == "PICKED");
    assert_eq!(gone.count(), 9);
    paddock.at(CLOSES).await;
    assert_conflict(&paddock, max, draft, &undo(1), "DRAFT_CLOSED").await;
    assert_conflict(&paddock, max, draft, RESET, "DRAFT_CLOSED").await;
}

#[tokio::test]
async fn a_reset_takes_all_back_and_the_first_begins_anew() {
    let Snake {
        mut paddock,
        players,
        league,
    } = Snake::open().await;
    let [max, lando, oscar] = &players;
    let League { draft, teams, .. } = &league;
    let picks = [(max, "norris"), (lando, "piastri"), (oscar, "sainz")];
    go_on(&paddock, draft, &picks).await;
    paddock.at("2024-05-13T12:10:00Z").await;
    let seen = act(&paddock, max, draft, RESET).await;
    assert_eq!(seen["picks"], json!([]));
    assert_eq!(seen["onTheClock"]["id"], teams[0]);
    assert_eq!(seen["clockExpiresAt"], "2024-05-13T13:10:00+00:00");
    let line = logged(&seen, "RESET");
    let by_whom_and_when = (&line["by"], &line["at"]);
    assert_eq!(
        by_whom_and_when,
        (&json!("Max"), &json!("2024-05-13T12:10:00+00:00"))
    );
    // Another order, since there is no pick again.
    let [a, b, c] = [&teams[0], &teams[1], &teams[2]];
    let seen = act(&paddock, max, draft, &order(&[c, a, b])).await;
    assert_eq!(seen["onTheClock"]["id"], *c);
    go_on(&paddock, draft, &[(oscar, "norris"), (max, "piastri")]).await;
}

#[tokio::test]
async fn the_order_is_set_by_hand_and_lists_every_team_once() {
    let mut paddock = Paddock::on_sunday().await;
    let [max, lando, oscar] = players(&paddock, ["Max", "Lando", "Oscar"]).await;
    let made = league(&paddock, &[&max, &lando, &oscar], "").await;
    let other = league(&paddock, &[&max], "").await;
    let League { draft, teams, .. } = &made;
    let [a, b, c] = [&teams[0], &teams[1], &teams[2]].map(String::as_str);
    let before = look(&paddock, &max, draft).await;
    for wrong in [&[a][..], &[], &[a, b], &[a, b, b], &[a, b, c, c]] {
        assert_conflict(&paddock, &max, draft, &order(wrong), "ORDER_INCOMPLETE").await;
    }
    let foreign = order(&[a, b, other.teams[0].as_str()]);
    assert_eq!(
        refused_to(&paddock, &max.token, draft, &foreign).await.0,
        "NOT_FOUND"
    );
    assert_eq!(look(&paddock, &max, draft).await, before);
    let seen = act(&paddock, &max, draft, &order(&[c, a, b])).await;
    assert_eq!(texts(&seen["order"], "/id"), [c, a, b]);
    assert_eq!(texts(&seen["turns"], "/team/id"), [c, a, b, c, a, b]);
    paddock.at("2024-05-13T12:05:00Z").await;
    let seen = act(&paddock, &max, draft, &order(&[b, c, a])).await;
    assert_eq!(seen["onTheClock"]["id"], b);
    let query =
        format!("query {{ draft(id: {draft:?}) {{ log {{ action by at order {{ id }} }} }} }}");
    let log = crate::account::data(&paddock, &lando.token, &query, json!({})).await;
    let log = &log["draft"]["log"];
    assert_eq!(
        texts(log, "/action"),
        ["ORDER_SET", "ORDER_SET", "OPENED", "ORDER_SET"]
    );
    assert_eq!(texts(&log[1]["order"], "/id"), [c, a, b]);
    assert_eq!(texts(&log[3]["order"], "/id"), [b, c, a]);
    assert_eq!(
        (&log[1]["by"], &log[2]["by"]),
        (&json!("Max"), &Value::Null)
    );
    assert_eq!(log[1]["at"], "2024-05-12T12:00:00+00:00");
    assert_eq!(log[2]["at"], "2024-05-13T12:00:00+00:00");
    assert_eq!(log[3]["at"], "2024-05-13T12:05:00+00:00");
    go_on(&paddock, draft, &[(&lando, "norris")]).await;
    assert_conflict(&paddock, &max, draft, &order(&[a, b, c]), "ORDER_FIXED").await;
}

#[tokio::test]
async fn the_commissioner_picks_for_whose_turn_it_is() {
    let Snake {
        paddock,
        players,
        league,
    } = Snake::open().await;
    let [max, lando, _] = &players;
    let League { draft, teams, .. } = &league;
    let [a, b] = [&teams[0], &teams[1]].map(String::as_str);
    assert_conflict(
        &paddock,
        max,
        draft,
        &pick_for(b, "norris"),
        "NOT_YOUR_TURN",
    )
    .await;
    act(&paddock, max, draft, &pick("norris")).await;
    assert_conflict(&paddock, max, draft, &pick_for(b, "norris"), "DRIVER_TAKEN").await;
    let keyed = format!(
        "pickForTeam(draft: $draft, team: {b:?}, driver: \"piastri\", idempotencyKey: \"one\")"
    );
    for _ in 0..2 {
        let seen = act(&paddock, max, draft, &keyed).await;
        assert_eq!(picked(&seen), [(a, "norris"), (b, "piastri")]);
        assert_eq!(texts(&seen["picks"], "/by"), ["Max", "Max"]);
        assert_eq!(seen["picks"][1]["automatic"], Value::Null);
    }
    // The commissioner has used that key for the team.
    let own = pick_with_key("sainz", "one");
    assert_conflict(&paddock, lando, draft, &own, "KEY_REUSED").await;
}

#[tokio::test]
async fn a_driver_who_does_not_race_is_replaced_in_the_pick() {
    let Snake {
        mut paddock,
        players,
        league,
    } = Snake::open().await;
    let [max, lando, oscar] = &players;
    let League { draft, teams, .. } = &league;
    let picks = [(max, "norris"), (lando, "piastri")];
    go_on(&paddock, draft, &picks).await;
    paddock.at("2024-05-13T12:30:00Z").await;
    for (field, reason) in [
        (substitute(3, Some("gasly"), "ill"), "NO_SUCH_PICK"),
        (substitute(1, Some("piastri"), "ill"), "DRIVER_TAKEN"),
        (substitute(1, Some("vettel"), "ill"), "NOT_ON_ENTRY_LIST"),
    ] {
        assert_conflict(&paddock, max, draft, &field, reason).await;
    }
    let seen = act(&paddock, max, draft, &substitute(1, Some("gasly"), " ill ")).await;
    let replaced = json!({
        "replaced": { "ref": "norris" },
        "note": "ill",
        "at": "2024-05-13T12:30:00+00:00",
    });
    let first = &seen["picks"][0];
    assert_eq!(first["substitution"], replaced);
    assert_eq!(
        (&first["drafted"]["ref"], &first["driver"]["ref"]),
        (&json!("norris"), &json!("gasly"))
    );
    // It is no turn: Oscar is on the clock as long as before.
    assert_eq!(seen["onTheClock"]["id"], teams[2]);
    assert_eq!(seen["clockExpiresAt"], "2024-05-13T13:00:00+00:00");
    let line = logged(&seen, "SUBSTITUTED");
    let said = ["by", "note", "at"].map(|field| text(&line[field]));
    assert_eq!(said, ["Max", "ill", "2024-05-13T12:30:00+00:00"]);
    assert_eq!(
        (&line["pick"], &line["driver"]["ref"]),
        (&json!(1), &json!("gasly"))
    );
    assert_eq!(line["team"]["id"], teams[0]);
    assert_conflict(&paddock, oscar, draft, &pick("gasly"), "DRIVER_TAKEN").await;

    // After the deadline, and without anybody in his place.
    paddock.at(CLOSES).await;
    let seen = act(&paddock, max, draft, &substitute(2, None, "withdrawn")).await;
    let second = &seen["picks"][1];
    assert_eq!(second["driver"], Value::Null);
    assert_eq!(second["drafted"]["ref"], "piastri");
    assert_eq!(second["substitution"]["note"], "withdrawn");
    assert_eq!(each(&seen["picks"], "/number").len(), 6);
}
