"""The command line: its options (`parser`), and a file for each of its commands."""
