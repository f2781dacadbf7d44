"""The command line: its options (`parser`), and what its commands do (`commands`)."""
