//! Importing dumps: twice, corrected, broken, cut off.

use std::{fs, io::Write, path::Path};

use domain::import::{Summary, ergast::Ergast, import};
use entities::{race, result, result_revision};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use crate::support::{
    Setup, TestApp, TestDatabase,
    command::{pitwall, run},
    dump::Dump,
    rows::{all_rows, assert_same, counts},
};

async fn read(app: &TestApp, path: &Path) -> Summary {
    let source = Ergast::open(path).expect("the dump can be read");
    import(&app.app, source, |_| {})
        .await
        .expect("the import ends")
}

#[tokio::test]
async fn a_dump_goes_in_row_by_row() {
    let app = TestApp::empty().await;
    let summary = read(&app, &Dump::new().write().path()).await;
    assert_eq!(
        (summary.races, summary.changed, summary.refused.len()),
        (4, 4, 0)
    );
    let counts = counts(&all_rows(&app.app.db).await);
    assert_eq!(counts["race"], 4);
    assert_eq!(counts["result"], 24);
    assert_eq!(counts["entry"], 24);
    assert_eq!(counts["lap"], 4 * (5 * 5 + 2));
    assert_eq!(counts["pit_stop"], 24);
    assert_eq!(counts["driver_standing"], 24);
}

#[tokio::test]
async fn the_same_import_again_changes_no_row() {
    let app = TestApp::empty().await;
    let dump = Dump::new().write();
    read(&app, &dump.path()).await;
    let before = all_rows(&app.app.db).await;
    let summary = read(&app, &dump.path()).await;
    assert_eq!((summary.changed, summary.unchanged), (0, 4));
    assert_same(&before, &all_rows(&app.app.db).await);
}

#[tokio::test]
async fn a_correction_of_the_stewards_keeps_the_earlier_values() {
    let app = TestApp::empty().await;
    read(&app, &Dump::new().write().path()).await;
    let corrected = Dump::new().with(
        "results.csv",
        "\n1,1,1,1,11,1,1,1,1,25,5,\\N,5401500,3,1,1:30.100,200.5,1\n",
        "\n1,1,1,1,11,1,\\N,D,6,0,5,\\N,5401500,3,1,1:30.100,200.5,2\n",
    );
    read(&app, &corrected.write().path()).await;
    let data = app
        .data("{ race(ref: \"2030_welsh\") { results { driver { ref } positionText points revision revisions { revision position points correctedBy } } } }")
        .await;
    let results = data["race"]["results"].as_array().unwrap();
    let adler = results
        .iter()
        .find(|row| row["driver"]["ref"] == "adler")
        .unwrap();
    assert_eq!(adler["positionText"], "D");
    assert_eq!(adler["revision"], 2);
    assert_eq!(adler["revisions"][0]["position"], 1);
    assert_eq!(adler["revisions"][0]["points"], "25");
    assert_eq!(adler["revisions"][0]["correctedBy"], "ERGAST");
    let standing = app
        .data("{ season(year: 2030) { driverStandings(afterRound: 1) { driver { ref } points } } }")
        .await;
    let rows = standing["season"]["driverStandings"].as_array().unwrap();
    let points = rows
        .iter()
        .find(|row| row["driver"]["ref"] == "adler")
        .unwrap();
    assert_eq!(points["points"], "0");
}

#[tokio::test]
async fn a_changed_race_time_is_no_revision() {
    let app = TestApp::empty().await;
    read(&app, &Dump::new().write().path()).await;
    let changed = Dump::new().with(
        "results.csv",
        "\n1,1,1,1,11,1,1,1,1,25,5,\\N,5401500",
        "\n1,1,1,1,11,1,1,1,1,25,5,\\N,5401501",
    );
    let summary = read(&app, &changed.write().path()).await;
    assert_eq!(summary.changed, 1);
    let revised = result_revision::Entity::find()
        .all(&app.app.db)
        .await
        .unwrap();
    assert_eq!(revised, []);
    let times = result::Entity::find()
        .filter(result::Column::TimeMs.eq(5_401_501))
        .all(&app.app.db)
        .await
        .unwrap();
    assert_eq!(times.len(), 1);
}

#[tokio::test]
async fn a_race_that_changes_its_name_stays_the_same_race() {
    let app = TestApp::empty().await;
    read(&app, &Dump::new().write().path()).await;
    let renamed = Dump::new().with(
        "races.csv",
        "\n1,2030,1,1,Welsh Grand Prix",
        "\n1,2030,1,1,Cardiff Grand Prix",
    );
    read(&app, &renamed.write().path()).await;
    let races = race::Entity::find().all(&app.app.db).await.unwrap();
    assert_eq!(races.len(), 4);
    let welsh = races
        .iter()
        .find(|race| race.reference == "2030_welsh")
        .unwrap();
    assert_eq!(welsh.name, "Cardiff Grand Prix");
}

#[tokio::test]
async fn bundled_facts_never_overwrite_a_dump() {
    let app = TestApp::empty().await;
    read(&app, &Dump::new().write().path()).await;
    let before = all_rows(&app.app.db).await;
    jobs::bundled::load(&app.app, |_| {}).await.unwrap();
    let after = all_rows(&app.app.db).await;
    let dump_races = |rows: &crate::support::rows::Rows| -> Vec<String> {
        rows["result"]
            .iter()
            .filter(|row| row.contains("2030_") || row.contains("2031_"))
            .cloned()
            .collect()
    };
    assert_eq!(dump_races(&before), dump_races(&after));
    let summary = jobs::bundled::load(&app.app, |_| {}).await.unwrap();
    assert_eq!(summary.changed, 0);
}

