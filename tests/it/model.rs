//! The model registry: versions, which of them answers, and what becomes of damaged ones.

use std::collections::BTreeSet;

use domain::{event, forecast, model};
use entities::{forecast as forecast_row, model as model_row, model_artifact, race};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, IntoActiveModel, PaginatorTrait,
    QueryFilter,
};
use serde_json::{Value, json};

use crate::support::{
    Setup, TestApp,
    command::{pitwall, run},
    dump::Dump,
    json::{each, items},
};

const TOKEN: &str = "pole-position";

async fn bundled() -> TestApp {
    TestApp::start(Setup {
        bundled: true,
        change: |config| {
            TOKEN.clone_into(&mut config.auth.admin_token);
            config.forecast.keep_models = 2;
            config.forecast.backtest_seasons = 0;
        },
        ..Setup::default()
    })
    .await
}

/// What an administrator is answered.
async fn answer(app: &TestApp, query: &str) -> Value {
    let request = app.client.post(app.url("/graphql")).bearer_auth(TOKEN);
    let request = request.json(&json!({ "query": query }));
    request.send().await.unwrap().json().await.unwrap()
}

async fn admin(app: &TestApp, query: &str) -> Value {
    let mut answer = answer(app, query).await;
    assert_eq!(answer.get("errors"), None, "{answer:#}");
    answer["data"].take()
}

/// Code and sentence of the only error.
async fn refused(app: &TestApp, query: &str) -> (String, String) {
    let answer = answer(app, query).await;
    let errors = items(&answer["errors"]);
    assert_eq!(errors.len(), 1, "{answer:#}");
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    (
        text(&errors[0]["extensions"]["code"]),
        text(&errors[0]["message"]),
    )
}

/// Lets a race be cancelled, or held after all, so that there is something else to learn.
async fn set_status(app: &TestApp, reference: &str, status: race::Status) {
    let db = &app.app.db;
    let row = race::Entity::find()
        .filter(race::Column::Reference.eq(reference))
        .one(db)
        .await
        .unwrap();
    let mut row = row.unwrap().into_active_model();
    row.status = Set(status);
    row.update(db).await.unwrap();
    let now = app.app.clock.now();
    event::append(db, event::DATA, "race_imported", reference, now)
        .await
        .unwrap();
    app.app.bus.committed();
}

/// Flips a bit in the middle of what a version of Elo has learned.
async fn damage(app: &TestApp, version: i32) {
    let db = &app.app.db;
    let row = elo(app, version).await;
    let artifact = model_artifact::Entity::find_by_id(row.id).one(db).await;
    let artifact = artifact.unwrap().unwrap();
    let mut content = artifact.content.clone();
    let middle = content.len() / 2;
    content[middle] ^= 1;
    let mut artifact = artifact.into_active_model();
    artifact.content = Set(content);
    artifact.update(db).await.unwrap();
}

async fn elo(app: &TestApp, version: i32) -> model_row::Model {
    model_row::Entity::find()
        .filter(model_row::Column::Engine.eq("elo"))
        .filter(model_row::Column::Version.eq(version))
        .one(&app.app.db)
        .await
        .unwrap()
        .unwrap()
}

/// Kinds and subjects of all events so far.
async fn events(app: &TestApp) -> Vec<(String, String)> {
    let rows = entities::event::Entity::find()
        .filter(entities::event::Column::Stream.eq(event::MODEL))
        .all(&app.app.db)
        .await
        .unwrap();
    let mut rows = rows;
    rows.sort_by_key(|row| row.sequence);
    rows.into_iter()
        .map(|row| (row.kind, row.subject))
        .collect()
}

