#!/usr/bin/env python3
"""Checks the schemas of docs/schema against the files of tests/data: every valid case must pass, and
whatever a schema can say about the invalid ones it must refuse.

usage: check_schemas.py SCHEMA_DIR DATA_DIR; exit code 77 when python3-jsonschema is not there
"""
import json
import pathlib
import sys

try:
    import jsonschema
except ImportError:
    print("skipped: python3-jsonschema is not installed")
    sys.exit(77)

# Faults that no schema can see: between fields, in the bytes of the file, or of another meaning.
BEYOND_A_SCHEMA = {
    "duplicate-name", "calibration-out-of-range", "calibrations-short", "launch-column-short",
    "elapsed-without-iterations", "elapsed-and-iterations-differ", "n-samples-disagrees",
    "histogram-not-ascending", "histogram-lengths-differ", "histogram-overflow",
    "cpu-model-too-long", "label-control", "threads-too-many", "duplicate-key", "pair-twice",
    "label-twice",
    "rule-loosened", "rule-looser-than-default", "rule-loosened-blank-justification",
    "default-loosened", "rule-bad-regex", "threshold-bare-five", "alpha-zero", "alpha-half",
    "fail-on-none-and-more", "budget-loosened", "budget-bad-quantity", "budget-wrong-unit",
    "budget-wrong-unit-rate", "budget-ratio-with-unit", "budget-why-control",
    "tool-twice", "tool-control", "cell-twice", "effect-between-steps", "called-above-decided",
    "slower-above-called",
    "empty", "launch-twice", "launch-after-centuries", "launch-without-its-calibration", "other-plan",
}
KINDS = {
    "results": ("results", "input.json"),
    "baselines": ("baseline", "input.json"),
    "gates": ("gates", "gates.json"),
    "journal": ("journal", "journal.jsonl"),
    "noise": ("noise", "input.json"),
    "doctor": ("doctor", "input.json"),
    "peers": ("peers", "peers.json"),
}


def documents(path):
    """The documents of a file, or None when it is no JSON."""
    try:
        text = path.read_text(encoding="utf-8")
        parts = text.splitlines() if path.suffix == ".jsonl" else [text]
        return [json.loads(part, parse_constant=lambda name: 1 / 0) for part in parts]
    except (ValueError, ZeroDivisionError):
        return None


def check(validator, case, file_name, should_pass):
    docs = documents(case / file_name)
    if docs is None:
        return "is no JSON" if should_pass else None
    errors = [error for doc in docs for error in validator.iter_errors(doc)]
    if should_pass and errors:
        return "%s: %s" % ("/".join(map(str, errors[0].path)), errors[0].message[:200])
    if not should_pass and not errors and case.name not in BEYOND_A_SCHEMA:
        return "is accepted"
    return None


def main(schema_dir, data_dir):
    n_checked, failures = 0, []
    for kind, (schema_name, file_name) in KINDS.items():
        schema_path = pathlib.Path(schema_dir, schema_name + ".schema.json")
        schema = json.loads(schema_path.read_text(encoding="utf-8"))
        jsonschema.Draft7Validator.check_schema(schema)
        validator = jsonschema.Draft7Validator(schema)
        for verdict in ("valid", "invalid"):
            cases = sorted(pathlib.Path(data_dir, kind, verdict).iterdir())
            if not cases:
                failures.append("%s/%s: there is no case" % (kind, verdict))
            for case in cases:
                problem = check(validator, case, file_name, verdict == "valid")
                n_checked += 1
                if problem:
                    failures.append("%s: %s" % (case, problem))
    print("\n".join(failures) or "%d cases checked" % n_checked)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
