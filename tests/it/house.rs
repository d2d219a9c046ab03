//! The house's walls: which crate may use which, as the README draws it.

use std::{
    collections::{BTreeMap, BTreeSet},
    process::Command,
};

use serde_json::Value;

const CRATES: [&str; 6] = ["api", "domain", "engines", "entities", "jobs", "migration"];

/// Arrows as `cargo metadata` sees them, tests aside.
fn arrows() -> BTreeMap<String, BTreeSet<String>> {
    let output = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--no-deps",
            "--format-version",
            "1",
            "--offline",
        ])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo runs");
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("metadata is JSON");
    let packages = metadata["packages"].as_array().expect("packages");
    packages
        .iter()
        .map(|package| {
            let uses = package["dependencies"]
                .as_array()
                .expect("dependencies")
                .iter()
                .filter(|dependency| dependency["kind"].is_null())
                .filter_map(|dependency| dependency["name"].as_str())
                .filter(|name| CRATES.contains(name))
                .map(str::to_owned)
                .collect();
            (package["name"].as_str().expect("a name").to_owned(), uses)
        })
        .collect()
}

/// Lines such as `api → domain engines` of the README.
fn drawn() -> BTreeMap<String, BTreeSet<String>> {
    include_str!("../../README.md")
        .lines()
        .filter_map(|line| line.split_once('→'))
        .map(|(from, to)| {
            let from = from.trim().split(' ').next().unwrap_or_default().to_owned();
            let to = to
                .split_whitespace()
                .filter(|word| CRATES.contains(word))
                .map(str::to_owned)
                .collect();
            (from, to)
        })
        .filter(|(from, _)| CRATES.contains(&from.as_str()) || from == "pitwall")
        .collect()
}

#[test]
fn the_arrows_between_crates_are_those_of_the_readme() {
    assert_eq!(arrows(), drawn());
}

#[test]
fn the_leaves_use_nothing_of_ours() {
    let arrows = arrows();
    for leaf in ["engines", "entities", "migration"] {
        assert!(arrows[leaf].is_empty(), "{leaf} uses {:?}", arrows[leaf]);
    }
    assert!(!arrows["api"].contains("jobs"));
    assert!(!arrows["jobs"].contains("api"));
}
