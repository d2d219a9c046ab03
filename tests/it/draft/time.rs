//! What happens when members do nothing: pick clocks, the deadline, queues, and who has left.

use domain::draft;
use serde_json::{Value, json};

use super::{
    CLOSES, League, OPENS, PAUSE, Paddock, RESUME, act, assert_conflict, go_on, league, leave,
    logged, look, pick, picked, players, set_queue,
};
use crate::{
    account::data,
    support::{
        TestApp,
        json::{each, items, texts},
    },
};

const AN_HOUR: &str = ", settings: { pickClockSeconds: 3600 }";

fn place(entry: &Value) -> f64 {
    entry["expectedPosition"].as_f64().unwrap()
}

/// The drivers of Imola, the one of whom most is expected first.
async fn expected(app: &TestApp) -> Vec<String> {
    let query = "{ race(ref: \"2024_emilia_romagna\") { forecast { entries { driver { ref } expectedPosition } } } }";
    let data = app.data(query).await;
    let entries = items(&data["race"]["forecast"]["entries"]);
    let mut entries: Vec<&Value> = entries.iter().collect();
    entries.sort_by(|one, other| place(one).total_cmp(&place(other)));
    let drivers = entries.iter().map(|entry| entry["driver"]["ref"].as_str());
    drivers.map(|driver| driver.unwrap().to_owned()).collect()
}

/// The drivers in the order of the championship.
async fn championship(app: &TestApp) -> Vec<String> {
    let query = "{ season(year: 2024) { driverStandings { driver { ref } } } }";
    let data = app.data(query).await;
    texts(&data["season"]["driverStandings"], "/driver/ref")
}

#[tokio::test]
async fn when_the_pick_clock_runs_out_the_server_picks_and_the_clock_begins_anew() {
    let mut paddock = Paddock::on_sunday().await;
    let [max, lando] = players(&paddock, ["Max", "Lando"]).await;
    let League { draft, teams, .. } = league(&paddock, &[&max, &lando], AN_HOUR).await;
    let [a, b] = [&teams[0], &teams[1]].map(String::as_str);
    let best = expected(&paddock).await;
    let favourite = best[9].as_str();
    set_queue(&paddock, &max, a, &[favourite, &best[1], &best[8]]).await;
    paddock.at(OPENS).await;
    let seen = look(&paddock, &max, &draft).await;
    assert_eq!(seen["clockExpiresAt"], "2024-05-13T13:00:00+00:00");
    assert_eq!(seen["remainingSeconds"], 3600);
    paddock.at("2024-05-13T12:59:59Z").await;
    let seen = look(&paddock, &lando, &draft).await;
    assert_eq!(seen["remainingSeconds"], 1);
    assert_eq!(seen["picks"], json!([]));

    // The favourite of the queue, although much more is expected of others.
    paddock.at("2024-05-13T13:00:00Z").await;
    let seen = look(&paddock, &lando, &draft).await;
    assert_eq!(picked(&seen), [(a, favourite)]);
    let from_the_queue = json!({ "why": "CLOCK", "from": "QUEUE" });
    assert_eq!(seen["picks"][0]["automatic"], from_the_queue);
    assert_eq!(seen["picks"][0]["by"], Value::Null);
    assert_eq!(seen["onTheClock"]["id"], b);
    assert_eq!(seen["clockExpiresAt"], "2024-05-13T14:00:00+00:00");

    // A pick sets the clock, too. Nobody runs it at two, but it is two o'clock all the same.
    paddock.at("2024-05-13T14:20:00Z").await;
    let seen = look(&paddock, &lando, &draft).await;
    assert_eq!(picked(&seen)[1], (b, best[0].as_str()));
    let by_ranking = json!({ "why": "CLOCK", "from": "RANKING" });
    assert_eq!(seen["picks"][1]["automatic"], by_ranking);
    assert_eq!(logged(&seen, "PICKED")["at"], "2024-05-13T14:00:00+00:00");
    assert_eq!(seen["remainingSeconds"], 40 * 60);
    let seen = go_on(&paddock, &draft, &[(&max, &best[1])]).await;
    assert_eq!(seen["clockExpiresAt"], "2024-05-13T15:20:00+00:00");
    set_queue(&paddock, &lando, b, &[&best[1], favourite, &best[7]]).await;

    // Of the queue who is still free; and of what was due long ago nothing is lost.
    paddock.at("2024-05-14T12:00:00Z").await;
    let seen = look(&paddock, &max, &draft).await;
    assert_eq!(picked(&seen)[3], (b, best[7].as_str()));
    assert_eq!(seen["picks"][3]["automatic"], from_the_queue);
    assert_eq!(logged(&seen, "CLOSED")["at"], "2024-05-13T15:20:00+00:00");
}

