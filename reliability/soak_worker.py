"""The product's worker, save that it may reach people at any hour: a soak may run at night."""

import django

django.setup()

from emptychair.cli import programme  # noqa: E402  Django first
from emptychair.programme.capture import sending  # noqa: E402

sending.may_reach = lambda *_: True

if __name__ == "__main__":
    programme.work.main(args=[], standalone_mode=False)
