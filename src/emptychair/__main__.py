"""`python -m emptychair`: the command line."""

from emptychair.cli import main

if __name__ == "__main__":
    main()
