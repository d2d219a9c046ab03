//! Leagues for show: a whole season, drafted and scored by the rules that hold for everybody.

mod load;

use std::collections::{BTreeMap, HashMap, HashSet};

use domain::{
    demo::{self, Demo, Options},
    draft::{self as rules, Action, Draft, Method, Stored, TeamId, order::rotated},
    error::Error,
    scoring::Kind,
};
use entities::{draft, entry, fantasy_team, league, race, result, session::Kind as Session};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder,
};
use serde_json::{Value, json};

use crate::{
    account::data,
    support::{
        TestApp,
        command::{Finished, pitwall, run},
        json::texts,
    },
};

const SEASON: Options = Options {
    members: 4,
    season: 2024,
    leagues: 1,
    seed: 1,
    method: Method::Sequential,
    ruleset: Kind::Official,
};

async fn play(app: &TestApp, options: Options) -> Demo {
    let played = demo::leagues(&app.app, &options, |_| {}).await;
    played.unwrap_or_else(|error| panic!("{error}"))
}

/// The drafts of a league, in the order of their races, without those for later seasons.
async fn drafts(app: &TestApp, league: &league::Model) -> Vec<Stored> {
    let rows = draft::Entity::find()
        .filter(draft::Column::LeagueId.eq(league.id))
        .all(&app.app.db)
        .await
        .unwrap();
    let mut drafts = rules::read(&app.app.db, rows).await.unwrap();
    drafts.retain(|draft| draft.race.season == SEASON.season);
    drafts.sort_by_key(|draft| (draft.race.date, draft.race.id));
    drafts
}

/// The teams of a league, as they joined.
async fn teams(app: &TestApp, league: &league::Model) -> Vec<fantasy_team::Model> {
    let teams = fantasy_team::Entity::present_in(league.id);
    teams.all(&app.app.db).await.unwrap()
}

/// What drivers got for a race, in hundredths.
async fn published(app: &TestApp, race: i32) -> HashMap<i32, i32> {
    let rows = result::Entity::find()
        .filter(result::Column::RaceId.eq(race))
        .filter(result::Column::Session.eq(Session::Race))
        .all(&app.app.db)
        .await
        .unwrap();
    rows.iter().map(|row| (row.driver_id, row.points)).collect()
}

fn demo_league(app: &TestApp, arguments: &[&str]) -> Finished {
    let mut command = pitwall(&app.app.config.database.url);
    run(command.args(["demo", "league"]).args(arguments))
}

fn drivers(draft: &Draft) -> Vec<i32> {
    let drafted = draft.picks().iter().filter_map(|pick| pick.drafted);
    drafted.map(|driver| driver.0).collect()
}

#[tokio::test]
async fn a_whole_season_is_drafted_in_turn_and_its_points_add_up() {
    let app = TestApp::bundled().await;
    let played = play(&app, SEASON).await;
    let (league, teams) = (&played.leagues[0], teams(&app, &played.leagues[0]).await);
    assert_eq!(teams.len(), 4);
    let drafts = drafts(&app, league).await;
    assert_eq!((drafts.len(), played.races), (24, 24));
    let mut led: BTreeMap<TeamId, usize> = BTreeMap::new();
    let mut points: BTreeMap<i32, i32> = teams.iter().map(|team| (team.id, 0)).collect();
    for stored in &drafts {
        let (race, draft) = (&stored.race.reference, &stored.draft);
        assert_eq!(stored.row.state, draft::State::Complete, "{race}");
        assert!(league.created_at < stored.window.opens_at);
        *led.entry(draft.order()[0]).or_default() += 1;
        assert_eq!(draft.picks().len(), 8, "{race}");
        assert_eq!(drivers(draft).iter().collect::<HashSet<_>>().len(), 8);
        let brought = published(&app, stored.race.id).await;
        for pick in draft.picks() {
            let team = teams.iter().find(|team| team.id == pick.team.0).unwrap();
            assert_eq!(pick.by.unwrap().to_string(), team.user_id, "{race}");
            assert!((stored.window.opens_at..stored.window.closes_at).contains(&pick.at));
            let got = pick.driver.and_then(|driver| brought.get(&driver.0));
            *points.get_mut(&team.id).unwrap() += got.unwrap_or(&0);
        }
    }
    assert_eq!(led.into_values().collect::<Vec<_>>(), [6; 4]);
    for pair in drafts.windows(2) {
        let order = pair[0].draft.order();
        assert_eq!(pair[1].draft.order(), rotated(order, order));
    }
    let board = played.leaderboard.iter();
    let board: Vec<(i32, i32)> = board.map(|one| (one.row.team_id, one.row.points)).collect();
    assert_eq!(board.iter().copied().collect::<BTreeMap<_, _>>(), points);
    assert!(board.is_sorted_by_key(|(_, points)| -points), "{board:?}");
    assert!(board[3].1 > 0, "{board:?}");
}

#[tokio::test]
async fn ten_members_leave_a_turn_empty_only_where_nobody_is_left() {
    let app = TestApp::bundled().await;
    let options = Options {
        members: 10,
        method: Method::Snake,
        ruleset: Kind::Extended,
        ..SEASON
    };
    let played = play(&app, options).await;
    for stored in drafts(&app, &played.leagues[0]).await {
        let (race, draft) = (&stored.race.reference, &stored.draft);
        let entries = entry::Entity::find().filter(entry::Column::RaceId.eq(stored.race.id));
        let entries = entries.all(&app.app.db).await.unwrap();
        let field: HashSet<i32> = entries.iter().map(|entry| entry.driver_id).collect();
        assert_eq!(drivers(draft).len(), field.len().min(20), "{race}");
        assert_eq!(draft.picks().len(), 20, "{race}");
        let order = draft.order();
        let back: Vec<TeamId> = order.iter().rev().copied().collect();
        let second: Vec<TeamId> = draft.picks()[10..].iter().map(|pick| pick.team).collect();
        assert_eq!(second, back, "{race}");
    }
    assert_eq!(played.leaderboard.len(), 10);
}

