"""Fetch the front-end files we serve, and check that those we keep are what was fetched.

`python tools/vendor_assets.py` packs each package of `vendor.toml` with npm, compares its
integrity and writes the listed files. `--check` compares the kept files only and needs no network.
"""

import argparse
import base64
import hashlib
import json
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
LIST = Path(__file__).with_name("vendor.toml")
Package = Mapping[str, Any]


def packages() -> list[Package]:
    """Return the packages named in `vendor.toml`."""
    return list(tomllib.loads(LIST.read_text(encoding="utf-8"))["package"])


def integrity(content: bytes) -> str:
    """Return the sha512 of `content` as package registries write it."""
    return "sha512-" + base64.b64encode(hashlib.sha512(content).digest()).decode()


def served(name: str, content: bytes) -> bytes:
    """Return `content` as we serve it: without the pointer to a source map we do not have."""
    if not name.endswith((".css", ".js")):
        return content
    lines = content.decode().splitlines()
    kept = [line for line in lines if "# sourceMappingURL=" not in line]
    return ("\n".join(kept) + "\n").encode()


def fetch(package: Package) -> None:
    """Pack one package, check its integrity and write its files."""
    address = f"{package['name']}@{package['version']}"
    with tempfile.TemporaryDirectory() as folder:
        command = ["npm", "pack", "--silent", address]
        subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
        archive = next(Path(folder).glob("*.tgz"))
        found = integrity(archive.read_bytes())
        if found != package["integrity"]:
            sys.exit(f"{address}: the registry gave {found}, vendor.toml says otherwise")
        with tarfile.open(archive) as tar:
            for file in package["files"]:
                member = tar.extractfile(f"package/{file['from']}")
                assert member is not None
                target = ROOT / package["into"] / Path(file["from"]).name
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(served(target.name, member.read()))
                print(target.relative_to(ROOT), integrity(target.read_bytes()))


def differences() -> list[str]:
    """Return one sentence per kept file that is missing or is not what was fetched."""
    sentences = []
    for package in packages():
        for file in package["files"]:
            path = ROOT / package["into"] / Path(file["from"]).name
            if not path.exists():
                sentences.append(f"{path.relative_to(ROOT)} is missing; run this without --check")
            elif integrity(path.read_bytes()) != file["sha512"]:
                sentences.append(f"{path.relative_to(ROOT)} differs from the file of vendor.toml")
    return sentences


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare only, without network")
    if not parser.parse_args().check:
        for package in packages():
            fetch(package)
    if found := differences():
        sys.exit("\n".join(found))
    print(json.dumps({"packages": len(packages()), "differences": 0}))


if __name__ == "__main__":
    main()
