//! Members pick in turn while a draft is open, and nobody else does.

use serde_json::{Value, json};

use super::{
    CLOSES, IMOLA, League, OPENS, PAUSE, Paddock, RESET, RESUME, act, assert_conflict, go_on, join,
    league, look, order, pick, pick_for, pick_with_key, picked, player, players, refusal, refused,
    refused_to, text,
};
use crate::{
    account::answer,
    support::json::{each, texts},
};

#[tokio::test]
async fn a_draft_opens_on_monday_at_eight_in_new_york_and_closes_when_qualifying_starts() {
    let mut paddock = Paddock::on_sunday().await;
    let [max, lando] = players(&paddock, ["Max", "Lando"]).await;
    let League { draft, teams, .. } = league(&paddock, &[&max, &lando], "").await;
    let before = look(&paddock, &max, &draft).await;
    assert_eq!(before["state"], "UPCOMING");
    assert_eq!(before["opensAt"], "2024-05-13T12:00:00+00:00");
    assert_eq!(before["closesAt"], "2024-05-18T14:00:00+00:00");
    assert_eq!(texts(&before["order"], "/id"), teams);
    for none in ["onTheClock", "clockExpiresAt", "remainingSeconds"] {
        assert_eq!(before[none], Value::Null, "{none}");
    }
    paddock.at("2024-05-13T11:59:59Z").await;
    assert_eq!(look(&paddock, &max, &draft).await["state"], "UPCOMING");
    assert_conflict(&paddock, &max, &draft, &pick("norris"), "DRAFT_NOT_OPEN").await;

    paddock.at(OPENS).await;
    let open = look(&paddock, &max, &draft).await;
    assert_eq!(open["state"], "OPEN");
    assert_eq!(open["onTheClock"]["id"], teams[0]);
    // There is no pick clock, so that he has until the draft closes.
    assert_eq!(open["clockExpiresAt"], Value::Null);
    assert_eq!(open["remainingSeconds"], 5 * 86_400 + 2 * 3600);
    go_on(&paddock, &draft, &[(&max, "norris")]).await;

    paddock.at("2024-05-18T13:59:59Z").await;
    let open = look(&paddock, &lando, &draft).await;
    assert_eq!(
        (&open["state"], &open["myTurn"]),
        (&json!("OPEN"), &json!(true))
    );
    assert_eq!(open["remainingSeconds"], 1);

    paddock.at(CLOSES).await;
    let closed = look(&paddock, &lando, &draft).await;
    assert_eq!(closed["state"], "CLOSED");
    assert_eq!(closed["onTheClock"], Value::Null);
    assert_eq!(closed["log"][2]["at"], "2024-05-13T12:00:00+00:00");
    assert_conflict(&paddock, &lando, &draft, &pick("gasly"), "DRAFT_CLOSED").await;
}

