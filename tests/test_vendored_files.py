"""Files of others are those that were fetched and checked, and each comes with its licence."""

import importlib.util
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SPEC = importlib.util.spec_from_file_location("vendor_assets", ROOT / "tools" / "vendor_assets.py")
vendor_assets = importlib.util.module_from_spec(SPEC)
sys.modules["vendor_assets"] = vendor_assets
SPEC.loader.exec_module(vendor_assets)


def test_kept_files_are_those_of_the_list():
    assert vendor_assets.differences() == []


def test_a_changed_file_is_found(tmp_path, monkeypatch):
    package = {
        "into": "files",
        "files": [{"from": "dist/a.js", "sha512": vendor_assets.integrity(b"as fetched")}],
    }
    monkeypatch.setattr(vendor_assets, "ROOT", tmp_path)
    monkeypatch.setattr(vendor_assets, "packages", lambda: [package])
    assert "is missing" in vendor_assets.differences()[0]
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "a.js").write_bytes(b"changed")
    assert "differs" in vendor_assets.differences()[0]
    (tmp_path / "files" / "a.js").write_bytes(b"as fetched")
    assert vendor_assets.differences() == []


def test_every_package_has_its_licence_beside_it():
    for package in vendor_assets.packages():
        assert (ROOT / package["into"] / "LICENSE").exists(), package["name"]


def test_served_files_do_not_point_to_source_maps():
    assert vendor_assets.served("a.js", b"x();\n//# sourceMappingURL=a.js.map") == b"x();\n"
    assert vendor_assets.served("a.woff2", b"\x00#") == b"\x00#"
