# shellcheck shell=bash
# Verdicts of other tools about code whose true answer is known: sourced by compare_peers.sh, whose
# variables and functions it uses. A decision measures each side for half a second, as long as one
# of the selftest; a trial decides about each body twice, equal code and 2 % more work.
# shellcheck disable=SC2154 # root, peers, out and pinned are the caller's

verdict_effects=(0 0.02)
verdict_decisions=$out/decisions.txt # lines: body, effect, and slower, faster or same

# ---- Google Benchmark -------------------------------------------------------------------------

compare_py=/usr/share/benchmark/compare.py
python=/usr/bin/python3 # Debian's, which has Debian's scipy, whatever else is on PATH
repetitions=10

prepare_google() {
  local version
  version=$(google_version) || {
    echo "$version"
    return 1
  }
  [[ -e $compare_py ]] || {
    echo 'skipped: libbenchmark-tools not installed'
    return 1
  }
  "$python" -c 'import scipy.stats' 2>/dev/null || {
    echo 'skipped: python3-scipy not installed'
    return 1
  }
  quietly c++ -O2 "$peers/gb_verdicts.cc" -o "$out/gb_verdicts" -lbenchmark -pthread
  echo "$version"
}

measure_google_side() { # measure_google_side WORK FILE
  VERDICTS_WORK=$1 quietly "${pinned[@]}" "$out/gb_verdicts" --benchmark_min_time=0.05 \
    --benchmark_repetitions="$repetitions" --benchmark_out="$2" --benchmark_out_format=json
}

decide_google() { # decide_google WORK
  measure_google_side 1000 "$out/old.json"
  measure_google_side "$1" "$out/new.json"
  rm -f "$out/comparison.json"
  quietly "$python" "$compare_py" --no-color --dump_to_json "$out/comparison.json" \
    benchmarks "$out/old.json" "$out/new.json"
  # which side is slower is no part of the test: by the medians
  jq -r '
    def median: sort | (.[(length - 1) / 2 | floor] + .[length / 2 | floor]) / 2;
    .[] | select(.utest.time_pvalue != null) |
    "\(.name) \(if .utest.time_pvalue >= 0.05 then "same"
      elif ([.measurements[].real_time_other] | median) >
        ([.measurements[].real_time] | median) then "slower"
      else "faster" end)"' "$out/comparison.json"
}

# ---- criterion.rs -----------------------------------------------------------------------------

prepare_criterion() {
  build_criterion
}

run_criterion() { # run_criterion WORK OPTION...
  local work=$1
  shift
  VERDICTS_WORK=$work CRITERION_HOME=$out/criterion/verdicts "${pinned[@]}" \
    "$out/criterion/target/release/verdicts" --bench "$@" 2>"$out/criterion.log" || {
    cat "$out/criterion.log" >&2
    return 1
  }
}

decide_criterion() { # decide_criterion WORK
  rm -rf "$out/criterion/verdicts"
  run_criterion 1000 --save-baseline old >/dev/null || return 1
  run_criterion "$1" --baseline old | awk '
    $2 == "time:" { body = $1 }
    /Performance has regressed\./ { print body, "slower" }
    /Performance has improved\./ { print body, "faster" }
    /No change in performance detected\.|Change within noise threshold\./ { print body, "same" }'
}

# ---- the trials -------------------------------------------------------------------------------

rule_of() { # rule_of NAME: when it calls something changed
  case $1 in
    google) echo "compare.py: U test of $repetitions repetitions each, real time, p below 5 %" ;;
    criterion) echo 'p below 5 %, interval of the change beyond 1 %, 10,000 resamples' ;;
  esac
}

# What a tool decided, as an element of "tools".
verdicts_as_json() { # verdicts_as_json TOOL VERSION RULE
  jq -R -n --arg tool "$1" --arg version "$2" --arg rule "$3" '
    {tool: $tool, version: $version, rule: $rule,
     cells: [[inputs | split(" ")] | group_by([.[0], .[1]])[] |
       {body: .[0][0], effect: (.[0][1] | tonumber), decided: length,
        called: map(select(.[2] != "same")) | length,
        slower: map(select(.[2] == "slower")) | length}]}' "$verdict_decisions"
}

play_tool() { # play_tool NAME TRIALS
  local name=$1 trials=$2 trial effect body verdict decided
  : >"$verdict_decisions"
  for ((trial = 0; trial < trials; trial++)); do
    say "$name: trial $((trial + 1)) of $trials"
    for effect in "${verdict_effects[@]}"; do
      decided=$("decide_$name" "$(awk -v e="$effect" 'BEGIN { print 1000 * (1 + e) }')") ||
        die "$name could not be measured"
      [[ $(wc -l <<<"$decided") -eq 5 ]] || die "$name did not decide about 5 bodies: $decided"
      while read -r body verdict; do
        echo "$body $effect $verdict"
      done <<<"$decided" >>"$verdict_decisions"
    done
  done
}

play_verdicts() { # play_verdicts TRIALS
  local name described tools=()
  "$root/build/benchctl" --version
  for name in google criterion; do
    if described=$("prepare_$name"); then
      tools+=("$name|${described% *}|${described##* }")
    fi
    printf '%-10s %s\n' "$name" "$described"
  done
  [[ ${#tools[@]} -gt 0 ]] || die 'there is no other tool to compare with'
  local entry tool version
  for entry in "${tools[@]}"; do
    IFS='|' read -r name tool version <<<"$entry"
    play_tool "$name" "$1"
    verdicts_as_json "$tool" "$version" "$(rule_of "$name")"
  done | jq -s '{format_version: 1, tools: .}' >"$out/verdicts.json"
  say "wrote ${out#"$root"/}/verdicts.json"
  echo
  "$root/build/benchctl" selftest --effects 0,2% --time 5m --verbose --peers "$out/verdicts.json"
}
