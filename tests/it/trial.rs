//! New versions of models are held against the one that answers before they take its place.

use domain::{event, forecast, model};
use entities::{model as model_row, result, session};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter,
    QueryOrder,
};
use serde_json::{Value, json};

use crate::support::{Setup, TestApp};

const TOKEN: &str = "pole-position";

async fn two_seasons() -> TestApp {
    TestApp::start(Setup {
        // A season and five races of the next.
        now: "2019-05-14T12:00:00Z".parse().unwrap(),
        bundled: true,
        change: |config| {
            TOKEN.clone_into(&mut config.auth.admin_token);
            config.forecast.backtest_seasons = 2;
        },
        ..Setup::default()
    })
    .await
}

async fn keep_up(app: &TestApp) {
    let known = forecast::known(&app.app).await.unwrap();
    model::keep_up(&app.app, &known).await.unwrap();
}

/// Moves everybody of each race some places on, as many as the race's id says, and whoever was last
/// to the front: the best are no longer those who win.
async fn shuffle(app: &TestApp, by: fn(i32) -> i32) {
    let db = &app.app.db;
    let rows = result::Entity::find()
        .filter(result::Column::Session.eq(session::Kind::Race))
        .order_by_asc(result::Column::RaceId)
        .all(db)
        .await
        .unwrap();
    for race in rows.chunk_by(|one, next| one.race_id == next.race_id) {
        let cars = i32::try_from(race.len()).unwrap();
        for row in race {
            let order = (row.position_order - 1 + by(row.race_id)).rem_euclid(cars) + 1;
            let mut row = row.clone().into_active_model();
            row.position_order = Set(order);
            row.position = Set(Some(order));
            row.position_text = Set(order.to_string());
            row.status = Set(result::Status::Finished);
            row.update(db).await.unwrap();
        }
    }
    let now = app.app.clock.now();
    event::append(db, event::DATA, "race_imported", "2018_australian", now)
        .await
        .unwrap();
    app.app.bus.committed();
}

async fn regression(app: &TestApp) -> Value {
    let query = "{ engine(id: REGRESSION) { unavailable production { version }
        versions { version production heldBack } } }";
    app.data(query).await["engine"].take()
}

#[tokio::test]
async fn what_learned_from_muddled_results_is_held_back_until_they_are_mended() {
    let app = two_seasons().await;
    keep_up(&app).await;
    let first = json!([{ "version": 1, "production": true, "heldBack": null }]);
    assert_eq!(regression(&app).await["versions"], first);
    for row in model_row::Entity::find().all(&app.app.db).await.unwrap() {
        assert!(row.record.is_some(), "{} is to be held against", row.engine);
    }

    shuffle(&app, |race| race * 7).await;
    keep_up(&app).await;
    let engine = regression(&app).await;
    assert_eq!(engine["production"]["version"], 1, "{engine:#}");
    assert_eq!(engine["unavailable"], Value::Null);
    let held = &engine["versions"][0];
    assert_eq!(
        (&held["version"], &held["production"]),
        (&json!(2), &json!(false))
    );
    let reason = held["heldBack"].as_str().unwrap();
    assert!(
        reason.starts_with("version 1 answers on: over the last 2"),
        "{reason}"
    );
    // Again: it is not tried again, and not told again.
    let told = held_back(&app).await;
    keep_up(&app).await;
    assert_eq!(held_back(&app).await, told);
    assert!(told.contains(&"regression/2".to_owned()), "{told:?}");

    shuffle(&app, |race| -race * 7).await;
    keep_up(&app).await;
    let engine = regression(&app).await;
    assert_eq!(engine["production"]["version"], 3, "{engine:#}");
    assert_eq!(engine["versions"][0]["heldBack"], Value::Null);
}

#[tokio::test]
async fn an_administrator_may_promote_what_was_held_back() {
    let app = two_seasons().await;
    keep_up(&app).await;
    shuffle(&app, |race| race * 7).await;
    keep_up(&app).await;
    let request = app.client.post(app.url("/graphql")).bearer_auth(TOKEN);
    let query = "mutation { promoteModel(engine: REGRESSION, version: 2) { production } }";
    let request = request.json(&json!({ "query": query }));
    let answer: Value = request.send().await.unwrap().json().await.unwrap();
    assert_eq!(
        answer["data"]["promoteModel"]["production"], true,
        "{answer:#}"
    );
    // What was let answer is what the next one is held against.
    keep_up(&app).await;
    assert_eq!(regression(&app).await["production"]["version"], 2);
}

/// Which versions were said to be held back.
async fn held_back(app: &TestApp) -> Vec<String> {
    let rows = entities::event::Entity::find()
        .filter(entities::event::Column::Stream.eq(event::MODEL))
        .filter(entities::event::Column::Kind.eq("held_back"))
        .all(&app.app.db)
        .await
        .unwrap();
    rows.into_iter().map(|row| row.subject).collect()
}
