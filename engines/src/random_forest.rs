//! Random forest: many trees, each grown on some of the races and some of the features to tell the
//! first few of a race from the rest; how few differs from tree to tree.
//!
//! The trees are grown by linfa, which makes them of classes; what a node is worth is worked out
//! here. Each tree is shown a bag of the races; on the races outside its bag a conditional logit
//! learns what the trees' values are worth together. So no race decides what is believed of a tree
//! that has seen it. Groups of trees are the draws; what a feature adds is the change of value along
//! the paths.

use linfa::Dataset;
use linfa::traits::Fit as _;
use linfa_trees::{DecisionTree, TreeNode};
use ndarray::{Array1, Array2};
use serde::{Deserialize, Serialize};

use crate::draws::{as_f64, split_mix};
use crate::engine::{EngineError, EngineId, Hyperparameter};
use crate::history::Target;
use crate::learned::{Example, Fit, Learner, Table};
use crate::logit::{Choices, Logit};

/// How many of the first a tree tells from the rest; trees take turns.
const FIRST: [usize; 3] = [1, 3, 8];
/// Groups of trees, each a draw.
const GROUPS: usize = 8;
/// Share of the races in the bag of a tree, about that of a bootstrap. Splits chosen on one part of
/// the bag and values counted on another were worse by 0.01 over 1990 to 2005 and 2006 to 2017.
const BAG: f64 = 0.63;
/// Rows at the field's rate that are added to each node's own.
const SHRINKAGE: f64 = 20.0;
/// Precision of the prior of the logit's weights, and where it stands.
const HOLD: f64 = 4.0;
const PRIOR: [f64; 3] = [0.6, 0.4, 0.2];

/// What the engine is set to: set once and looked at on 2008 to 2017, not searched for. What moves it
/// by less than 0.01 is chance: so much does it matter at which races it learns anew.
#[derive(Debug, Clone, PartialEq)]
pub struct RandomForest {
    /// Trees of each kind in each group.
    pub trees: usize,
    /// Levels of a tree.
    pub depth: usize,
    /// Least number of rows in a leaf.
    pub leaf: f64,
    /// Share of the columns shown to a tree.
    pub columns: f64,
}

impl Default for RandomForest {
    fn default() -> Self {
        Self {
            trees: 6,
            depth: 6,
            leaf: 12.0,
            columns: 0.35,
        }
    }
}

/// A number from 0 to 1.
fn roll(state: &mut u64) -> f64 {
    as_f64(usize::try_from(split_mix(state) >> 40).unwrap_or(0)) / as_f64(1 << 24)
}

impl Learner for RandomForest {
    type Fit = ForestFit;

    const ID: EngineId = EngineId::new("random_forest");
    const NAME: &'static str = "Random forest";
    const DESCRIPTION: &'static str =
        "Averages many trees that tell the first few of a race from the rest.";
    const REVISION: u32 = 3;
    const REFIT_EVERY: usize = 8;

    fn hyperparameters(&self) -> Vec<Hyperparameter> {
        let line = |name, value, description| Hyperparameter {
            name,
            value,
            description,
        };
        let trees = self.trees * GROUPS * FIRST.len();
        vec![
            line("trees", as_f64(trees), "trees in all"),
            line("depth", as_f64(self.depth), "levels of a tree"),
            line("leaf", self.leaf, "least number of rows in a leaf"),
            line(
                "columns",
                self.columns,
                "share of the columns shown to a tree",
            ),
        ]
    }

    fn learn(&self, table: &Table) -> Result<ForestFit, EngineError> {
        let columns = table.columns.len();
        let mut votes = Votes::new(&table.examples);
        let mut groups = Vec::new();
        for group in 0..GROUPS {
            let mut kinds = Vec::new();
            for (kind, first) in FIRST.into_iter().enumerate() {
                let mut trees = Vec::new();
                for number in 0..self.trees {
                    let seed = (group * FIRST.len() + kind) * self.trees + number;
                    let mut state = 0x000F_0E57 + u64::try_from(seed).unwrap_or(0);
                    let bag = Bag::of(&table.examples, &mut state);
                    let tree = self.grow(&bag, columns, first, &mut state)?;
                    votes.add(kind, &tree, &bag);
                    trees.push(tree);
                }
                kinds.push(trees);
            }
            groups.push(kinds);
        }
        let choices = votes.choices(&table.examples, table.target);
        let logit = Logit::fit(&choices, &PRIOR, &[HOLD; FIRST.len()], 1)?;
        Ok(ForestFit {
            groups,
            worths: logit.weights,
        })
    }
}

