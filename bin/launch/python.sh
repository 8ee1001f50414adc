# Sourced by bin/*: sets $python to a Python >= 3.11 with venv, or ends with a sentence a reader can act on.
python=
for candidate in "${GRIDKEEPER_PYTHON:-python3}" python3 python3.14 python3.13 python3.12 python3.11; do
    if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        python=$candidate
        break
    fi
done
if [ -z "$python" ]; then
    echo "没有找到 Python 3.11 或更新的版本。请先安装（Debian/Ubuntu：apt install python3 python3-venv），再运行一次。" >&2
    echo "Python 3.11 or newer was not found. Install it (Debian/Ubuntu: apt install python3 python3-venv) and try again." >&2
    exit 2
fi
