//! The table that engines learn from, as it is exported.

use std::fs;

use domain::forecast::{self, features};
use engines::{Stage, features::COLUMNS};
use entities::{race, result};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, sea_query::Expr};

use crate::support::{
    Setup, TestApp,
    command::{Finished, pitwall, run},
};

/// Columns before those of the features.
const FIXED: [&str; 8] = [
    "race",
    "season",
    "date",
    "driver",
    "constructor",
    "place",
    "classified",
    "log_classified",
];

fn export(app: &TestApp, arguments: &str) -> Finished {
    let mut command = pitwall(&app.app.config.database.url);
    run(command.arg("features").args(arguments.split(' ')))
}

/// Header and rows of an export.
fn table(app: &TestApp, arguments: &str) -> Vec<Vec<String>> {
    let out = export(app, arguments).well().out();
    let line = |line: &str| line.split(',').map(str::to_owned).collect();
    out.lines().map(line).collect()
}

#[tokio::test]
async fn there_is_a_line_for_each_starter_and_a_column_for_each_feature_known() {
    let app = TestApp::bundled().await;
    let known = forecast::known(&app.app).await.unwrap();
    let starters = |season| {
        let races = known.history().races().iter();
        let races = races.filter(|race| race.season == season);
        races.map(|race| race.starters().count()).sum::<usize>()
    };
    for (stage, name) in [
        (Stage::PreWeekend, "pre-weekend"),
        (Stage::PreQualifying, "PRE_QUALIFYING"),
        (Stage::PostQualifying, "post-qualifying"),
    ] {
        let table = table(&app, &format!("--stage {name} --seasons 2024"));
        let columns = COLUMNS.iter().filter(|column| column.from <= stage);
        let names: Vec<&str> = FIXED
            .into_iter()
            .chain(columns.map(|column| column.name))
            .collect();
        assert_eq!(table[0], names);
        assert_eq!(table.len() - 1, starters(2024), "{name}");
        assert!(table.iter().all(|line| line.len() == names.len()));
        let winner = table[1..]
            .iter()
            .find(|line| line[0] == "2024_monaco" && line[5] == "1");
        let winner = winner.unwrap();
        assert_eq!(winner[1..5], ["2024", "2024-05-26", "leclerc", "ferrari"]);
        assert_eq!(winner[6], "true");
        let chance = winner[7].parse::<f64>().unwrap().exp();
        assert!((0.5..1.0).contains(&chance), "{chance}");
        let cells = table[1..].iter().flat_map(|line| &line[7..]);
        for cell in cells.filter(|cell| !cell.is_empty()) {
            assert!(cell.parse::<f64>().is_ok_and(f64::is_finite), "{cell}");
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("table.csv").display().to_string();
    let arguments = "--stage pre-weekend --target qualifying --seasons 2023-2024";
    let written = export(&app, &format!("{arguments} --output {file}")).well();
    assert_eq!(written.out(), "");
    let printed = export(&app, arguments).well().out();
    assert_eq!(fs::read_to_string(&file).unwrap(), printed);
    assert_eq!(printed.lines().count() - 1, starters(2023) + starters(2024));
    let pole = printed
        .lines()
        .find(|line| line.starts_with("2024_monaco,") && line.contains(",1,"));
    let pole = pole.unwrap();
    assert!(pole.contains(",leclerc,ferrari,1,true,0,"), "{pole}");
}

#[tokio::test]
async fn races_to_come_change_no_row() {
    let whole = TestApp::bundled().await;
    let cut = TestApp::start(Setup {
        now: "2020-01-15T12:00:00Z".parse().unwrap(),
        bundled: true,
        ..Setup::default()
    })
    .await;
    let known = forecast::known(&cut.app).await.unwrap();
    assert_eq!(known.history().races().last().unwrap().season, 2019);
    for arguments in [
        "--stage post-qualifying --seasons 2018-2019",
        "--stage pre-qualifying --target qualifying --seasons 2018-2019",
    ] {
        let whole = export(&whole, arguments).well().out();
        assert!(whole.lines().count() > 800);
        assert_eq!(whole, export(&cut, arguments).well().out());
    }
}

#[tokio::test]
async fn a_row_does_not_know_its_own_result() {
    let app = TestApp::bundled().await;
    let arguments = "--stage post-qualifying --seasons 2024";
    let before = table(&app, arguments);
    let race = race::Entity::find()
        .filter(race::Column::Reference.eq("2024_abu_dhabi"))
        .one(&app.app.db)
        .await
        .unwrap()
        .unwrap();
    // The last come first, nobody scores, nobody is classified.
    let turned = result::Entity::update_many()
        .col_expr(
            result::Column::PositionOrder,
            Expr::cust("50 - position_order"),
        )
        .col_expr(result::Column::Position, Expr::cust("null"))
        .col_expr(result::Column::FastestLapMs, Expr::cust("null"))
        .col_expr(result::Column::Points, Expr::value(0))
        .filter(result::Column::RaceId.eq(race.id))
        .exec(&app.app.db)
        .await
        .unwrap();
    assert_eq!(turned.rows_affected, 20);
    let after = table(&app, arguments);
    assert_eq!(before.len(), after.len());
    // Rows come in the order of the classification.
    let features = |table: &[Vec<String>]| {
        let mut rows: Vec<Vec<String>> = table.to_vec();
        for row in &mut rows {
            row.drain(5..7);
        }
        rows.sort();
        rows
    };
    assert_eq!(features(&before), features(&after));
    assert_ne!(before, after);
    assert!(features::columns(Stage::PostQualifying).count() > 40);
}

#[tokio::test]
async fn what_cannot_be_exported_is_refused_with_what_can() {
    let app = TestApp::bundled().await;
    for (arguments, words) in [
        (
            "--stage pre-weekend --seasons 1950-1955",
            &["1950", "2018"][..],
        ),
        (
            "--stage post-qualifying --target qualifying",
            &["QUALIFYING", "earlier stage"],
        ),
        (
            "--stage pre-weekend --output /no/such/folder/table.csv",
            &["/no/such/folder/table.csv"],
        ),
    ] {
        let refused = export(&app, arguments);
        assert_eq!(refused.code(), 1, "{arguments}");
        for word in words {
            assert!(
                refused.err().contains(word),
                "{arguments}: {}",
                refused.err()
            );
        }
    }
    for arguments in ["--seasons 2024", "--stage pre-weekend --seasons 2024-2018"] {
        assert_eq!(export(&app, arguments).code(), 2, "{arguments}");
    }
    let empty = TestApp::empty().await;
    let refused = export(&empty, "--stage pre-weekend");
    assert!(
        refused.err().contains("pitwall import"),
        "{}",
        refused.err()
    );
}
