"""Trains gradient-boosted trees on rows in a file, out of fold and whole. Called by boosting.ts, which says what is where."""

import json
import sys

import numpy
import xgboost

task = json.load(sys.stdin)


def read(name, kind=numpy.float32):
    return numpy.fromfile(f"{task['folder']}/{name}", dtype=kind)


labels = read("labels")
rows = read("rows").reshape(len(labels), -1)
weights = read("weights")
folds = read("folds", numpy.int32)
# Rows that are only predicted, so that pages of thousands of blocks don't outweigh the others in time.
learnt = read("learnt", numpy.uint8).astype(bool)


def train(chosen):
    data = xgboost.DMatrix(rows[chosen], label=labels[chosen], weight=weights[chosen])
    return xgboost.train({"seed": task["seed"], **task["settings"]}, data, task["rounds"])


def save(booster, name):
    with open(f"{task['folder']}/{name}.json", "w") as file:
        json.dump([json.loads(tree) for tree in booster.get_dump(dump_format="json")], file)


predictions = numpy.zeros(len(labels), dtype=numpy.float32)
for fold in task["folds"]:
    booster = train(learnt & (folds != fold))
    predictions[folds == fold] = booster.predict(xgboost.DMatrix(rows[folds == fold]))
    save(booster, f"fold{fold}")
    print(f"  fold {fold}", file=sys.stderr, flush=True)
predictions.tofile(f"{task['folder']}/predictions")
save(train(learnt), "whole")
