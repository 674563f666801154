"""Whether an environment takes signed user ids only, and by which secret, as its developers see and change it."""