#[tokio::test]
async fn whoever_asks_first_after_the_clock_ran_out_finds_the_turn_gone() {
    let mut paddock = Paddock::on_sunday().await;
    let [max, lando] = players(&paddock, ["Max", "Lando"]).await;
    let League { draft, teams, .. } = league(&paddock, &[&max, &lando], AN_HOUR).await;
    paddock.at(OPENS).await;
    // Nobody has run the clock, and yet it has run out.
    let later = paddock.later("2024-05-13T13:00:00Z");
    let id = draft::DraftId::parse(draft.strip_prefix("Draft:").unwrap()).unwrap();
    let late = Box::pin(draft::act(&later, max.id, id, draft::Wish::Pause));
    late.await.unwrap();
    let seen = look(&paddock, &max, &draft).await;
    assert_eq!(seen["state"], "PAUSED");
    assert_eq!(picked(&seen)[0].0, teams[0]);
    assert_eq!(seen["onTheClock"]["id"], teams[1]);
    let actions = texts(&seen["log"], "/action");
    assert_eq!(actions, ["ORDER_SET", "OPENED", "PICKED", "PAUSED"]);
    // Several who run it at once write it once.
    let later = paddock.later("2024-05-13T20:00:00Z");
    act(&paddock, &max, &draft, RESUME).await;
    let all = (0..8).map(|_| Box::pin(draft::run_clock(&later)));
    for run in futures::future::join_all(all).await {
        run.unwrap();
    }
    let seen = look(&paddock, &max, &draft).await;
    assert_eq!(seen["state"], "CLOSED");
    let sequences = each(&seen["log"], "/sequence");
    assert_eq!(sequences, [1, 2, 3, 4, 5, 6, 7, 8, 9]);
}

#[tokio::test]
async fn a_pause_stops_the_clock_and_it_goes_on_full() {
    let mut paddock = Paddock::on_sunday().await;
    let [max, lando] = players(&paddock, ["Max", "Lando"]).await;
    let League { draft, teams, .. } = league(&paddock, &[&max, &lando], AN_HOUR).await;
    paddock.at(OPENS).await;
    assert_conflict(&paddock, &max, &draft, RESUME, "DRAFT_NOT_PAUSED").await;
    paddock.at("2024-05-13T12:50:00Z").await;
    let paused = act(&paddock, &max, &draft, PAUSE).await;
    assert_eq!(paused["state"], "PAUSED");
    assert_eq!(paused["onTheClock"]["id"], teams[0]);
    assert_eq!(paused["clockExpiresAt"], Value::Null);
    assert_eq!(paused["remainingSeconds"], Value::Null);
    assert_eq!(paused["myTurn"], false);
    assert_conflict(&paddock, &max, &draft, &pick("norris"), "DRAFT_PAUSED").await;
    assert_conflict(&paddock, &max, &draft, PAUSE, "DRAFT_PAUSED").await;
    paddock.at("2024-05-14T09:00:00Z").await;
    let paused = look(&paddock, &max, &draft).await;
    assert_eq!(
        (&paused["state"], picked(&paused).len()),
        (&json!("PAUSED"), 0)
    );
    let resumed = act(&paddock, &max, &draft, RESUME).await;
    assert_eq!(resumed["state"], "OPEN");
    assert_eq!(resumed["remainingSeconds"], 3600);
    assert_eq!(resumed["clockExpiresAt"], "2024-05-14T10:00:00+00:00");
    for (action, at) in [
        ("PAUSED", "2024-05-13T12:50:00+00:00"),
        ("RESUMED", "2024-05-14T09:00:00+00:00"),
    ] {
        let line = logged(&resumed, action);
        assert_eq!((&line["by"], &line["at"]), (&json!("Max"), &json!(at)));
    }
    go_on(&paddock, &draft, &[(&max, "norris")]).await;
}