#[tokio::test]
async fn members_pick_in_turn_and_each_driver_once() {
    let mut paddock = Paddock::on_sunday().await;
    let [max, lando, oscar] = players(&paddock, ["Max", "Lando", "Oscar"]).await;
    let League { draft, teams, .. } = league(&paddock, &[&max, &lando, &oscar], "").await;
    paddock.at(OPENS).await;
    let [a, b, c] = [&teams[0], &teams[1], &teams[2]].map(String::as_str);
    for waiting in [&lando, &oscar] {
        assert_conflict(&paddock, waiting, &draft, &pick("norris"), "NOT_YOUR_TURN").await;
    }
    // Who raced two years before is not entered.
    let vettel = pick("vettel");
    assert_conflict(&paddock, &max, &draft, &vettel, "NOT_ON_ENTRY_LIST").await;
    assert!(look(&paddock, &max, &draft).await["myTurn"] == true);
    let after = go_on(&paddock, &draft, &[(&max, "norris")]).await;
    assert_eq!(after["onTheClock"]["id"], b);
    assert_eq!(after["myTurn"], false);
    assert_conflict(&paddock, &max, &draft, &pick("leclerc"), "NOT_YOUR_TURN").await;
    assert_conflict(&paddock, &lando, &draft, &pick("norris"), "DRIVER_TAKEN").await;

    let rest = [
        (&lando, "leclerc"),
        (&oscar, "piastri"),
        (&max, "hamilton"),
        (&lando, "alonso"),
        (&oscar, "gasly"),
    ];
    let after = go_on(&paddock, &draft, &rest).await;
    let expected = [
        (a, "norris"),
        (b, "leclerc"),
        (c, "piastri"),
        (a, "hamilton"),
        (b, "alonso"),
        (c, "gasly"),
    ];
    assert_eq!(picked(&after), expected);
    assert_eq!(each(&after["picks"], "/round"), [1, 1, 1, 2, 2, 2]);
    assert_eq!(each(&after["picks"], "/number"), [1, 2, 3, 4, 5, 6]);
    assert_eq!(
        texts(&after["picks"], "/by"),
        ["Max", "Lando", "Oscar", "Max", "Lando", "Oscar"]
    );
    // The last pick closes the draft, days before qualifying.
    assert_eq!(after["state"], "CLOSED");
    assert_eq!(after["remainingSeconds"], Value::Null);
    assert_conflict(&paddock, &max, &draft, &pick("ocon"), "ALL_PICKS_MADE").await;
    let actions = [
        "ORDER_SET",
        "OPENED",
        "PICKED",
        "PICKED",
        "PICKED",
        "PICKED",
        "PICKED",
        "PICKED",
        "CLOSED",
    ];
    assert_eq!(texts(&after["log"], "/action"), actions);
    assert_eq!(
        each(&after["log"], "/sequence"),
        [1, 2, 3, 4, 5, 6, 7, 8, 9]
    );
}

#[tokio::test]
async fn the_board_shows_every_turn_that_was_and_will_be() {
    let mut paddock = Paddock::on_sunday().await;
    let [max, lando] = players(&paddock, ["Max", "Lando"]).await;
    let snake = ", settings: { draftMethod: SNAKE, rounds: 3 }";
    let League { draft, teams, .. } = league(&paddock, &[&max, &lando], snake).await;
    let [a, b] = [&teams[0], &teams[1]].map(String::as_str);
    let turns = [a, b, b, a, a, b];
    let board = look(&paddock, &max, &draft).await["turns"].take();
    assert_eq!(texts(&board, "/team/id"), turns);
    assert_eq!(each(&board, "/round"), [1, 1, 2, 2, 3, 3]);
    paddock.at(OPENS).await;
    let picks = [(&max, "norris"), (&lando, "piastri"), (&lando, "sainz")];
    let board = go_on(&paddock, &draft, &picks).await["turns"].take();
    assert_eq!(texts(&board, "/team/id"), turns);
    let made: Vec<Option<u64>> = each(&board, "/pick")
        .iter()
        .map(|pick| pick["number"].as_u64())
        .collect();
    assert_eq!(made, [Some(1), Some(2), Some(3), None, None, None]);
}

/// What only the commissioner does.
fn for_the_commissioner(team: &str) -> [String; 7] {
    [
        pick_for(team, "norris"),
        PAUSE.to_owned(),
        RESUME.to_owned(),
        RESET.to_owned(),
        "undoPick(draft: $draft, pick: 1)".to_owned(),
        order(&[team]),
        "substituteDriver(draft: $draft, pick: 1, driver: \"gasly\", note: \"ill\")".to_owned(),
    ]
}

#[tokio::test]
async fn only_the_commissioner_directs_a_draft() {
    let mut paddock = Paddock::on_sunday().await;
    let [max, lando] = players(&paddock, ["Max", "Lando"]).await;
    let League { draft, teams, .. } = league(&paddock, &[&max, &lando], "").await;
    paddock.at(OPENS).await;
    go_on(&paddock, &draft, &[(&max, "norris")]).await;
    let before = look(&paddock, &max, &draft).await;
    for field in for_the_commissioner(&teams[1]) {
        let found = refused_to(&paddock, &lando.token, &draft, &field).await;
        assert_eq!(found, refusal("FORBIDDEN", "NOT_COMMISSIONER"), "{field}");
    }
    assert_eq!(look(&paddock, &max, &draft).await, before);
}

