"""Trains the forests of page types: rows by standard input, forests by standard output, both JSON. See page-types.ts."""

import json
import sys

import numpy
import xgboost

task = json.load(sys.stdin)
rows = numpy.array(task["rows"], dtype=numpy.float32)
labels = numpy.array(task["labels"])
folds = numpy.array(task["folds"])


def train(chosen):
    data = xgboost.DMatrix(rows[chosen], label=labels[chosen])
    settings = {
        "objective": "multi:softprob",
        "num_class": int(labels.max()) + 1,
        "tree_method": "hist",
        "nthread": 1,
        "seed": task["seed"],
        **task["settings"],
    }
    booster = xgboost.train(settings, data, task["rounds"])
    return [json.loads(tree) for tree in booster.get_dump(dump_format="json")]


# One forest for each fold, which has not seen that fold, then one that has seen everything.
forests = [train(folds != fold) for fold in range(int(folds.max()) + 1)]
forests.append(train(folds >= 0))
json.dump(forests, sys.stdout)
