# Starts one task's command in a session of its own, beside a guard that ends the session when the worker's right to it ends.
#
# Arguments: DIRECTORY TASK_ID ATTEMPT STDIN_FILE OPEN_FILES CPU_SECONDS COMMAND...
# Standard input is the lease pipe: one line per heartbeat, the new deadline in seconds of /proc/uptime with two decimals.
# The worker holds its only writing end, so end of file means that the worker is dead. Only bash and /proc are used: what this
# starts must die even where nothing else can be started any more.

exec 3<&0 </dev/null

# Whatever else the worker had open does not concern the task.
for fd in /proc/self/fd/*; do
  fd=${fd##*/}
  ((fd > 3)) && eval "exec $fd>&-"
done

directory=$1 task=$2 attempt=$3 stdin=$4 openFiles=$5 cpuSeconds=$6
shift 6

# Whether a process carries this attempt in its environment: it then belongs to it, even in a session of its own. 2 when it is just
# becoming another program and will show its environment in a moment: readable, but without an end (field 51) beside memory (23).
carriesAttempt() {
  local -a environment
  local entry found=0
  mapfile -d '' -t environment <"$1/environ" || return 1
  ((${#environment[@]} == 0 && fields[48] == 0 && fields[20] != 0)) && return 2
  for entry in "${environment[@]}"; do
    [[ $entry == "SJE_TASK_ID=$task" || $entry == "SJE_ATTEMPT=$attempt" ]] && ((found++))
  done
  ((found >= 2))
}

# Kills all that belongs to the attempt, until two looks at every process find nothing more.
endSession() {
  local entry pid stat found clean=0
  local -a fields
  exec 4<> <(:) # A pipe that never says anything: reading it with a time limit is a sleep without a program.
  while :; do
    found=0
    for entry in /proc/[0-9]*; do
      pid=${entry#/proc/} stat=
      ((pid == BASHPID)) && continue
      IFS= read -r -d '' stat <"$entry/stat"
      # The name in parentheses may hold anything; after the last one stand state, parent, group, session.
      fields=(${stat##*) })
      [[ -z ${fields[3]} || ${fields[0]} == [ZX] ]] && continue
      if ((fields[3] == $$)) || carriesAttempt "$entry"; then
        kill -KILL "$pid"
        found=1
      elif (($? == 2)); then
        found=1
      fi
    done
    ((found)) && clean=0 || ((++clean < 2)) || return
    read -r -t 0.02 -u 4
  done
}

guard() {
  local deadline=$1 now left wait line
  exec </dev/null >/dev/null 2>&1
  trap '' TERM INT HUP QUIT USR1 USR2 TSTP
  LC_ALL=C
  echo "$BASHPID" >"$directory/guard"
  while :; do
    read -r now _ </proc/uptime
    left=$((10#$deadline - 10#${now/./}))
    ((left > 0)) || left=1 # A newer deadline may lie unread in the pipe.
    printf -v wait '%d.%02d' $((left / 100)) $((left % 100))
    if IFS= read -r -t "$wait" -u 3 line; then
      [[ $line =~ ^[0-9]+\.[0-9][0-9]$ ]] && deadline=${line/./}
    elif (($? <= 128)); then
      break
    else
      read -r now _ </proc/uptime
      ((10#$deadline > 10#${now/./})) || break
    fi
  done
  endSession
}

IFS= read -r -t 30 -u 3 line && [[ $line =~ ^[0-9]+\.[0-9][0-9]$ ]] || exit 125
# A process group of its own, so that a task that signals its own group does not hit the guard; no child of the task, so that
# no task ever waits for it.
(set -m; guard "${line/./}" &)

ulimit -c 0
((openFiles > 0)) && ulimit -n "$openFiles" 2>/dev/null
((cpuSeconds > 0)) && ulimit -t "$cpuSeconds"
unset OLDPWD SHLVL

if ! type -P -- "$1" >/dev/null; then
  echo "not found" >"$directory/launch-failed"
  exit 127
fi
exec 0<"$stdin"
exec "$@" 3<&-
