"""Whether the gathered static files are still those of the package."""

import hashlib

from django.contrib.staticfiles.finders import get_finders


def digest() -> str:
    """Return a digest of the name, size and time of every static file of the package."""
    parts = hashlib.sha256()
    for finder in get_finders():
        for path, storage in finder.list([]):
            changed = storage.get_modified_time(path).timestamp()
            parts.update(f"{path} {storage.size(path)} {changed}\n".encode())
    return parts.hexdigest()
