"""A broken server for the positive control: it says "stored" before anything is committed."""

import threading

from emptychair.programme.capture import answering
from emptychair.programme.lib.clock import now
from emptychair.programme.wsgi import application

_stored_later = answering._WRITER.put


def _acknowledge_at_once(item):
    later = threading.Timer(0.2, _stored_later, [item])
    later.daemon = True
    later.start()
    return answering.Stored("never-stored", item.submission.submission_id, True, now())


answering._WRITER.put = _acknowledge_at_once
__all__ = ["application"]
