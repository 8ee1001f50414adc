"""One module for each command in `bin/`: `main(argv) -> exit status`."""