#[tokio::test]
async fn strangers_and_guests_have_no_part_in_a_draft() {
    let mut paddock = Paddock::on_sunday().await;
    let [max, lando, george] = players(&paddock, ["Max", "Lando", "George"]).await;
    let hidden = league(&paddock, &[&max, &lando], "").await;
    let shown = league(&paddock, &[&max, &lando], ", visibility: PUBLIC").await;
    paddock.at(OPENS).await;
    for League { draft, teams, .. } in [&hidden, &shown] {
        let mut fields = for_the_commissioner(&teams[0]).to_vec();
        fields.push(pick("norris"));
        for field in &fields {
            let (code, _) = refused_to(&paddock, "", draft, field).await;
            assert_eq!(code, "UNAUTHENTICATED", "{field}");
        }
        if *draft == hidden.draft {
            for field in &fields {
                let (code, _) = refused_to(&paddock, &george.token, draft, field).await;
                assert_eq!(code, "NOT_FOUND", "{field}");
            }
        } else {
            let found = refused_to(&paddock, &george.token, draft, &pick("norris")).await;
            assert_eq!(found, refusal("FORBIDDEN", "NOT_A_MEMBER"));
            // All can watch.
            assert_eq!(look(&paddock, &george, draft).await["picks"], json!([]));
        }
    }
    assert_eq!(look(&paddock, &george, &hidden.draft).await, Value::Null);
    let query = format!(
        "{{ league(id: {:?}) {{ draft(race: \"{IMOLA}\") {{ id }} }} draft(id: {:?}) {{ id }} }}",
        hidden.id, hidden.draft
    );
    let nothing = json!({ "league": null, "draft": null });
    for token in ["", &george.token] {
        let answer = answer(&paddock, token, &query, json!({})).await;
        assert_eq!(answer["data"], nothing, "{answer:#}");
    }
    // Who joins while it goes on takes part from the next race on.
    join(&paddock, &george, &hidden).await;
    let seen = look(&paddock, &george, &hidden.draft).await;
    assert_eq!(texts(&seen["order"], "/id"), hidden.teams);
    assert_conflict(
        &paddock,
        &george,
        &hidden.draft,
        &pick("norris"),
        "NOT_YOUR_TURN",
    )
    .await;
}

#[tokio::test]
async fn what_names_no_draft_or_driver_is_refused() {
    let paddock = Paddock::on_sunday().await;
    let max = player(&paddock, "Max").await;
    let League { draft, .. } = league(&paddock, &[&max], "").await;
    let nothing = "Draft:01890a5d-ac96-774b-bcce-b302099a8057";
    for (draft, driver, expected) in [
        ("Draft:x", "norris", "BAD_USER_INPUT"),
        ("Driver:norris", "norris", "BAD_USER_INPUT"),
        (nothing, "norris", "NOT_FOUND"),
        (draft.as_str(), "Race:norris", "BAD_USER_INPUT"),
        (draft.as_str(), "nobody", "NOT_FOUND"),
    ] {
        let (code, _) = refused_to(&paddock, &max.token, draft, &pick(driver)).await;
        assert_eq!(code, expected, "{draft} {driver}");
    }
    for key in ["", &"k".repeat(101)] {
        let field = pick_with_key("norris", key);
        let (code, _) = refused_to(&paddock, &max.token, &draft, &field).await;
        assert_eq!(code, "BAD_USER_INPUT", "{key}");
    }
}

#[tokio::test]
async fn a_pick_that_is_sent_again_with_its_key_is_the_same_pick() {
    let mut paddock = Paddock::on_sunday().await;
    let [max, lando] = players(&paddock, ["Max", "Lando"]).await;
    let League { draft, teams, .. } = league(&paddock, &[&max, &lando], "").await;
    paddock.at(OPENS).await;
    let first = act(&paddock, &max, &draft, &pick_with_key("norris", "one")).await;
    // Late: others have picked since.
    go_on(&paddock, &draft, &[(&lando, "piastri")]).await;
    let again = act(&paddock, &max, &draft, &pick_with_key("norris", "one")).await;
    assert_eq!(again["picks"][0], first["picks"][0]);
    assert_eq!(picked(&again).len(), 2);
    let other = pick_with_key("sainz", "one");
    assert_conflict(&paddock, &max, &draft, &other, "KEY_REUSED").await;
    // A key is its sender's own, and without one a pick is a new one.
    assert_conflict(&paddock, &max, &draft, &pick("norris"), "DRIVER_TAKEN").await;
    act(&paddock, &max, &draft, &pick_with_key("sainz", "two")).await;
    let lando_too = act(&paddock, &lando, &draft, &pick_with_key("gasly", "two")).await;
    let [a, b] = [&teams[0], &teams[1]].map(String::as_str);
    let expected = [(a, "norris"), (b, "piastri"), (a, "sainz"), (b, "gasly")];
    assert_eq!(picked(&lando_too), expected);
    act(&paddock, &max, &draft, "undoPick(draft: $draft, pick: 1)").await;
    for (driver, key) in [("norris", "one"), ("sainz", "two")] {
        let late = pick_with_key(driver, key);
        assert_conflict(&paddock, &max, &draft, &late, "PICK_UNDONE").await;
    }
    let anew = act(&paddock, &max, &draft, &pick_with_key("norris", "three")).await;
    assert_eq!(picked(&anew), [(a, "norris")]);
}

