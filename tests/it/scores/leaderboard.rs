//! Who leads, and who is told so.

use serde_json::{Value, json};

use super::{BAHRAIN, League, OF_BAHRAIN, SAUDI_ARABIA, Scored, disqualify, score};
use crate::{
    account::register,
    support::{TestApp, json::each, streams::Socket},
};

#[tokio::test]
async fn teams_level_on_points_are_parted_by_the_wins_of_their_drivers() {
    let app = TestApp::bundled().await;
    let league = League::found(&app, "Level", "").await;
    // 26 points each, once by a win, once by second and sixth place.
    let picks = &[
        (0, Some("perez")),
        (1, Some("max_verstappen")),
        (1, Some("bottas")),
        (0, Some("norris")),
    ];
    league.draft(&app, BAHRAIN, picks).await;
    score(&app).await;
    assert_eq!(
        league.table(&app).await,
        json!([[1, "Joiners", "26"], [2, "Founders", "26"]])
    );
    // Without a win or points there is nothing that parts them.
    for driver in ["perez", "max_verstappen", "bottas", "norris"] {
        disqualify(&app, BAHRAIN, driver).await;
    }
    score(&app).await;
    let table = league.table(&app).await;
    assert_eq!(each(&table, "/0"), [1, 1]);
}

#[tokio::test]
async fn a_team_has_a_way_through_the_season_and_a_record_against_another() {
    let app = TestApp::bundled().await;
    let league = League::found(&app, "Season", "").await;
    league.draft(&app, BAHRAIN, OF_BAHRAIN).await;
    let picks = &[(0, Some("norris")), (1, Some("max_verstappen"))];
    league.draft(&app, SAUDI_ARABIA, picks).await;
    assert_eq!(score(&app).await, Scored { new: 2, again: 0 });
    let teams = league.look(&app, "teams { id }").await;
    let opponent = &teams["teams"][1]["id"];
    let fields = format!(
        "teams {{ season(season: 2024) {{ points rank total seasonRank race {{ ref }} }} }}
         commissioner {{ headToHead(opponent: {opponent}, season: 2024) {{
           won lost tied points opponentPoints opponent {{ name }}
           races {{ outcome points opponentPoints race {{ ref }} }} }} }}
         raceScores(season: 2024) {{ race {{ ref }} }}"
    );
    let told = league.look(&app, &fields).await;
    let way = |points: &str, rank: i32, total: &str, season_rank: i32, race: &str| {
        json!({
            "points": points, "rank": rank, "total": total, "seasonRank": season_rank,
            "race": { "ref": race },
        })
    };
    assert_eq!(
        told["teams"][0]["season"],
        json!([
            way("41", 1, "41", 1, BAHRAIN),
            way("4", 2, "45", 2, SAUDI_ARABIA),
        ])
    );
    assert_eq!(
        told["teams"][1]["season"],
        json!([
            way("30", 2, "30", 2, BAHRAIN),
            way("25", 1, "55", 1, SAUDI_ARABIA),
        ])
    );
    let race = |outcome: &str, points: &str, other: &str, race: &str| {
        json!({
            "outcome": outcome, "points": points, "opponentPoints": other, "race": { "ref": race },
        })
    };
    assert_eq!(
        told["commissioner"]["headToHead"],
        json!({
            "won": 1, "lost": 1, "tied": 0, "points": "45", "opponentPoints": "55",
            "opponent": { "name": "Joiners" },
            "races": [
                race("WON", "41", "30", BAHRAIN),
                race("LOST", "4", "25", SAUDI_ARABIA),
            ],
        })
    );
    assert_eq!(
        each(&told["raceScores"], "/race/ref"),
        [BAHRAIN, SAUDI_ARABIA]
    );
}

#[tokio::test]
async fn a_leaderboard_is_worked_out_again_only_when_something_has_happened_in_its_league() {
    let app = TestApp::bundled().await;
    let league = League::found(&app, "Public", ", visibility: PUBLIC").await;
    league.draft(&app, BAHRAIN, OF_BAHRAIN).await;
    score(&app).await;
    let id = &league.id;
    let query = format!(
        "{{ league(id: \"{id}\") {{ leaderboard(season: 2024) {{ points team {{ name }} }} }} }}"
    );
    let reads = async || {
        let statements = app.statements_of(&query).await;
        let of_picks = statements.iter().filter(|sql| sql.contains("pick_score"));
        of_picks.count()
    };
    assert_eq!(reads().await, 1);
    assert_eq!(reads().await, 0);
    disqualify(&app, BAHRAIN, "perez").await;
    score(&app).await;
    assert_eq!(reads().await, 1);
    let told = app.data(&query).await;
    let points = each(&told["league"]["leaderboard"], "/points");
    assert_eq!(points, ["41", "12"]);
}

const CHANGES: &str = "subscription ($league: ID!) { told: leaderboardChanged(league: $league) {
     sequence race { ref } leaderboard { points team { name } } } }";

async fn follow(app: &TestApp, token: &str, league: &League) -> Socket {
    let payload = json!({ "Authorization": format!("Bearer {token}") });
    let mut socket = Socket::greeted_with(app, payload).await;
    let payload = json!({ "query": CHANGES, "variables": { "league": league.id } });
    socket.subscribe_with("1", payload).await;
    socket
}

#[tokio::test]
async fn members_are_told_of_scores_and_nobody_else_is() {
    let app = TestApp::bundled().await;
    let league = League::found(&app, "Told", "").await;
    let stranger = register(&app, "Stranger").await;
    let mut refused = follow(&app, &stranger.access, &league).await;
    let message = refused.receive().await;
    assert_eq!(message["type"], "error", "{message:#}");
    assert_eq!(message["payload"][0]["extensions"]["code"], "NOT_FOUND");

    let mut socket = follow(&app, &league.member.access, &league).await;
    let told = socket.receive().await["payload"]["data"]["told"].take();
    assert_eq!(told["race"], Value::Null);
    assert_eq!(each(&told["leaderboard"], "/points"), ["0", "0"]);
    league.draft(&app, BAHRAIN, OF_BAHRAIN).await;
    score(&app).await;
    let told = socket.receive().await["payload"]["data"]["told"].take();
    assert_eq!(told["race"]["ref"], BAHRAIN);
    assert_eq!(each(&told["leaderboard"], "/points"), ["41", "30"]);
}
