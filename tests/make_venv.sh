#!/usr/bin/env bash
# Makes the virtual environment $1 with the first Python >= 3.11 that the machine has; where it cannot, it says
# what to do. Debian keeps venv in a package of its own: root gets it installed, others get the command.
set -euo pipefail
venv=$1

find_python() {
    local name
    for name in ${PYTHON:-} python3.11 python3.12 python3.13 python3; do
        if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$name"
            return
        fi
    done
    {
        echo "No Python >= 3.11 found (tried python3.11, 3.12, 3.13, python3)."
        echo "Debian 12 or later:  sudo apt-get install python3 python3-venv      or name yours:  make PYTHON=/path/to/python"
    } >&2
    return 1
}

python=$(find_python)
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    package=$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        echo "installing $package ..."
        apt-get update -qq
        DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "$package"
    else
        echo "$python cannot make virtual environments here. Install what is missing:  sudo apt-get install $package" >&2
        exit 1
    fi
fi
rm -rf "$venv"
"$python" -m venv "$venv"