#[tokio::test]
async fn a_model_is_trained_listed_promoted_and_rolled_back() {
    let app = bundled().await;
    let query = "{ engine(id: ELO) { production { version } versions { version production } unavailable } }";
    let nothing = json!({ "production": null, "versions": [], "unavailable": null });
    assert_eq!(app.data(query).await["engine"], nothing);
    let first = admin(
        &app,
        "mutation { trainEngine(engine: ELO) { version production trainedAt trainedThrough { ref }
           trainedOn hyperparameters { name value description } metrics { hit } sha256 bytes seconds
           engineRevision featureRevision } }",
    )
    .await;
    let first = &first["trainEngine"];
    assert_eq!(first["version"], 1);
    assert_eq!(first["production"], true);
    assert_eq!(first["trainedThrough"]["ref"], "2024_abu_dhabi");
    assert_eq!(first["trainedOn"], 149);
    assert_eq!(first["metrics"], Value::Null);
    assert_eq!(first["sha256"].as_str().unwrap().len(), 64);
    assert!(first["bytes"].as_i64().unwrap() > 100, "{first:#}");
    let now = app
        .data("{ engine(id: ELO) { hyperparameters { name value description } } }")
        .await;
    assert_eq!(first["hyperparameters"], now["engine"]["hyperparameters"]);

    // The answer from before was dropped.
    let one = json!([{ "version": 1, "production": true }]);
    let engine = app.data(query).await;
    assert_eq!(engine["engine"]["versions"], one);

    set_status(&app, "2024_abu_dhabi", race::Status::Cancelled).await;
    let second = admin(
        &app,
        "mutation { trainEngine(engine: ELO) { version trainedOn trainedThrough { ref } } }",
    )
    .await;
    let expected =
        json!({ "version": 2, "trainedOn": 148, "trainedThrough": { "ref": "2024_qatar" } });
    assert_eq!(second["trainEngine"], expected);

    for (mutation, version) in [
        ("promoteModel(engine: ELO, version: 1)", 1),
        ("rollbackModel(engine: ELO)", 2),
        ("rollbackModel(engine: ELO)", 1),
        // It is there already: rolling back still leads to 2.
        ("promoteModel(engine: ELO, version: 1)", 1),
        ("rollbackModel(engine: ELO)", 2),
    ] {
        let data = admin(
            &app,
            &format!("mutation {{ it: {mutation} {{ version production }} }}"),
        )
        .await;
        assert_eq!(
            data["it"],
            json!({ "version": version, "production": true }),
            "{mutation}"
        );
        let data = app.data(query).await;
        assert_eq!(data["engine"]["production"]["version"], version);
        let answering = each(&data["engine"]["versions"], "/production");
        assert_eq!(answering, [version == 2, version == 1], "{data:#}");
    }
    let told: Vec<_> = events(&app).await;
    let told: Vec<_> = told
        .iter()
        .map(|(kind, of)| (kind.as_str(), of.as_str()))
        .collect();
    let expected = [
        ("trained", "elo/1"),
        ("promoted", "elo/1"),
        ("trained", "elo/2"),
        ("promoted", "elo/2"),
        ("promoted", "elo/1"),
        ("rolled_back", "elo/2"),
        ("rolled_back", "elo/1"),
        ("rolled_back", "elo/2"),
    ];
    assert_eq!(told, expected);
}

#[tokio::test]
async fn what_cannot_be_promoted_says_why() {
    let app = bundled().await;
    for (mutation, code, words) in [
        (
            "promoteModel(engine: ELO, version: 1)",
            "NOT_FOUND",
            "nothing was trained",
        ),
        (
            "rollbackModel(engine: ELO)",
            "CONFLICT",
            "in production before",
        ),
    ] {
        let (found, message) =
            refused(&app, &format!("mutation {{ {mutation} {{ version }} }}")).await;
        assert_eq!(found, code, "{message}");
        assert!(message.contains(words), "{message}");
    }
    admin(&app, "mutation { trainEngine(engine: ELO) { version } }").await;
    let (code, message) = refused(
        &app,
        "mutation { promoteModel(engine: ELO, version: 7) { version } }",
    )
    .await;
    assert_eq!(code, "NOT_FOUND");
    assert!(message.contains("no version 7: there are 1"), "{message}");
}

#[tokio::test]
async fn guests_can_train_promote_and_generate_nothing() {
    let app = bundled().await;
    for mutation in [
        "trainEngine(engine: ELO) { version }",
        "promoteModel(engine: ELO, version: 1) { version }",
        "rollbackModel(engine: ELO) { version }",
        r#"generateForecast(race: "2024_monaco", engine: ELO) { stage }"#,
    ] {
        let code = app.error_code(&format!("mutation {{ {mutation} }}")).await;
        assert_eq!(code, "UNAUTHENTICATED", "{mutation}");
    }
    assert_eq!(
        model_row::Entity::find().count(&app.app.db).await.unwrap(),
        0
    );
}