impl RandomForest {
    fn grow(
        &self,
        bag: &Bag<'_>,
        columns: usize,
        first: usize,
        state: &mut u64,
    ) -> Result<Tree, EngineError> {
        let mut shown: Vec<usize> = (0..columns)
            .filter(|_| roll(state) < self.columns)
            .collect();
        if shown.is_empty() {
            shown.extend(0..columns);
        }
        let rows: Vec<(&Vec<f64>, usize, f64)> = bag.rows().collect();
        let won = rows.iter().filter(|(_, place, _)| *place < first).count();
        if won == 0 || won == rows.len() {
            return Ok(Tree::stump());
        }
        // Equal weight for both classes would put every tree's border at the same odds, and
        // linfa cuts off branches that lie on one side of it: so the border moves from tree to tree.
        let odds = as_f64(rows.len() - won) / as_f64(won)
            * (2.0 * roll(state) - 1.0).mul_add(1.2, 0.0).exp();
        let total: f64 = rows.iter().map(|(.., weight)| weight).sum();
        let unit = as_f64(rows.len()) / total;
        let weights = rows.iter().map(|(_, place, weight)| {
            let class = if *place < first { odds } else { 1.0 };
            // Ties between classes would be broken by the order of a hash map.
            let jitter = 1.0 + 1e-3 * roll(state);
            narrow(weight * unit * class * jitter)
        });
        let weights: Array1<f32> = weights.collect();
        let cells = rows
            .iter()
            .flat_map(|(row, ..)| shown.iter().map(|column| row[*column]));
        let records = Array2::from_shape_vec((rows.len(), shown.len()), cells.collect())
            .map_err(|error| EngineError::Library(error.to_string()))?;
        let labels: Array1<bool> = rows.iter().map(|(_, place, _)| *place < first).collect();
        let grown = DecisionTree::params()
            .max_depth(Some(self.depth))
            .min_weight_leaf(narrow(self.leaf))
            .fit(&Dataset::new(records, labels).with_weights(weights))
            .map_err(|error| EngineError::Library(error.to_string()))?;
        let mut tree = Tree::default();
        tree.take(grown.root_node(), &shown);
        tree.count(bag, first);
        Ok(tree)
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "linfa weighs in single precision"
)]
fn narrow(number: f64) -> f32 {
    number as f32
}

/// The races of a table, some of which a tree is shown.
struct Bag<'a> {
    examples: &'a [Example],
    shown: Vec<bool>,
}

impl<'a> Bag<'a> {
    fn of(examples: &'a [Example], state: &mut u64) -> Self {
        Self {
            shown: examples.iter().map(|_| roll(state) < BAG).collect(),
            examples,
        }
    }

    /// Rows in the bag with their places from 0 and weights.
    fn rows(&self) -> impl Iterator<Item = (&'a Vec<f64>, usize, f64)> + '_ {
        let shown = self.examples.iter().zip(&self.shown);
        let shown = shown.filter(|(_, shown)| **shown);
        shown.flat_map(|(example, _)| {
            let rows = example.rows.iter().enumerate();
            rows.map(|(place, row)| (row, place, example.weight))
        })
    }
}

/// A node: the column and value that part its rows, where the two parts go on, and its worth. A leaf
/// goes on at itself.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Node(u16, f64, u32, u32, f64);

/// Nodes, the root first.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
struct Tree {
    nodes: Vec<Node>,
}

impl Tree {
    fn stump() -> Self {
        Self {
            nodes: vec![Node(0, 0.0, 0, 0, 0.0)],
        }
    }

    /// Takes a grown node and all below it over; answers its index.
    fn take(&mut self, node: &TreeNode<f64, bool>, shown: &[usize]) -> u32 {
        let index = self.nodes.len();
        let own = u32::try_from(index).unwrap_or(u32::MAX);
        self.nodes.push(Node(0, 0.0, own, own, 0.0));
        let children = node.children();
        if let [Some(left), Some(right)] = children[..] {
            let (column, value, _) = node.split();
            let (left, right) = (self.take(left, shown), self.take(right, shown));
            let column = u16::try_from(shown[column]).unwrap_or(u16::MAX);
            self.nodes[index] = Node(column, value, left, right, 0.0);
        }
        own
    }

    /// Nodes from the root to the leaf of a row.
    fn path<'a>(&'a self, row: &'a [f64]) -> impl Iterator<Item = &'a Node> + 'a {
        let mut next = Some(0_u32);
        std::iter::from_fn(move || {
            let index = next?;
            let node = &self.nodes[index as usize];
            let below = row[usize::from(node.0)] <= node.1;
            let child = if below { node.2 } else { node.3 };
            next = (child != index).then_some(child);
            Some(node)
        })
    }

