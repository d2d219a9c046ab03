use async_graphql::Variables;
use domain::config::Config;
use serde_json::json;

use super::*;

const SCHEMA: &str = r#"
    directive @cost(weight: String!) on FIELD_DEFINITION
    directive @listSize(assumedSize: Int, slicingArguments: [String!], sizedFields: [String!]) on FIELD_DEFINITION
    type Query {
        race: Race
        races: [Race!]! @listSize(assumedSize: 25)
        nodes(ids: [ID!]!): [Node]! @listSize(slicingArguments: ["ids"], assumedSize: 100)
        drivers(first: Int, last: Int): DriverConnection!
            @listSize(assumedSize: 20, slicingArguments: ["first", "last"], sizedFields: ["edges", "nodes"])
        name: String
    }
    type Mutation { pick(n: Int): Race login: Race }
    type Subscription { a: Race b: Race }
    interface Node { id: ID! rivals: [Driver!]! @listSize(assumedSize: 7) }
    type Race implements Node {
        id: ID!
        name: String
        results: [Result!]! @listSize(assumedSize: 25)
        forecast: Forecast @cost(weight: "50")
        chance: Float @cost(weight: "5")
        next: Race
        rivals: [Driver!]! @listSize(assumedSize: 7)
    }
    type Forecast { race: Race }
    type Result { driver: Driver! }
    type Driver { name: String next: Driver friends: [Driver!]! }
    type DriverConnection { edges: [DriverEdge!]! nodes: [Driver!]! totalCount: Int! }
    type DriverEdge { node: Driver! }
"#;

fn guard() -> Guard {
    Guard::new(Config::defaults().graphql, SCHEMA).unwrap()
}

fn cost_with(text: &str, variables: serde_json::Value) -> u64 {
    let guard = guard();
    let document = guard.read(text).unwrap();
    let (_, operation) = document.operations.iter().next().unwrap();
    guard
        .cost(&document, &operation.node, &Variables::from_json(variables))
        .unwrap()
}

fn refused(text: &str) -> Refused {
    let guard = guard();
    match guard.read(text) {
        Err(refused) => refused,
        Ok(document) => {
            let (_, operation) = document.operations.iter().next().unwrap();
            let cost = guard.cost(&document, &operation.node, &Variables::default());
            cost.expect_err("not refused")
        }
    }
}

#[test]
fn an_object_costs_one_and_a_list_what_it_is_assumed_to_hold() {
    for (text, cost) in [
        ("{ name }", 0),
        ("{ __typename }", 0),
        ("{ race { name } }", 1),
        ("{ races { name } }", 25),
        ("{ race { results { driver { name } } } }", 1 + 25 * 2),
        (
            "{ races { results { driver { name } } } }",
            25 * (1 + 25 * 2),
        ),
        ("{ race { forecast { race { name } } } }", 1 + 51),
        ("{ race { chance } }", 1 + 5),
        (
            "{ race { results { driver { friends { name } } } } }",
            1 + 25 * (2 + 10),
        ),
        (
            "{ a: race { forecast { race { name } } } b: race { forecast { race { name } } } }",
            104,
        ),
        // A connection, its items, and what is below them.
        ("{ drivers { totalCount } }", 1),
        ("{ drivers { nodes { name } } }", 1 + 20),
        ("{ drivers(first: 5) { nodes { name } } }", 1 + 5),
        (
            "{ drivers(last: 5) { edges { node { name } } } }",
            1 + 5 * 2,
        ),
        (
            "{ drivers(first: 5) { nodes { next { name } } edges { node { name } } } }",
            1 + 5 * 4,
        ),
        ("{ drivers(first: -1) { nodes { name } } }", 1),
        ("{ drivers(first: 2147483647) { nodes { name } } }", 1 + 100),
        (
            "{ drivers(first: 99999999999999999999) { nodes { name } } }",
            1,
        ),
        ("{ nodes(ids: [\"a\", \"b\"]) { id } }", 2),
        // What is unknown counts too; validation names it.
        ("{ race { nothing { here } } }", 2),
    ] {
        assert_eq!(cost_with(text, json!({})), cost, "{text}");
    }
}

