"""What widely used Python libraries make of the table that the engines learn from.

Walks through the same seasons with the same folds as `pitwall backtest`: each model learns from
the races before, then forecasts the next few, then learns anew. Prints one table for both.
"""

import argparse
import json
import time

import numpy as np
import pandas as pd
import xgboost
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

# As engines/src/learned.rs has it.
SEASONS = 16
HALF_LIFE = 200
# Columns of the table before those that are learned from.
FIXED = 8
# No entrant is without a chance, as in the baseline `grid`.
LEAST = 0.001


class Race:
    """The entrants of a race in the order of finish."""

    def __init__(self, lines, columns):
        lines = lines[lines["place"].notna()].sort_values("place", kind="stable")
        self.season = int(lines["season"].iloc[0]) if len(lines) else 0
        values = lines[columns]
        # What is not known of an entrant is the mean of the others, and 0 where nothing is known.
        self.rows = values.fillna(values.mean()).fillna(0.0).to_numpy(float)
        self.offsets = lines["log_classified"].to_numpy(float)

    def __len__(self):
        return len(self.rows)


class Examples:
    """Races to learn from, stacked."""

    def __init__(self, races):
        last = races[-1].season
        ages = len(races) - 1 - np.arange(len(races))
        kept = [
            (race, 0.5 ** (age / HALF_LIFE))
            for race, age in zip(races, ages)
            if race.season >= last - SEASONS and len(race) > 1
        ]
        self.sizes = np.array([len(race) for race, _ in kept])
        self.rows = np.concatenate([race.rows for race, _ in kept])
        self.offsets = np.concatenate([race.offsets for race, _ in kept])
        self.race_weights = np.array([weight for _, weight in kept])
        self.weights = np.repeat(self.race_weights, self.sizes)
        self.won = np.concatenate([np.arange(len(race)) == 0 for race, _ in kept])


def shares(chances):
    chances = np.maximum(chances, LEAST)
    return chances / chances.sum()


def softmax(strengths):
    worth = np.exp(strengths - strengths.max())
    return worth / worth.sum()


class Logistic:
    """Who wins, each entrant by itself; chances are shared out within the race."""

    name = "LogisticRegression"
    library = "scikit-learn"

    def __init__(self, strength=0.1):
        self.strength = strength

    def learn(self, examples):
        self.scale = StandardScaler().fit(examples.rows)
        self.model = LogisticRegression(C=self.strength, max_iter=1000)
        rows = self.scale.transform(examples.rows)
        self.model.fit(rows, examples.won, sample_weight=examples.weights)

    def chances(self, race):
        return shares(self.model.predict_proba(self.scale.transform(race.rows))[:, 1])


class Forest:
    """Who wins, each entrant by itself; chances are shared out within the race."""

    name = "RandomForestClassifier"
    library = "scikit-learn"

    def __init__(self, leaf=10):
        self.leaf = leaf

    def learn(self, examples):
        self.model = RandomForestClassifier(
            n_estimators=300, min_samples_leaf=self.leaf, n_jobs=1, random_state=0
        )
        self.model.fit(examples.rows, examples.won, sample_weight=examples.weights)

    def chances(self, race):
        return shares(self.model.predict_proba(race.rows)[:, 1])


class Boosted:
    """Trees boosted on the softmax within each race from nothing; ours begin with a linear model."""

    name = "softmax objective"
    library = "xgboost"

    boosters = 8
    rounds = 150
    # How much the winner, the second and the third count.
    places = (1.0, 0.1, 0.1)
    settings = {
        "booster": "gbtree",
        "tree_method": "hist",
        "base_score": 0.0,
        "nthread": 1,
        "verbosity": 0,
        "eta": 0.05,
        "max_depth": 3,
        "min_child_weight": 3.0,
        "lambda": 10.0,
        "subsample": 0.7,
        "colsample_bytree": 0.3,
        "disable_default_eval_metric": True,
    }

    def learn(self, examples):
        matrix = xgboost.DMatrix(examples.rows, base_margin=examples.offsets)
        sizes, weights = examples.sizes, examples.race_weights
        # A line for each race, with empty cells behind the last entrant.
        inside = np.arange(sizes.max()) < sizes[:, None]

        def gradient(margins, _):
            strengths = np.full(inside.shape, -np.inf)
            strengths[inside] = np.ravel(margins)
            slope = np.zeros(inside.shape)
            curvature = np.full(inside.shape, 1e-6)
            for place, counts in enumerate(self.places):
                open_still = sizes > place + 1
                left = strengths[open_still, place:]
                worth = np.exp(left - left.max(axis=1, keepdims=True))
                chance = worth / worth.sum(axis=1, keepdims=True)
                weight = counts * weights[open_still, None]
                curvature[open_still, place:] += weight * chance * (1.0 - chance)
                chance[:, 0] -= 1.0
                slope[open_still, place:] += weight * chance
            return slope[inside], curvature[inside]

        self.models = [
            xgboost.train(
                {**self.settings, "seed": seed}, matrix, self.rounds, obj=gradient
            )
            for seed in range(self.boosters)
        ]

    def chances(self, race):
        matrix = xgboost.DMatrix(race.rows, base_margin=race.offsets)
        draws = [
            softmax(np.ravel(model.predict(matrix, output_margin=True)).astype(float))
            for model in self.models
        ]
        return np.mean(draws, axis=0)


