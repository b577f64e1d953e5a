"""Programs of an unpacked tree in a chroot, with the libraries that they load: those of the tree, or else the host's."""

import os
import pathlib
import re
import shutil
import subprocess

import unpacked


def copy(source, target):
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.exists():
        return
    try:
        os.link(source, target)
    except OSError:  # another file system
        shutil.copy(source, target)


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def _libraries(root, programs, own):
    """The files that the dynamic linker loads for programs, by the path at which it looks for them in a chroot."""
    environment = {"PATH": "/usr/bin:/bin", "LD_LIBRARY_PATH": unpacked.library_path(root, *own)}
    listed = subprocess.run(["ldd", *(root / program for program in programs)], env=environment, capture_output=True, text=True,
                            check=True).stdout
    for line in listed.splitlines():
        if found := re.match(r"\s+(?:\S+ => )?(/\S+)", line):
            path = pathlib.Path(found[1])
            is_linker = path.name.startswith("ld-linux")
            yield path.resolve(), (str(path)[1:] if is_linker else f"usr/lib/{path.name}")


def add_programs(folder, root, programs, own=()):
    """Puts programs of the tree `root` into the chroot `folder`, at the same place. `own` are the tree's folders of libraries."""
    for program in programs:
        copy(root / program, folder / program)
    for source, path in _libraries(root, programs, own):
        copy(source, folder / path)
    if not (folder / "lib").exists():
        (folder / "lib").symlink_to("usr/lib")
    # A file in its place will do: a device cannot be made, or not be opened, everywhere.
    (folder / "dev").mkdir(exist_ok=True)
    (folder / "dev/null").touch()
    (folder / "dev/null").chmod(0o666)
