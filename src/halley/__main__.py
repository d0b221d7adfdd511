"""`python -m halley`: the command line."""

from halley.cli import main

if __name__ == "__main__":
    main()
