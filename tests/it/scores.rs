//! Scores of leagues: from the results of real races over corrections and substitutions to who leads.

mod leaderboard;
mod substitution;

use std::collections::BTreeMap;

use domain::{
    draft::{Action, DriverId, TeamId},
    event,
    scoring::{Scored, score_leagues},
    season,
};
use entities::{
    draft, draft_entry, draft_pick, driver, fantasy_team, league, league_settings, pick_score,
    race_score, result, score_revision, session,
};
use sea_orm::{
    ActiveModelTrait,
    ActiveValue::{NotSet, Set},
    ColumnTrait, EntityTrait, QueryFilter, QueryOrder,
};
use serde_json::{Value, json};

use crate::{
    account::{Person, data, register},
    support::{
        TestApp,
        json::{each, items},
    },
};

const BAHRAIN: &str = "2024_bahrain";
const SAUDI_ARABIA: &str = "2024_saudi_arabian";

const NOTHING: Scored = Scored { new: 0, again: 0 };
const ONE: Scored = Scored { new: 1, again: 0 };
const AGAIN: Scored = Scored { new: 0, again: 1 };

/// A league of two and their teams, by database id.
struct League {
    id: String,
    row: i32,
    owner: Person,
    member: Person,
    teams: [i32; 2],
}

/// A driver of a team's pick, or nobody; teams count from 0.
type Picks = [(usize, Option<&'static str>)];

impl League {
    async fn found(app: &TestApp, name: &str, more: &str) -> Self {
        let owner = register(app, &format!("{name}Owner")).await;
        let member = register(app, &format!("{name}Member")).await;
        let query = format!(
            "mutation ($name: String!) {{ createLeague(name: $name, teamName: \"Founders\"{more}) {{ id inviteCode }} }}"
        );
        let league = data(app, &owner.access, &query, json!({ "name": name })).await;
        let league = &league["createLeague"];
        let query = "mutation ($code: String!) { joinLeague(inviteCode: $code, teamName: \"Joiners\") { id } }";
        let code = json!({ "code": league["inviteCode"] });
        data(app, &member.access, query, code).await;
        let id = league["id"].as_str().unwrap().to_owned();
        let reference = id.trim_start_matches("League:");
        let row = league::Entity::find()
            .filter(league::Column::Reference.eq(reference))
            .one(&app.app.db)
            .await
            .unwrap()
            .unwrap();
        let teams = fantasy_team::Entity::present_in(row.id);
        let teams = teams.all(&app.app.db).await.unwrap();
        Self {
            id,
            row: row.id,
            owner,
            member,
            teams: [teams[0].id, teams[1].id],
        }
    }

    /// Makes a draft for a race, with all picks made.
    async fn draft(&self, app: &TestApp, race: &str, picks: &Picks) -> i32 {
        let db = &app.app.db;
        let race = season::race(db, race).await.unwrap().unwrap();
        let at = "2024-01-01T12:00:00Z".parse().unwrap();
        let order = self.teams.map(TeamId).to_vec();
        let row = draft::ActiveModel {
            id: NotSet,
            reference: Set(format!(
                "00000000-0000-7000-8000-{:06}{:06}",
                self.row, race.id
            )),
            league_id: Set(self.row),
            race_id: Set(race.id),
            state: Set(draft::State::Closed),
            first_order: Set(serde_json::to_string(&order).unwrap()),
            settings_version: Set(Some(1)),
            created_at: Set(at),
            next_due: Set(None),
        };
        let row = row.insert(db).await.unwrap();
        let drivers = drivers(app).await;
        let mut actions = vec![Action::Opened { order }];
        let mut rows = Vec::new();
        for (number, (team, driver)) in (0..).zip(picks) {
            let team = self.teams[*team];
            let driver = driver.map(|driver| drivers[driver]);
            rows.push(draft_pick::ActiveModel {
                draft_id: Set(row.id),
                number: Set(number),
                team_id: Set(team),
                drafted_id: Set(driver),
                driver_id: Set(driver),
            });
            let team = TeamId(team);
            actions.push(match driver {
                None => Action::LeftEmpty { team },
                Some(driver) => Action::Picked {
                    team,
                    driver: DriverId(driver),
                    automatic: None,
                    key: None,
                },
            });
        }
        draft_pick::Entity::insert_many(rows)
            .exec_without_returning(db)
            .await
            .unwrap();
        actions.push(Action::Closed);
        for action in actions {
            enter(app, row.id, &action).await;
        }
        row.id
    }

    /// What a member is told of the league.
    async fn look(&self, app: &TestApp, fields: &str) -> Value {
        let query = format!("query ($id: ID!) {{ league(id: $id) {{ {fields} }} }}");
        data(app, &self.owner.access, &query, json!({ "id": self.id })).await["league"].take()
    }

    /// Points and ranks of the season, the leader first.
    async fn table(&self, app: &TestApp) -> Value {
        let fields = "leaderboard(season: 2024) { rank points wins team { name } }";
        let told = self.look(app, fields).await;
        let row = |row: &Value| json!([row["rank"], row["team"]["name"], row["points"]]);
        items(&told["leaderboard"]).iter().map(row).collect()
    }
}

async fn drivers(app: &TestApp) -> BTreeMap<String, i32> {
    let rows = driver::Entity::find().all(&app.app.db).await.unwrap();
    let ids = rows.into_iter().map(|row| (row.reference, row.id));
    ids.collect()
}

/// Adds an entry to the log of a draft.
async fn enter(app: &TestApp, draft: i32, action: &Action) {
    let entry = draft_entry::ActiveModel {
        draft_id: Set(draft),
        sequence: Set(i64::try_from(log(app, draft).await.len()).unwrap() + 1),
        at: Set("2024-01-01T12:00:00Z".parse().unwrap()),
        user_id: Set(None),
        action: Set(serde_json::to_string(action).unwrap()),
        event_sequence: Set(0),
    };
    draft_entry::Entity::insert(entry)
        .exec_without_returning(&app.app.db)
        .await
        .unwrap();
}

/// What was written of a draft.
async fn log(app: &TestApp, draft: i32) -> Vec<Action> {
    let entries = draft_entry::Entity::find()
        .filter(draft_entry::Column::DraftId.eq(draft))
        .order_by_asc(draft_entry::Column::Sequence)
        .all(&app.app.db)
        .await
        .unwrap();
    let action = |entry: draft_entry::Model| serde_json::from_str(&entry.action).unwrap();
    entries.into_iter().map(action).collect()
}

/// What stewards may do to a driver after a race.
pub async fn disqualify(app: &TestApp, race: &str, driver: &str) {
    let race = season::race(&app.app.db, race).await.unwrap().unwrap();
    let update = result::ActiveModel {
        position: Set(None),
        position_text: Set("D".to_owned()),
        points: Set(0),
        status: Set(result::Status::Disqualified),
        ..Default::default()
    };
    let updated = result::Entity::update_many()
        .set(update)
        .filter(result::Column::RaceId.eq(race.id))
        .filter(result::Column::Session.eq(session::Kind::Race))
        .filter(result::Column::DriverId.eq(drivers(app).await[driver]))
        .exec(&app.app.db)
        .await
        .unwrap();
    assert_eq!(updated.rows_affected, 1);
}

async fn score(app: &TestApp) -> Scored {
    score_leagues(&app.app).await.unwrap()
}

/// All that is stored of scores, and how far the events of a league have got.
async fn stored(app: &TestApp, league: &League) -> String {
    let db = &app.app.db;
    let races = race_score::Entity::find().all(db).await.unwrap();
    let picks = pick_score::Entity::find().all(db).await.unwrap();
    let revisions = score_revision::Entity::find().all(db).await.unwrap();
    let stream = event::league(league.id.trim_start_matches("League:"));
    let events = event::last_sequence(db, &stream).await.unwrap();
    format!("{races:?} {picks:?} {revisions:?} {events}")
}

/// 26 and 15 points against 18 and 12.
const OF_BAHRAIN: &Picks = &[
    (0, Some("max_verstappen")),
    (1, Some("perez")),
    (1, Some("leclerc")),
    (0, Some("sainz")),
];

const SCORE: &str = "revision ruleset { ruleset version }
     leaderboard { rank points team { name } }
     picks { number points racePosition reasonForNothing team { name }
       driver { ref } countedDriver { ref } lines { session part value points } }
     scoreHistory { revision reason
       changes { pick what session part valueBefore valueAfter points team { name }
         driverBefore { ref } driverAfter { ref } } }";

fn of_race(race: &str) -> String {
    format!("raceScore(race: \"{race}\") {{ {SCORE} }}")
}

#[tokio::test]
async fn a_race_is_scored_by_its_results_and_its_draft_is_complete() {
    let app = TestApp::bundled().await;
    let league = League::found(&app, "First", "").await;
    let draft = league.draft(&app, BAHRAIN, OF_BAHRAIN).await;
    let before = league.look(&app, &of_race(BAHRAIN)).await;
    assert_eq!(before["raceScore"], Value::Null);
    assert_eq!(score(&app).await, ONE);
    let told = league.look(&app, &of_race(BAHRAIN)).await;
    let told = &told["raceScore"];
    assert_eq!(told["revision"], 1);
    assert_eq!(
        told["ruleset"],
        json!({ "ruleset": "OFFICIAL", "version": 1 })
    );
    let place = |rank: i32, points: &str, team: &str| json!({ "rank": rank, "points": points, "team": { "name": team } });
    assert_eq!(
        told["leaderboard"],
        json!([place(1, "41", "Founders"), place(2, "30", "Joiners")])
    );
    let first = &told["picks"][0];
    assert_eq!(first["driver"]["ref"], "max_verstappen");
    assert_eq!(first["countedDriver"]["ref"], "max_verstappen");
    assert_eq!(
        first["lines"],
        json!([{ "session": "RACE", "part": "POSITION", "value": 1, "points": "26" }])
    );
    assert_eq!(each(&told["picks"], "/number"), [1, 2, 1, 2]);
    let row = draft::Entity::find_by_id(draft).one(&app.app.db).await;
    assert_eq!(row.unwrap().unwrap().state, draft::State::Complete);
    assert_eq!(log(&app, draft).await.last(), Some(&Action::Scored));
}

#[tokio::test]
async fn scoring_twice_changes_nothing() {
    let app = TestApp::bundled().await;
    let league = League::found(&app, "Twice", "").await;
    league.draft(&app, BAHRAIN, OF_BAHRAIN).await;
    score(&app).await;
    let once = stored(&app, &league).await;
    assert_eq!(score(&app).await, NOTHING);
    assert_eq!(stored(&app, &league).await, once);
}

#[tokio::test]
async fn a_disqualification_is_scored_again_and_the_audit_trail_says_what_it_changed() {
    let app = TestApp::bundled().await;
    let league = League::found(&app, "Audit", "").await;
    league.draft(&app, BAHRAIN, OF_BAHRAIN).await;
    score(&app).await;
    let places = |first: [&str; 2], second: [&str; 2]| {
        json!([[1, first[0], first[1]], [2, second[0], second[1]]])
    };
    let expected = places(["Founders", "41"], ["Joiners", "30"]);
    assert_eq!(league.table(&app).await, expected);
    disqualify(&app, BAHRAIN, "max_verstappen").await;
    assert_eq!(score(&app).await, AGAIN);
    let expected = places(["Joiners", "30"], ["Founders", "15"]);
    assert_eq!(league.table(&app).await, expected);
    let told = league.look(&app, &of_race(BAHRAIN)).await;
    let told = &told["raceScore"];
    assert_eq!(told["revision"], 2);
    let change = |what: &str, session: Value, part: Value, points: &str| {
        json!({
            "pick": 1, "what": what, "session": session, "part": part, "points": points,
            "valueBefore": 1, "valueAfter": null, "driverBefore": null, "driverAfter": null,
            "team": { "name": "Founders" },
        })
    };
    assert_eq!(
        told["scoreHistory"],
        json!([
            { "revision": 1, "reason": "FIRST_SCORED", "changes": [] },
            { "revision": 2, "reason": "RESULTS_CORRECTED", "changes": [
                change("RACE_POSITION", Value::Null, Value::Null, "0"),
                change("LINE", json!("RACE"), json!("POSITION"), "-26"),
            ] },
        ])
    );
    assert_eq!(score(&app).await, NOTHING);
}

#[tokio::test]
async fn a_correction_that_is_worth_nothing_is_no_revision() {
    let app = TestApp::bundled().await;
    let league = League::found(&app, "Unmoved", "").await;
    league.draft(&app, BAHRAIN, OF_BAHRAIN).await;
    score(&app).await;
    disqualify(&app, BAHRAIN, "bottas").await;
    assert_eq!(score(&app).await, NOTHING);
    let told = league.look(&app, &of_race(BAHRAIN)).await;
    assert_eq!(told["raceScore"]["revision"], 1);
}

#[tokio::test]
async fn sprint_points_count_where_the_league_says_so() {
    let app = TestApp::bundled().await;
    let without = League::found(&app, "Sundays", "").await;
    let more = ", settings: { scoring: { ruleset: OFFICIAL, sprintPoints: true } }";
    let with = League::found(&app, "Saturdays", more).await;
    let picks = &[(0, Some("max_verstappen")), (1, Some("norris"))];
    for league in [&without, &with] {
        league.draft(&app, "2024_miami", picks).await;
    }
    assert_eq!(score(&app).await, Scored { new: 2, again: 0 });
    assert_eq!(
        without.table(&app).await,
        json!([[1, "Joiners", "25"], [2, "Founders", "18"]])
    );
    assert_eq!(
        with.table(&app).await,
        json!([[1, "Founders", "26"], [2, "Joiners", "25"]])
    );
}

#[tokio::test]
async fn settings_that_are_changed_later_do_not_touch_what_was_scored() {
    let app = TestApp::bundled().await;
    let league = League::found(&app, "Kept", "").await;
    league.draft(&app, BAHRAIN, OF_BAHRAIN).await;
    score(&app).await;
    let row = league_settings::Entity::find().one(&app.app.db).await;
    let row = row.unwrap().unwrap();
    let mut settings: Value = serde_json::from_str(&row.settings).unwrap();
    settings["scoring"]["ruleset"] = json!("EXTENDED");
    let settings = league_settings::ActiveModel {
        settings: Set(settings.to_string()),
        ..row.into()
    };
    settings.update(&app.app.db).await.unwrap();
    disqualify(&app, BAHRAIN, "perez").await;
    assert_eq!(score(&app).await, AGAIN);
    let told = league.look(&app, &of_race(BAHRAIN)).await;
    assert_eq!(told["raceScore"]["ruleset"]["ruleset"], "OFFICIAL");
    assert_eq!(
        league.table(&app).await,
        json!([[1, "Founders", "41"], [2, "Joiners", "12"]])
    );
}
