"""What is wrong, why, and the one command that mends it: look, judge, report; and mend what can be mended safely."""
