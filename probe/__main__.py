"""Lets `python -m probe` be the same as `probe`."""

from probe.cli import main

if __name__ == "__main__":
    main()
