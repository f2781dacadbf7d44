"""What any room may use: checks of options, progress on a terminal, what no interrupt may leave half done."""