#[test]
fn fragments_cost_what_their_fields_cost_wherever_they_stand() {
    for (text, cost) in [
        ("{ ...F } fragment F on Query { races { name } }", 25),
        (
            "{ races { ...F } } fragment F on Race { results { driver { name } } }",
            25 * 51,
        ),
        (
            "{ races { ... on Race { results { __typename } } } }",
            25 * 26,
        ),
        ("{ races { ... { results { __typename } } } }", 25 * 26),
        (
            "{ drivers(first: 3) { ...F } } fragment F on DriverConnection { nodes { name } }",
            4,
        ),
        (
            "{ drivers(first: 3) { ...F } other: drivers(first: 9) { ...F } } fragment F on DriverConnection { nodes { name } }",
            14,
        ),
        // Named like the introspection, behind an interface: the same.
        (
            "{ ...__schema } fragment __schema on Query { nodes(ids: [1]) { rivals { name } } }",
            8,
        ),
        (
            "{ nodes(ids: [1]) { ...__type } } fragment __type on Node { rivals { name } }",
            8,
        ),
        ("{ __schema: races { results { __typename } } }", 25 * 26),
    ] {
        assert_eq!(cost_with(text, json!({})), cost, "{text}");
    }
}

#[test]
fn sizes_of_pages_are_read_from_variables_and_their_defaults() {
    let text = "query ($n: Int = 7, $ids: [ID!]! = [1, 2]) {
        drivers(first: $n) { nodes { name } } nodes(ids: $ids) { id } }";
    assert_eq!(cost_with(text, json!({})), 1 + 7 + 2);
    assert_eq!(
        cost_with(text, json!({ "n": 50, "ids": ["a"] })),
        1 + 50 + 1
    );
}

#[test]
fn sums_saturate() {
    let lists =
        "{ races { rivals { friends { friends { friends { friends { friends { name } } } } } } } }";
    let Refused::TooCostly {
        found,
        most: 50_000,
    } = refused(lists)
    else {
        panic!("not too costly");
    };
    assert!(found > 10_000_000, "{found}");
}

#[test]
fn bombs_and_circles_of_fragments_are_refused_in_no_time() {
    let bomb = |spreads: usize, levels: usize| {
        let fragments = (0..levels)
            .map(|level| {
                format!(
                    "fragment F{level} on Race {{ {} }} ",
                    format!("...F{} ", level + 1).repeat(spreads)
                )
            })
            .collect::<Vec<_>>()
            .concat();
        format!("{{ race {{ ...F0 }} }} {fragments} fragment F{levels} on Race {{ name }}")
    };
    for (spreads, levels) in [(10, 10), (8, 20), (2, 60)] {
        let refusal = refused(&bomb(spreads, levels));
        assert_eq!(refusal, Refused::TooManyFields(2000), "{spreads} {levels}");
    }
    // A bomb that no operation leads to is validated all the same.
    let unused = bomb(10, 10).replace("{ race { ...F0 } }", "{ name }");
    assert_eq!(refused(&unused), Refused::TooManyFields(2000));
    // As is one in an operation that is not asked for.
    let other = format!("query A {{ name }} query B {}", bomb(10, 10));
    assert_eq!(refused(&other), Refused::TooManyFields(2000));
    let circle = |length: usize| {
        let fragments = (0..length)
            .map(|at| {
                format!(
                    "fragment F{at} on Race {{ next {{ ...F{} }} }} ",
                    (at + 1) % length
                )
            })
            .collect::<Vec<_>>()
            .concat();
        format!("{{ race {{ ...F0 }} }} {fragments}")
    };
    assert!(matches!(refused(&circle(1)), Refused::FragmentCycle(_)));
    assert!(matches!(refused(&circle(5)), Refused::FragmentCycle(_)));
    assert_eq!(refused(&circle(300)), Refused::TooDeep);
    assert_eq!(refused(&circle(1000)), Refused::TooManyTokens(4000));
    // At different depths.
    let depths = "{ race { ...F next { ...F next { ...F } } } } fragment F on Race { next { next { next { next { next { next { next { next { next { name } } } } } } } } } }";
    assert!(matches!(
        refused(depths),
        Refused::DepthExceeded {
            found: 13,
            most: 12
        }
    ));
}

#[test]
fn what_nests_without_end_is_refused_before_it_is_parsed() {
    for (open, close) in [("[", "]"), ("{a:", "}")] {
        let value = format!("{}1{}", open.repeat(1200), close.repeat(1200));
        assert!(matches!(
            refused(&format!("{{ race(b: {value}) {{ name }} }}")),
            Refused::TooDeep | Refused::TooManyTokens(_)
        ));
        let value = format!("{}1{}", open.repeat(100_000), close.repeat(100_000));
        assert_eq!(
            refused(&format!("{{ race(b: {value}) {{ name }} }}")),
            Refused::TooManyTokens(4000)
        );
    }
    assert_eq!(refused(&"{ a ".repeat(1500)), Refused::TooDeep);
    assert_eq!(
        refused(&format!(
            "query ($a: {}Int{}) {{ name }}",
            "[".repeat(500),
            "]".repeat(500)
        )),
        Refused::TooDeep
    );
}

