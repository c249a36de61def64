#!/usr/bin/env python3
"""Checks docs/schema/selftest.schema.json against what benchctl selftest really writes, and that it
refuses what the program must not write.

usage: check_schema.py SCHEMA BENCHCTL PEERS; exit code 77 when python3-jsonschema is not there
"""
import copy
import json
import pathlib
import subprocess
import sys

try:
    import jsonschema
except ImportError:
    print("skipped: python3-jsonschema is not installed")
    sys.exit(77)

OPTIONS = ["--time", "1ms", "--effects", "0,10%", "--launches", "2", "--warm-up-time", "0",
           "--measurement-time", "8ms", "--seed", "7", "--quiet", "--output-format", "json", "--peers"]

# Each makes one thing wrong: a path to a member, and its value; MISSING takes it away.
MISSING = object()
FAULTS = [
    (("format_version",), 2),
    (("plan",), MISSING),
    (("plan", "seed"), 7),
    (("plan", "alpha"), 0),
    (("timestamp",), "yesterday"),
    (("host", "n_cpus"), "two"),
    (("trials", 0, "body"), "disk"),
    (("trials", 0, "direction"), 2),
    (("trials", 0, "verdict"), "maybe"),
    (("trials", 0, "p"), 1.5),
    (("trials", 0, "mde"), -0.1),
    (("trials", 0, "mood"), "fine"),
    (("cells", 0, "found"), -1),
    (("cells", 0, "rate"), 2),
    (("cells", 0, "upper"), MISSING),
    (("bars", 0, "state"), "good"),
    (("bars", 0, "limit"), MISSING),
    (("bars", -1, "value_ns"), "short"),
    (("spread", 0, "launch_sd"), -1),
    (("interrupted",), None),
    (("peers", 0, "tool"), MISSING),
    (("peers", 0, "cells", 0, "body"), "disk"),
    (("peers", 2, "cells", 0, "decided"), 0),
    (("peers", 2, "cells", 0, "upper"), None),
]


def with_fault(document, path, value):
    document = copy.deepcopy(document)
    owner = document
    for step in path[:-1]:
        owner = owner[step]
    if value is MISSING:
        del owner[path[-1]]
    else:
        owner[path[-1]] = value
    return document


def main(schema_path, benchctl, peers):
    schema = json.loads(pathlib.Path(schema_path).read_text(encoding="utf-8"))
    jsonschema.Draft7Validator.check_schema(schema)
    validator = jsonschema.Draft7Validator(schema)
    done = subprocess.run([benchctl, "selftest"] + OPTIONS + [peers], check=False, stdout=subprocess.PIPE,
                          stdin=subprocess.DEVNULL)
    if done.returncode not in (0, 3):  # 3: this machine misses a bar
        print("exit code %d" % done.returncode)
        return 1
    document = json.loads(done.stdout)
    failures = ["%s: %s" % ("/".join(map(str, error.path)), error.message[:200])
                for error in validator.iter_errors(document)]
    failures += ["accepted: %s = %s" % ("/".join(map(str, path)), value)
                 for path, value in FAULTS
                 if validator.is_valid(with_fault(document, path, value))]
    print("\n".join(failures) or "1 document and %d faults checked" % len(FAULTS))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
