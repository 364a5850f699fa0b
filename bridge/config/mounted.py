"""Mounted: secrets in files, as container hosts have them: `file:/run/secrets/token` is what that file holds."""

from pathlib import Path

FILE = "file:"
MAX_BYTES = 1 << 16


def is_mounted(text: str) -> bool:
    """Whether the value stands for a file's content."""
    return text.startswith(FILE)


def read_mounted(text: str, *, folder: Path) -> str:
    """What the file of a value `file:<path>` holds, without the line end that closes it; a relative path begins in
    `folder`. Raises FileNotFoundError where there is none, and ValueError("what is wrong: what to do") else.
    """
    name = text.removeprefix(FILE)
    if not name or "\0" in name:
        raise ValueError("this names no file: write file:/run/secrets/name")
    try:
        with (folder / name).open("rb") as file:
            data = file.read(MAX_BYTES + 1)
        found = data.decode()
    except FileNotFoundError:
        raise
    except OSError as error:
        raise ValueError(f"the file cannot be read, {error.strerror}: let the bridge's user read it") from None
    except UnicodeDecodeError:
        raise ValueError("the file is no UTF-8 text: is it the right one?") from None
    if len(data) > MAX_BYTES:
        raise ValueError(f"the file is larger than {MAX_BYTES >> 10} KiB: is it the right one?")
    return found.removesuffix("\n").removesuffix("\r")