#[tokio::test]
async fn a_zip_is_as_good_as_a_folder() {
    let dump = Dump::new().write();
    let zip_path = dump.path().join("dump.zip");
    let mut zip = zip::ZipWriter::new(fs::File::create(&zip_path).unwrap());
    for file in fs::read_dir(dump.path()).unwrap() {
        let path = file.unwrap().path();
        if path.extension().is_some_and(|ending| ending == "csv") {
            let name = path.file_name().unwrap().to_str().unwrap();
            zip.start_file(name, zip::write::SimpleFileOptions::default())
                .unwrap();
            zip.write_all(&fs::read(&path).unwrap()).unwrap();
        }
    }
    zip.finish().unwrap();
    let app = TestApp::empty().await;
    let summary = read(&app, &zip_path).await;
    assert_eq!((summary.changed, summary.refused.len()), (4, 0));
}

/// What is wrong with a dump, what must be said of it, and how many races go in all the same.
#[tokio::test]
async fn bad_input_is_named_by_file_line_and_column_and_the_rest_goes_on() {
    let line = "\n7,2,2,1,12,1,1,1,1,25,";
    let cases: [(&str, Dump, &[&str], usize); 6] = [
        (
            "an unknown driver in a result",
            Dump::new().with("results.csv", line, "\n7,2,99,1,12,1,1,1,1,25,"),
            &["results.csv:8", "driverId", "99"],
            3,
        ),
        (
            "a word for a number",
            Dump::new().with("results.csv", line, "\n7,2,2,1,12,first,1,1,1,25,"),
            &["results.csv:8", "grid", "first"],
            3,
        ),
        (
            "an impossible date",
            Dump::new().with("races.csv", "2031-06-12", "2031-02-30"),
            &["races.csv:5", "date", "2031-02-30"],
            3,
        ),
        (
            "a key that stands twice",
            Dump::new().with("lap_times.csv", "\n3,3,2,1,", "\n3,3,1,1,"),
            &["lap_times.csv:", "lap"],
            3,
        ),
        (
            "a torn last line",
            Dump::new().with(
                "pit_stops.csv",
                "\n4,3,1,2,14:06:00,21.600,21600\n",
                "\n4,3,1,2,14:0",
            ),
            &["pit_stops.csv:25"],
            3,
        ),
        (
            "two races broken at once",
            Dump::new()
                .with("results.csv", line, "\n7,2,99,1,12,1,1,1,1,25,")
                .with("races.csv", "2031-06-12", "2031-02-30"),
            &["results.csv:8", "races.csv:5"],
            2,
        ),
    ];
    for (what, dump, said, races) in cases {
        let app = TestApp::empty().await;
        let folder = dump.write();
        let output = run(pitwall(&app.app.config.database.url)
            .arg("import")
            .arg(folder.path()));
        let text = output.out() + &output.err();
        assert_eq!(output.code(), 3, "{what}: {text}");
        for words in said {
            assert!(text.contains(words), "{what}: {words} in {text}");
        }
        let stored = race::Entity::find().all(&app.app.db).await.unwrap();
        assert_eq!(stored.len(), races, "{what}: {text}");
    }
}

#[tokio::test]
async fn what_cannot_be_read_at_all_fails_in_one_line() {
    let database = TestDatabase::sqlite();
    let no_zip = tempfile::NamedTempFile::with_suffix(".zip").unwrap();
    fs::write(no_zip.path(), "this is no zip").unwrap();
    let missing = Dump::new().without("results.csv").write();
    let renamed = Dump::new()
        .with("results.csv", "positionOrder", "order")
        .write();
    for (path, words) in [
        (Path::new("/nowhere/at/all").to_owned(), "/nowhere/at/all"),
        (no_zip.path().to_owned(), "zip"),
        (missing.path(), "results.csv"),
        (renamed.path(), "positionOrder"),
    ] {
        let output = run(pitwall(&database.url).arg("import").arg(&path));
        assert_eq!(output.code(), 1, "{}", output.out());
        assert!(output.err().contains(words), "{words}: {}", output.err());
        assert_eq!(output.err().trim().lines().count(), 1, "{}", output.err());
    }
}

#[tokio::test]
async fn invalid_utf8_refuses_its_race_only() {
    let app = TestApp::start(Setup::default()).await;
    let folder = Dump::new().write();
    let path = folder.path().join("pit_stops.csv");
    let mut bytes = fs::read(&path).unwrap();
    let at = bytes.windows(5).position(|part| part == b"14:01").unwrap();
    bytes[at] = 0xff;
    fs::write(&path, bytes).unwrap();
    let summary = read(&app, &folder.path()).await;
    assert_eq!((summary.refused.len(), summary.changed), (1, 3));
    let problem = summary.refused[0].problems[0].to_string();
    assert!(
        problem.contains("pit_stops.csv:2") && problem.contains("UTF-8"),
        "{problem}"
    );
}