#[tokio::test]
async fn at_the_deadline_open_picks_are_filled_or_left_empty_as_the_league_wants() {
    let mut paddock = Paddock::on_sunday().await;
    let [max, lando] = players(&paddock, ["Max", "Lando"]).await;
    let both = [&max, &lando];
    let filled = ", settings: { unfilledPicks: FILLED, automaticPicks: STANDINGS }";
    let filled = league(&paddock, &both, filled).await;
    let empty = league(&paddock, &both, ", settings: { unfilledPicks: LEFT_EMPTY }").await;
    let paused = ", settings: { unfilledPicks: LEFT_EMPTY, draftMethod: SNAKE }";
    let paused = league(&paddock, &both, paused).await;
    let best = championship(&paddock).await;
    set_queue(&paddock, &lando, &filled.teams[1], &[&best[0], &best[6]]).await;
    set_queue(&paddock, &lando, &empty.teams[1], &[&best[6]]).await;
    paddock.at(OPENS).await;
    for League { draft, .. } in [&filled, &empty, &paused] {
        go_on(&paddock, draft, &[(&max, &best[0])]).await;
    }
    act(&paddock, &max, &paused.draft, PAUSE).await;
    paddock.at(CLOSES).await;

    let seen = look(&paddock, &max, &filled.draft).await;
    let [a, b] = [&filled.teams[0], &filled.teams[1]].map(String::as_str);
    let [first, second, third, queued] =
        [&best[0], &best[1], &best[2], &best[6]].map(String::as_str);
    assert_eq!(
        picked(&seen),
        [(a, first), (b, queued), (a, second), (b, third)]
    );
    assert_eq!(seen["picks"][0]["automatic"], Value::Null);
    for (pick, from) in [(1, "QUEUE"), (2, "RANKING"), (3, "RANKING")] {
        let automatic = json!({ "why": "DEADLINE", "from": from });
        assert_eq!(seen["picks"][pick]["automatic"], automatic);
    }
    let lines = items(&seen["log"]).iter().rev().take(4);
    for line in lines {
        assert_eq!(line["at"], "2024-05-18T14:00:00+00:00");
    }
    for (League { draft, teams, .. }, turns) in [(&empty, [0, 1, 0, 1]), (&paused, [0, 1, 1, 0])] {
        let seen = look(&paddock, &max, draft).await;
        assert_eq!(seen["state"], "CLOSED");
        let drivers = [first, "nobody", "nobody", "nobody"];
        let expected: Vec<(&str, &str)> = turns
            .iter()
            .map(|team| teams[*team].as_str())
            .zip(drivers)
            .collect();
        assert_eq!(picked(&seen), expected);
        assert_eq!(logged(&seen, "LEFT_EMPTY")["by"], Value::Null);
    }
}

#[tokio::test]
async fn the_turns_of_who_has_left_are_passed_over_at_once() {
    let mut paddock = Paddock::on_sunday().await;
    let [max, lando, oscar] = players(&paddock, ["Max", "Lando", "Oscar"]).await;
    let all = [&max, &lando, &oscar];
    let made = league(&paddock, &all, AN_HOUR).await;
    let League { draft, teams, .. } = &made;
    let [a, b, c] = [&teams[0], &teams[1], &teams[2]].map(String::as_str);
    paddock.at(OPENS).await;
    go_on(&paddock, draft, &[(&max, "norris")]).await;
    paddock.at("2024-05-13T12:30:00Z").await;
    leave(&paddock, &lando, &made).await;
    let seen = look(&paddock, &max, draft).await;
    assert_eq!(picked(&seen), [(a, "norris"), (b, "nobody")]);
    assert_eq!(seen["onTheClock"]["id"], c);
    // Who is next has a full clock.
    assert_eq!(seen["remainingSeconds"], 3600);
    assert_eq!(logged(&seen, "LEFT")["team"]["id"], b);
    assert_eq!(look(&paddock, &lando, draft).await, Value::Null);
    let seen = go_on(&paddock, draft, &[(&oscar, "piastri"), (&max, "sainz")]).await;
    let so_far = [
        (a, "norris"),
        (b, "nobody"),
        (c, "piastri"),
        (a, "sainz"),
        (b, "nobody"),
    ];
    assert_eq!(picked(&seen), so_far);
    // Who is sent away keeps what was picked, and the last turn that is passed over closes it.
    let remove = format!("mutation {{ removeFantasyTeam(id: {c:?}) {{ id }} }}");
    data(&paddock, &max.token, &remove, json!({})).await;
    let seen = look(&paddock, &max, draft).await;
    assert_eq!(
        picked(&seen)[2..],
        [(c, "piastri"), (a, "sainz"), (b, "nobody"), (c, "nobody")]
    );
    assert_eq!(seen["state"], "CLOSED");
}

#[tokio::test]
async fn in_a_cancelled_race_nothing_is_due_and_nobody_picks() {
    let mut paddock = Paddock::on_sunday().await;
    let [max, lando] = players(&paddock, ["Max", "Lando"]).await;
    let League { draft, .. } = league(&paddock, &[&max, &lando], AN_HOUR).await;
    paddock.at(OPENS).await;
    go_on(&paddock, &draft, &[(&max, "norris")]).await;
    paddock.cancel(super::IMOLA).await;
    assert_conflict(&paddock, &lando, &draft, &pick("piastri"), "RACE_CANCELLED").await;
    let before = look(&paddock, &max, &draft).await;
    paddock.at(CLOSES).await;
    let after = look(&paddock, &max, &draft).await;
    assert_eq!(
        (&after["log"], &after["picks"]),
        (&before["log"], &before["picks"])
    );
}
