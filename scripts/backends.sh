#!/usr/bin/env bash
# Message brokers for benchmarks and tests: RabbitMQ and Mosquitto, from Debian's packages, on
# loopback ports of their own and with a data directory of their own.
#
#   eval "$(scripts/backends.sh start)"       installs and starts what is missing, waits until it
#                                             answers, prints RABBITMQ_URL and MQTT_BROKER
#   scripts/backends.sh status                one line each; exit code 1 unless all run
#   scripts/backends.sh stop                  stops exactly what it started
#
# Names after the command choose: rabbitmq, mosquitto. Kafka is not installed: name one with
# KAFKA_BROKERS; kafka-mock is librdkafka's own cluster. Variables:
#
#   BENCH_BACKENDS_DIR    data, logs, process ids; build-backends/
#   BENCH_BACKENDS_PORT   the first of four ports in a row; 28300
#
# User and password are "minibus" for both; who is on this machine may know them. A server that the
# installation of its package has started by itself, on the usual port, is left alone.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

dir=${BENCH_BACKENDS_DIR:-$root/build-backends}
port=${BENCH_BACKENDS_PORT:-28300}
[[ $port =~ ^[1-9][0-9]{3,4}$ && $port -ge 1024 && $port -le 65532 ]] ||
  die "BENCH_BACKENDS_PORT is '$port': use a number from 1024 to 65532"
mqtt_port=$port amqp_port=$((port + 1)) erlang_port=$((port + 2)) epmd_port=$((port + 3))
PATH=$PATH:/usr/sbin # Debian's place for servers, not in everybody's PATH
rabbitmq_bin=/usr/lib/rabbitmq/bin

# started_at PID: when that process began, in ticks since boot; with the id it names one process.
started_at() {
  local stat fields
  read -r stat 2>/dev/null <"/proc/$1/stat" || return 1
  read -ra fields <<<"${stat##*) }"
  [[ ${fields[0]} != Z ]] && printf '%s\n' "${fields[19]}"
}

# pid_of SERVER: of the one started here, if it still runs.
pid_of() {
  local pid begin
  read -r pid begin 2>/dev/null <"$dir/$1.pid" || return 1
  [[ $(started_at "$pid") == "$begin" ]] && printf '%s\n' "$pid"
}

# launch SERVER COMMAND...: in a session of its own, so that all of its processes can be ended.
launch() {
  local name=$1 pid
  shift
  setsid "$@" >"$dir/$name.log" 2>&1 </dev/null &
  pid=$!
  printf '%s %s\n' "$pid" "$(started_at "$pid")" >"$dir/$name.pid"
}

listens() { # listens PORT
  (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

# answer PORT BYTES N: the first N bytes, in hex, that a server says to BYTES (for printf).
answer() {
  # shellcheck disable=SC2016 # for the shell that timeout starts
  timeout 5 bash -c 'exec 3<>"/dev/tcp/127.0.0.1/$1" && printf "$2" >&3 &&
    head -c "$3" <&3 | od -An -tx1' answer "$@" 2>/dev/null | tr -d ' \n'
}

answers() { # answers SERVER
  case $1 in
    epmd) listens "$epmd_port" ;;
    mosquitto) # a login without a name, accepted
      [[ $(answer "$mqtt_port" '\x10\x0c\0\4MQTT\4\2\0\x3c\0\0' 4) == 20020000 ]] ;;
    rabbitmq) # the protocol's name, then a frame of connection.start
      [[ $(answer "$amqp_port" 'AMQP\0\0\x09\x01' 1) == 01 ]] ;;
  esac
}

wait_for() { # wait_for SERVER SECONDS
  local name=$1 deadline=$((SECONDS + $2))
  until answers "$name"; do
    if ! pid_of "$name" >/dev/null || [[ $SECONDS -ge $deadline ]]; then
      tail -n 20 "$dir/$name.log" >&2
      stop "$name"
      die "$name does not answer; its last words are above"
    fi
    sleep 0.2
  done
}

need_free() { # need_free PORT...
  local each
  for each; do
    ! listens "$each" || die "port $each is in use: set BENCH_BACKENDS_PORT to the first of four" \
      "free ports"
  done
}