    /// Counts what the nodes are worth: the log-odds of coming among the first.
    fn count(&mut self, bag: &Bag<'_>, first: usize) {
        let mut sums = vec![(0.0, 0.0); self.nodes.len()];
        for (row, place, weight) in bag.rows() {
            let mut next = 0_u32;
            loop {
                let index = next as usize;
                let node = &self.nodes[index];
                sums[index].0 += if place < first { weight } else { 0.0 };
                sums[index].1 += weight;
                let below = row[usize::from(node.0)] <= node.1;
                let child = if below { node.2 } else { node.3 };
                if child == next {
                    break;
                }
                next = child;
            }
        }
        let (won, all) = sums[0];
        let rate = ((won + 0.5) / (all + 1.0)).clamp(0.001, 0.999);
        for (node, (won, all)) in self.nodes.iter_mut().zip(sums) {
            let chance = (won + SHRINKAGE * rate) / (all + SHRINKAGE);
            node.4 = (chance / (1.0 - chance)).ln() - (rate / (1.0 - rate)).ln();
        }
    }

    fn value(&self, row: &[f64]) -> f64 {
        self.path(row).last().map_or(0.0, |node| node.4)
    }
}

/// What trees said of races outside their bags.
struct Votes {
    /// By race and place: sum of the values by kind of tree.
    sums: Vec<Vec<[f64; FIRST.len()]>>,
    counts: Vec<[u32; FIRST.len()]>,
}

impl Votes {
    fn new(examples: &[Example]) -> Self {
        let sums = examples
            .iter()
            .map(|example| vec![[0.0; FIRST.len()]; example.rows.len()]);
        Self {
            sums: sums.collect(),
            counts: vec![[0; FIRST.len()]; examples.len()],
        }
    }

    fn add(&mut self, kind: usize, tree: &Tree, bag: &Bag<'_>) {
        for (index, example) in bag.examples.iter().enumerate() {
            if !bag.shown[index] {
                self.counts[index][kind] += 1;
                for (sum, row) in self.sums[index].iter_mut().zip(&example.rows) {
                    sum[kind] += tree.value(row);
                }
            }
        }
    }

    fn choices(&self, examples: &[Example], target: Target) -> Choices {
        let mut choices = Choices::new(FIRST.len());
        let places: &[f64] = match target {
            Target::Race => &[1.0],
            Target::Qualifying => &[1.0; 10],
        };
        for ((example, sums), counts) in examples.iter().zip(&self.sums).zip(&self.counts) {
            if counts.contains(&0) {
                continue;
            }
            let mean = |sums: &[f64; FIRST.len()]| -> Vec<f64> {
                let pairs = sums.iter().zip(counts);
                pairs.map(|(sum, count)| sum / f64::from(*count)).collect()
            };
            let rows: Vec<Vec<f64>> = sums.iter().map(mean).collect();
            choices.add(rows.iter().map(Vec::as_slice), example.weight, places);
        }
        choices
    }
}

/// Trees by group and kind, and what the values of each kind are worth.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ForestFit {
    groups: Vec<Vec<Vec<Tree>>>,
    worths: Vec<f64>,
}

impl Fit for ForestFit {
    fn draws(&self, rows: &[Vec<f64>]) -> Result<Vec<Vec<f64>>, EngineError> {
        let strength = |group: &Vec<Vec<Tree>>, row: &Vec<f64>| {
            let kinds = group.iter().zip(&self.worths);
            let of_kind = |(trees, worth): (&Vec<Tree>, &f64)| {
                let sum: f64 = trees.iter().map(|tree| tree.value(row)).sum();
                worth * sum / as_f64(trees.len())
            };
            kinds.map(of_kind).sum()
        };
        let draw = |group| rows.iter().map(|row| strength(group, row)).collect();
        Ok(self.groups.iter().map(draw).collect())
    }

    fn explain(&self, rows: &[Vec<f64>]) -> Result<Vec<Vec<f64>>, EngineError> {
        let columns = rows.first().map_or(0, Vec::len);
        let explain = |row: &Vec<f64>| {
            let mut parts = vec![0.0; columns + 1];
            for group in &self.groups {
                for (trees, worth) in group.iter().zip(&self.worths) {
                    let share = worth / as_f64(trees.len()) / as_f64(self.groups.len());
                    for tree in trees {
                        let path: Vec<&Node> = tree.path(row).collect();
                        parts[columns] += share * path[0].4;
                        for pair in path.windows(2) {
                            parts[usize::from(pair[0].0)] += share * (pair[1].4 - pair[0].4);
                        }
                    }
                }
            }
            parts
        };
        Ok(rows.iter().map(explain).collect())
    }
}