#[tokio::test]
async fn the_same_seed_is_the_same_season_in_another_league() {
    let app = TestApp::bundled().await;
    let mut seasons = Vec::new();
    let mut people = HashSet::new();
    for seed in [7, 7, 8] {
        let played = play(&app, Options { seed, ..SEASON }).await;
        let league = &played.leagues[0];
        let teams = teams(&app, league).await;
        people.extend(teams.iter().map(|team| team.user_id.clone()));
        let place = |team: TeamId| teams.iter().position(|one| one.id == team.0);
        let drafts = drafts(&app, league).await;
        let picks = drafts.iter().flat_map(|stored| stored.draft.picks());
        let picks: Vec<_> = picks
            .map(|pick| (place(pick.team).unwrap(), pick.drafted))
            .collect();
        seasons.push(picks);
    }
    assert_eq!(seasons[0], seasons[1]);
    assert_ne!(seasons[0], seasons[2]);
    assert_eq!(people.len(), 12);
    let leagues = league::Entity::find().all(&app.app.db).await.unwrap();
    assert_eq!(leagues.len(), 3);
}

#[tokio::test]
async fn a_cancelled_race_is_not_drafted_and_the_next_one_has_its_order() {
    let app = TestApp::bundled().await;
    let races = race::Entity::find()
        .filter(race::Column::Season.eq(SEASON.season))
        .order_by_asc(race::Column::Date)
        .all(&app.app.db)
        .await
        .unwrap();
    for place in [0, 6, 23] {
        race::ActiveModel {
            id: Set(races[place].id),
            status: Set(race::Status::Cancelled),
            ..Default::default()
        }
        .update(&app.app.db)
        .await
        .unwrap();
    }
    let played = play(&app, SEASON).await;
    assert_eq!(played.races, 21);
    let drafts = drafts(&app, &played.leagues[0]).await;
    // What comes after the latest result is still to come.
    assert_eq!(drafts.len(), 23);
    for place in [0, 6] {
        assert!(drafts[place].entries.is_empty());
        assert_eq!(drafts[place].row.state, draft::State::Upcoming);
    }
    let order = |place: usize| drafts[place].draft.order();
    assert_eq!(order(7), order(6));
    assert_eq!(order(6), rotated(order(5), order(5)));
    assert_eq!(order(8), rotated(order(7), order(7)));
    let drawn = |action: &Action| matches!(action, Action::OrderSet { .. });
    assert!(drawn(&drafts[1].entries[0].action));
    let mut later = drafts[2..].iter().flat_map(|stored| &stored.entries);
    assert!(!later.any(|entry| drawn(&entry.action)));
}

#[tokio::test]
async fn whoever_reads_the_printed_password_logs_in_as_a_member() {
    let app = TestApp::bundled().await;
    let options = ["--members", "2", "--season", "2024", "--leagues", "2"];
    let mut printed = options.to_vec();
    printed.extend(["--format", "json"]);
    let printed: Value = serde_json::from_str(&demo_league(&app, &printed).well().out()).unwrap();
    assert_eq!(printed["leagues"].as_array().unwrap().len(), 2);
    let members = texts(&printed["members"], "");
    assert_eq!(
        members,
        ["demo-1@pitwall.invalid", "demo-2@pitwall.invalid"]
    );
    let login = "mutation ($email: String!, $password: String!) { login(email: $email, password: $password) { accessToken } }";
    let variables = json!({ "email": members[1], "password": printed["password"] });
    let login = data(&app, "", login, variables).await;
    let token = login["login"]["accessToken"].as_str().unwrap();
    let query = "{ viewer { leagues { id name visibility teams { name manager } } } }";
    let seen = data(&app, token, query, json!({})).await;
    let teams = json!([
        { "name": "Team 1", "manager": "Demo 1" },
        { "name": "Team 2", "manager": "Demo 2" },
    ]);
    let league = json!([{
        "id": printed["leagues"][0], "name": "Demo 2024 1", "visibility": "PRIVATE", "teams": teams,
    }]);
    assert_eq!(seen["viewer"]["leagues"], league);
    let told = demo_league(&app, &options).well().out();
    for words in [
        "Team 2",
        "points",
        "League:",
        "demo-5@pitwall.invalid",
        "login(",
    ] {
        assert!(told.contains(words), "{words} in {told}");
    }
}

#[tokio::test]
async fn what_cannot_be_played_is_refused_in_a_sentence() {
    let app = TestApp::bundled().await;
    for (members, season, words) in [
        ("1", "2024", "2 to 10 members"),
        ("11", "2024", "20 drivers"),
        ("4", "2025", "pitwall sync --season 2025"),
    ] {
        let refused = demo_league(&app, &["--members", members, "--season", season]);
        assert_eq!(refused.code(), 1);
        assert!(refused.err().contains(words), "{}", refused.err());
    }
    assert_eq!(
        demo_league(&app, &["--season", "2024", "--leagues", "0"]).code(),
        2
    );
    assert_eq!(demo_league(&app, &[]).code(), 2);
    let none = demo::leagues(
        &app.app,
        &Options {
            season: 1949,
            ..SEASON
        },
        |_| {},
    )
    .await;
    assert!(matches!(none, Err(Error::NotFound(_))));
    let leagues = league::Entity::find().all(&app.app.db).await.unwrap();
    assert!(leagues.is_empty());
}