def walk(model, races, first, last, every):
    """Forecasts the races of the seasons; what came of it."""
    learning = asking = 0.0
    losses, hits = [], []
    asked = [at for at, race in enumerate(races) if first <= race.season <= last]
    for count, at in enumerate(asked):
        began = time.perf_counter()
        if count % every == 0:
            model.learn(Examples(races[:at]))
            learning += time.perf_counter() - began
            began = time.perf_counter()
        chances = model.chances(races[at])
        asking += time.perf_counter() - began
        losses.append(-np.log(chances[0]))
        favourites = chances >= chances.max()
        hits.append(favourites[0] / favourites.sum())
    return {
        "engine": model.name,
        "by": model.library,
        "races": len(asked),
        "log-loss": np.mean(losses),
        "hit": np.mean(hits),
        "training s": learning,
        "in all s": learning + asking,
    }


def read(path):
    table = pd.read_csv(path)
    columns = list(table.columns[FIXED:])
    races = [Race(lines, columns) for _, lines in table.groupby("race", sort=False)]
    return [race for race in races if len(race)]


def ours(path):
    """Lines of `pitwall backtest --format json`."""
    with open(path, encoding="utf-8") as file:
        lines = json.load(file)
    return [
        {
            "engine": line["engine"],
            "by": "pitwall",
            "races": line["races"],
            "log-loss": line["winner_log_loss"],
            "hit": line["hit"],
            "training s": np.nan,
            "in all s": line["seconds"],
        }
        for line in lines
    ]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("table", help="what `pitwall features` wrote")
    parser.add_argument("--ours", help="what `pitwall backtest --format json` printed")
    parser.add_argument("--seasons", default="2018-2024", metavar="FROM-TO")
    parser.add_argument("--refit-every", type=int, default=8, metavar="RACES")
    parser.add_argument(
        "--settings",
        action="store_true",
        help="try settings of the two of scikit-learn instead, to choose some",
    )
    arguments = parser.parse_args()
    first, _, last = arguments.seasons.partition("-")
    first, last = int(first), int(last or first)
    races = read(arguments.table)
    models = [Logistic(), Forest(), Boosted()]
    if arguments.settings:
        models = [Logistic(strength) for strength in (0.003, 0.01, 0.03, 0.1, 0.3, 1.0)]
        models += [Forest(leaf) for leaf in (1, 3, 10, 30)]
    lines = ours(arguments.ours) if arguments.ours else []
    for model in models:
        line = walk(model, races, first, last, arguments.refit_every)
        if arguments.settings:
            line["engine"] += f" {vars(model).get('strength', vars(model).get('leaf'))}"
        lines.append(line)
    table = pd.DataFrame(lines)
    decimals = {"log-loss": 3, "hit": 3, "training s": 1, "in all s": 1}
    for baseline in ("grid", "form"):
        loss = table.loc[table["engine"] == baseline, "log-loss"]
        if len(loss):
            table.insert(4, f"÷{baseline}", table["log-loss"] / loss.iloc[0])
            decimals[f"÷{baseline}"] = 3
    formats = {
        column: lambda value, places=places: f"{value:.{places}f}"
        for column, places in decimals.items()
    }
    print(table.to_string(index=False, formatters=formats, na_rep="–"))


if __name__ == "__main__":
    main()
