#!/bin/sh
# Fetches what Second Look needs to run on this machine, into this folder only, and says what is missing.
# Quick when nothing has changed: each step leaves a stamp of what it was made from.
set -eu

project=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
cd "$project"
venv=.venv
here=deploy/local
jars=$here/jars
classes=$here/launcher/target/classes
repository=$project/$jars/.m2

say() { printf '%s\n' "bootstrap: $*"; }
fail() { printf '%s\n' "bootstrap: $*" >&2; exit 1; }

stamp_of() { # files... : a word that changes with their names or content
    { printf '%s\n' "$project" "$@"; cat -- "$@"; } | cksum | tr -d ' \n'
}
is_current() { [ -f "$1" ] && [ "$(cat -- "$1")" = "$2" ]; }

can_install() { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; }
install_or_tell() { # what it is, packages...
    what=$1; shift
    if ! can_install; then
        fail "$what is missing; install it with: sudo apt-get install -y $* (or your system's way), then try again."
    fi
    say "installing $*"
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$@"; } >"$project/$jars/.apt.log" 2>&1 ||
        fail "$what could not be installed with apt-get install $*: see $project/$jars/.apt.log."
    rm -f "$project/$jars/.apt.log"
}

# Two at once would write the same files.
mkdir -p "$jars"
if command -v flock >/dev/null 2>&1; then
    exec 9>"$jars/.lock"
    flock 9
fi

# --- Python ---------------------------------------------------------------------------------------------------------
find_python() {
    for candidate in python3 python3.14 python3.13 python3.12 python3.11; do
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
            printf '%s' "$candidate"
            return 0
        fi
    done
    return 1
}

install_packages() {
    say "installing the Python packages of requirements.lock"
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-cache-dir --require-hashes \
        -r requirements.lock || fail "the Python packages could not be installed; pip's message is above."
    # The project itself is used from this folder: a path for imports, and the command.
    "$venv/bin/python" - "$project" <<'PYTHON'
import pathlib, sys, sysconfig
pathlib.Path(sysconfig.get_path("purelib"), "second_look.pth").write_text(sys.argv[1] + "\n", encoding="utf-8")
PYTHON
    printf '%s\n' '#!/bin/sh' 'exec "$(dirname -- "$0")/python" -m cli.main "$@"' >"$venv/bin/secondlook"
    chmod +x "$venv/bin/secondlook"
    printf '%s' "$1" >"$venv/.installed"
}

packages=
wanted=$(stamp_of requirements.lock "$here/bootstrap.sh")
if ! { is_current "$venv/.installed" "$wanted" && "$venv/bin/python" -c '' >/dev/null 2>&1; }; then
    python=$(find_python) || fail "Python 3.11 or newer is missing; install it, so that python3 --version tells it, then try again."
    if ! "$venv/bin/python" -m pip --version >/dev/null 2>&1; then
        rm -rf "$venv"
        "$python" -c 'import ensurepip, venv' >/dev/null 2>&1 || install_or_tell "Python's venv" python3-venv
        say "making $venv"
        "$python" -m venv "$venv"
    fi
    packages=$wanted
fi

# --- Java: Kafka and the document server ----------------------------------------------------------------------------
major() { # program : its major version, or 0
    { "$1" -version 2>&1 || true; } | sed -n 's/^[a-z]*[ a-z]* "\{0,1\}\([0-9][0-9]*\)[."].*/\1/p' | head -n 1 | grep . || echo 0
}
in_java_home() { if [ -n "${JAVA_HOME:-}" ] && [ -x "$JAVA_HOME/bin/$1" ]; then printf '%s' "$JAVA_HOME/bin/$1"; else printf '%s' "$1"; fi; }
has_java() { [ "$(major "$(in_java_home java)")" -ge 17 ] && command -v "$(in_java_home javac)" >/dev/null 2>&1; }

has_java || install_or_tell "A Java development kit, version 17 or newer," default-jdk-headless
has_java || fail "Java is older than 17; install a JDK 17 or newer and let JAVA_HOME point to it, then try again."

wanted=$(stamp_of "$here/pom.xml")
is_current "$jars/.fetched" "$wanted" || command -v mvn >/dev/null 2>&1 || install_or_tell "Maven" maven

# --- Both wait for the network, so they wait together; the system's own packages are all there now -------------------
installing=
if [ -n "$packages" ]; then
    install_packages "$packages" &
    installing=$!
fi

if ! is_current "$jars/.fetched" "$wanted"; then
    say "fetching Kafka and the document server (once, about half a minute)"
    rm -f "$jars"/*.jar
    mvn --quiet --batch-mode --file "$here/pom.xml" -Dmaven.repo.local="$repository" \
        dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory="$project/$jars" ||
        fail "the Java packages could not be fetched; Maven's message is above."
    printf '%s' "$wanted" >"$jars/.fetched"
fi

wanted=$(stamp_of "$here/pom.xml" "$here"/launcher/src/secondlook/documents/*.java)
if ! is_current "$classes/.compiled" "$wanted"; then
    say "compiling the document server's launcher"
    rm -rf "$classes"
    mkdir -p "$classes"
    "$(in_java_home javac)" --release 17 -cp "$jars/*" -d "$classes" "$here"/launcher/src/secondlook/documents/*.java ||
        fail "the launcher could not be compiled; javac's message is above."
    printf '%s' "$wanted" >"$classes/.compiled"
fi

[ -z "$installing" ] || wait "$installing" || exit 1