start_mosquitto() {
  need_free "$mqtt_port"
  mkdir -p "$dir/mosquitto"
  : >"$dir/mosquitto/passwords"
  chmod 600 "$dir/mosquitto/passwords"
  mosquitto_passwd -b "$dir/mosquitto/passwords" minibus minibus
  # Wrong passwords are refused, none is accepted. Its usual limits drop messages in silence.
  cat >"$dir/mosquitto/mosquitto.conf" <<END
listener $mqtt_port 127.0.0.1
allow_anonymous true
password_file $dir/mosquitto/passwords
persistence false
max_queued_messages 0
max_inflight_messages 0
set_tcp_nodelay true
user $(id -un)
END
  launch mosquitto mosquitto -c "$dir/mosquitto/mosquitto.conf"
  wait_for mosquitto 20
}

start_rabbitmq() {
  need_free "$amqp_port" "$erlang_port" "$epmd_port"
  mkdir -p "$dir/rabbitmq/log"
  cat >"$dir/rabbitmq/rabbitmq.conf" <<END
listeners.tcp.local = 127.0.0.1:$amqp_port
default_user = minibus
default_pass = minibus
log.file.level = warning
END
  printf '[].\n' >"$dir/rabbitmq/enabled_plugins"
  launch epmd epmd -address 127.0.0.1 -port "$epmd_port"
  wait_for epmd 20
  launch rabbitmq env HOME="$dir/rabbitmq" LC_ALL=C.UTF-8 \
    ERL_EPMD_ADDRESS=127.0.0.1 ERL_EPMD_PORT="$epmd_port" \
    RABBITMQ_CONF_ENV_FILE=/dev/null RABBITMQ_NODENAME="minibus$port@localhost" \
    RABBITMQ_CONFIG_FILE="$dir/rabbitmq/rabbitmq.conf" \
    RABBITMQ_ENABLED_PLUGINS_FILE="$dir/rabbitmq/enabled_plugins" \
    RABBITMQ_MNESIA_BASE="$dir/rabbitmq/data" RABBITMQ_LOG_BASE="$dir/rabbitmq/log" \
    RABBITMQ_PID_FILE="$dir/rabbitmq/erlang.pid" RABBITMQ_DIST_PORT="$erlang_port" \
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS='-kernel inet_dist_use_interface {127,0,0,1}' \
    "$rabbitmq_bin/rabbitmq-server"
  wait_for rabbitmq 120
}

stop_one() { # stop_one SERVER: asks for 30 seconds, then insists
  local name=$1 pid signal
  for signal in TERM KILL; do
    for _ in {1..150}; do
      pid=$(pid_of "$name") || break 2
      kill -s "$signal" -- "-$pid" 2>/dev/null || true
      sleep 0.2
    done
  done
  rm -f "$dir/$name.pid"
}

need_servers() { # need_servers NAME...
  local name
  for name; do
    case $name in
      mosquitto) need mosquitto command -v mosquitto ;;
      rabbitmq) need rabbitmq-server test -x "$rabbitmq_bin/rabbitmq-server" ;;
    esac
  done
}

start() {
  local name
  need_servers "$@"
  install_missing
  mkdir -p "$dir"
  for name; do
    if ! pid_of "$name" >/dev/null; then
      say "starting $name"
      "start_$name"
    fi
    case $name in
      mosquitto) echo "export MQTT_BROKER=mqtt://minibus:minibus@127.0.0.1:$mqtt_port" ;;
      rabbitmq) echo "export RABBITMQ_URL=amqp://minibus:minibus@127.0.0.1:$amqp_port" ;;
    esac
  done
}

stop() {
  local name
  for name; do
    stop_one "$name"
    [[ $name != rabbitmq ]] || stop_one epmd
  done
}

status() {
  local name pid all=0
  for name; do
    if ! pid=$(pid_of "$name"); then
      echo "$name: not running"
      all=1
    elif answers "$name"; then
      echo "$name: running, process $pid"
    else
      echo "$name: process $pid does not answer"
      all=1
    fi
  done
  return "$all"
}

command=${1-}
shift || true
servers=("$@")
[[ $# -gt 0 ]] || servers=(mosquitto rabbitmq)
for server in "${servers[@]}"; do
  [[ $server == mosquitto || $server == rabbitmq ]] ||
    die "'$server' is no server: use mosquitto or rabbitmq"
done
case $command in
  start | stop | status) "$command" "${servers[@]}" ;;
  *) die "use: $(basename "$0") start|stop|status [mosquitto] [rabbitmq]" ;;
esac