#[tokio::test]
async fn an_administrator_lets_an_engine_speak() {
    let app = bundled().await;
    let data = admin(
        &app,
        r#"mutation { generateForecast(race: "Race:2024_monaco", engine: GRID) { engine { id } stage entries { winProbability { value } } } }"#,
    )
    .await;
    let forecast = &data["generateForecast"];
    assert_eq!(forecast["engine"]["id"], "GRID");
    assert_eq!(forecast["stage"], "POST_QUALIFYING");
    assert_eq!(items(&forecast["entries"]).len(), 20);
    for (arguments, code) in [
        (r#"race: "2024_atlantis", engine: ELO"#, "NOT_FOUND"),
        (r#"race: "Driver:norris", engine: ELO"#, "BAD_USER_INPUT"),
        (r#"race: "2018_australian", engine: ELO"#, "UNAVAILABLE"),
        (
            r#"race: "2024_monaco", engine: GRID, stage: PRE_WEEKEND"#,
            "BAD_USER_INPUT",
        ),
    ] {
        let mutation = format!("mutation {{ generateForecast({arguments}) {{ stage }} }}");
        assert_eq!(refused(&app, &mutation).await.0, code, "{arguments}");
    }
}

#[tokio::test]
async fn the_same_again_is_no_new_version_and_nothing_older_than_wanted_is_kept() {
    let app = bundled().await;
    let train = "mutation { trainEngine(engine: ELO) { version sha256 } }";
    let first = admin(&app, train).await;
    let again = admin(&app, train).await;
    assert_eq!(first, again);
    assert_eq!(events(&app).await.len(), 2);
    // Version 1 answers and 2 did before, whatever comes after.
    set_status(&app, "2024_abu_dhabi", race::Status::Cancelled).await;
    admin(&app, train).await;
    admin(
        &app,
        "mutation { promoteModel(engine: ELO, version: 1) { version } }",
    )
    .await;
    for reference in ["2024_qatar", "2024_las_vegas", "2024_sao_paulo"] {
        set_status(&app, reference, race::Status::Cancelled).await;
        let training = model::train(&app.app, "elo", false).await.unwrap();
        assert!(training.new && !training.version.production);
    }
    let data = app
        .data("{ engine(id: ELO) { versions { version } } }")
        .await;
    assert_eq!(each(&data["engine"]["versions"], "/version"), [5, 4, 2, 1]);
    // The record of what is gone stays.
    assert_eq!(
        model_row::Entity::find().count(&app.app.db).await.unwrap(),
        5
    );
    let (code, message) = refused(
        &app,
        "mutation { promoteModel(engine: ELO, version: 3) { version } }",
    )
    .await;
    assert_eq!(code, "NOT_FOUND", "{message}");
    admin(&app, "mutation { rollbackModel(engine: ELO) { version } }").await;
}

#[tokio::test]
async fn a_damaged_model_is_refused_the_others_answer_and_training_heals() {
    let app = bundled().await;
    for engine in ["elo", "uniform"] {
        run(pitwall(&app.app.config.database.url).args(["train", engine])).well();
    }
    damage(&app, 1).await;
    let query = "{ elo: engine(id: ELO) { ...state } uniform: engine(id: UNIFORM) { ...state }
        nextRace { forecast(engine: UNIFORM) { stage } } }
        fragment state on Engine { id unavailable production { version } }";
    let data = app.data(query).await;
    for engine in [&data["elo"], &data["uniform"]] {
        let reason = &engine["unavailable"];
        if engine["id"] == "ELO" {
            let reason = reason.as_str().unwrap();
            assert!(reason.contains("elo version 1 is damaged"), "{reason}");
        } else {
            assert_eq!(*reason, Value::Null, "{engine:#}");
        }
        assert_eq!(engine["production"]["version"], 1, "{engine:#}");
    }
    assert!(data["nextRace"]["forecast"].is_object());
    let known = forecast::known(&app.app).await.unwrap();
    let error = model::production(&app.app, &known, "elo")
        .await
        .unwrap_err();
    assert!(error.to_string().contains("damaged"), "{error}");
    model::production(&app.app, &known, "uniform")
        .await
        .unwrap();
    // It cannot be promoted either.
    let (code, message) = refused(
        &app,
        "mutation { promoteModel(engine: ELO, version: 1) { version } }",
    )
    .await;
    assert_eq!(code, "CONFLICT");
    assert!(message.contains("damaged"), "{message}");

    // What is learned anew is the same, so the version is whole again.
    let data = admin(&app, "mutation { trainEngine(engine: ELO) { version } }").await;
    assert_eq!(data["trainEngine"]["version"], 1);
    let data = app.data(query).await;
    assert_eq!(data["elo"]["unavailable"], Value::Null);
    let last = events(&app).await.pop().unwrap();
    assert_eq!(last, ("restored".to_owned(), "elo/1".to_owned()));
}

#[tokio::test]
async fn a_damaged_model_is_trained_anew_though_nobody_asks() {
    let app = bundled().await;
    let known = forecast::known(&app.app).await.unwrap();
    for engine in app.app.engines.iter() {
        if engine.refit_every().is_some() || engine.id().as_str() == "elo" {
            let trained = model::train(&app.app, engine.id().as_str(), true).await;
            trained.unwrap();
        }
    }
    damage(&app, 1).await;
    model::production(&app.app, &known, "elo")
        .await
        .unwrap_err();
    assert_eq!(model::unusable(&app.app, &known).await.unwrap(), ["elo"]);
    model::keep_up(&app.app, &known).await.unwrap();
    model::production(&app.app, &known, "elo").await.unwrap();
    let last = events(&app).await.pop().unwrap();
    assert_eq!(last, ("restored".to_owned(), "elo/1".to_owned()));
    // What is whole is left alone.
    assert!(model::unusable(&app.app, &known).await.unwrap().is_empty());
    model::keep_up(&app.app, &known).await.unwrap();
    assert_eq!(events(&app).await.pop().unwrap(), last);
}

#[tokio::test]
async fn a_model_of_another_revision_is_refused_and_trained_anew_when_needed() {
    let app = bundled().await;
    run(pitwall(&app.app.config.database.url).args(["train", "elo"])).well();
    let known = forecast::known(&app.app).await.unwrap();
    model::production(&app.app, &known, "elo").await.unwrap();
    for (version, column) in [(1, "engine"), (2, "features")] {
        let mut row = elo(&app, version).await.into_active_model();
        if column == "engine" {
            row.engine_revision = Set(99);
        } else {
            row.feature_revision = Set(99);
        }
        row.update(&app.app.db).await.unwrap();
        // Also when it was in memory before.
        let error = model::production(&app.app, &known, "elo")
            .await
            .unwrap_err();
        let error = error.to_string();
        assert!(
            error.contains("revision 99") && error.contains(column),
            "{error}"
        );
        let trained = model::ensure(&app.app, &known, "elo").await.unwrap();
        assert_eq!(trained.row.version, version + 1);
    }
}

#[tokio::test]
async fn whoever_needs_a_model_first_has_it_trained_and_all_others_wait() {
    let app = bundled().await;
    let known = forecast::known(&app.app).await.unwrap();
    let (one, other) = tokio::join!(
        model::ensure(&app.app, &known, "elo"),
        model::ensure(&app.app, &known, "elo")
    );
    assert_eq!(one.unwrap().row, other.unwrap().row);
    // Two administrators at once: one trains, the other waits and learns the same.
    let train = "mutation { trainEngine(engine: GRID) { version production } }";
    let (one, other) = tokio::join!(admin(&app, train), admin(&app, train));
    assert_eq!(one, other);
    assert_eq!(
        one["trainEngine"],
        json!({ "version": 1, "production": true })
    );
    assert_eq!(
        model_row::Entity::find().count(&app.app.db).await.unwrap(),
        2
    );
}

#[tokio::test]
async fn two_processes_that_train_at_once_make_one_version() {
    let app = bundled().await;
    let url = app.app.config.database.url.clone();
    let both: Vec<_> = (0..2)
        .map(|_| {
            let url = url.clone();
            std::thread::spawn(move || run(pitwall(&url).args(["train", "form"])))
        })
        .collect();
    for one in both {
        let one = one.join().unwrap();
        let told = one.code() == 1 && one.err().contains("elsewhere at the same time");
        assert!(one.code() == 0 || told, "{}{}", one.out(), one.err());
    }
    assert_eq!(
        model_row::Entity::find().count(&app.app.db).await.unwrap(),
        1
    );
}

#[tokio::test]
async fn a_model_takes_in_the_races_since_it_was_trained() {
    let app = bundled().await;
    set_status(&app, "2024_abu_dhabi", race::Status::Cancelled).await;
    model::train(&app.app, "elo", true).await.unwrap();
    let known = forecast::known(&app.app).await.unwrap();
    let before = model::production(&app.app, &known, "elo").await.unwrap();
    assert_eq!(before.seen_through.unwrap().to_string(), "2024-12-01");
    assert!(before.current);

    set_status(&app, "2024_abu_dhabi", race::Status::Completed).await;
    let known = forecast::known(&app.app).await.unwrap();
    let after = model::production(&app.app, &known, "elo").await.unwrap();
    assert_eq!(after.row, before.row);
    assert_eq!(after.seen_through.unwrap().to_string(), "2024-12-08");
    assert!(after.current);
    // Elo learns race by race: it is where a training on all races would be.
    let elo = app.app.engines.get("elo").unwrap();
    let training = model::train(&app.app, "elo", true).await.unwrap();
    assert!(training.new);
    let fresh = model::production(&app.app, &known, "elo").await.unwrap();
    assert_eq!(
        after.model.save().unwrap(),
        fresh.model.save().unwrap(),
        "{elo:?}"
    );

    // A past race that is no more was part of what it learned.
    set_status(&app, "2018_australian", race::Status::Cancelled).await;
    let known = forecast::known(&app.app).await.unwrap();
    let other = model::production(&app.app, &known, "elo").await.unwrap();
    assert!(!other.current);
}

#[tokio::test]
async fn models_are_managed_on_the_command_line() {
    let app = bundled().await;
    let url = &app.app.config.database.url;
    let none = run(pitwall(url).arg("models")).well().out();
    assert!(none.contains("pitwall train"), "{none}");
    for engine in ["elo", "grid"] {
        run(pitwall(url).args(["train", engine])).well();
    }
    let again = run(pitwall(url).args(["train", "elo"])).well().out();
    assert!(again.contains("no new version"), "{again}");
    set_status(&app, "2024_abu_dhabi", race::Status::Cancelled).await;
    let other = run(pitwall(url).args(["train", "elo", "--keep-production", "--format", "json"]));
    let other: Value = serde_json::from_str(&other.well().out()).unwrap();
    assert_eq!(
        (&other[0]["version"], &other[0]["production"]),
        (&json!(2), &json!(false))
    );
    assert_eq!(other[0]["trained_through"], "2024_qatar");

    let list = run(pitwall(url).args(["models", "elo", "--format", "json"])).well();
    let list: Value = serde_json::from_str(&list.out()).unwrap();
    assert_eq!(each(&list, "/version"), [2, 1]);
    assert_eq!(each(&list, "/production"), [false, true]);
    for (arguments, words) in [
        (
            vec!["promote", "elo", "2"],
            "elo version 2 is in production",
        ),
        (vec!["rollback", "elo"], "elo version 1 is in production"),
        (vec!["models"], "grid"),
    ] {
        let said = run(pitwall(url).args(&arguments)).well().out();
        assert!(said.contains(words), "{arguments:?}: {said}");
    }
    for (arguments, words) in [
        (vec!["train", "tarot"], "expected one of"),
        (vec!["models", "tarot"], "expected one of"),
        (vec!["promote", "tarot", "1"], "expected one of"),
        (vec!["rollback", "tarot"], "expected one of"),
        (
            vec!["promote", "elo", "9"],
            "elo has no version 9: there are 2, 1",
        ),
        (vec!["rollback", "grid"], "no other model of grid"),
    ] {
        let said = run(pitwall(url).args(&arguments));
        assert_eq!(said.code(), 1, "{arguments:?}");
        assert!(said.err().contains(words), "{arguments:?}: {}", said.err());
    }
}

#[tokio::test]
async fn all_engines_are_trained_when_none_is_named() {
    let app = TestApp::empty().await;
    let url = &app.app.config.database.url;
    let dump = Dump::new().write();
    run(pitwall(url).arg("import").arg(dump.path())).well();
    let table = run(pitwall(url).arg("train")).well().out();
    for engine in app.app.engines.iter() {
        let engine = engine.id().as_str();
        let words = |line: &str| -> Vec<String> {
            line.split_whitespace().map(ToOwned::to_owned).collect()
        };
        let mut lines = table.lines().map(words);
        let line = lines.find(|words| words.first().is_some_and(|word| word == engine));
        let line = line.unwrap_or_else(|| panic!("{engine} in {table}"));
        // Version and races.
        assert_eq!(line[1..3], ["1", "4"], "{table}");
    }
}

#[tokio::test]
async fn without_a_race_nothing_is_trained() {
    let app = TestApp::empty().await;
    let said = run(pitwall(&app.app.config.database.url).arg("train"));
    assert_eq!(said.code(), 1);
    assert!(said.err().contains("no race is known"), "{}", said.err());
}

#[tokio::test]
async fn a_race_has_one_live_forecast_and_one_of_each_back_test() {
    use entities::backtest_run;
    let app = bundled().await;
    let db = &app.app.db;
    let now = app.app.clock.now();
    let mut runs = Vec::new();
    for _ in 0..2 {
        let row = backtest_run::ActiveModel {
            id: sea_orm::NotSet,
            engine: Set("elo".to_owned()),
            engine_revision: Set(1),
            feature_revision: Set(1),
            stage: Set("POST_QUALIFYING".to_owned()),
            target: Set("RACE".to_owned()),
            first_season: Set(2024),
            last_season: Set(2024),
            races: Set(24),
            fingerprint: Set(String::new()),
            metrics: Set("{}".to_owned()),
            calibration: Set("[]".to_owned()),
            started_at: Set(now),
            seconds: Set(0.5),
        };
        runs.push(row.insert(db).await.unwrap().id);
    }
    let race = race::Entity::find().one(db).await.unwrap().unwrap().id;
    let row = |run: Option<i32>| forecast_row::ActiveModel {
        id: sea_orm::NotSet,
        race_id: Set(race),
        engine: Set("elo".to_owned()),
        stage: Set("POST_QUALIFYING".to_owned()),
        target: Set("RACE".to_owned()),
        origin: Set(match run {
            None => forecast_row::Origin::Live,
            Some(_) => forecast_row::Origin::Backtest,
        }),
        model_id: Set(None),
        backtest_run_id: Set(run),
        generated_at: Set(now),
        frozen_at: Set(None),
        fingerprint: Set(String::new()),
        body: Set(vec![1, 2, 3]),
        evaluation: Set(None),
        ..Default::default()
    };
    let wanted: BTreeSet<Option<i32>> = [None, Some(runs[0]), Some(runs[1])].into();
    for run in &wanted {
        row(*run).insert(db).await.unwrap();
        row(*run).insert(db).await.unwrap_err();
    }
    // With a run go its forecasts.
    backtest_run::Entity::delete_by_id(runs[0])
        .exec(db)
        .await
        .unwrap();
    assert_eq!(forecast_row::Entity::find().count(db).await.unwrap(), 2);
}

#[tokio::test]
async fn a_model_shows_the_newest_back_test_of_its_revisions() {
    use entities::backtest_run;
    let app = bundled().await;
    model::train(&app.app, "elo", true).await.unwrap();
    let trained = elo(&app, 1).await;
    let summary = |hit: f64| engines::evaluation::Summary { hit, ..sample() };
    for (stage, revision, hit) in [
        ("POST_QUALIFYING", trained.engine_revision, 0.25),
        ("POST_QUALIFYING", trained.engine_revision, 0.5),
        ("PRE_WEEKEND", trained.engine_revision, 0.125),
        ("POST_QUALIFYING", trained.engine_revision + 1, 0.75),
    ] {
        let row = backtest_run::ActiveModel {
            id: sea_orm::NotSet,
            engine: Set("elo".to_owned()),
            engine_revision: Set(revision),
            feature_revision: Set(trained.feature_revision),
            stage: Set(stage.to_owned()),
            target: Set("RACE".to_owned()),
            first_season: Set(2018),
            last_season: Set(2024),
            races: Set(149),
            fingerprint: Set(String::new()),
            metrics: Set(serde_json::to_string(&summary(hit)).unwrap()),
            calibration: Set("[]".to_owned()),
            started_at: Set(app.app.clock.now()),
            seconds: Set(0.5),
        };
        row.insert(&app.app.db).await.unwrap();
    }
    let data = app
        .data("{ engine(id: ELO) { production { metrics { hit stage firstSeason lastSeason races winnerLogLoss } } } }")
        .await;
    assert_eq!(
        data["engine"]["production"]["metrics"],
        json!({ "hit": 0.5, "stage": "POST_QUALIFYING", "firstSeason": 2018, "lastSeason": 2024, "races": 149, "winnerLogLoss": 1.5 })
    );
}

fn sample() -> engines::evaluation::Summary {
    let all = json!({
        "races": 149, "winner_log_loss": 1.5, "winner_brier": 0.03, "hit": 0.5,
        "podium_overlap": 0.7, "rps": 0.1, "spearman": 0.6, "coverage_90": 0.9,
        "position_mae": 3.0, "calibration_error": 0.01,
    });
    serde_json::from_value(all).unwrap()
}

#[tokio::test]
async fn nobody_but_an_administrator_has_an_engine_trained_for_a_question() {
    let app = TestApp::start(Setup {
        now: "2019-05-14T12:00:00Z".parse().unwrap(),
        bundled: true,
        change: |config| TOKEN.clone_into(&mut config.auth.admin_token),
        ..Setup::default()
    })
    .await;
    let query = "{ lastRace { forecast(engine: REGRESSION) { engine { id } } } }";
    let nothing = json!({ "lastRace": { "forecast": null } });
    assert_eq!(app.data(query).await, nothing);
    let mutation = "mutation { generateForecast(race: \"Race:2019_spanish\", engine: REGRESSION) { engine { id } origin } }";
    let said = admin(&app, mutation).await;
    assert_eq!(said["generateForecast"]["engine"]["id"], "REGRESSION");
    assert_eq!(said["generateForecast"]["origin"], "BACKTEST");
}

#[tokio::test]
async fn what_is_kept_up_in_the_background_lets_the_ensemble_answer() {
    let app = TestApp::start(Setup {
        // Five races of the second bundled season are run.
        now: "2019-05-14T12:00:00Z".parse().unwrap(),
        bundled: true,
        change: |config| config.forecast.backtest_seasons = 1,
        ..Setup::default()
    })
    .await;
    let query = "{ nextRace {
        forecast { engine { id } modelVersion origin frozen entries { strength contributions { value } } }
        qualifyingForecast { engine { id } target entries { winProbability { value } } }
        } lastRace { forecasts { engine { id } origin } }
        engine(id: ENSEMBLE) { unavailable production { version } } }";
    let before = app.data(query).await;
    assert_eq!(before["nextRace"]["forecast"]["engine"]["id"], "ELO");
    let reason = before["engine"]["unavailable"].as_str().unwrap();
    assert!(reason.contains("not been trained yet"), "{reason}");

    let known = forecast::known(&app.app).await.unwrap();
    model::keep_up(&app.app, &known).await.unwrap();
    let after = app.data(query).await;
    let forecast = &after["nextRace"]["forecast"];
    assert_eq!(forecast["engine"]["id"], "ENSEMBLE");
    assert_eq!(forecast["modelVersion"], 1);
    assert_eq!(
        (&forecast["origin"], &forecast["frozen"]),
        (&json!("LIVE"), &json!(false))
    );
    for entry in forecast["entries"].as_array().unwrap() {
        let parts = each(&entry["contributions"], "/value");
        let sum: f64 = parts.iter().map(|part| part.as_f64().unwrap()).sum();
        assert!((sum - entry["strength"].as_f64().unwrap()).abs() < 1e-9);
    }
    let qualifying = &after["nextRace"]["qualifyingForecast"];
    assert_eq!(qualifying["engine"]["id"], "ENSEMBLE");
    let poles = each(&qualifying["entries"], "/winProbability/value");
    let sum: f64 = poles.iter().map(|chance| chance.as_f64().unwrap()).sum();
    assert!((sum - 1.0).abs() < 1e-9);
    let past = each(&after["lastRace"]["forecasts"], "/engine/id");
    assert_eq!(past.len(), 7, "every engine that knows the grid: {past:?}");
    assert_eq!(after["engine"]["unavailable"], Value::Null);
    assert_eq!(after["engine"]["production"]["version"], 1);

    // Again: nothing to do.
    let trained = events(&app).await.len();
    model::keep_up(&app.app, &known).await.unwrap();
    assert_eq!(events(&app).await.len(), trained);
}
