# Sourced by conformance/run, conformance/test and .ci/run: finds and installs what is missing, and builds.
#
# Everything said here goes to standard error, so that standard output holds the program's own output and nothing else.
# The functions end the script themselves when they cannot do their work: with 2 when the machine lacks something that
# the caller has to provide, with 70 when the build fails. Neither is ever taken for a verdict (0, 1, 3, 4).

top=$(CDPATH='' cd -- "$(dirname -- "$(readlink -f -- "$0")")/.." && pwd -P) || exit 70
build=$top/build

say() { printf '%s\n' "$*" >&2; }
give_up() {
  status=$1
  shift
  say "$self: $*"
  exit "$status"
}
verbose() { [ -n "${VERBOSE:-}" ] && [ "${VERBOSE:-}" != 0 ]; }

# The Debian release this is, as in VERSION_ID; empty elsewhere.
debian_release() {
  (. /etc/os-release 2>/dev/null && [ "${ID:-}" = debian ] && printf '%s' "${VERSION_ID:-}") || :
}

# missing_packages USE…: the packages of conformance/house/packages for these uses that are not installed.
missing_packages() {
  release=$(debian_release)
  while read -r on use package _; do
    case $on in '' | '#'*) continue ;; esac
    [ "$on" = all ] || [ "$on" = "$release" ] || continue
    case " $* " in *" $use "*) ;; *) continue ;; esac
    dpkg-query -W -f='${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed || echo "$package"
  done <"$top/conformance/house/packages"
}

# as_root COMMAND…: as it is for root, through sudo for others.
as_root() {
  if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo -- "$@"; fi
}

apt_log() {
  if verbose; then "$@" >&2; else "$@" >"$log" 2>&1; fi
}

# install_packages USE…: installs what is missing; sets `installed` when it did so.
install_packages() {
  installed=
  if ! command -v dpkg-query >/dev/null 2>&1; then
    say "$self: this is no Debian; taking it that what conformance/house/packages lists is there"
    return 0
  fi
  case $(debian_release) in
  12 | 13) ;;
  *)
    say "$self: tested on Debian 12 and 13 only; taking it that what conformance/house/packages lists is there"
    return 0
    ;;
  esac
  missing=$(missing_packages "$@" | tr '\n' ' ')
  missing=${missing% }
  [ -n "$missing" ] || return 0
  say "$self: missing packages: $missing"
  if [ "$(id -u)" -ne 0 ] && ! { command -v sudo >/dev/null 2>&1 && { sudo -n true 2>/dev/null || [ -t 0 ]; }; }; then
    give_up 2 "installing them needs root or sudo, and neither is at hand. As root:
  apt-get install --no-install-recommends $missing"
  fi
  say "$self: installing them with apt-get"
  log=$(mktemp) || exit 70
  # Package lists may be absent or old on a fresh machine: the second attempt follows an update.
  # shellcheck disable=SC2086
  if ! apt_log as_root env DEBIAN_FRONTEND=noninteractive apt-get -qy install --no-install-recommends $missing </dev/null; then
    say "$self: apt-get needs fresh package lists: apt-get update"
    if ! apt_log as_root apt-get -q update </dev/null ||
      ! apt_log as_root env DEBIAN_FRONTEND=noninteractive apt-get -qy install --no-install-recommends $missing </dev/null; then
      tail -n 20 "$log" >&2
      rm -f "$log"
      give_up 2 "apt-get could not install: $missing"
    fi
  fi
  rm -f "$log"
  installed=yes
}

# quietly WHAT COMMAND…: runs it; its output is shown only if it fails, or with VERBOSE=1.
quietly() {
  what=$1
  shift
  if verbose; then
    "$@" >&2 </dev/null && return 0
  else
    log=$build/setup.log
    "$@" >"$log" 2>&1 </dev/null && return 0
    say "$self: $what failed; the end of $log:"
    tail -n 60 "$log" | sed 's/\x1b\[[0-9;]*[mK]//g' >&2
  fi
  give_up 70 "$what failed (VERBOSE=1 shows everything; to begin anew remove $build)"
}

# Whether build/ was set up for this place: a tree that was copied or moved takes its build/ along.
set_up_here() {
  python3 -c 'import json, sys
sys.exit(json.load(open(sys.argv[1]))["directories"]["source"] != sys.argv[2])' \
    "$build/meson-info/meson-info.json" "$top" 2>/dev/null
}

# build_target [TARGET…]: configures build/ when needed and builds the targets (everything when none is named).
build_target() {
  for tool in meson ninja; do
    command -v "$tool" >/dev/null 2>&1 || give_up 2 "$tool is missing"
  done
  set_up=
  if [ -f "$build/build.ninja" ] && set_up_here; then set_up=yes; fi
  # A build that somebody else made, and that is complete, serves everybody.
  if [ -n "$set_up" ] && [ -z "$installed" ]; then
    case $(ninja -C "$build" -n "$@" 2>/dev/null | tail -n 1) in *'no work to do'*) return 0 ;; esac
  fi
  mkdir -p "$build" 2>/dev/null && [ -w "$build" ] || give_up 2 "cannot write to $build, and it has to be built"
  # One build at a time; two scripts may have been started at once.
  exec 8>"$build/.lock" && flock 8
  # ccache, which meson uses where it finds it, fails where it has no place for its cache.
  [ -w "${CCACHE_DIR:-${HOME:-}}" ] || export CCACHE_DISABLE=1
  if [ -z "$set_up" ]; then
    say "$self: setting up $build"
    wipe=
    [ ! -f "$build/build.ninja" ] || wipe=--wipe # it was set up for another place
    quietly 'meson setup' meson setup $wipe "$build" "$top"
  elif [ -n "$installed" ]; then
    quietly 'meson setup' meson setup --reconfigure "$build" "$top"
  fi
  say "$self: building (some minutes the first time)"
  quietly 'the build' ninja -C "$build" "$@"
  exec 8>&-
}

# run_tests BUILD [ARGUMENT of meson test…]: runs the tests of a build directory and ends with the line that counts them.
# Each case of a Boost.Test program counts, and each line of a house test; another program counts as one test.
run_tests() {
  tested=$1
  shift
  rm -f "$tested/meson-logs/testlog.json"
  BOOST_TEST_REPORT_LEVEL=detailed BOOST_TEST_REPORT_FORMAT=XML BOOST_TEST_COLOR_OUTPUT=no \
    meson test -C "$tested" --no-rebuild --timeout-multiplier "${EST_TEST_PATIENCE:-4}" "$@" </dev/null
  python3 "$top/conformance/house/tally.py" --exit "$?" "$tested/meson-logs/testlog.json"
}