#[tokio::test]
async fn a_league_made_after_monday_waits_for_its_commissioner_or_half_of_what_is_left() {
    let mut paddock = Paddock::on_sunday().await;
    let [max, lando] = players(&paddock, ["Max", "Lando"]).await;
    // Two days before qualifying.
    paddock.at("2024-05-16T14:00:00Z").await;
    let first = league(&paddock, &[&max, &lando], "").await;
    let second = league(&paddock, &[&max, &lando], "").await;
    let seen = look(&paddock, &max, &first.draft).await;
    assert_eq!(seen["state"], "UPCOMING");
    assert_eq!(seen["opensAt"], "2024-05-17T14:00:00+00:00");
    let open = "openDraft(draft: $draft)";
    let by_lando = refused_to(&paddock, &lando.token, &first.draft, open).await;
    assert_eq!(by_lando, refusal("FORBIDDEN", "NOT_COMMISSIONER"));
    assert_eq!(
        act(&paddock, &max, &first.draft, open).await["state"],
        "OPEN"
    );
    assert_conflict(&paddock, &max, &first.draft, open, "DRAFT_HAS_OPENED").await;
    go_on(&paddock, &first.draft, &[(&max, "norris")]).await;
    paddock.at("2024-05-17T14:00:00Z").await;
    assert_eq!(look(&paddock, &max, &second.draft).await["state"], "OPEN");
    assert_eq!(
        look(&paddock, &max, &first.draft).await["picks"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[tokio::test]
async fn a_league_tells_of_its_drafts_by_race_and_season() {
    let mut paddock = Paddock::on_sunday().await;
    let max = player(&paddock, "Max").await;
    let made = league(
        &paddock,
        &[&max],
        ", settings: { unfilledPicks: LEFT_EMPTY }",
    )
    .await;
    paddock.at(CLOSES).await;
    let query = format!(
        "{{ league(id: {:?}) {{ imola: draft(race: \"{IMOLA}\") {{ id race {{ ref }} }} monaco: draft(race: \"2024_monaco\") {{ id race {{ ref }} }} miami: draft(race: \"2024_miami\") {{ id }} drafts(season: 2024) {{ id league {{ id }} }} before: drafts(season: 2023) {{ id }} }} }}",
        made.id
    );
    let answer = answer(&paddock, &max.token, &query, json!({})).await;
    let seen = &answer["data"]["league"];
    assert_eq!(
        seen["imola"],
        json!({ "id": made.draft, "race": { "ref": IMOLA } })
    );
    assert_eq!(seen["monaco"]["race"]["ref"], "2024_monaco", "{answer:#}");
    assert_eq!(seen["miami"], Value::Null);
    let monaco = text(&seen["monaco"]["id"]);
    assert_eq!(texts(&seen["drafts"], "/id"), [made.draft, monaco]);
    assert_eq!(
        texts(&seen["drafts"], "/league/id"),
        [made.id.clone(), made.id.clone()]
    );
    assert_eq!(seen["before"], json!([]));
    let wrong = format!(
        "{{ league(id: {:?}) {{ draft(race: \"2024_atlantis\") {{ id }} }} }}",
        made.id
    );
    assert_eq!(
        refused(&paddock, &max.token, &wrong, json!({})).await.0,
        "NOT_FOUND"
    );
}
