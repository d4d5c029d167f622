"""`python -m repack`: the same program as the `repack` command."""

from repack.cli import main

if __name__ == "__main__":
    main()
