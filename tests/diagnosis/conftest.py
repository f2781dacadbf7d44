collect_ignore = ["programs"]  # they are run by test_doctor, as programs
