"""A disk that forgets what no fsync has made safe (tests/stress/forgetful_disk.cc), for one program at a time."""

import os
import shutil

from harness import BUILD, Skip, check

LIBRARY = BUILD / "tests/stress/forgetful_disk.so"


class Disk:
    """`folder` is on it. `lies`: the suffix of files whose fsync does nothing."""

    def __init__(self, world, lies=None):
        if os.environ.get("VARIANT", "release") != "release":
            raise Skip("only with the release: a sanitizer's library must be the first of a program")
        check(LIBRARY.exists(), f"{LIBRARY} is not there: run make {LIBRARY}")  # else ld.so only ignores it
        self.folder, self.copy = world.path / f"disk-{world.next_number()}", world.path / f"disk-{world.next_number()}"
        self.folder.mkdir(mode=0o700)
        (self.copy / "data").mkdir(mode=0o700, parents=True)
        self.lies, self.cuts = lies, 0

    def env(self, dies=0):
        """The variables that put a program on the disk; with `dies` it kills itself before that many changes."""
        more = {"SIMS_DISK_LIES": self.lies} if self.lies else {}
        more |= {"SIMS_DISK_DIES": str(dies)} if dies else {}
        return {"LD_PRELOAD": str(LIBRARY), "SIMS_DISK_FOLDER": str(self.folder), "SIMS_DISK_COPY": str(self.copy)} | more

    def make_folder(self, name):
        """One that is there from the start."""
        (self.folder / name).mkdir(mode=0o700)
        with open(self.copy / "names", "a") as names:
            names.write(f"0 {name}\n")

    def cut(self):
        """The power fails, once the program is dead: the folder is what was safe."""
        self.cuts += 1
        names = self.copy / "names"
        rows = [line.split(" ", 1) for line in names.read_text().splitlines()] if names.exists() else []
        shutil.rmtree(self.folder)
        self.folder.mkdir(mode=0o700)
        kept = set()
        for number, name in sorted(rows, key=lambda row: row[1].count("/")):
            path, data = self.folder / name, self.copy / "data" / number
            if not path.parent.exists():  # its folder has no name yet
                continue
            if number == "0":
                path.mkdir(mode=0o700)
                continue
            kept.add(number)
            if data.exists():
                shutil.copyfile(data, path)
            else:
                path.touch()
            path.chmod(0o600)
        for data in (self.copy / "data").iterdir():
            if data.name not in kept:
                data.unlink()