#[test]
fn aliases_directives_and_root_fields_are_counted_with_fragments_written_out() {
    let aliases = |count: usize| {
        (0..count)
            .map(|n| format!("a{n}: name "))
            .collect::<Vec<_>>()
            .concat()
    };
    assert!(guard().read(&format!("{{ {} }}", aliases(30))).is_ok());
    assert!(matches!(
        refused(&format!("{{ {} }}", aliases(31))),
        Refused::TooManyAliases {
            found: 31,
            most: 30
        }
    ));
    let spread = format!(
        "{{ race {{ ...F next {{ ...F }} }} }} fragment F on Race {{ {} }}",
        aliases(16)
    );
    assert!(matches!(
        refused(&spread),
        Refused::TooManyAliases {
            found: 32,
            most: 30
        }
    ));
    let directives = format!("{{ name {} }}", "@skip(if: false) ".repeat(51));
    assert!(matches!(
        refused(&directives),
        Refused::TooManyDirectives {
            found: 51,
            most: 50
        }
    ));
    let spread_out = format!("{{ {} }}", "name @skip(if: false) ".repeat(51));
    assert!(matches!(
        refused(&spread_out),
        Refused::TooManyDirectives { .. } | Refused::TooManyRootFields { .. }
    ));
    assert_eq!(
        refused(&"name @a ".repeat(5000)),
        Refused::TooManyTokens(4000)
    );
    assert!(matches!(
        refused(&format!("{{ {} }}", "name ".repeat(31))),
        Refused::TooManyRootFields {
            found: 31,
            most: 30
        }
    ));
}

#[test]
fn a_mutation_that_stands_twice_is_refused_and_a_subscription_has_one_root() {
    assert!(
        guard()
            .read("mutation { pick(n: 1) { name } login { name } }")
            .is_ok()
    );
    for text in [
        "mutation { login { name } login { name } }",
        "mutation { a: login { name } b: login { name } }",
        "mutation { ...F login { name } } fragment F on Mutation { login { name } }",
        "mutation { ... { login { name } } ... { login { name } } }",
    ] {
        assert_eq!(
            refused(text),
            Refused::DuplicateMutation("login".into()),
            "{text}"
        );
    }
    for text in [
        "subscription { a { name } b { name } }",
        "subscription { ...F } fragment F on Subscription { a { name } b { name } }",
    ] {
        assert_eq!(refused(text), Refused::SubscriptionRoot, "{text}");
    }
}

#[test]
fn introspection_is_told_apart_by_its_field_and_has_a_depth_of_its_own() {
    let guard = guard();
    for (text, introspects) in [
        ("{ __schema { types { name } } }", true),
        ("{ a: __type(name: \"Race\") { name } }", true),
        (
            "{ ...F } fragment F on Query { __schema { types { name } } }",
            true,
        ),
        ("{ name __typename }", false),
        ("{ __schema: name }", false),
    ] {
        let document = guard.read(text).unwrap();
        let (_, operation) = document.operations.iter().next().unwrap();
        assert_eq!(
            Guard::introspects(&document, &operation.node),
            introspects,
            "{text}"
        );
    }
    // What GraphiQL asks, as deep as it goes.
    let of_type = format!("{}name{}", "ofType { name ".repeat(9), "}".repeat(9));
    let standard = format!(
        "{{ __schema {{ types {{ fields {{ args {{ type {{ {of_type} }} }} type {{ {of_type} }} }} inputFields {{ type {{ {of_type} }} }} }} }} }}"
    );
    assert!(guard.read(&standard).is_ok());
    let deeper = standard.replace(
        "ofType { name name",
        &format!(
            "ofType {{ {} name {} ",
            "ofType { ".repeat(8),
            "}".repeat(8)
        ),
    );
    assert!(matches!(
        refused(&deeper),
        Refused::DepthExceeded { most: 20, .. }
    ));
    let wide = format!(
        "{{ __schema {{ types {} name {} }} }}",
        "{ fields { type ".repeat(7),
        "} }".repeat(7)
    );
    assert!(
        matches!(refused(&wide), Refused::TooCostly { .. }),
        "{:?}",
        refused(&wide)
    );
}

#[test]
fn what_does_not_parse_says_where() {
    let Refused::Syntax { message, at } = refused("{ race {\n  name") else {
        panic!("no syntax error");
    };
    assert_eq!(at.map(|(line, _)| line), Some(2));
    assert!(message.starts_with("Syntax error: expected"), "{message}");
    assert!(!message.contains('\n'), "{message}");
    assert!(matches!(refused(""), Refused::Syntax { .. }));
}

#[test]
fn every_list_of_the_schema_says_how_large_it_is() {
    let shape = Shape::read(&crate::graphql::sdl()).unwrap();
    assert_eq!(shape.lists_without_size(), Vec::<String>::new());
}
