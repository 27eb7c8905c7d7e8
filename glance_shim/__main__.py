"""``python -m glance_shim`` is the ``glance-shim`` command."""

from glance_shim.cli import main

if __name__ == "__main__":
    main()
